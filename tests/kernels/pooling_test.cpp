#include "seqnn/kernels/pooling.hpp"

#include "seqnn/core/random.hpp"
#include "seqnn/core/tensor.hpp"
#include "support/catch.hpp"
#include "support/reference/pooling.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace seqnn;

namespace {

template <class Real>
std::vector<Real> random_values(std::size_t n, std::uint32_t index) {
  RandomStream random({.seed = 7, .index = index});
  std::vector<Real> values(n);
  // Few different values, so that windows hold equal ones.
  for (Real& v : values) v = static_cast<Real>(random.below(9)) - Real(4);
  return values;
}

constexpr Padding kPaddings[] = {Padding::valid, Padding::same};

}  // namespace

TEMPLATE_TEST_CASE("max_pool1d agrees with its plain twin, values and gradients", "[kernels][pooling]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (const std::size_t C : {std::size_t{1}, W - 1, W, W + 1, 2 * W, 3 * W + 2}) {
    for (const std::size_t T : {std::size_t{1}, std::size_t{5}, std::size_t{6}, std::size_t{23}}) {
      for (const std::size_t pool : {std::size_t{1}, std::size_t{2}, std::size_t{5}, std::size_t{9}}) {
        for (const std::size_t stride : {std::size_t{1}, std::size_t{2}, std::size_t{5}, std::size_t{7}}) {
          for (const Padding padding : kPaddings) {
            if (C == 0 || (padding == Padding::valid && pool > T)) continue;
            CAPTURE(C, T, pool, stride, padding == Padding::same);
            const reference::Pool plain{T, C, pool, stride, padding == Padding::same};
            const PoolWindow w = PoolWindow::over(T, C, pool, stride, padding);
            REQUIRE(w.T_out == plain.outputs());
            const std::vector<TestType> x = random_values<TestType>(T * C, 1);
            const std::vector<TestType> dy = random_values<TestType>(w.T_out * C, 2);
            // One value more than needed stands behind every output, to see that it is left alone.
            std::vector<TestType> y(w.T_out * C + 1, TestType(77));
            std::vector<TestType> chosen(w.T_out * C + 1, TestType(77));
            std::vector<TestType> dx(T * C + 1, TestType(77));
            max_pool1d_forward(w, x.data(), y.data(), chosen.data());
            max_pool1d_backward(w, dy.data(), chosen.data(), dx.data());
            CHECK(y.back() == TestType(77));
            CHECK(chosen.back() == TestType(77));
            CHECK(dx.back() == TestType(77));
            y.pop_back();
            dx.pop_back();
            CHECK(y == reference::max_pool1d_forward(plain, x));
            CHECK(dx == reference::max_pool1d_backward(plain, x, dy));

            std::vector<TestType> without_record(y.size());
            max_pool1d_forward(w, x.data(), without_record.data(), static_cast<TestType*>(nullptr));
            CHECK(without_record == y);
          }
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("average_pool1d agrees with its plain twin, values and gradients", "[kernels][pooling]", float,
                   double) {
  constexpr std::size_t W = kLanes<TestType>;
  const double tolerance = 16 * static_cast<double>(std::numeric_limits<TestType>::epsilon());
  const auto agree = [&](const std::vector<TestType>& values, const std::vector<double>& expected) {
    REQUIRE(values.size() == expected.size() + 1);
    CHECK(values.back() == TestType(77));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (!(std::fabs(static_cast<double>(values[i]) - expected[i]) <= tolerance)) FAIL("differs at " << i);
    }
  };
  for (const std::size_t C : {std::size_t{1}, W - 1, W, W + 1, 3 * W + 2}) {
    for (const std::size_t T : {std::size_t{1}, std::size_t{6}, std::size_t{23}}) {
      for (const std::size_t pool : {std::size_t{1}, std::size_t{2}, std::size_t{5}, std::size_t{9}}) {
        for (const std::size_t stride : {std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
          for (const Padding padding : kPaddings) {
            if (C == 0 || (padding == Padding::valid && pool > T)) continue;
            CAPTURE(C, T, pool, stride, padding == Padding::same);
            const reference::Pool plain{T, C, pool, stride, padding == Padding::same};
            const PoolWindow w = PoolWindow::over(T, C, pool, stride, padding);
            const std::vector<TestType> x = random_values<TestType>(T * C, 1);
            std::vector<TestType> dy = random_values<TestType>(w.T_out * C, 2);
            std::vector<TestType> y(w.T_out * C + 1, TestType(77));
            std::vector<TestType> dx(T * C + 1, TestType(77));
            average_pool1d_forward(w, x.data(), y.data());
            agree(y, reference::average_pool1d_forward(plain, x));
            const std::vector<double> expected = reference::average_pool1d_backward(plain, dy);
            average_pool1d_backward(w, dy.data(), dx.data());
            agree(dx, expected);
          }
        }
      }
    }
  }
}

TEST_CASE("max_pool1d windows of Padding::same begin where Keras' do", "[kernels][pooling]") {
  // T=6 pool=4 stride=2: 3 windows cover 8 steps, 2 of them padding, 1 ahead: steps 0-2, 1-4, 3-5.
  const PoolWindow w = PoolWindow::over(6, 1, 4, 2, Padding::same);
  REQUIRE(w.T_out == 3);
  CHECK(w.first(0) == 0);
  CHECK(w.last(0) == 3);
  CHECK(w.first(1) == 1);
  CHECK(w.last(1) == 5);
  CHECK(w.first(2) == 3);
  CHECK(w.last(2) == 6);
  // T=7: 4 windows cover 10 steps, 3 of padding, the odd one at the end.
  CHECK(PoolWindow::over(7, 1, 4, 2, Padding::same).before == 1);
}

TEMPLATE_TEST_CASE("A NaN is the maximum of the windows that hold it", "[kernels][pooling]", float, double) {
  const TestType nan = std::numeric_limits<TestType>::quiet_NaN();
  constexpr std::size_t C = kLanes<TestType> + 1;
  const std::size_t T = 12;
  for (const std::size_t step : {std::size_t{3}, std::size_t{4}, std::size_t{5}}) {
    std::vector<TestType> x = random_values<TestType>(T * C, 3);
    for (std::size_t c = 0; c < C; ++c) x[step * C + c] = nan;
    const PoolWindow w = PoolWindow::over(T, C, 3, 3, Padding::valid);
    std::vector<TestType> y(w.T_out * C);
    std::vector<TestType> chosen(w.T_out * C);
    max_pool1d_forward(w, x.data(), y.data(), chosen.data());
    for (std::size_t i = 0; i < y.size(); ++i) CHECK(std::isnan(y[i]) == (i / C == 1));
    CHECK(chosen[C] == static_cast<TestType>(step - 3));
    std::vector<TestType> without_record(y.size());
    max_pool1d_forward(w, x.data(), without_record.data(), static_cast<TestType*>(nullptr));
    for (std::size_t i = 0; i < y.size(); ++i) CHECK(std::isnan(without_record[i]) == (i / C == 1));

    std::vector<TestType> total(C);
    std::vector<std::int32_t> at(C);
    global_max_pool1d_forward(T, C, x.data(), total.data(), at.data());
    for (std::size_t c = 0; c < C; ++c) {
      CHECK(std::isnan(total[c]));
      CHECK(at[c] == static_cast<std::int32_t>(step));
    }
  }
}

TEMPLATE_TEST_CASE("global_max_pool1d agrees with one window over everything", "[kernels][pooling]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (const std::size_t C : {std::size_t{1}, W - 1, W, W + 1, 2 * W, 3 * W + 2}) {
    for (const std::size_t T : {std::size_t{1}, std::size_t{2}, std::size_t{4}, std::size_t{5}, std::size_t{98}}) {
      if (C == 0) continue;
      CAPTURE(C, T);
      const reference::Pool plain{T, C, T, T, false};
      const std::vector<TestType> x = random_values<TestType>(T * C, 4);
      const std::vector<TestType> dy = random_values<TestType>(C, 5);
      std::vector<TestType> y(C + 1, TestType(77));
      std::vector<std::int32_t> chosen(C + 1, 77);
      std::vector<TestType> dx(T * C + 1, TestType(77));
      global_max_pool1d_forward(T, C, x.data(), y.data(), chosen.data());
      global_max_pool1d_backward(T, C, dy.data(), chosen.data(), dx.data());
      CHECK(y.back() == TestType(77));
      CHECK(chosen.back() == 77);
      CHECK(dx.back() == TestType(77));
      y.pop_back();
      dx.pop_back();
      CHECK(y == reference::max_pool1d_forward(plain, x));
      CHECK(dx == reference::max_pool1d_backward(plain, x, dy));
    }
  }
}
