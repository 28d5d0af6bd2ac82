#pragma once

#include "seqnn/kernels/conv1d.hpp"
#include "seqnn/kernels/pool_window.hpp"
#include "seqnn/kernels/pooling.hpp"
#include "seqnn/kernels/simd.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace seqnn::inline SEQNN_ABI {

// A convolution whose output goes into a max pool and nowhere else, the windows side by side. Forward computes a few
// windows at a time and keeps the maxima, so that what is not chosen never leaves the L1. Backward only the chosen
// steps have a gradient, one of `pool` in every channel: PooledGradient is the gradient of the whole output, unwritten.

/// The gradient of a convolution's output [T_out,F] through a max pool of that output.
template <class Real>
struct PooledGradient {
  const PoolWindow* windows;
  const Real* d;       ///< [windows, F] gradient of the maxima
  const Real* chosen;  ///< [windows, F] as max_pool1d_forward records them
};

/// Windows that conv1d_pooled_forward computes at a time: about 16 KB of the output.
template <class Real>
std::size_t conv1d_pooled_windows(const PoolWindow& w) {
  return std::clamp<std::size_t>((std::size_t{16} << 10) / (w.pool * w.C * sizeof(Real)), 1, w.T_out);
}

/// Numbers of scratch that conv1d_pooled_forward needs.
template <class Real>
std::size_t conv1d_pooled_scratch(const PoolWindow& w) {
  return conv1d_pooled_windows<Real>(w) * w.pool * w.C;
}

/// y [windows, F] = maxima over `w` of f(x ∗ w + bias).  @param chosen  see max_pool1d_forward
template <class Real>
void conv1d_pooled_forward(const Conv1DSizes& s, const PoolWindow& w, const Real* x, const Conv1DKernel<Real>& kernel,
                           const Real* bias, Activation::Function activation, Real* y, Real* chosen,
                           Real* scratch) noexcept {
  const std::size_t most = conv1d_pooled_windows<Real>(w);
  for (std::size_t t = 0; t < w.T_out; t += most) {
    const std::size_t count = std::min(most, w.T_out - t);
    const std::size_t first = w.first(t);
    Conv1DSizes part = s;
    part.T_out = w.last(t + count - 1) - first;
    conv1d_forward(part, x + first * s.stride * s.C, kernel, bias, activation, scratch);
    PoolWindow windows = w;
    windows.T = part.T_out;
    windows.T_out = count;
    windows.before = t == 0 ? w.before : 0;
    max_pool1d_forward(windows, scratch, y + t * s.F, chosen == nullptr ? nullptr : chosen + t * s.F);
  }
}

namespace detail {

/// `kRow` registers hold dw's rows; those beyond s.row() are computed for nothing.
template <std::size_t kRow, class Real>
void conv1d_pooled_backward_narrow(const Conv1DSizes& s, const Real* x, const PooledGradient<Real>& gradient,
                                   Real* dw) noexcept {
  const PoolWindow& w = *gradient.windows;
  constexpr std::size_t W = kLanes<Real>;
  const Simd<Real> zero(Real(0));
  const Simd<Real> one(Real(1));
  const std::size_t end = s.row() - 1;
  // Two registers of filters at a time where there are two, so that additions do not wait for each other.
  const auto filters = [&]<std::size_t kBlocks>(std::integral_constant<std::size_t, kBlocks>, std::size_t f, auto load,
                                                auto store) {
    Simd<Real> sum[kBlocks][kRow];
    simd::unroll<kBlocks>([&](auto k) { simd::unroll<kRow>([&](auto i) { sum[k][i] = zero; }); });
    for (std::size_t t = 0; t < w.T_out; ++t) {
      Simd<Real> d[kBlocks];
      Simd<Real> chosen[kBlocks];
      simd::unroll<kBlocks>([&](auto k) {
        d[k] = load(gradient.d + t * s.F + f + k * W);
        chosen[k] = load(gradient.chosen + t * s.F + f + k * W);
      });
      const std::size_t first = w.first(t);
      const std::size_t last = w.last(t);
      Simd<Real> here(static_cast<Real>(first + w.before - t * w.stride));
      for (std::size_t step = first; step < last; ++step) {
        const Real* from = x + step * s.stride * s.C;
        Simd<Real> da[kBlocks];
        simd::unroll<kBlocks>([&](auto k) { da[k] = xsimd::select(chosen[k] == here, d[k], zero); });
        simd::unroll<kRow>([&](auto i) {
          const std::size_t row = i;
          const Simd<Real> value(from[std::min(row, end)]);
          simd::unroll<kBlocks>([&](auto k) { sum[k][i] = simd::fma(value, da[k], sum[k][i]); });
        });
        here += one;
      }
    }
    simd::unroll<kRow>([&](auto i) {
      if (i > end) return;
      simd::unroll<kBlocks>([&](auto k) {
        Real* to = dw + i * s.F + f + k * W;
        store(to, load(to) + sum[k][i]);
      });
    });
  };
  const auto load = [](const Real* p) { return simd::load(p); };
  const auto store = [](Real* p, const Simd<Real>& v) { simd::store(p, v); };
  std::size_t f = 0;
  for (; f + 2 * W <= s.F; f += 2 * W) filters(std::integral_constant<std::size_t, 2>(), f, load, store);
  for (; f + W <= s.F; f += W) filters(std::integral_constant<std::size_t, 1>(), f, load, store);
  if (f == s.F) return;
  const std::size_t n = s.F - f;
  filters(
      std::integral_constant<std::size_t, 1>(), f, [n](const Real* p) { return simd::load_first(p, n); },
      [n](Real* p, const Simd<Real>& v) { simd::store_first(p, v, n); });
}

}  // namespace detail

/// Most values under a step, K·C, for conv1d_pooled_backward_narrow.
inline constexpr std::size_t kNarrowRow = 8;

/// dw [K·C, F] += xᵀ ∗ da where a step sees so few values, at most kNarrowRow, that dw's rows for a register of filters
/// stay in registers. For overlapping rows.
template <class Real>
void conv1d_pooled_backward_narrow(const Conv1DSizes& s, const Real* x, const PooledGradient<Real>& gradient,
                                   Real* dw) noexcept {
  if (s.row() <= 4) return detail::conv1d_pooled_backward_narrow<4>(s, x, gradient, dw);
  detail::conv1d_pooled_backward_narrow<kNarrowRow>(s, x, gradient, dw);
}

/// conv1d_backward_sparse for a gradient through a max pool: dwt [F, K·C] += daᵀ·x, and dx = da·wᵀ unless dx is null.
/// @param scratch  for stretches of at least `pool` steps
template <class Real>
void conv1d_pooled_backward_sparse(const Conv1DSizes& s, const Real* x, const PooledGradient<Real>& gradient,
                                   const Real* filters, Real* dwt, Real* dx,
                                   const Conv1DSparseScratch<Real>& scratch) noexcept {
  constexpr std::size_t W = kLanes<Real>;
  const Simd<Real> zero(Real(0));
  const PoolWindow& w = *gradient.windows;
  const std::size_t step = s.stride * s.C;
  const std::size_t most = scratch.steps / w.pool;
  if (dx != nullptr) std::fill_n(dx, s.T * s.C, Real{0});
  for (std::size_t t0 = 0; t0 < w.T_out; t0 += most) {
    const std::size_t count = std::min(most, w.T_out - t0);
    // Every window gives every filter one entry, zero or not, so that the lists need no branch to be written.
    for (std::size_t t = 0; t < count; ++t) {
      const Real* d = gradient.d + (t0 + t) * s.F;
      const Real* chosen = gradient.chosen + (t0 + t) * s.F;
      const std::size_t begin = (t0 + t) * w.stride - w.before;
      for (std::size_t f = 0; f < s.F; ++f) {
        const auto at = begin + static_cast<std::size_t>(static_cast<std::int32_t>(chosen[f]));
        scratch.by_filter[t * s.F + f] = {static_cast<std::uint32_t>(at * step), d[f]};
      }
    }
    for (std::size_t f = 0; f < s.F; ++f) {
      scratch.filter_rows[f] = {scratch.by_filter + f, count, dwt + f * s.row(), s.F};
    }
    sparse_rows_add(scratch.filter_rows, s.F, s.row(), x);
    if (dx == nullptr) continue;
    SparseEntry<Real>* next = scratch.by_step;
    SparseRow<Real>* row = scratch.step_rows;
    for (std::size_t t = t0; t < t0 + count; ++t) {
      const Real* d = gradient.d + t * s.F;
      const Real* chosen = gradient.chosen + t * s.F;
      for (std::size_t at = w.first(t); at < w.last(t); ++at) {
        const Simd<Real> here(static_cast<Real>(at + w.before - t * w.stride));
        SparseEntry<Real>* const begin = next;
        for (std::size_t f0 = 0; f0 < s.F; f0 += W) {
          const bool whole = f0 + W <= s.F;
          const auto value = whole ? simd::load(d + f0) : simd::load_first(d + f0, s.F - f0);
          const auto place = whole ? simd::load(chosen + f0) : simd::load_first(chosen + f0, s.F - f0);
          std::uint32_t lanes = simd::nonzero_lanes<Real>(xsimd::select(place == here, value, zero));
          for (; lanes != 0; lanes &= lanes - 1) {
            const std::size_t f = f0 + static_cast<std::size_t>(std::countr_zero(lanes));
            *next++ = {static_cast<std::uint32_t>(f * s.row()), d[f]};
          }
        }
        *row++ = {begin, static_cast<std::size_t>(next - begin), dx + at * step};
      }
    }
    sparse_rows_add(scratch.step_rows, static_cast<std::size_t>(row - scratch.step_rows), s.row(), filters);
  }
}

}  // namespace seqnn::inline SEQNN_ABI
