#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/series_part.hpp"
#include "seqnn/data/series/shared_series.hpp"
#include "seqnn/data/series/window_rows.hpp"
#include "seqnn/data/series/windows_options.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Windows over a series as a data set: gathers its samples from one shared matrix, so that a window costs no memory.
///
/// With n = lookback / step, sample i reads its last row at t = rows.begin + (n - 1)·step + i·stride and
///
///   reads      t - (n - 1)·step, …, t - step, t                      of the columns `inputs`
///   predicts   t + delay + k·horizon_step,  k = 0 … horizon - 1      of the columns `targets`
///
/// Shapes  x (n, inputs); y (horizon, targets) without the axes of extent 1: () for one number, (horizon) for several
///         rows of one column, (targets) for one row of several columns
///
/// docs/windows.md has a figure and the number of samples.
template <class Real>
class Windows {
 public:
  /// Targets are columns of the series itself.
  /// @throws OptionError  lookback 0 or no multiple of step, another length 0, a column or row beyond the series, too
  ///                      few rows for one sample
  /// @throws DataError    NaN or infinity where samples read
  SEQNN_COLD Windows(const SharedSeries<Real>& series, const WindowsOptions& options)
      : Windows(series, series, options) {}

  /// Targets are columns of another matrix with the same rows: of the series before it was scaled, say.
  SEQNN_COLD Windows(const SharedSeries<Real>& series, const SharedSeries<Real>& targets, const WindowsOptions& options)
      : Windows{SeriesPart<Real>("Windows: series", series, options.inputs),
                SeriesPart<Real>("Windows: targets", targets, options.targets), options} {}

  /// Any pattern of rows: what the other constructors and functions come down to.
  /// @param rows  must lie in both matrices
  /// @throws DataError  NaN or infinity where samples read
  SEQNN_COLD Windows(SeriesPart<Real> inputs, SeriesPart<Real> targets, WindowRows rows)
      : inputs_(std::move(inputs)),
        targets_(std::move(targets)),
        rows_(std::move(rows)),
        x_size_(rows_.pattern().values * inputs_.columns()),
        y_size_(rows_.pattern().horizon * targets_.columns()) {
    const std::size_t last = size() - 1;
    inputs_.check_finite({rows_.first_input(0), rows_.last_input(last) + 1});
    if (y_size_ > 0) targets_.check_finite({rows_.first_target(0), rows_.last_target(last) + 1});
  }

  /// Number of samples.
  std::size_t size() const { return rows_.size(); }
  Shape x_shape() const { return {rows_.pattern().values, inputs_.columns()}; }
  /// (horizon, targets) without the axes of extent 1; (0,) without targets.
  Shape y_shape() const {
    if (y_size_ == 0) return {0};
    Shape shape;
    if (rows_.pattern().horizon > 1) shape.push_back(rows_.pattern().horizon);
    if (targets_.columns() > 1) shape.push_back(targets_.columns());
    return shape;
  }

  /// Writes samples behind each other. Any number of threads may call it at once; nothing is allocated.
  /// @param indices  of samples, in any order, also repeated
  /// @param x        [indices, n, inputs]
  /// @param y        [indices, horizon, targets], or empty if only inputs are wanted
  /// @throws ShapeError if x or y has another size, DataError for an index that is not below size()
  void gather(std::span<const std::size_t> indices, std::span<Real> x, std::span<Real> y) const {
    if (x.size() != indices.size() * x_size_) throw_size("x", x_size_, indices.size(), x.size());
    if (!y.empty() && y.size() != indices.size() * y_size_) throw_size("y", y_size_, indices.size(), y.size());
    const WindowPattern& pattern = rows_.pattern();
    Real* to_x = x.data();
    Real* to_y = y.data();
    for (const std::size_t index : indices) {
      if (index >= size()) throw_index(index);
      const std::size_t row = rows_.first_input(index);
      inputs_.copy_rows(row, pattern.step, pattern.values, to_x);
      to_x += x_size_;
      if (y.empty()) continue;
      targets_.copy_rows(row + pattern.target_offset, pattern.horizon_step, pattern.horizon, to_y);
      to_y += y_size_;
    }
  }

  /// Which rows samples read and predict: `windows.rows().last_input(0)`.
  const WindowRows& rows() const { return rows_; }
  /// What is read. Rows of data sets with the same pointer can be compared.
  const SharedSeries<Real>& series() const { return inputs_.matrix(); }

  /// The number of samples and their shapes, the rows of the first, and those of the last: three lines.
  SEQNN_COLD std::string describe() const {
    std::string lines = text(size(), " samples, x ", x_shape(), ", y ", y_shape());
    if (rows_.left_out() > 0) lines += text("; ", rows_.left_out(), " more would span a gap");
    return text(lines, '\n', rows_.describe(0), '\n', rows_.describe(size() - 1), '\n');
  }

 private:
  SEQNN_COLD Windows(SeriesPart<Real> inputs, SeriesPart<Real> targets, const WindowsOptions& options)
      : Windows(inputs, targets, detail::rows_of_windows(options, inputs.rows(), targets.rows())) {}

  [[noreturn]] SEQNN_COLD static void throw_size(const char* what, std::size_t wanted, std::size_t count,
                                                 std::size_t got) {
    throw ShapeError(text("Windows: ", what, " must have room for ", count, " samples of ", wanted, " numbers, ",
                          count * wanted, " in all, got ", got));
  }

  [[noreturn]] SEQNN_COLD void throw_index(std::size_t index) const {
    throw DataError(text("Windows: index must be below the number of samples, ", size(), ", got ", index));
  }

  SeriesPart<Real> inputs_;
  SeriesPart<Real> targets_;
  WindowRows rows_;
  std::size_t x_size_;
  std::size_t y_size_;
};

}  // namespace seqnn::inline SEQNN_ABI
