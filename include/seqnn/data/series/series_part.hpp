#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/column_selection.hpp"
#include "seqnn/data/series/row_range.hpp"
#include "seqnn/data/series/shared_series.hpp"
#include "seqnn/kernels/reductions.hpp"

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Some columns of a shared matrix, which begins at row `first_row` of the series that rows are counted in.
template <class Real>
class SeriesPart {
 public:
  /// @param what     for messages: "Windows: targets"
  /// @param columns  empty: all
  /// @throws OptionError if there is no matrix, or it does not have these columns
  SEQNN_COLD SeriesPart(std::string_view what, SharedSeries<Real> matrix, std::vector<std::size_t> columns,
                        std::size_t first_row = 0)
      : what_(what),
        matrix_(std::move(matrix)),
        first_row_(first_row),
        columns_(what, std::move(columns), checked_width(what, matrix_)) {}

  std::size_t rows() const { return matrix_->shape()[0]; }
  std::size_t columns() const { return columns_.size(); }
  const SharedSeries<Real>& matrix() const { return matrix_; }

  /// Copies `count` rows from row `row` of the series on, each `step` rows after the one before, to [count, columns()].
  void copy_rows(std::size_t row, std::size_t step, std::size_t count, Real* to) const noexcept {
    columns_.copy_rows(matrix_->data() + (row - first_row_) * matrix_->shape()[1], step, count, to);
  }

  /// @throws DataError `Windows: targets must be finite, got NaN at row 3, column 1; …` for one of these rows
  SEQNN_COLD void check_finite(RowRange rows) const {
    const std::size_t width = matrix_->shape()[1];
    const std::size_t begin = rows.begin - first_row_;
    if (all_finite(rows.size() * width, matrix_->data() + begin * width)) return;
    for (std::size_t row = begin; row < begin + rows.size(); ++row) {
      for (std::size_t i = 0; i < columns(); ++i) {
        const Real value = (*matrix_)(row, columns_[i]);
        if (std::isfinite(value)) continue;
        throw DataError(text(what_, " must be finite, got ", std::isnan(value) ? "NaN" : "infinity", " at row ", row,
                             ", column ", columns_[i], "; clean or fill the data first"));
      }
    }
  }

 private:
  SEQNN_COLD static std::size_t checked_width(std::string_view what, const SharedSeries<Real>& matrix) {
    if (matrix == nullptr || matrix->size() == 0) {
      throw OptionError(text(what, " must be a matrix with at least one row and one column, got none; fill it first"));
    }
    return matrix->shape()[1];
  }

  std::string what_;
  SharedSeries<Real> matrix_;
  std::size_t first_row_;
  ColumnSelection columns_;
};

}  // namespace seqnn::inline SEQNN_ABI
