#include "seqnn/data/series/returns.hpp"

#include "fixtures/price_features.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace fixture = fixtures::price_features;

TEST_CASE("Returns, means and volatility by hand", "[data][series][returns]") {
  CHECK(pct_change(std::vector<double>{4, 5, 2.5, 2.5}) == std::vector<double>{0.25, -0.5, 0});
  CHECK(pct_change(std::vector<double>{4}).empty());
  CHECK(pct_change({}).empty());
  // span 3 is α = 1/2: weights 1, 1/2, 1/4 … by age
  CHECK(ewm_mean(std::vector<double>{6, 3, 8}, 3) == std::vector<double>{6, 4, (8 + 1.5 + 1.5) / 1.75});
  CHECK(ewm_mean(std::vector<double>{6, 3, 8}, 1) == std::vector<double>{6, 3, 8});  // nothing but the newest
  CHECK(ewm_volatility(std::vector<double>{-3, 0}, 3) == std::vector<double>{3, std::sqrt(3.0)});
}

TEST_CASE("Returns, means and volatility are those of pandas", "[data][series][returns]") {
  const std::vector<double> returns = pct_change(fixture::kPrices);
  check_close(returns, fixture::kReturns, 1e-14);
  check_close(ewm_mean(fixture::kPrices, 5), fixture::kEwmMean, 1e-14);
  check_close(ewm_volatility(returns, 5), fixture::kVolatility, 1e-14);
}

TEST_CASE("Prices that have no return say where they are", "[data][series][returns]") {
  const auto fails = [](double price, const std::string& written) {
    CHECK_THROWS_MATCHES(pct_change(std::vector<double>{1, 2, price, 3}), DataError,
                         Message("pct_change: prices must be numbers above 0, got " + written +
                                 " in row 2; correct the row or leave it out"));
  };
  fails(0, "0");
  fails(-9999, "-9999");
  fails(std::numeric_limits<double>::quiet_NaN(), "nan");
  fails(std::numeric_limits<double>::infinity(), "inf");
}

TEST_CASE("A mean wants a span and finite values", "[data][series][returns]") {
  const std::vector<double> values{1, std::numeric_limits<double>::quiet_NaN()};
  CHECK_THROWS_MATCHES(ewm_mean(values, 0.5), OptionError,
                       Message("ewm_mean: span must be a number of rows from 1 on, got 0.5"));
  CHECK_THROWS_MATCHES(
      ewm_mean(values, 3), DataError,
      Message("ewm_mean: values must be finite, got nan in row 1; use fill_missing, or leave the row out"));
}
