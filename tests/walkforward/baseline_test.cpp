#include "seqnn/walkforward/baseline.hpp"

#include "seqnn/data/series/csv.hpp"
#include "seqnn/walkforward/hit_rate.hpp"
#include "seqnn/walkforward/price_features.hpp"
#include "support/catch.hpp"
#include "support/needed_variable.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

const double kNone = std::numeric_limits<double>::quiet_NaN();

/// "+-." for what the baseline says: up, down, nothing.
std::string signs(const WalkForwardPlan& plan, const std::vector<double>& outcomes, Baseline baseline) {
  std::string result;
  for (const double forecast : baseline_forecasts(plan, outcomes, baseline)) {
    result += std::isnan(forecast) ? '.' : forecast < 0 ? '-' : '+';
  }
  return result;
}

}  // namespace

TEST_CASE("Baselines by hand, with a purge and a rolling history", "[walkforward][baseline]") {
  const WalkForwardPlan plan({1, 2, 3, 4, 5, 6, 7, 8}, {.min_history = 2});
  const std::vector<double> outcomes{-1, -1, 2, 1, 0, -3, -1, -1};
  CHECK(signs(plan, outcomes, Baseline::always_up) == "..++++++");
  CHECK(signs(plan, outcomes, Baseline::majority) == "..--+++-");   // a draw is up
  CHECK(signs(plan, outcomes, Baseline::last_sign) == "..-+++--");  // 0 is up
  const WalkForwardPlan later({1, 2, 3, 4, 5, 6, 7, 8}, {.min_history = 2, .max_history = 2, .delay = 1});
  CHECK(signs(later, outcomes, Baseline::majority) == "...-++++");
  CHECK(signs(later, outcomes, Baseline::last_sign) == "...-+++-");
  const WalkForwardPlan ahead({1, 2, 3, 4, 5, 6, 7, 8}, {.ahead = 3, .min_history = 2});
  CHECK(signs(ahead, outcomes, Baseline::last_sign) == "..---+++");  // nothing is known of the times between
}

TEST_CASE("The last sign of a panel is that of the symbol, if it has one", "[walkforward][baseline]") {
  const WalkForwardPlan plan({1, 1, 2, 2, 3, 3, 3}, std::vector<std::string>{"A", "B", "A", "B", "C", "B", "A"},
                             {.min_history = 1});
  CHECK(signs(plan, {-1, 1, kNone, -1, -1, 1, 1}, Baseline::last_sign) == "..-++--");
  CHECK(signs(plan, {-1, -1, kNone, 1, -1, 1, 1}, Baseline::majority) == "..-----");
}

TEST_CASE("Baselines want an outcome a row", "[walkforward][baseline]") {
  const WalkForwardPlan plan({1, 2, 3}, {.min_history = 2});
  CHECK_THROWS_MATCHES(baseline_forecasts(plan, std::vector<double>{1, 2}, Baseline::majority), ShapeError,
                       Message("baseline_forecasts: outcomes must be one for each of the plan's 3 rows, got 2; NaN "
                               "stands for none"));
}

TEST_CASE("Forecasts find their rows in any order, details by their names", "[walkforward][by_row]") {
  const WalkForwardPlan plan({1, 1, 2, 2, 3}, std::vector<std::string>{"A", "B", "B", "A", "B"}, {.min_history = 1});
  const std::vector<Forecast> forecasts{
      {3, "B", 5, {{"p", 0.5}}}, {2, "A", 4, {{"q", 1}, {"p", 0.4}}}, {2, "B", 3, {}},
      {2, "C", 9, {{"p", 0.9}}}, {99, "A", 9, {{"p", 0.9}}},          {0, "A", 9, {{"p", 0.9}}}};
  const std::vector<double> values = forecasts_by_row(plan, forecasts);
  REQUIRE(values.size() == 5);
  CHECK((std::isnan(values[0]) && std::isnan(values[1])));
  CHECK(std::vector<double>(values.begin() + 2, values.end()) == std::vector<double>{3, 4, 5});
  const std::vector<double> details = details_by_row(plan, forecasts, "p");
  CHECK((std::isnan(details[0]) && std::isnan(details[1]) && std::isnan(details[2])));
  CHECK(std::vector<double>(details.begin() + 3, details.end()) == std::vector<double>{0.4, 0.5});
}

TEST_CASE("Baselines of the published series", "[walkforward][baseline]") {
  const char* const path = needed_variable("SEQNN_TEST_WFL_SERIES", "give it the path of the published series.csv");
  if (path == nullptr) return;
  const Table prices = read_csv(path);
  const PriceFeatures rows = price_features(prices.times(), prices.column_values(prices.names().at(0)));
  const WalkForwardPlan plan(rows.times);
  const auto rate = [&](Baseline baseline) {
    return hit_rate(baseline_forecasts(plan, rows.sign, baseline), rows.sign);
  };
  CHECK(rate(Baseline::always_up).count == 7'127);
  CHECK_THAT(rate(Baseline::always_up).rate(), WithinAbs(0.505121, 5e-7));
  CHECK_THAT(rate(Baseline::last_sign).rate(), WithinAbs(0.487723, 5e-7));
}
