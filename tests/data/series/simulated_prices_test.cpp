#include "seqnn/data/series/simulated_prices.hpp"

#include "seqnn/data/series/returns.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

/// How often the sign of one return is that of the next.
double repeats(const std::vector<double>& returns) {
  double same = 0;
  for (std::size_t i = 1; i < returns.size(); ++i) same += (returns[i] < 0) == (returns[i - 1] < 0);
  return same / static_cast<double>(returns.size() - 1);
}

}  // namespace

TEST_CASE("Simulated prices are the same everywhere", "[data][series][simulated_prices]") {
  const Table table = simulated_prices();
  CHECK(table.names() == std::vector<std::string>{"price"});
  REQUIRE(table.rows() == 8'885);
  const std::vector<double> prices = table.column_values("price");
  CHECK(std::vector<double>(prices.begin(), prices.begin() + 6) ==
        std::vector<double>{100.06, 100.61, 100.12, 100.7, 101.94, 102.65});
  CHECK(prices.back() == 2'483.52);
  std::int64_t cents = 0;  // of all, each by its place, so that one cent anywhere shows
  for (std::size_t i = 0; i < prices.size(); ++i) {
    cents = (cents * 31 + static_cast<std::int64_t>(std::round(prices[i] * 100))) % 1'000'000'007;
  }
  CHECK(cents == 842'883'773);
  const std::vector<double> few = simulated_prices({.rows = 100}).column_values("price");
  CHECK(few == std::vector<double>(prices.begin(), prices.begin() + 100));
  CHECK(simulated_prices({.rows = 100, .seed = 2}).column_values("price") != few);
}

TEST_CASE("Simulated prices are those of trading days", "[data][series][simulated_prices]") {
  const Table table = simulated_prices({.rows = 2'600, .start = timestamp({.year = 2020, .month = 12, .day = 24})});
  std::string first;
  for (std::size_t row = 0; row < 7; ++row) first += date_text(table.times()[row]) + ' ';
  // Thursday; then come Christmas and a weekend, New Year's Day and a weekend
  CHECK(first == "2020-12-24 2020-12-28 2020-12-29 2020-12-30 2020-12-31 2021-01-04 2021-01-05 ");
  for (std::size_t row = 1; row < table.rows(); ++row) {
    const std::int64_t days = (table.times()[row] - table.times()[row - 1]) / kSecondsPerDay;
    CHECK((days >= 1 && days <= 5));
  }
}

TEST_CASE("Volatility is that of markets and comes in waves, directions are chance",
          "[data][series][simulated_prices]") {
  const std::vector<double> returns = pct_change(simulated_prices({.rows = 20'000}).column_values("price"));
  double squares = 0, fourths = 0, neighbours = 0;
  for (std::size_t i = 1; i < returns.size(); ++i) {
    const double now = returns[i] * returns[i], before = returns[i - 1] * returns[i - 1];
    squares += now;
    fourths += now * now;
    neighbours += now * before;
  }
  const auto n = static_cast<double>(returns.size() - 1);
  const double variance = squares / n;
  CHECK_THAT(std::sqrt(variance), WithinAbs(0.01, 0.001));
  CHECK(fourths / n > 3.3 * variance * variance);  // larger extremes than a normal distribution has
  CHECK((neighbours / n - variance * variance) / (fourths / n - variance * variance) > 0.1);
  CHECK_THAT(repeats(returns), WithinAbs(0.5, 0.012));  // three standard errors, and the mean
  CHECK(repeats(pct_change(simulated_prices({.momentum = 0.3}).column_values("price"))) > 0.57);
  CHECK(repeats(pct_change(simulated_prices({.momentum = -0.3}).column_values("price"))) < 0.43);
}

TEST_CASE("Options out of range say so", "[data][series][simulated_prices]") {
  CHECK_THROWS_MATCHES(simulated_prices({.momentum = 1}), OptionError,
                       Message("simulated_prices: momentum must be in (-1, 1), got 1"));
  CHECK_THROWS_MATCHES(simulated_prices({.price = 0}), OptionError,
                       Message("simulated_prices: price must be in [0.01, 1e9], got 0"));
}
