#pragma once

#include "seqnn/kernels/simd.hpp"
#include "seqnn/kernels/sweep.hpp"

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace seqnn::inline SEQNN_ABI {

// Convolution over time of one sample in which every column has a kernel of its own:
//
//   y[t,c] = Σ_j x[t·stride + j·dilation, c] · w[j,c]        x padded [T,C]   w [K,C]   y [T_out,C]
//
// A register of columns passes over the whole sample with a few taps or steps at a time, so that what is loaded is used
// more than once.

/// Sizes of a depthwise convolution. T counts the padding.
struct DepthwiseSizes {
  std::size_t T = 0;
  std::size_t C = 0;
  std::size_t K = 0;
  std::size_t T_out = 0;
  std::size_t stride = 1;
  std::size_t dilation = 1;

  /// Steps of a gradient that is stretched and padded for `depthwise_backward_input`.
  std::size_t stretched() const { return T + (K - 1) * dilation; }
};

namespace detail {

/// A place in the row `rows` behind that of `at`.
template <class At>
SEQNN_INLINE At rows_on(At at, std::size_t rows, std::size_t C) noexcept {
  at.i += rows * C;
  return at;
}

}  // namespace detail

/// y = x ∗ w + bias.  @param bias  [C]; null for 0
template <class Real>
void depthwise_forward(const DepthwiseSizes& s, const Real* x, const Real* w, const Real* bias, Real* y) noexcept {
  using V = Simd<Real>;
  constexpr std::size_t kSteps = 4;  // that share the load of a tap
  simd::sweep<Real>(s.C, [&](auto column) {
    const V start = bias == nullptr ? V(Real(0)) : column.load(bias);
    const auto run = [&](std::size_t t, auto steps) {
      V sum[steps];
      simd::unroll<steps>([&](auto i) { sum[i] = start; });
      for (std::size_t j = 0; j < s.K; ++j) {
        const V tap = detail::rows_on(column, j, s.C).load(w);
        simd::unroll<steps>([&](auto i) {
          const auto at = detail::rows_on(column, (t + i) * s.stride + j * s.dilation, s.C);
          sum[i] = simd::fma<Real>(at.load(x), tap, sum[i]);
        });
      }
      simd::unroll<steps>([&](auto i) { detail::rows_on(column, t + i, s.C).store(y, sum[i]); });
    };
    std::size_t t = 0;
    for (; t + kSteps <= s.T_out; t += kSteps) run(t, std::integral_constant<std::size_t, kSteps>{});
    for (; t < s.T_out; ++t) run(t, std::integral_constant<std::size_t, 1>{});
  });
}

/// dw += x ∗ da.
template <class Real>
void depthwise_backward_kernel(const DepthwiseSizes& s, const Real* x, const Real* da, Real* dw) noexcept {
  using V = Simd<Real>;
  constexpr std::size_t kTaps = 4;  // that share the load of a gradient
  simd::sweep<Real>(s.C, [&](auto column) {
    const auto run = [&](std::size_t j, auto taps) {
      V sum[taps];
      simd::unroll<taps>([&](auto i) { sum[i] = V(Real(0)); });
      for (std::size_t t = 0; t < s.T_out; ++t) {
        const V d = detail::rows_on(column, t, s.C).load(da);
        simd::unroll<taps>([&](auto i) {
          const auto at = detail::rows_on(column, t * s.stride + (j + i) * s.dilation, s.C);
          sum[i] = simd::fma<Real>(at.load(x), d, sum[i]);
        });
      }
      simd::unroll<taps>([&](auto i) {
        const auto at = detail::rows_on(column, j + i, s.C);
        at.store(dw, at.load(dw) + sum[i]);
      });
    };
    std::size_t j = 0;
    for (; j + kTaps <= s.K; j += kTaps) run(j, std::integral_constant<std::size_t, kTaps>{});
    for (; j < s.K; ++j) run(j, std::integral_constant<std::size_t, 1>{});
  });
}

/// w with its taps in reverse, for `depthwise_backward_input`.
template <class Real>
void reverse_taps(std::size_t K, std::size_t C, const Real* w, Real* reversed) noexcept {
  for (std::size_t j = 0; j < K; ++j) std::copy_n(w + j * C, C, reversed + (K - 1 - j) * C);
}

/// dx [T,C] = da ∗ w: with its steps put `stride` apart and zeros around, da convolved with the reversed kernel.
/// @param reversed  from `reverse_taps`  @param scratch  [stretched(), C]
template <class Real>
void depthwise_backward_input(const DepthwiseSizes& s, const Real* da, const Real* reversed, Real* dx,
                              Real* scratch) noexcept {
  std::fill_n(scratch, s.stretched() * s.C, Real{0});
  for (std::size_t t = 0; t < s.T_out; ++t) {
    std::copy_n(da + t * s.C, s.C, scratch + ((s.K - 1) * s.dilation + t * s.stride) * s.C);
  }
  const DepthwiseSizes back = {.T = s.stretched(), .C = s.C, .K = s.K, .T_out = s.T, .dilation = s.dilation};
  depthwise_forward<Real>(back, scratch, reversed, nullptr, dx);
}

}  // namespace seqnn::inline SEQNN_ABI
