#pragma once

#include "seqnn/core/arena.hpp"
#include "seqnn/kernels/gemm.hpp"
#include "seqnn/kernels/sparse_rows.hpp"
#include "seqnn/kernels/updates.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace seqnn::inline SEQNN_ABI {

// Convolution over time of one sample, without copying windows (no im2col). In row-major x [T,C] the K·C values under
// one output step are contiguous and the next step's start stride·C further on: the convolution is one matrix product
// whose rows of A overlap. Dilation and groups break that; then it is a sum of products, one a tap and group.
//
//   y[t,f] = Σ_j Σ_c x[t·stride + j·dilation, c] · w[j,c,f]        x padded [T,C]   w [K,C/groups,F]   y [T_out,F]
//
// Gradients that arrive through a max pool or a relu are mostly zero. Where they are, the backward pass takes only the
// nonzero ones: da[t,f] adds da·(the K·C values under t) to the gradient of filter f, and da·(filter f) to dx there.

/// Sizes of a convolution. T counts the padding.
struct Conv1DSizes {
  std::size_t T = 0;
  std::size_t C = 0;
  std::size_t K = 0;
  std::size_t F = 0;
  std::size_t T_out = 0;
  std::size_t stride = 1;
  std::size_t dilation = 1;
  std::size_t groups = 1;

  /// Whether the values under an output step are contiguous.
  bool overlapping_rows() const { return dilation == 1 && groups == 1; }
  std::size_t row() const { return K * C; }
};

/// The kernel in the forms the passes read.
template <class Real>
struct Conv1DKernel {
  Real* forward = nullptr;   ///< w packed
  Real* backward = nullptr;  ///< w packed so that dx is a product too: flipped in time, or transposed tap by tap
  Real* filters = nullptr;   ///< wᵀ [F, K·C], for sparse gradients

  /// Takes its memory; `input_gradient` says whether dx will be wanted.
  static Conv1DKernel take(const Conv1DSizes& s, Arena& arena, bool training, bool input_gradient) {
    const std::size_t Cg = s.C / s.groups;
    const std::size_t Fg = s.F / s.groups;
    const bool one_product = s.overlapping_rows();
    Conv1DKernel k;
    k.forward =
        arena.take<Real>(one_product ? packed_size<Real>(s.row(), s.F) : s.K * s.groups * packed_size<Real>(Cg, Fg));
    if (!training || !input_gradient) return k;
    k.backward = arena.take<Real>(one_product && s.stride == 1 ? packed_size<Real>(s.K * s.F, s.C)
                                                               : s.K * s.groups * packed_size<Real>(Fg, Cg));
    if (one_product) k.filters = arena.take<Real>(s.F * s.row());
    return k;
  }

  void pack(const Conv1DSizes& s, const Real* w) const {
    const std::size_t Cg = s.C / s.groups;
    const std::size_t Fg = s.F / s.groups;
    if (s.overlapping_rows()) {
      pack_b(s.row(), s.F, w, s.F, forward);
    } else {
      for (std::size_t j = 0; j < s.K; ++j) {
        for (std::size_t g = 0; g < s.groups; ++g) {
          pack_b(Cg, Fg, w + j * Cg * s.F + g * Fg, s.F, forward + (j * s.groups + g) * packed_size<Real>(Cg, Fg));
        }
      }
    }
    if (backward == nullptr) return;
    if (s.overlapping_rows() && s.stride == 1) {
      // B [K·F, C] with row (m, f) = w[K-1-m, :, f]; `filters` holds it while it is packed.
      for (std::size_t m = 0; m < s.K; ++m) {
        const Real* tap = w + (s.K - 1 - m) * s.C * s.F;
        for (std::size_t c = 0; c < s.C; ++c) {
          for (std::size_t f = 0; f < s.F; ++f) filters[(m * s.F + f) * s.C + c] = tap[c * s.F + f];
        }
      }
      pack_b(s.K * s.F, s.C, filters, s.C, backward);
    } else {
      for (std::size_t j = 0; j < s.K; ++j) {
        for (std::size_t g = 0; g < s.groups; ++g) {
          pack_bt(Fg, Cg, w + j * Cg * s.F + g * Fg, s.F, backward + (j * s.groups + g) * packed_size<Real>(Fg, Cg));
        }
      }
    }
    if (filters == nullptr) return;
    for (std::size_t i = 0; i < s.row(); ++i) {
      for (std::size_t f = 0; f < s.F; ++f) filters[f * s.row() + i] = w[i * s.F + f];
    }
  }
};

/// y = f(x ∗ w + bias).
template <class Real>
void conv1d_forward(const Conv1DSizes& s, const Real* x, const Conv1DKernel<Real>& kernel, const Real* bias,
                    Activation::Function activation, Real* y) noexcept {
  if (s.overlapping_rows()) {
    return gemm<Real>(s.T_out, s.F, s.row(), x, s.stride * s.C, packed(kernel.forward), y, s.F,
                      {.bias = bias, .activation = activation});
  }
  const std::size_t Cg = s.C / s.groups;
  const std::size_t Fg = s.F / s.groups;
  for (std::size_t j = 0; j < s.K; ++j) {
    for (std::size_t g = 0; g < s.groups; ++g) {
      const Real* b = kernel.forward + (j * s.groups + g) * packed_size<Real>(Cg, Fg);
      gemm<Real>(s.T_out, Fg, Cg, x + j * s.dilation * s.C + g * Cg, s.stride * s.C, packed(b), y + g * Fg, s.F,
                 {.bias = bias == nullptr || j > 0 ? nullptr : bias + g * Fg, .accumulate = j > 0});
    }
  }
  activate_rows(activation, s.T_out, s.F, y, y);
}

/// dw += xᵀ ∗ da, every position.
template <class Real>
void conv1d_backward_kernel(const Conv1DSizes& s, const Real* x, const Real* da, Real* dw) noexcept {
  if (s.overlapping_rows()) {
    return gemm_at<Real>(s.row(), s.F, s.T_out, x, s.stride * s.C, {da, s.F}, dw, s.F, {.accumulate = true});
  }
  const std::size_t Cg = s.C / s.groups;
  const std::size_t Fg = s.F / s.groups;
  for (std::size_t j = 0; j < s.K; ++j) {
    for (std::size_t g = 0; g < s.groups; ++g) {
      gemm_at<Real>(Cg, Fg, s.T_out, x + j * s.dilation * s.C + g * Cg, s.stride * s.C, {da + g * Fg, s.F},
                    dw + j * Cg * s.F + g * Fg, s.F, {.accumulate = true});
    }
  }
}

/// Numbers of scratch that conv1d_backward_input needs.
template <class Real>
std::size_t conv1d_backward_input_scratch(const Conv1DSizes& s) {
  return s.overlapping_rows() && s.stride == 1 ? (s.T_out + 2 * (s.K - 1)) * s.F : 0;
}

/// Where da is best written before conv1d_backward_input, which otherwise copies it there: in its scratch. For
/// overlapping rows and stride 1.
template <class Real>
Real* conv1d_gradient_place(const Conv1DSizes& s, Real* scratch) {
  return scratch + (s.K - 1) * s.F;
}

/// Steps [first, first + count) of dx = da ∗ w, every position; overwrites dx [count,C]. For overlapping rows and
/// stride 1: padded by K-1 steps on both sides, da has overlapping rows too, and dx is its convolution with the flipped
/// kernel.
template <class Real>
void conv1d_backward_input_part(const Conv1DSizes& s, const Real* da, const Conv1DKernel<Real>& kernel,
                                std::size_t first, std::size_t count, Real* dx, Real* scratch) noexcept {
  const std::size_t edge = (s.K - 1) * s.F;
  Real* place = conv1d_gradient_place(s, scratch);
  std::fill_n(scratch, edge, Real{0});
  if (da != place) std::copy_n(da, s.T_out * s.F, place);
  std::fill_n(place + s.T_out * s.F, edge, Real{0});
  gemm<Real>(count, s.C, s.K * s.F, scratch + first * s.F, s.F, packed(kernel.backward), dx, s.C);
}

/// dx [T,C] = da ∗ w, every position; overwrites dx.
template <class Real>
void conv1d_backward_input(const Conv1DSizes& s, const Real* da, const Conv1DKernel<Real>& kernel, Real* dx,
                           Real* scratch) noexcept {
  if (s.overlapping_rows() && s.stride == 1) {
    return conv1d_backward_input_part(s, da, kernel, 0, s.T, dx, scratch);
  }
  const std::size_t Cg = s.C / s.groups;
  const std::size_t Fg = s.F / s.groups;
  std::fill_n(dx, s.T * s.C, Real{0});
  for (std::size_t j = 0; j < s.K; ++j) {
    for (std::size_t g = 0; g < s.groups; ++g) {
      const Real* b = kernel.backward + (j * s.groups + g) * packed_size<Real>(Fg, Cg);
      gemm<Real>(s.T_out, Cg, Fg, da + g * Fg, s.F, packed(b), dx + j * s.dilation * s.C + g * Cg, s.stride * s.C,
                 {.accumulate = true});
    }
  }
}

/// Number of nonzero values.
template <class Real>
std::size_t count_nonzero(std::size_t n, const Real* x) noexcept {
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + kLanes<Real> <= n; i += kLanes<Real>) {
    count += static_cast<std::size_t>(std::popcount(simd::nonzero_lanes<Real>(simd::load(x + i))));
  }
  for (; i < n; ++i) count += x[i] != Real(0) ? 1 : 0;
  return count;
}

/// Whether the sparse backward pass is faster for this many nonzero gradients. A multiplication takes it about twice as
/// long as the dense pass (loads and the ends of lists limit it, not arithmetic), with narrow rows longer still.
template <class Real>
bool conv1d_sparse_pays(const Conv1DSizes& s, std::size_t nonzero) {
  if (!s.overlapping_rows()) return false;
  const double largest_share = s.row() >= detail::kSparseRegisters * kLanes<Real> ? 0.35 : 0.1;
  return static_cast<double>(nonzero) < largest_share * static_cast<double>(s.T_out * s.F);
}

/// Lists of nonzero gradients of a stretch of time steps, by step and by filter.
template <class Real>
struct Conv1DSparseScratch {
  std::size_t steps = 0;  ///< longest stretch
  SparseEntry<Real>* by_step = nullptr;
  SparseEntry<Real>* by_filter = nullptr;
  SparseRow<Real>* step_rows = nullptr;
  SparseRow<Real>* filter_rows = nullptr;

  /// @param least_steps  that a stretch must hold
  static Conv1DSparseScratch take(const Conv1DSizes& s, Arena& arena, std::size_t least_steps = 8) {
    Conv1DSparseScratch k;
    // So many steps that the x under them stays in L1 (32 KB) while the filters pass over it.
    const std::size_t in_l1 = (std::size_t{32} << 10) / (s.stride * s.C * sizeof(Real));
    k.steps = std::clamp<std::size_t>(in_l1, least_steps, std::max<std::size_t>(s.T_out, least_steps));
    k.by_step = arena.take<SparseEntry<Real>>(k.steps * s.F);
    k.by_filter = arena.take<SparseEntry<Real>>(k.steps * s.F);
    k.step_rows = arena.take<SparseRow<Real>>(k.steps);
    k.filter_rows = arena.take<SparseRow<Real>>(s.F);
    return k;
  }
};

/// Both gradients from the nonzero da only: dwt [F, K·C] += daᵀ·x, and dx = da·wᵀ unless dx is null.
template <class Real>
void conv1d_backward_sparse(const Conv1DSizes& s, const Real* x, const Real* da, const Real* filters, Real* dwt,
                            Real* dx, const Conv1DSparseScratch<Real>& scratch) noexcept {
  constexpr std::size_t W = kLanes<Real>;
  const std::size_t step = s.stride * s.C;
  if (dx != nullptr) std::fill_n(dx, s.T * s.C, Real{0});
  for (std::size_t t0 = 0; t0 < s.T_out; t0 += scratch.steps) {
    const std::size_t steps = std::min(scratch.steps, s.T_out - t0);
    for (std::size_t f = 0; f < s.F; ++f)
      scratch.filter_rows[f] = {scratch.by_filter + f * steps, 0, dwt + f * s.row()};
    SparseEntry<Real>* next = scratch.by_step;
    for (std::size_t t = 0; t < steps; ++t) {
      const Real* row = da + (t0 + t) * s.F;
      SparseEntry<Real>* const begin = next;
      for (std::size_t f0 = 0; f0 < s.F; f0 += W) {
        const auto v = f0 + W <= s.F ? simd::load(row + f0) : simd::load_first(row + f0, s.F - f0);
        for (std::uint32_t lanes = simd::nonzero_lanes<Real>(v); lanes != 0; lanes &= lanes - 1) {
          const std::size_t f = f0 + static_cast<std::size_t>(std::countr_zero(lanes));
          *next++ = {static_cast<std::uint32_t>(f * s.row()), row[f]};
          auto& filter = scratch.filter_rows[f];
          scratch.by_filter[f * steps + filter.count++] = {static_cast<std::uint32_t>((t0 + t) * step), row[f]};
        }
      }
      scratch.step_rows[t] = {begin, static_cast<std::size_t>(next - begin),
                              dx == nullptr ? nullptr : dx + (t0 + t) * step};
    }
    sparse_rows_add(scratch.filter_rows, s.F, s.row(), x);
    if (dx != nullptr) sparse_rows_add(scratch.step_rows, steps, s.row(), filters);
  }
}

/// dw [K·C, F] += dwtᵀ.
template <class Real>
void conv1d_fold_sparse(const Conv1DSizes& s, const Real* dwt, Real* dw) noexcept {
  for (std::size_t i = 0; i < s.row(); ++i) {
    for (std::size_t f = 0; f < s.F; ++f) dw[i * s.F + f] += dwt[f * s.row() + i];
  }
}

}  // namespace seqnn::inline SEQNN_ABI
