#pragma once

#include "seqnn/core/arena.hpp"
#include "seqnn/kernels/gemm.hpp"
#include "seqnn/kernels/sweep.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

namespace seqnn::inline SEQNN_ABI {

/// Units of a recurrent layer as its kernels count them: whole registers, those beyond the units zero.
template <class Real>
constexpr std::size_t padded_units(std::size_t units) {
  return (units + kLanes<Real> - 1) / kLanes<Real> * kLanes<Real>;
}

/// Copies gates side by side out of a recurrent layer's kernel: to[k, g·width + u] = from[k, order[g]·units + u] for
/// `rows` rows k, zero for units ≤ u < width.
template <class Real>
void pad_gates(std::size_t rows, std::size_t units, std::size_t width, std::span<const std::size_t> order,
               const Real* from, std::size_t ld_from, Real* to, std::size_t ld_to) noexcept {
  for (std::size_t k = 0; k < rows; ++k) {
    for (std::size_t g = 0; g < order.size(); ++g) {
      Real* row = to + k * ld_to + g * width;
      std::copy_n(from + k * ld_from + order[g] * units, units, row);
      std::fill(row + units, row + width, Real{0});
    }
  }
}

/// The weights [K, gates·width] by which a recurrent layer multiplies at every step, ready for the products forward:
/// C [rows, gates·width] = A [rows, K] · M, in one product or one a gate. A may be another matrix for every gate, as
/// under dropout with a mask of its own for each.
template <class Real>
struct GateMatrix {
  std::size_t K = 0;
  std::size_t gates = 0;
  std::size_t width = 0;
  bool apart = false;  ///< one product a gate
  bool plain = false;  ///< not packed, since products have so few rows that they read it as it lies
  Real* data = nullptr;

  /// Takes its memory.  @param most_rows  of any product
  static GateMatrix take(std::size_t K, std::size_t gates, std::size_t width, bool apart, std::size_t most_rows,
                         Arena& arena) {
    GateMatrix m{K, gates, width, apart, most_rows <= detail::kFewRows, nullptr};
    m.data = arena.template take<Real>(m.plain ? K * gates * width : m.count() * m.packed_one());
    return m;
  }

  void pack(const Real* matrix) const noexcept {
    if (plain) {
      std::copy_n(matrix, K * gates * width, data);
      return;
    }
    for (std::size_t i = 0; i < count(); ++i) {
      pack_b(K, columns(), matrix + i * columns(), gates * width, data + i * packed_one());
    }
  }

  /// C = A·M + bias, or C += A·M.
  /// @param a_step  distance from one gate's A to the next gate's; 0 if all share one
  void multiply(std::size_t rows, const Real* a, std::size_t lda, std::size_t a_step, Real* c, std::size_t ldc,
                const Real* bias, bool accumulate) const noexcept {
    for (std::size_t i = 0; i < count(); ++i) {
      const GemmB<Real> b = plain ? GemmB<Real>{data + i * columns(), gates * width} : packed(data + i * packed_one());
      gemm<Real>(rows, columns(), K, a + i * a_step, lda, b, c + i * columns(), ldc,
                 {.bias = bias == nullptr ? nullptr : bias + i * columns(), .accumulate = accumulate});
    }
  }

 private:
  std::size_t count() const { return apart ? gates : 1; }
  std::size_t columns() const { return apart ? width : gates * width; }
  std::size_t packed_one() const { return packed_size<Real>(K, columns()); }
};

/// The same weights for the products back: C [rows, N] = Σ_g factor_g ⊙ (D_g [rows, width] · M_gᵀ), where D holds the
/// gradients of the gates side by side. One product, or one a gate where each has factors (the masks of dropout) or
/// is to have a product of its own.
template <class Real>
struct GateMatrixBack {
  std::size_t N = 0;
  std::size_t gates = 0;
  std::size_t width = 0;
  bool apart = false;
  bool plain = false;
  Real* data = nullptr;

  static GateMatrixBack take(std::size_t N, std::size_t gates, std::size_t width, bool apart, std::size_t most_rows,
                             Arena& arena) {
    GateMatrixBack m{N, gates, width, apart, most_rows <= detail::kFewRows, nullptr};
    m.data = arena.template take<Real>(m.plain ? N * gates * width : m.count() * m.packed_one());
    return m;
  }

  /// @param matrix  M [N, gates·width]
  void pack(const Real* matrix) const noexcept {
    if (plain) {  // transposed, [gates·width, N]
      const std::size_t rows = gates * width;
      for (std::size_t k = 0; k < rows; ++k) {
        for (std::size_t n = 0; n < N; ++n) data[k * N + n] = matrix[n * rows + k];
      }
      return;
    }
    for (std::size_t i = 0; i < count(); ++i) {
      pack_bt(inner(), N, matrix + i * inner(), gates * width, data + i * packed_one());
    }
  }

  /// @param d           D, its gates side by side at distance `width`, rows at distance ldd
  /// @param factors     null, or [gates, N] for every row, rows at distance ld_factors; needs `apart`
  /// @param scratch     [rows, N], used with factors
  /// @param accumulate  add to C instead of overwriting it
  void multiply(std::size_t rows, const Real* d, std::size_t ldd, Real* c, std::size_t ldc, const Real* factors,
                std::size_t ld_factors, Real* scratch, bool accumulate) const noexcept {
    for (std::size_t i = 0; i < count(); ++i) {
      const GemmB<Real> b = plain ? GemmB<Real>{data + i * inner() * N, N} : packed(data + i * packed_one());
      const bool adds = accumulate || i > 0;
      if (factors == nullptr) {
        gemm<Real>(rows, N, inner(), d + i * inner(), ldd, b, c, ldc, {.accumulate = adds});
        continue;
      }
      gemm<Real>(rows, N, inner(), d + i * inner(), ldd, b, scratch, N);
      for (std::size_t r = 0; r < rows; ++r) {
        const Real* f = factors + r * ld_factors + i * N;
        const Real* from = scratch + r * N;
        Real* to = c + r * ldc;
        simd::sweep<Real>(N, [&](auto at) {
          const Simd<Real> v = at.load(f) * at.load(from);
          at.store(to, adds ? v + at.load(to) : v);
        });
      }
    }
  }

 private:
  std::size_t count() const { return apart ? gates : 1; }
  std::size_t inner() const { return apart ? width : gates * width; }
  std::size_t packed_one() const { return packed_size<Real>(inner(), N); }
};

/// Adds the gradient of such weights to a kernel's: dW[k, order[g]·units + u] += Σ_r A_g[r, k]·D[r, g·width + u].
/// @param a_step  distance from one gate's A to the next gate's; 0 if all share one
/// @param apart   one product a gate even where one would do for all
template <class Real>
void gate_matrix_gradient(std::size_t rows, std::size_t K, std::size_t units, std::size_t width,
                          std::span<const std::size_t> order, const Real* a, std::size_t lda, std::size_t a_step,
                          const Real* d, std::size_t ldd, Real* dw, std::size_t lddw, bool apart) noexcept {
  std::size_t g = 0;
  while (g < order.size()) {
    std::size_t together = 1;  // gates that lie alike on both sides
    if (units == width && a_step == 0 && !apart) {
      while (g + together < order.size() && order[g + together] == order[g] + together) ++together;
    }
    gemm_at<Real>(K, (together - 1) * width + units, rows, a + g * a_step, lda, {d + g * width, ldd},
                  dw + order[g] * units, lddw, {.accumulate = true});
    g += together;
  }
}

}  // namespace seqnn::inline SEQNN_ABI
