#pragma once

#include "seqnn/kernels/simd.hpp"

#include <cstddef>
#include <cstdint>

namespace seqnn::inline SEQNN_ABI {

/// One nonzero element of a sparse matrix A in the product C += A·B: its value, and where its row of B begins.
template <class Real>
struct SparseEntry {
  std::uint32_t offset;
  Real value;
};

/// One row of A and of C.
template <class Real>
struct SparseRow {
  const SparseEntry<Real>* entries;
  std::size_t count;
  Real* c;
  std::size_t stride = 1;  ///< from one entry to the next
};

namespace detail {

/// Registers of C that one entry meets: enough that the loads of offset and value weigh little, few enough that 32 rows
/// of B of this width (28 KB for AVX-512) stay in L1.
inline constexpr std::size_t kSparseRegisters = kSimdRegisters == 32 ? 14 : 10;

/// One entry after another adds to the same registers: where these are few, every second entry gets its own, so that
/// additions do not wait for each other.
template <class Real, std::size_t Registers>
SEQNN_INLINE void sparse_rows_block(const SparseRow<Real>* rows, std::size_t row_count, std::size_t column,
                                    const Real* b) noexcept {
  using V = Simd<Real>;
  constexpr std::size_t W = kLanes<Real>;
  constexpr bool kTwoSums = 2 * Registers <= kSparseRegisters;
  for (std::size_t r = 0; r < row_count; ++r) {
    const std::size_t count = rows[r].count;
    if (count == 0) continue;
    const SparseEntry<Real>* entry = rows[r].entries;
    const std::size_t stride = rows[r].stride;
    Real* c = rows[r].c + column;
    V sum[Registers];
    const auto meet = [&](V* to) {
      const V value(entry->value);
      const Real* from = b + entry->offset + column;
      simd::unroll<Registers>([&](auto i) { to[i] = simd::fma(value, simd::load(from + i * W), to[i]); });
      entry += stride;
    };
    simd::unroll<Registers>([&](auto i) { sum[i] = simd::load(c + i * W); });
    std::size_t e = 0;
    if constexpr (kTwoSums) {
      V second[Registers];
      simd::unroll<Registers>([&](auto i) { second[i] = V(Real(0)); });
      for (; e + 2 <= count; e += 2) {
        meet(sum);
        meet(second);
      }
      simd::unroll<Registers>([&](auto i) { sum[i] += second[i]; });
    }
    for (; e < count; ++e) meet(sum);
    simd::unroll<Registers>([&](auto i) { simd::store(c + i * W, sum[i]); });
  }
}

}  // namespace detail

/// C += A·B for sparse A, row by row in order: c[0 … n) of each row += Σ value · b[offset … offset + n). Rows of B may
/// overlap, and so may rows of C.
template <class Real>
void sparse_rows_add(const SparseRow<Real>* rows, std::size_t row_count, std::size_t n, const Real* b) noexcept {
  constexpr std::size_t W = kLanes<Real>;
  constexpr std::size_t kWide = detail::kSparseRegisters;
  std::size_t column = 0;
  for (; column + kWide * W <= n; column += kWide * W) {
    detail::sparse_rows_block<Real, kWide>(rows, row_count, column, b);
  }
  for (; column + 6 * W <= n; column += 6 * W) detail::sparse_rows_block<Real, 6>(rows, row_count, column, b);
  for (; column + 4 * W <= n; column += 4 * W) detail::sparse_rows_block<Real, 4>(rows, row_count, column, b);
  for (; column + W <= n; column += W) detail::sparse_rows_block<Real, 1>(rows, row_count, column, b);
  if (column < n) {
    const std::size_t tail = n - column;
    for (std::size_t r = 0; r < row_count; ++r) {
      Real* c = rows[r].c + column;
      Simd<Real> sum = simd::load_first(c, tail);
      for (std::size_t e = 0; e < rows[r].count; ++e) {
        const auto& entry = rows[r].entries[e * rows[r].stride];
        sum = simd::fma(Simd<Real>(entry.value), simd::load_first(b + entry.offset + column, tail), sum);
      }
      simd::store_first(c, sum, tail);
    }
  }
}

}  // namespace seqnn::inline SEQNN_ABI
