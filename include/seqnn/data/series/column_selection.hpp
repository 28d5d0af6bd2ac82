#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

/// Copies n numbers that lie behind each other, n small and only known at run time: in pieces of 16 bytes, the last one
/// overlapping its predecessor. A call of memcpy costs more than it moves here.
template <class Real>
SEQNN_INLINE void copy_few(std::size_t n, const Real* from, Real* to) noexcept {
  constexpr std::size_t kPiece = 16 / sizeof(Real);
  if (n < kPiece) {
    for (std::size_t i = 0; i < n; ++i) to[i] = from[i];
    return;
  }
  for (std::size_t i = 0; i + kPiece < n; i += kPiece) std::memcpy(to + i, from + i, 16);
  std::memcpy(to + n - kPiece, from + n - kPiece, 16);
}

}  // namespace detail

/// Some columns of a matrix, in the order in which they are wanted, and how rows of them are copied.
class ColumnSelection {
 public:
  /// @param what     what the columns are, for messages: "Windows: targets"
  /// @param columns  their indices; empty: all
  /// @param width    columns of the matrix
  /// @throws OptionError for a column that the matrix does not have
  SEQNN_COLD ColumnSelection(std::string_view what, std::vector<std::size_t> columns, std::size_t width)
      : width_(width), count_(columns.empty() ? width : columns.size()) {
    bool consecutive = true;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i] >= width) {
        throw OptionError(text(what, " must have column ", columns[i], ", got a matrix of ", width,
                               " columns; columns count from 0"));
      }
      consecutive = consecutive && columns[i] == columns[0] + i;
    }
    first_ = columns.empty() ? 0 : *std::min_element(columns.begin(), columns.end());
    last_ = columns.empty() ? width - 1 : *std::max_element(columns.begin(), columns.end());
    if (!consecutive) columns_ = std::move(columns);
  }

  std::size_t size() const { return count_; }
  /// Index in the matrix of the i-th column of the selection.
  std::size_t operator[](std::size_t i) const { return columns_.empty() ? first_ + i : columns_[i]; }

  /// Copies these columns of `count` rows, each `step` rows after the one before.
  /// @param from  the first of the rows  @param to  [count, size()]
  template <class Real>
  void copy_rows(const Real* from, std::size_t step, std::size_t count, Real* to) const noexcept {
    const std::size_t n = count_;
    if (columns_.empty() && n == width_ && step == 1) {
      std::copy_n(from, count * n, to);
      return;
    }
    const std::size_t apart = step * width_;
    for (std::size_t row = 0; row < count; ++row, to += n) {
      // Rows are cache lines apart, which the processor foresees too late: a third of the time of a gather.
      const Real* const later = from + std::min(row + 8, count - 1) * apart;
      __builtin_prefetch(later + first_);
      __builtin_prefetch(later + last_);
      if (columns_.empty()) {
        detail::copy_few(n, from + row * apart + first_, to);
      } else {
        const Real* const values = from + row * apart;
        for (std::size_t i = 0; i < n; ++i) to[i] = values[columns_[i]];
      }
    }
  }

 private:
  std::size_t width_;
  std::size_t count_;
  std::size_t first_ = 0;  // of the columns in the matrix
  std::size_t last_ = 0;
  std::vector<std::size_t> columns_;  // empty: first_, first_ + 1, …
};

}  // namespace seqnn::inline SEQNN_ABI
