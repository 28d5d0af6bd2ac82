#include "seqnn/walkforward/price_features.hpp"

#include "fixtures/price_features.hpp"
#include "seqnn/data/series/csv.hpp"
#include "seqnn/data/series/scaler.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"
#include "support/needed_variable.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace fixture = fixtures::price_features;

namespace {

std::vector<std::int64_t> numbered_times(std::size_t n) {
  std::vector<std::int64_t> times(n);
  std::iota(times.begin(), times.end(), std::int64_t{100});
  return times;
}

}  // namespace

TEST_CASE("Rows of returns are those that pandas makes", "[walkforward][price_features]") {
  const std::size_t n = std::size(fixture::kPrices), rows = n - 5;
  const PriceFeatures made = price_features(numbered_times(n), fixture::kPrices, {.history = 3, .volatility_span = 5});
  REQUIRE(made.x.shape() == decltype(made.x.shape()){rows, 3});
  check_close({made.x.data(), rows * 3}, fixture::kX, 1e-14);
  CHECK(made.sign == std::vector<double>(std::begin(fixture::kSign), std::end(fixture::kSign)));
  const std::vector<double> returns = pct_change(fixture::kPrices);
  CHECK(made.returns == std::vector<double>(returns.begin() + 4, returns.end()));
  CHECK(made.times == std::vector<std::int64_t>{105, 106, 107, 108, 109, 110, 111});
}

TEST_CASE("A row sees nothing of the time that it forecasts, nor of later ones", "[walkforward][price_features]") {
  std::vector<double> prices(std::begin(fixture::kPrices), std::end(fixture::kPrices));
  const PriceFeaturesOptions options{.history = 3, .volatility_span = 5};
  const PriceFeatures before = price_features(numbered_times(12), prices, options);
  prices[8] *= 2;  // at time 108, which row 3 forecasts
  const PriceFeatures after = price_features(numbered_times(12), prices, options);
  for (std::size_t row = 0; row <= 3; ++row) {
    for (std::size_t c = 0; c < 3; ++c) CHECK(before.x(row, c) == after.x(row, c));
  }
  CHECK(before.x(4, 2) != after.x(4, 2));
  CHECK(before.returns[3] != after.returns[3]);
}

TEST_CASE("Prices that give no features say why", "[walkforward][price_features]") {
  const std::vector<double> prices{5, 5, 5, 5, 6, 7};
  CHECK_THROWS_MATCHES(price_features(numbered_times(5), prices), ShapeError,
                       Message("price_features: there must be a time for each of the 6 prices, got 5; read the file "
                               "with its date column"));
  CHECK_THROWS_MATCHES(price_features(numbered_times(6), prices, {.history = 0}), OptionError,
                       Message("price_features: history must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(price_features(numbered_times(6), prices, {.history = 4}), DataError,
                       Message("price_features: there must be at least history + 3 prices, got 6 for a history of 4; "
                               "take a shorter history"));
  CHECK_THROWS_MATCHES(price_features(numbered_times(6), prices, {.history = 3}), DataError,
                       Message("price_features: the price must move within its first 3 rows, got 5 in the first 4; "
                               "leave out rows at the beginning"));
  CHECK_THROWS_AS(price_features(numbered_times(6), std::vector<double>{5, 6, 0, 5, 6, 7}, {.history = 1}), DataError);
  CHECK_THROWS_AS(price_features({}, {}), DataError);
}

// The published series of the walk-forward loop, series.csv of github.com/ivannp/wfl_cntk, of which no part is kept
// here.
TEST_CASE("Features, scaler and plan of the published series", "[walkforward][price_features]") {
  const char* const path = needed_variable("SEQNN_TEST_WFL_SERIES", "give it the path of the published series.csv");
  if (path == nullptr) return;
  const Table prices = read_csv(path);
  REQUIRE(prices.rows() == 8'885);
  const std::vector<double> returns = pct_change(prices.column_values(prices.names().at(0)));
  const std::vector<double> volatility = ewm_volatility(returns);
  std::vector<double> adjusted(returns.size());
  for (std::size_t i = 0; i < returns.size(); ++i) adjusted[i] = returns[i] / volatility[i];
  const auto near = [](double expected) { return WithinAbs(expected, 1e-9); };
  CHECK_THAT(adjusted[0], near(1));
  CHECK_THAT(adjusted[1], near(1.344714416437193));
  CHECK_THAT(adjusted[2], near(-1.1649202715123848));
  CHECK_THAT(adjusted[8'881], near(-1.2072190371385993));
  CHECK_THAT(adjusted[8'882], near(0.3719441713521016));
  CHECK_THAT(adjusted[8'883], near(1.9952499658786462));

  const PriceFeatures rows = price_features(prices.times(), prices.column_values(prices.names()[0]));
  REQUIRE(rows.x.shape() == decltype(rows.x.shape()){8'127, 756});
  CHECK_THAT(rows.x(0, 0), near(adjusted[1]));
  CHECK_THAT(rows.x(8'126, 755), near(adjusted[8'882]));
  CHECK(date_text(rows.times.front()) == "1983-01-07");
  CHECK(date_text(rows.times.back()) == "2015-05-29");
  const double up = std::accumulate(rows.sign.begin(), rows.sign.end(), 0.0);
  CHECK_THAT((8'127 + up) / 2 / 8'127, WithinAbs(0.504122, 5e-7));

  const WalkForwardPlan plan(rows.times, {.start = "2015-05-20"});
  REQUIRE(plan.size() == 7);
  CHECK(plan[0] == WalkForwardPoint{0, {0, 8'120}, {8'120, 8'121}});
  CHECK(std::vector<double>(rows.sign.begin() + 8'120, rows.sign.end()) == std::vector<double>{1, 1, -1, -1, -1, 1, 1});
  const WalkForwardPlan full(rows.times);
  CHECK(full.size() == 7'127);
  CHECK(date_text(full.time(full[0].forecast.begin)) == "1987-01-06");

  StandardScaler scaler;
  scaler.fit(rows.x, plan[0].train);
  CHECK_THAT(scaler.center(0), near(0.014725392341));
  CHECK_THAT(scaler.scale(0), near(0.968733949842));
  CHECK_THAT(rows.x(8'120, 0), near(-0.673117431884));
  CHECK_THAT(scaler.transform(0, rows.x(8'120, 0)), near(-0.710043066352));
  CHECK_THAT(scaler.center(755), near(0.014266094560));
  CHECK_THAT(scaler.scale(755), near(0.970007819429));
  CHECK_THAT(rows.x(8'120, 755), near(-1.569791673115));
  CHECK_THAT(scaler.transform(755, rows.x(8'120, 755)), near(-1.633036080686));
}
