#include "seqnn/kernels/updates.hpp"

#include "seqnn/core/random.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;

namespace {

template <class Real>
std::vector<Real> random_values(std::size_t n, std::uint32_t index) {
  RandomStream random({.seed = 5, .index = index});
  std::vector<Real> values(n);
  for (Real& v : values) v = static_cast<Real>(random.uniform(-1, 1));
  return values;
}

}  // namespace

TEST_CASE("updates of three numbers", "[kernels][updates]") {
  const double x[] = {1, -2, 4};
  double y[] = {10, 20, 30};
  add(3, x, y);  // 11 18 34
  axpy(3, 0.5, x, y);
  CHECK(std::vector<double>(y, y + 3) == std::vector<double>{11.5, 17, 36});
  scale(3, -2.0, y);
  CHECK(std::vector<double>(y, y + 3) == std::vector<double>{-23, -34, -72});
  clip(3, 30.0, y);
  CHECK(std::vector<double>(y, y + 3) == std::vector<double>{-23, -30, -30});
}

TEMPLATE_TEST_CASE("updates agree with plain loops and leave what is behind alone", "[kernels][updates]", float,
                   double) {
  constexpr std::size_t W = kLanes<TestType>;
  constexpr TestType kEpsilon = std::numeric_limits<TestType>::epsilon();
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, W - 1, W, W + 1, 3 * W + 2}) {
    CAPTURE(n);
    const std::vector<TestType> x = random_values<TestType>(n, 1);
    std::vector<TestType> y = random_values<TestType>(n + 1, 2);
    std::vector<TestType> expected = y;

    add(n, x.data(), y.data());
    for (std::size_t i = 0; i < n; ++i) expected[i] += x[i];
    CHECK(y == expected);

    const TestType a = TestType(0.3);
    axpy(n, a, x.data(), y.data());
    for (std::size_t i = 0; i < n; ++i) {
      // Two roundings here, one with a fused product, of numbers below 3.
      REQUIRE_THAT(static_cast<double>(y[i]), WithinAbs(static_cast<double>(expected[i] + a * x[i]), 3 * kEpsilon));
    }

    expected = y;
    scale(n, a, y.data());
    for (std::size_t i = 0; i < n; ++i) expected[i] *= a;
    CHECK(y == expected);

    clip(n, TestType(0.1), y.data());
    for (std::size_t i = 0; i < n; ++i) {
      expected[i] = std::fmin(std::fmax(expected[i], TestType(-0.1)), TestType(0.1));
    }
    CHECK(y == expected);
  }
}

TEMPLATE_TEST_CASE("clip cuts infinities and keeps NaN", "[kernels][updates]", float, double) {
  constexpr TestType kInfinity = std::numeric_limits<TestType>::infinity();
  std::vector<TestType> x(2 * kLanes<TestType> + 1, std::numeric_limits<TestType>::quiet_NaN());
  x[1] = kInfinity;
  x[2] = -kInfinity;
  clip(x.size(), TestType(2), x.data());
  CHECK(x[1] == 2);
  CHECK(x[2] == -2);
  for (std::size_t i = 3; i < x.size(); ++i) CHECK(std::isnan(x[i]));
}
