#pragma once

#include "seqnn/core/config.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

/// sums[c] += Σ_r term(x[r·columns + c], c), in double and in the order of the rows. Some rows at a time, so that
/// memory is read along them; constant lengths, so that compilers use SIMD registers.
template <class Value, class Term>
void add_over_rows(std::size_t rows, std::size_t columns, const Value* x, double* sums, const Term& term) noexcept {
  constexpr std::size_t kRows = 8, kColumns = 16;
  for (std::size_t row = 0; row < rows; row += kRows, x += kRows * columns) {
    const std::size_t n = std::min(kRows, rows - row);
    std::size_t c = 0;
    for (; c + kColumns <= columns; c += kColumns) {
      double sum[kColumns];
      for (std::size_t j = 0; j < kColumns; ++j) sum[j] = sums[c + j];
      for (std::size_t r = 0; r < n; ++r) {
        const Value* const values = x + r * columns + c;
        for (std::size_t j = 0; j < kColumns; ++j) sum[j] += term(static_cast<double>(values[j]), c + j);
      }
      for (std::size_t j = 0; j < kColumns; ++j) sums[c + j] = sum[j];
    }
    for (; c < columns; ++c) {
      for (std::size_t r = 0; r < n; ++r) sums[c] += term(static_cast<double>(x[r * columns + c]), c);
    }
  }
}

}  // namespace detail

/// Mean and standard deviation (divided by the number of rows: numpy's std) of each column of a row-major matrix, the
/// deviation from the differences to the mean, as StandardScaler computes them.
/// @param rows  at least 1
template <class Value>
void column_moments(std::size_t rows, std::size_t columns, const Value* x, double* mean, double* deviation) noexcept {
  const auto n = static_cast<double>(rows);
  std::fill_n(mean, columns, 0.0);
  std::fill_n(deviation, columns, 0.0);
  detail::add_over_rows(rows, columns, x, mean, [](double value, std::size_t) { return value; });
  for (std::size_t c = 0; c < columns; ++c) mean[c] /= n;
  detail::add_over_rows(rows, columns, x, deviation, [mean](double value, std::size_t c) {
    const double difference = value - mean[c];
    return difference * difference;
  });
  for (std::size_t c = 0; c < columns; ++c) deviation[c] = std::sqrt(deviation[c] / n);
}

}  // namespace seqnn::inline SEQNN_ABI
