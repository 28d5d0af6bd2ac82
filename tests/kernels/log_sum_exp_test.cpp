#include "seqnn/kernels/log_sum_exp.hpp"

#include "seqnn/core/random.hpp"
#include "support/catch.hpp"
#include "support/reference/reductions.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;

TEST_CASE("log_sum_exp of two equal numbers is one of them and log 2 more", "[kernels][log_sum_exp]") {
  const double x[] = {3, 3};
  CHECK_THAT(log_sum_exp(2, x), WithinAbs(3.69314718055994531, 1e-15));
}

TEMPLATE_TEST_CASE("log_sum_exp agrees with its plain twin", "[kernels][log_sum_exp]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  constexpr double kEpsilon = std::numeric_limits<TestType>::epsilon();
  for (const std::size_t n : {std::size_t{1}, std::size_t{2}, W - 1, W, W + 1, 4 * W + 1, 64 * W, 64 * W + 5}) {
    for (const double center : {0.0, -1000.0, 5000.0}) {
      if (n == 0) continue;
      CAPTURE(n, center);
      RandomStream random({.seed = 2});
      std::vector<TestType> x(n);
      for (TestType& v : x) v = static_cast<TestType>(center + random.uniform(-8, 8));
      // Each term e^(x-m) has a relative error of a few epsilon, also from rounding x - m, which is at most 16; as does
      // their sum, hence an absolute error of its logarithm.
      CHECK_THAT(log_sum_exp(n, x.data()), WithinAbs(reference::log_sum_exp(x), 16 * kEpsilon));
    }
  }
}

TEST_CASE("log_sum_exp takes -infinity for nothing and shows NaN and infinity", "[kernels][log_sum_exp]") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double masked[] = {-kInfinity, 2, -kInfinity};
  CHECK(log_sum_exp(3, masked) == 2);
  const double unknown[] = {1, std::numeric_limits<double>::quiet_NaN(), 2};
  CHECK(std::isnan(log_sum_exp(3, unknown)));
  const double infinite[] = {1, kInfinity, 2};
  CHECK(std::isnan(log_sum_exp(3, infinite)));
}
