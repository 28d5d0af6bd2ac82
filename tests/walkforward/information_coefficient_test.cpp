#include "seqnn/walkforward/information_coefficient.hpp"

#include "fixtures/evaluation.hpp"
#include "seqnn/walkforward/quantile_spread.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace fixture = fixtures::evaluation;

namespace {

const double kNone = std::numeric_limits<double>::quiet_NaN();

/// The panel of the fixture, 8 times of 13 symbols.
struct Panel {
  Panel() {
    for (std::size_t i = 0; i < std::size(fixture::kScores); ++i) {
      times.push_back(static_cast<std::int64_t>(i / 13));
      symbols.push_back(std::string(1, static_cast<char>('A' + i % 13)));
      scores.push_back(fixture::kScores[i] == 99 ? kNone : fixture::kScores[i]);
    }
  }
  WalkForwardPlan plan() const { return WalkForwardPlan(times, symbols, {.min_history = 1}); }

  std::vector<std::int64_t> times;
  std::vector<std::string> symbols;
  std::vector<double> scores;
};

}  // namespace

TEST_CASE("Ranks and correlations by hand", "[walkforward][correlation]") {
  CHECK(ranks(std::vector<double>{30, 10, 20, 10, 20, 20}) == std::vector<double>{6, 1.5, 4, 1.5, 4, 4});
  CHECK(ranks({}).empty());
  // deviations -1 0 1 and -1 2 -1: products 1 0 -1, and 1 1 -2 with -2 -2 4
  CHECK_THAT(pearson(std::vector<double>{1, 2, 3}, std::vector<double>{1, 4, 1}), WithinAbs(0, 1e-15));
  CHECK_THAT(pearson(std::vector<double>{1, 2, 3}, std::vector<double>{-2, -4, -6}), WithinAbs(-1, 1e-15));
  CHECK_THAT(pearson(std::vector<double>{1, 2, 4}, std::vector<double>{1, 2, 3}), WithinAbs(9 / std::sqrt(84), 1e-15));
  CHECK_THAT(spearman(std::vector<double>{1, 2, 400}, std::vector<double>{1, 20, 30}), WithinAbs(1, 1e-15));
  CHECK(std::isnan(pearson(std::vector<double>{1, 1, 1}, std::vector<double>{1, 2, 3})));
  CHECK(std::isnan(spearman({}, {})));
  CHECK_THROWS_MATCHES(pearson(std::vector<double>{1}, std::vector<double>{1, 2}), ShapeError,
                       Message("pearson: x and y must have one length, got 1 and 2"));
}

TEST_CASE("A mean and its error by hand", "[walkforward][correlation]") {
  const MeanWithError mean = mean_with_error(std::vector<double>{1, 2, 6});  // variance (4 + 1 + 9) / 2 = 7
  CHECK(mean.count == 3);
  CHECK(mean.mean == 3);
  CHECK_THAT(mean.standard_error, WithinAbs(std::sqrt(7.0 / 3), 1e-15));
  CHECK_THAT(mean.t(), WithinAbs(3 / std::sqrt(7.0 / 3), 1e-14));
  CHECK(std::isnan(mean_with_error(std::vector<double>{1}).t()));
  CHECK(std::isnan(mean_with_error({}).mean));
}

TEST_CASE("Coefficients of each time are those of SciPy", "[walkforward][information_coefficient]") {
  const Panel panel;
  const InformationCoefficient ic = information_coefficient(panel.plan(), panel.scores, fixture::kOutcomes);
  CHECK(ic.times == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7});
  check_close(ic.pearson, fixture::kPearson, 1e-13);
  check_close(ic.spearman, fixture::kSpearman, 1e-13);
  CHECK_THAT(ic.mean_pearson.t(), WithinAbs(fixture::kT[0], 1e-12));
  CHECK_THAT(ic.mean_spearman.t(), WithinAbs(fixture::kT[1], 1e-12));
}

TEST_CASE("Spread and turnover of quantiles are those of pandas", "[walkforward][quantile_spread]") {
  const Panel panel;
  const QuantileSpread spread = quantile_spread(panel.plan(), panel.scores, fixture::kOutcomes, 4);
  check_close(spread.outcomes, fixture::kQuantileOutcomes, 1e-15);
  check_close(spread.spread, fixture::kSpread, 1e-15);
  check_close(spread.top_turnover, fixture::kTopTurnover, 1e-15);
  check_close(spread.bottom_turnover, fixture::kBottomTurnover, 1e-15);
  CHECK_THAT(spread.mean_spread.t(), WithinAbs(fixture::kT[2], 1e-12));
}

TEST_CASE("Quantiles by hand; times that do not fill them are left out", "[walkforward][quantile_spread]") {
  const WalkForwardPlan plan({1, 1, 1, 1, 2, 3, 3, 3, 3, 4, 4},
                             std::vector<std::string>{"A", "B", "C", "D", "A", "A", "B", "C", "D", "A", "B"},
                             {.min_history = 1});
  const std::vector<double> scores{4, 3, 2, 1, 7, 1, 9, 2, 8, 5, 5};
  const std::vector<double> outcomes{40, 20, 10, 2, 7, 5, 6, 7, 8, 1, 2};
  const QuantileSpread spread = quantile_spread(plan, scores, outcomes, 2);
  CHECK(spread.times == std::vector<std::int64_t>{1, 3});  // one symbol at 2, equal scores at 4
  CHECK(spread.spread == std::vector<double>{24, 1});      // 30 - 6 and 7 - 6
  CHECK(spread.outcomes == std::vector<double>{6, 18.5});
  CHECK(spread.top_turnover == std::vector<double>{0.5});  // A B, then B D
  CHECK(spread.bottom_turnover == std::vector<double>{0.5});
  CHECK(spread.mean_spread.mean == 12.5);
}

TEST_CASE("Times at which nothing varies have no coefficient", "[walkforward][information_coefficient]") {
  const WalkForwardPlan plan({1, 1, 2, 2, 3, 3}, std::vector<std::string>{"A", "B", "A", "B", "A", "B"},
                             {.min_history = 1});
  const std::vector<double> outcomes{1, 2, 3, 4, 5, 6};
  const InformationCoefficient ic = information_coefficient(plan, std::vector<double>{7, 7, kNone, 1, 2, 1}, outcomes);
  CHECK(ic.times == std::vector<std::int64_t>{3});
  CHECK_THAT(ic.spearman.at(0), WithinAbs(-1, 1e-15));
}

TEST_CASE("A single series has no scores to compare at a time, and says so", "[walkforward][information_coefficient]") {
  const WalkForwardPlan plan({1, 2, 3}, {.min_history = 1});
  const std::vector<double> values{1, 2, 3};
  CHECK_THROWS_MATCHES(
      information_coefficient(plan, values, values), DataError,
      Message(
          "information_coefficient: some time must have several symbols whose scores and outcomes differ, got none; "
          "for a single series use pearson or spearman over all rows"));
  CHECK_THROWS_MATCHES(quantile_spread(plan, values, values), DataError,
                       Message("quantile_spread: some time must have symbols in all 5 quantiles, got none; take fewer "
                               "quantiles"));
  CHECK_THROWS_MATCHES(quantile_spread(plan, values, values, 1), OptionError,
                       Message("quantile_spread: quantiles must be at least 2, got 1"));
  CHECK_THROWS_MATCHES(information_coefficient(plan, std::vector<double>{1}, values), ShapeError,
                       Message("information_coefficient: scores must be one for each of the plan's 3 rows, got 1; NaN "
                               "stands for none"));
  CHECK_THROWS_MATCHES(quantile_spread(plan, values, std::vector<double>{1}), ShapeError,
                       Message("quantile_spread: outcomes must be one for each of the plan's 3 rows, got 1; NaN stands "
                               "for none"));
}
