#include "seqnn/io/nice_ticks.hpp"

#include "support/catch.hpp"

#include <limits>
#include <string>
#include <vector>

using namespace seqnn;
using Labels = std::vector<std::string>;

TEST_CASE("Ticks stand at multiples of 1, 2 or 5 times a power of ten", "[io][nice_ticks]") {
  // (0.71 - 0.19) / 5 = 0.104, nearest to 1 · 0.1
  CHECK(nice_ticks(0.19, 0.71, 5).labels == Labels{"0.2", "0.3", "0.4", "0.5", "0.6", "0.7"});
  // 9 / 5 = 1.8, nearest to 2 · 1
  CHECK(nice_ticks(1, 10, 5).labels == Labels{"2", "4", "6", "8", "10"});
  // 23 / 5 = 4.6, nearest to 5 · 1
  CHECK(nice_ticks(-7, 16, 5).labels == Labels{"-5", "0", "5", "10", "15"});
  // 0.4 / 5 = 0.08, nearest to 1 · 0.1
  CHECK(nice_ticks(-0.2, 0.2, 5).labels == Labels{"-0.2", "-0.1", "0.0", "0.1", "0.2"});
}

TEST_CASE("Ticks are the doubles that their labels name", "[io][nice_ticks]") {
  for (const auto& [low, high] : std::vector<std::pair<double, double>>{{0, 1}, {-0.37, 0.02}, {0, 3e-7}, {1e5, 9e8}}) {
    const Ticks ticks = nice_ticks(low, high, 6);
    REQUIRE(ticks.at.size() >= 3);
    for (std::size_t i = 0; i < ticks.at.size(); ++i) {
      CHECK(std::stod(ticks.labels[i]) == ticks.at[i]);
      CHECK(ticks.at[i] >= low);
      CHECK(ticks.at[i] <= high);
      if (i > 0) CHECK(ticks.at[i] > ticks.at[i - 1]);
    }
  }
}

TEST_CASE("Large and small ticks are written with an exponent", "[io][nice_ticks]") {
  CHECK(nice_ticks(0, 2e6, 4).labels == Labels{"0", "5.0e5", "1.0e6", "1.5e6", "2.0e6"});
  CHECK(nice_ticks(0, 4e-7, 4).labels == Labels{"0", "1e-7", "2e-7", "3e-7", "4e-7"});
  CHECK(nice_ticks(0, 400'000, 4).labels == Labels{"0", "100000", "200000", "300000", "400000"});
}

TEST_CASE("Ticks of counts have no fractions", "[io][nice_ticks]") {
  CHECK(nice_ticks(1, 3, 8, true).labels == Labels{"1", "2", "3"});
  CHECK(nice_ticks(0.5, 1.5, 8, true).labels == Labels{"1"});
  CHECK(nice_ticks(1, 3, 4, false).labels == Labels{"1.0", "1.5", "2.0", "2.5", "3.0"});
}

TEST_CASE("Ticks reach over the whole range of doubles", "[io][nice_ticks]") {
  constexpr double kLargest = std::numeric_limits<double>::max();
  CHECK(nice_ticks(-kLargest, kLargest, 4).labels == Labels{"-1e308", "0", "1e308"});
  CHECK(nice_ticks(1e300, 1.1e300, 2).at.size() >= 2);
  CHECK(nice_ticks(1e16, 1e16 + 2, 5).at.size() <= 100);  // steps below the spacing of doubles
}
