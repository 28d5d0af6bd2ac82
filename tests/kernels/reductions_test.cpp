#include "seqnn/kernels/reductions.hpp"

#include "seqnn/core/random.hpp"
#include "support/catch.hpp"
#include "support/reference/reductions.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

template <class Real>
std::vector<Real> random_values(std::size_t n, std::uint32_t index, double low = -1, double high = 1) {
  RandomStream random({.seed = 5, .index = index});
  std::vector<Real> values(n);
  for (Real& v : values) v = static_cast<Real>(random.uniform(low, high));
  return values;
}

/// Around one register, around the four accumulators, around a block of 64 registers, and odd ones beyond.
template <class Real>
std::vector<std::size_t> sizes() {
  constexpr std::size_t W = kLanes<Real>;
  return {0, 1, W - 1, W, W + 1, 4 * W - 1, 4 * W, 4 * W + 1, 64 * W - 1, 64 * W, 64 * W + 1, 1000, 70 * W + 3};
}

}  // namespace

TEST_CASE("reductions of four numbers", "[kernels][reductions]") {
  const float x[] = {3, -4, 1, 0};
  const float y[] = {2, 1, -1, 5};
  CHECK(sum(4, x) == 0);
  CHECK(dot(4, x, y) == 1);           // 6 - 4 - 1 + 0
  CHECK(sum_of_squares(4, x) == 26);  // 9 + 16 + 1
  CHECK(largest(4, x) == 3);
  CHECK(largest_absolute(4, x) == 4);
  CHECK(index_of_largest(4, x) == 0);
  CHECK(all_finite(4, x));
}

TEMPLATE_TEST_CASE("reductions agree with their plain twins", "[kernels][reductions]", float, double) {
  constexpr double kEpsilon = std::numeric_limits<TestType>::epsilon();
  for (const std::size_t n : sizes<TestType>()) {
    CAPTURE(n);
    const std::vector<TestType> x = random_values<TestType>(n, 1);
    const std::vector<TestType> y = random_values<TestType>(n, 2);
    // 16 terms a lane, then 4 registers of at most 16 lanes, each at most 1: 22 roundings of what is summed.
    const double tolerance = 22 * kEpsilon * static_cast<double>(n);
    CHECK_THAT(sum(n, x.data()), WithinAbs(reference::sum(x), tolerance));
    CHECK_THAT(dot(n, x.data(), y.data()), WithinAbs(reference::dot(x, y), tolerance));
    CHECK_THAT(sum_of_squares(n, x.data()), WithinAbs(reference::dot(x, x), tolerance));
    CHECK(largest(n, x.data()) == reference::largest(x));
    CHECK(largest_absolute(n, x.data()) == reference::largest_absolute(x));
    CHECK(index_of_largest(n, x.data()) == reference::index_of_largest(x));
    CHECK(all_finite(n, x.data()));
    // Only negative numbers: the lanes behind the last value must not count as 0.
    const std::vector<TestType> negative = random_values<TestType>(n, 3, -2, -1);
    CHECK(largest(n, negative.data()) == reference::largest(negative));
  }
}

TEST_CASE("sums of a million floats are as exact as those of a thousand", "[kernels][reductions]") {
  const std::vector<float> tenths(1'000'000, 0.1F);
  // A plain sum in float gives 100958.34.
  CHECK_THAT(sum(tenths.size(), tenths.data()), WithinRel(100000.0015, 1e-6));
  CHECK_THAT(sum_of_squares(tenths.size(), tenths.data()), WithinRel(10000.0003, 1e-6));
}

TEMPLATE_TEST_CASE("reductions see every value that is not finite", "[kernels][reductions]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  constexpr TestType kNaN = std::numeric_limits<TestType>::quiet_NaN();
  constexpr TestType kInfinity = std::numeric_limits<TestType>::infinity();
  const std::size_t n = 5 * W + 3;
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<TestType> x = random_values<TestType>(n, 1);
    const TestType expected = [&] {
      std::vector<TestType> others = x;
      others[i] = -2;
      return reference::largest(others);
    }();
    for (const TestType bad : {kNaN, kInfinity, -kInfinity}) {
      x[i] = bad;
      CAPTURE(i, bad);
      CHECK_FALSE(all_finite(n, x.data()));
      CHECK_FALSE(std::isfinite(sum(n, x.data())));
      CHECK_FALSE(std::isfinite(sum_of_squares_wide(n, x.data())));
    }
    x[i] = kNaN;  // passed over
    CHECK(largest(n, x.data()) == expected);
    x[i] = kInfinity;
    CHECK(index_of_largest(n, x.data()) == i);
  }
  const std::vector<TestType> nothing(W + 1, kNaN);
  CHECK(index_of_largest(nothing.size(), nothing.data()) == 0);
  CHECK(largest_absolute(nothing.size(), nothing.data()) == 0);
}

TEST_CASE("the first of equal largest values is found", "[kernels][reductions]") {
  std::vector<double> x(40, 1.0);
  CHECK(index_of_largest(x.size(), x.data()) == 0);
  x[17] = x[39] = 2;
  CHECK(index_of_largest(x.size(), x.data()) == 17);
}

TEST_CASE("squares beyond the range of float still have a sum", "[kernels][reductions]") {
  const std::vector<float> x(50, 1e30F);
  CHECK(std::isinf(sum_of_squares(x.size(), x.data())));
  CHECK_THAT(sum_of_squares_wide(x.size(), x.data()), WithinRel(50e60, 1e-6));
}
