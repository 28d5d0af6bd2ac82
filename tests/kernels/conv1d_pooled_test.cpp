#include "seqnn/kernels/conv1d_pooled.hpp"

#include "seqnn/core/tensor.hpp"
#include "support/catch.hpp"
#include "support/reference/conv1d.hpp"
#include "support/reference/pooling.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

using namespace seqnn;

namespace {

/// Memory for an arena, full of NaN, as long as `take` needs.
template <class Take>
Buffer<std::byte> memory_for(Take&& take) {
  Arena measure;
  take(measure);
  return Buffer<std::byte>(measure.used(), std::byte{0xFF});
}

/// A convolution of whole numbers, so that nothing rounds, with relu and a max pool behind it.
template <class Real>
struct Problem {
  reference::Conv1D plain;
  reference::Pool pool;
  Conv1DSizes sizes;
  PoolWindow windows;
  std::vector<Real> x, w, bias, d;
  Buffer<std::byte> memory;
  Conv1DKernel<Real> kernel;
  std::vector<Real> y, chosen;                // found
  std::vector<Real> expected_y, expected_da;  // d goes to the steps that the plain twin chooses

  Problem(const reference::Conv1D& p, std::size_t pool_size, Padding padding, double nonzero)
      : plain(p),
        pool{p.outputs(), p.F, pool_size, pool_size, padding == Padding::same},
        sizes{.T = p.T, .C = p.C, .K = p.K, .F = p.F, .T_out = p.outputs(), .stride = p.stride, .dilation = p.dilation},
        windows(PoolWindow::over(p.outputs(), p.F, pool_size, pool_size, padding)),
        x(whole_values<Real>(p.T * p.C, 1)),
        w(whole_values<Real>(p.kernel_size(), 2)),
        bias(whole_values<Real>(p.F, 3)),
        d(sparse_values<Real>(pool.outputs() * p.F, nonzero, 4)) {
    const auto take = [&](Arena& arena) { kernel = Conv1DKernel<Real>::take(sizes, arena, true, true); };
    memory = memory_for(take);
    Arena arena(memory.data());
    take(arena);
    kernel.pack(sizes, w.data());

    std::vector<Real> output = reference::conv1d_forward(plain, x.data(), w.data(), bias);
    for (Real& v : output) v = std::max(v, Real(0));
    expected_y = reference::max_pool1d_forward(pool, output);
    expected_da = reference::max_pool1d_backward(pool, output, d);

    y.assign(expected_y.size() + 1, Real(77));
    chosen.assign(expected_y.size() + 1, Real(77));
    std::vector<Real> scratch(conv1d_pooled_scratch<Real>(windows), std::numeric_limits<Real>::quiet_NaN());
    conv1d_pooled_forward(sizes, windows, x.data(), kernel, bias.data(), Activation::relu, y.data(), chosen.data(),
                          scratch.data());
    CHECK(y.back() == 77);
    CHECK(chosen.back() == 77);
    y.pop_back();
    chosen.pop_back();
  }

  PooledGradient<Real> gradient() const { return {&windows, d.data(), chosen.data()}; }

  void check_forward() {
    CHECK(first_difference(y, expected_y) == -1);
    std::vector<Real> without_record(y.size());
    std::vector<Real> scratch(conv1d_pooled_scratch<Real>(windows));
    conv1d_pooled_forward(sizes, windows, x.data(), kernel, bias.data(), Activation::relu, without_record.data(),
                          static_cast<Real*>(nullptr), scratch.data());
    CHECK(first_difference(without_record, expected_y) == -1);
  }

  /// Both forms of the sparse pass, with dx and without.
  void check_sparse() const {
    const std::vector<Real> expected_dw = reference::conv1d_backward_kernel(plain, x.data(), expected_da.data());
    const std::vector<Real> expected_dx = reference::conv1d_backward_input(plain, expected_da.data(), w.data());
    for (const bool with_dx : {true, false}) {
      const auto take = [&](Arena& arena) {
        return Conv1DSparseScratch<Real>::take(sizes, arena, std::max<std::size_t>(8, windows.pool));
      };
      Buffer<std::byte> scratch_memory = memory_for(take);
      Arena arena(scratch_memory.data());
      const Conv1DSparseScratch<Real> scratch = take(arena);
      std::vector<Real> dwt(w.size(), Real(0));
      std::vector<Real> dx(x.size(), std::numeric_limits<Real>::quiet_NaN());
      conv1d_pooled_backward_sparse(sizes, x.data(), gradient(), kernel.filters, dwt.data(),
                                    with_dx ? dx.data() : nullptr, scratch);
      std::vector<Real> dw(w.size(), Real(0));
      conv1d_fold_sparse(sizes, dwt.data(), dw.data());
      CHECK(first_difference(dw, expected_dw) == -1);
      if (with_dx) CHECK(first_difference(dx, expected_dx) == -1);
    }
  }

  void check_narrow() const {
    std::vector<Real> expected_dw = reference::conv1d_backward_kernel(plain, x.data(), expected_da.data());
    for (Real& v : expected_dw) v += 1;
    std::vector<Real> dw(w.size() + 1, Real(1));
    conv1d_pooled_backward_narrow(sizes, x.data(), gradient(), dw.data());
    CHECK(dw.back() == 1);
    dw.pop_back();
    CHECK(first_difference(dw, expected_dw) == -1);
  }
};

}  // namespace

TEST_CASE("A convolution with a max pool by hand, forward and back", "[kernels][conv1d_pooled]") {
  // x = 1 2 4 3 0, w = (1, -1), b = 2: outputs 1 0 3 5, of which windows of 2 keep 1 (step 0) and 5 (step 1). Gradients
  // 10 and 1 of these are those of outputs 0 and 3: dw = (10·1 + 3, 10·2 + 0) = (13, 20), and
  // dx = (10, -10, 0, 1, -1).
  Problem<double> p({.T = 5, .C = 1, .K = 2, .F = 1}, 2, Padding::valid, 1);
  p.x = {1, 2, 4, 3, 0};
  p.w = {1, -1};
  p.bias = {2};
  p.kernel.pack(p.sizes, p.w.data());
  std::vector<double> scratch(conv1d_pooled_scratch<double>(p.windows));
  conv1d_pooled_forward(p.sizes, p.windows, p.x.data(), p.kernel, p.bias.data(), Activation::linear, p.y.data(),
                        p.chosen.data(), scratch.data());
  CHECK(p.y == std::vector<double>{1, 5});
  CHECK(p.chosen == std::vector<double>{0, 1});
  p.d = {10, 1};
  std::vector<double> dw(2, 0.0);
  conv1d_pooled_backward_narrow(p.sizes, p.x.data(), p.gradient(), dw.data());
  CHECK(dw == std::vector<double>{13, 20});
  const auto take = [&](Arena& arena) { return Conv1DSparseScratch<double>::take(p.sizes, arena); };
  Buffer<std::byte> memory = memory_for(take);
  Arena arena(memory.data());
  std::vector<double> dwt(2, 0.0);
  std::vector<double> dx(5);
  conv1d_pooled_backward_sparse(p.sizes, p.x.data(), p.gradient(), p.kernel.filters, dwt.data(), dx.data(),
                                take(arena));
  CHECK(dwt == std::vector<double>{13, 20});
  CHECK(dx == std::vector<double>{10, -10, 0, 1, -1});
}

TEMPLATE_TEST_CASE("A convolution with a max pool agrees with its plain twins", "[kernels][conv1d_pooled]", float,
                   double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (const std::size_t F : {std::size_t{1}, W - 1, W, 2 * W, 3 * W + 2}) {
    for (const std::size_t C : {std::size_t{1}, std::size_t{2}, 2 * W}) {
      for (const std::size_t K : {std::size_t{1}, std::size_t{3}, std::size_t{4}}) {
        for (const std::size_t pool : {std::size_t{1}, std::size_t{3}, std::size_t{10}}) {
          for (const Padding padding : {Padding::valid, Padding::same}) {
            for (const std::size_t stride : {std::size_t{1}, std::size_t{2}}) {
              CAPTURE(F, C, K, pool, stride, padding == Padding::same);
              Problem<TestType> p({.T = 31, .C = C, .K = K, .F = F, .stride = stride}, pool, padding, 0.7);
              p.check_forward();
              p.check_sparse();
              if (C * K <= kNarrowRow) p.check_narrow();
            }
          }
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("A long convolution with a max pool is computed in parts", "[kernels][conv1d_pooled]", float,
                   double) {
  for (const Padding padding : {Padding::valid, Padding::same}) {
    Problem<TestType> p({.T = 1000, .C = 3, .K = 5, .F = 40}, 7, padding, 0.9);
    REQUIRE(conv1d_pooled_windows<TestType>(p.windows) < p.windows.T_out);
    p.check_forward();
    p.check_sparse();
  }
}

TEMPLATE_TEST_CASE("A dilated convolution with a max pool", "[kernels][conv1d_pooled]", float, double) {
  Problem<TestType> p({.T = 40, .C = 3, .K = 3, .F = 5, .dilation = 4}, 4, Padding::same, 1);
  p.check_forward();
}
