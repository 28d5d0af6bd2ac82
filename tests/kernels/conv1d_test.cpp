#include "seqnn/kernels/conv1d.hpp"

#include "seqnn/core/tensor.hpp"
#include "support/catch.hpp"
#include "support/reference/conv1d.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
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

/// One convolution of whole numbers: nothing rounds, so results are compared without tolerance.
template <class Real>
struct Problem {
  reference::Conv1D plain;
  Conv1DSizes sizes;
  std::vector<Real> x, w, bias;
  Buffer<std::byte> kernel_memory;
  Conv1DKernel<Real> kernel;

  explicit Problem(const reference::Conv1D& p, bool input_gradient = true)
      : plain(p),
        sizes{.T = p.T,
              .C = p.C,
              .K = p.K,
              .F = p.F,
              .T_out = p.outputs(),
              .stride = p.stride,
              .dilation = p.dilation,
              .groups = p.groups},
        x(whole_values<Real>(p.T * p.C, 1)),
        w(whole_values<Real>(p.kernel_size(), 2)),
        bias(whole_values<Real>(p.F, 3)) {
    const auto take = [&](Arena& arena) { kernel = Conv1DKernel<Real>::take(sizes, arena, true, input_gradient); };
    kernel_memory = memory_for(take);
    Arena arena(kernel_memory.data());
    take(arena);
    kernel.pack(sizes, w.data());
  }

  std::size_t y_size() const { return sizes.T_out * sizes.F; }

  /// All of dw and dx by the dense passes; both begin as the pass finds them, dw with 1 everywhere and dx with NaN.
  void dense(const std::vector<Real>& da, std::vector<Real>& dw, std::vector<Real>& dx) const {
    dw.assign(w.size(), Real(1));
    conv1d_backward_kernel(sizes, x.data(), da.data(), dw.data());
    dx.assign(x.size(), std::numeric_limits<Real>::quiet_NaN());
    std::vector<Real> scratch(conv1d_backward_input_scratch<Real>(sizes), std::numeric_limits<Real>::quiet_NaN());
    conv1d_backward_input(sizes, da.data(), kernel, dx.data(), scratch.data());
  }

  /// The same by the sparse pass; without dx if `dx` is null.
  void sparse(const std::vector<Real>& da, std::vector<Real>& dw, std::vector<Real>* dx) const {
    const auto take = [&](Arena& arena) { return Conv1DSparseScratch<Real>::take(sizes, arena); };
    Buffer<std::byte> memory = memory_for(take);
    Arena arena(memory.data());
    const Conv1DSparseScratch<Real> scratch = take(arena);
    std::vector<Real> dwt(w.size(), Real(0));
    if (dx != nullptr) dx->assign(x.size(), std::numeric_limits<Real>::quiet_NaN());
    conv1d_backward_sparse(sizes, x.data(), da.data(), kernel.filters, dwt.data(), dx == nullptr ? nullptr : dx->data(),
                           scratch);
    dw.assign(w.size(), Real(1));
    conv1d_fold_sparse(sizes, dwt.data(), dw.data());
  }
};

template <class Real>
void check_forward(const Problem<Real>& p) {
  for (const bool with_bias : {true, false}) {
    std::vector<Real> y(p.y_size() + 1, Real(77));
    conv1d_forward(p.sizes, p.x.data(), p.kernel, with_bias ? p.bias.data() : nullptr, Activation::relu, y.data());
    CHECK(y.back() == 77);
    y.pop_back();
    std::vector<Real> expected =
        reference::conv1d_forward(p.plain, p.x.data(), p.w.data(), with_bias ? p.bias : std::vector<Real>());
    for (Real& v : expected) v = std::max(v, Real(0));
    CHECK(first_difference(y, expected) == -1);
  }
}

template <class Real>
void check_backward(const Problem<Real>& p) {
  for (const double nonzero : {0.0, 0.1, 0.5, 1.0}) {
    CAPTURE(nonzero);
    const std::vector<Real> da = sparse_values<Real>(p.y_size(), nonzero, 4);
    std::vector<Real> expected_dw = reference::conv1d_backward_kernel(p.plain, p.x.data(), da.data());
    for (Real& v : expected_dw) v += 1;
    const std::vector<Real> expected_dx = reference::conv1d_backward_input(p.plain, da.data(), p.w.data());
    std::vector<Real> dw;
    std::vector<Real> dx;
    p.dense(da, dw, dx);
    CHECK(first_difference(dw, expected_dw) == -1);
    CHECK(first_difference(dx, expected_dx) == -1);
    if (!p.sizes.overlapping_rows()) continue;
    p.sparse(da, dw, &dx);
    CHECK(first_difference(dw, expected_dw) == -1);
    CHECK(first_difference(dx, expected_dx) == -1);
    p.sparse(da, dw, nullptr);
    CHECK(first_difference(dw, expected_dw) == -1);
  }
}

template <class Real>
void check_all(const reference::Conv1D& plain) {
  CAPTURE(plain.T, plain.C, plain.K, plain.F, plain.stride, plain.dilation, plain.groups);
  const Problem<Real> p(plain);
  check_forward(p);
  check_backward(p);
}

}  // namespace

TEST_CASE("conv1d convolves by hand, forward and back", "[kernels][conv1d]") {
  // x = 1 2 3 4, w = (10, 1): y_t = 10·x_t + x_(t+1) = 12 23 34. da = 1 0 2: dw = (1·1 + 2·3, 1·2 + 2·4) = (7, 10),
  // and dx = (10, 1, 0, 0) + (0, 0, 20, 2) = 10 1 20 2.
  Problem<double> p({.T = 4, .C = 1, .K = 2, .F = 1});
  p.x = {1, 2, 3, 4};
  p.w = {10, 1};
  p.kernel.pack(p.sizes, p.w.data());
  std::vector<double> y(3);
  conv1d_forward(p.sizes, p.x.data(), p.kernel, static_cast<const double*>(nullptr), Activation::linear, y.data());
  CHECK(y == std::vector<double>{12, 23, 34});
  std::vector<double> dw;
  std::vector<double> dx;
  p.dense({1, 0, 2}, dw, dx);
  CHECK(dw == std::vector<double>{8, 11});  // on top of 1
  CHECK(dx == std::vector<double>{10, 1, 20, 2});
  p.sparse({1, 0, 2}, dw, &dx);
  CHECK(dw == std::vector<double>{8, 11});
  CHECK(dx == std::vector<double>{10, 1, 20, 2});
}

TEMPLATE_TEST_CASE("conv1d agrees with its plain twin at every number of channels and filters", "[kernels][conv1d]",
                   float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  const std::size_t extents[] = {1, 3, W - 1, W, W + 1, 2 * W + 3, 4 * W};
  for (const std::size_t C : extents) {
    for (const std::size_t F : extents) {
      for (const std::size_t K : Sizes{1, 4}) {
        for (const std::size_t stride : Sizes{1, 3}) {
          check_all<TestType>({.T = 12, .C = C, .K = K, .F = F, .stride = stride});
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("conv1d agrees with its plain twin at every length, stride and dilation", "[kernels][conv1d]", float,
                   double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (const std::size_t K : Sizes{1, 2, 3, 7}) {
    for (const std::size_t stride : Sizes{1, 2, 3, 9}) {
      for (const std::size_t dilation : Sizes{1, 2, 5}) {
        if (stride > 1 && dilation > 1) continue;
        const std::size_t span = (K - 1) * dilation + 1;
        // One output step, two of them if the stride is 1, and lengths whose last steps no window reaches.
        for (const std::size_t T : Sizes{span, span + 1, span + 16, span + 19}) {
          check_all<TestType>({.T = T, .C = 5, .K = K, .F = W + 2, .stride = stride, .dilation = dilation});
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("conv1d agrees with its plain twin with groups", "[kernels][conv1d]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (const std::size_t groups : Sizes{2, 3}) {
    for (const std::size_t Cg : Sizes{1, 2, W + 1}) {
      for (const std::size_t Fg : Sizes{1, 3, 2 * W}) {
        for (const std::size_t stride : Sizes{1, 2}) {
          check_all<TestType>(
              {.T = 11, .C = groups * Cg, .K = 3, .F = groups * Fg, .stride = stride, .groups = groups});
        }
        check_all<TestType>({.T = 11, .C = groups * Cg, .K = 3, .F = groups * Fg, .dilation = 2, .groups = groups});
      }
    }
  }
}

TEMPLATE_TEST_CASE("conv1d agrees with its plain twin over many steps", "[kernels][conv1d]", float, double) {
  // Longer than a block of a product and than a stretch of the sparse pass, with a wide and with a narrow row.
  check_all<TestType>({.T = 700, .C = 33, .K = 3, .F = 9});
  check_all<TestType>({.T = 41, .C = 530, .K = 2, .F = 3});
  check_all<TestType>({.T = 300, .C = 14, .K = 5, .F = 32, .stride = 2});
}

TEMPLATE_TEST_CASE("conv1d applies softmax over the filters", "[kernels][conv1d]", float, double) {
  for (const std::size_t groups : Sizes{1, 2}) {
    const Problem<TestType> p({.T = 9, .C = 4, .K = 2, .F = 6, .groups = groups});
    std::vector<TestType> y(p.y_size());
    conv1d_forward(p.sizes, p.x.data(), p.kernel, p.bias.data(), Activation::softmax, y.data());
    const std::vector<TestType> sums = reference::conv1d_forward(p.plain, p.x.data(), p.w.data(), p.bias);
    for (std::size_t i = 0; i < y.size(); ++i) {
      double all = 0;
      for (std::size_t f = 0; f < 6; ++f) all += std::exp(static_cast<double>(sums[i / 6 * 6 + f] - sums[i]));
      CHECK(std::fabs(static_cast<double>(y[i]) - 1 / all) < 1e-6);
    }
  }
}

TEMPLATE_TEST_CASE("conv1d packs no kernel for dx where dx is not wanted", "[kernels][conv1d]", float, double) {
  const Problem<TestType> p({.T = 20, .C = 3, .K = 4, .F = 5}, false);
  CHECK(p.kernel.backward == nullptr);
  CHECK(p.kernel.filters == nullptr);
  const std::vector<TestType> da = sparse_values<TestType>(p.y_size(), 0.2, 5);
  std::vector<TestType> expected = reference::conv1d_backward_kernel(p.plain, p.x.data(), da.data());
  for (TestType& v : expected) v += 1;
  std::vector<TestType> dw;
  p.sparse(da, dw, nullptr);
  CHECK(first_difference(dw, expected) == -1);
  check_forward(p);

  Arena predicting;
  const auto kernel = Conv1DKernel<TestType>::take(p.sizes, predicting, false, true);
  CHECK(kernel.backward == nullptr);
  CHECK(predicting.used() == p.kernel_memory.size());
}

TEMPLATE_TEST_CASE("The sparse pass of conv1d does not lose a NaN", "[kernels][conv1d]", float, double) {
  const Problem<TestType> p({.T = 6, .C = 2, .K = 2, .F = 3});
  std::vector<TestType> da(p.y_size(), TestType(0));
  da[2 * 3 + 1] = std::numeric_limits<TestType>::quiet_NaN();  // filter 1 at step 2: reaches steps 2 and 3
  std::vector<TestType> dw;
  std::vector<TestType> dx;
  p.sparse(da, dw, &dx);
  for (std::size_t i = 0; i < dw.size(); ++i) CHECK(std::isnan(dw[i]) == (i % 3 == 1));
  for (std::size_t i = 0; i < dx.size(); ++i) CHECK(std::isnan(dx[i]) == (i / 2 == 2 || i / 2 == 3));
}

TEMPLATE_TEST_CASE("conv1d counts nonzero gradients, and takes the sparse pass for few", "[kernels][conv1d]", float,
                   double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (const std::size_t n : Sizes{0, 1, W - 1, W, W + 1, 5 * W + 3}) {
    const std::vector<TestType> x = whole_values<TestType>(n, 6);
    const auto zeros = static_cast<std::size_t>(std::count(x.begin(), x.end(), TestType(0)));
    CHECK(count_nonzero(n, x.data()) == n - zeros);
  }
  const std::vector<TestType> odd = {TestType(-0.0), std::numeric_limits<TestType>::quiet_NaN(),
                                     std::numeric_limits<TestType>::denorm_min()};
  CHECK(count_nonzero(odd.size(), odd.data()) == 2);

  const Problem<TestType> p({.T = 100, .C = 32, .K = 7, .F = 32});
  CHECK(conv1d_sparse_pays<TestType>(p.sizes, 0));
  CHECK(conv1d_sparse_pays<TestType>(p.sizes, p.y_size() / 20));
  CHECK_FALSE(conv1d_sparse_pays<TestType>(p.sizes, p.y_size()));
  const Problem<TestType> dilated({.T = 100, .C = 32, .K = 7, .F = 32, .dilation = 2});
  CHECK_FALSE(conv1d_sparse_pays<TestType>(dilated.sizes, 0));  // it knows contiguous windows only
}
