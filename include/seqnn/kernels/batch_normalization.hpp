#pragma once

#include "seqnn/kernels/simd.hpp"
#include "seqnn/kernels/sweep.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace seqnn::inline SEQNN_ABI {

// Statistics of the columns of x [rows, columns], and what batch normalization does with them. Rows are taken in blocks
// that stay in L1; in a block sums are made in Real, from block to block in double: no error grows with the rows.

/// Which rows count.
struct RowMask {
  const std::uint8_t* mask = nullptr;  ///< 0 where rows do not count; null if all do
  std::size_t rows = 1;                ///< to each value of it

  bool counts(std::size_t row) const noexcept { return mask == nullptr || mask[rows == 1 ? row : row / rows] != 0; }
};

namespace detail {

inline constexpr std::size_t kNormalizationBlock = 64;  // rows

/// Calls `body(first, count)` for the rows block by block.
template <class Body>
void by_block(std::size_t rows, Body&& body) noexcept {
  for (std::size_t first = 0; first < rows; first += kNormalizationBlock) {
    body(first, std::min(kNormalizationBlock, rows - first));
  }
}

/// sums[j] = Σ_r term(where x[r,j] lies, where j lies) over the rows of a block; over those that count.
template <class Real, class Term>
SEQNN_INLINE void block_sums(std::size_t first, std::size_t count, std::size_t columns, RowMask mask, Real* sums,
                             Term&& term) noexcept {
  simd::sweep<Real>(columns, [&](auto column) {
    Simd<Real> sum(Real(0));
    auto at = column;
    at.i += first * columns;
    for (std::size_t r = first; r < first + count; ++r, at.i += columns) {
      if (mask.counts(r)) sum += term(at, column);
    }
    column.store(sums, sum);
  });
}

}  // namespace detail

/// Mean and Σ (x - mean)² of each column, over the rows that count. A block's are taken from the values less
/// its own mean and joined as Chan, Golub & LeVeque 1979 do, so that x is read from memory once.
/// @param mean, squares  [columns]
/// @param scratch  [2·columns]
/// @return the number of rows that count
template <class Real>
std::size_t column_moments(std::size_t rows, std::size_t columns, const Real* x, RowMask mask, double* mean,
                           double* squares, Real* scratch) noexcept {
  Real* const block_mean = scratch;
  Real* const block_squares = scratch + columns;
  std::fill_n(mean, columns, 0.0);
  std::fill_n(squares, columns, 0.0);
  std::size_t n = 0;
  detail::by_block(rows, [&](std::size_t first, std::size_t count) {
    std::size_t in_block = 0;
    for (std::size_t r = first; r < first + count; ++r) in_block += mask.counts(r) ? 1 : 0;
    if (in_block == 0) return;
    detail::block_sums(first, count, columns, mask, block_mean, [&](auto at, auto) { return at.load(x); });
    for (std::size_t j = 0; j < columns; ++j) block_mean[j] /= static_cast<Real>(in_block);
    detail::block_sums(first, count, columns, mask, block_squares, [&](auto at, auto column) {
      const Simd<Real> d = at.load(x) - column.load(block_mean);
      return d * d;
    });
    const double share = static_cast<double>(in_block) / static_cast<double>(n + in_block);
    for (std::size_t j = 0; j < columns; ++j) {
      const double step = static_cast<double>(block_mean[j]) - mean[j];
      mean[j] += step * share;
      squares[j] += static_cast<double>(block_squares[j]) + step * step * share * static_cast<double>(n);
    }
    n += in_block;
  });
  return n;
}

/// y = (x - center) ⊙ scale + shift.
/// @param shift  [columns]; null for 0
template <class Real>
void normalize_columns(std::size_t rows, std::size_t columns, const Real* x, const Real* center, const Real* scale,
                       const Real* shift, Real* y) noexcept {
  for (std::size_t r = 0; r < rows; ++r, x += columns, y += columns) {
    simd::sweep<Real>(columns, [&](auto at) {
      const Simd<Real> z = (at.load(x) - at.load(center)) * at.load(scale);
      at.store(y, shift == nullptr ? z : z + at.load(shift));
    });
  }
}

/// sums[j] = Σ dy and products[j] = Σ dy·(x - center), over all rows.
/// @param scratch  [columns]
template <class Real>
void normalization_sums(std::size_t rows, std::size_t columns, const Real* x, const Real* dy, const Real* center,
                        double* sums, double* products, Real* scratch) noexcept {
  std::fill_n(sums, columns, 0.0);
  std::fill_n(products, columns, 0.0);
  const auto add = [&](double* totals) {
    for (std::size_t j = 0; j < columns; ++j) totals[j] += static_cast<double>(scratch[j]);
  };
  detail::by_block(rows, [&](std::size_t first, std::size_t count) {
    detail::block_sums(first, count, columns, {}, scratch, [&](auto at, auto) { return at.load(dy); });
    add(sums);
    detail::block_sums(first, count, columns, {}, scratch,
                       [&](auto at, auto column) { return at.load(dy) * (at.load(x) - column.load(center)); });
    add(products);
  });
}

/// dx = scale ⊙ dy + slope ⊙ (x - center) + offset, the last two only in the rows that count.
template <class Real>
void normalization_backward(std::size_t rows, std::size_t columns, const Real* x, const Real* dy, RowMask mask,
                            const Real* center, const Real* scale, const Real* slope, const Real* offset,
                            Real* dx) noexcept {
  for (std::size_t r = 0; r < rows; ++r, x += columns, dy += columns, dx += columns) {
    const bool counts = mask.counts(r);
    simd::sweep<Real>(columns, [&](auto at) {
      Simd<Real> d = at.load(scale) * at.load(dy);
      if (counts) d += simd::fma<Real>(at.load(slope), at.load(x) - at.load(center), at.load(offset));
      at.store(dx, d);
    });
  }
}

}  // namespace seqnn::inline SEQNN_ABI
