#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/any_array.hpp"
#include "seqnn/data/series/row_range.hpp"
#include "seqnn/data/series/scaler_file.hpp"
#include "seqnn/data/series/table.hpp"
#include "seqnn/io/atomic_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

struct ScalerOptions {
  ConstantColumn constant = ConstantColumn::error;
};

struct MinMaxScalerOptions {
  double low = 0;   ///< what the smallest value becomes
  double high = 1;  ///< and the largest
  ConstantColumn constant = ConstantColumn::error;
};

/// Brings columns to one scale: y = (x - center) / scale, with a center and a scale for each column, found in the
/// training rows. StandardScaler, MinMaxScaler and RobustScaler make one; Scaler::load reads any of them.
///
///     StandardScaler scaler;
///     scaler.fit(table, train);                       // a RowRange: the training rows only
///     Tensor<float, 2> x = scaler.transform<float>(table);
///     double celsius = scaler.inverse(table.column("T (degC)"), prediction);
class Scaler {
 public:
  /// Finds center and scale in some rows. Rows outside are not looked at: they are the future.
  ///
  /// @param values  (rows, columns), any xtensor expression of numbers
  /// @throws ShapeError for another rank, and for rows that are not there
  /// @throws DataError naming the column: for NaN and infinity, and for a column that has no scale
  SEQNN_COLD Scaler& fit(const AnyArray& values, RowRange rows) { return fit(values, rows, {}); }

  /// The same for all columns of a table, whose names the scaler keeps.
  SEQNN_COLD Scaler& fit(const Table& table, RowRange rows) { return fit(table.values(), rows, table.names()); }

  /// Scales (rows, columns) values in place. NaN stays NaN.
  /// @throws StateError before fit, ShapeError for another number of columns
  template <class Real>
  void transform(Tensor<Real, 2>& values) const {
    check_columns(values.shape()[1]);
    apply(values, [](double x, double center, double scale) { return (x - center) / scale; });
  }

  /// The values of a table, scaled.  @throws DataError if its columns are not those that the scaler was fitted on
  template <class Real = float>
  Tensor<Real, 2> transform(const Table& table) const {
    check_columns(table.columns());
    if (!state_.names.empty() && table.names() != state_.names) {
      throw DataError(text(title(), ": columns must be those of fit, ", detail::listed(state_.names), ", got ",
                           detail::listed(table.names()), "; use select()"));
    }
    Tensor<double, 2> values = table.values();
    transform(values);
    auto result = Tensor<Real, 2>::from_shape({table.rows(), table.columns()});
    std::transform(values.data(), values.data() + values.size(), result.data(),
                   [](double value) { return static_cast<Real>(value); });
    return result;
  }

  /// Undoes transform.
  template <class Real>
  void inverse(Tensor<Real, 2>& values) const {
    check_columns(values.shape()[1]);
    apply(values, [](double y, double center, double scale) { return y * scale + center; });
  }

  /// Undoes transform for numbers of one column, such as predictions: `scaler.inverse(1, std::span(p.data(),
  /// p.size()))`.
  template <class Real>
  void inverse(std::size_t column, std::span<Real> values) const {
    for (Real& value : values) value = static_cast<Real>(inverse(column, static_cast<double>(value)));
  }

  /// One number of a column, back in its own unit.
  double inverse(std::size_t column, double value) const { return value * scale(column) + center(column); }

  /// One number of a column, scaled.
  double transform(std::size_t column, double value) const { return (value - center(column)) / scale(column); }

  /// What is subtracted from a column.
  double center(std::size_t column) const { return state_.centers[checked(column)]; }

  /// What it is divided by: an error of 0.1 after scaling is one of 0.1 scale(column) in the column's unit.
  double scale(std::size_t column) const { return state_.scales[checked(column)]; }

  /// How many columns it was fitted on; 0 before fit.
  std::size_t columns() const { return state_.centers.size(); }

  /// Names of the columns, if it was fitted on a table.
  const std::vector<std::string>& names() const { return state_.names; }

  /// "standard", "min_max" or "robust"
  const std::string& kind() const { return state_.kind; }

  /// Writes a text file that holds every number exactly, all or nothing.  @throws StateError before fit, FileError
  SEQNN_COLD void save(const std::string& path) const {
    check_fitted();
    write_file(path, detail::scaler_file_content(state_));
  }

  /// Reads such a file.  @throws FileError with path and line if it is damaged
  SEQNN_COLD static Scaler load(const std::string& path) {
    Scaler scaler;
    scaler.state_ = detail::ScalerReader(path).read();
    return scaler;
  }

  bool operator==(const Scaler&) const = default;

 protected:
  Scaler(const char* kind, double low, double high, ConstantColumn constant) {
    state_.kind = kind;
    state_.low = low;
    state_.high = high;
    state_.constant = constant;
  }

 private:
  Scaler() = default;

  struct Fitted {
    double center = 0, scale = 0;
  };

  std::string title() const {
    return state_.kind == "standard" ? "StandardScaler" : state_.kind == "min_max" ? "MinMaxScaler" : "RobustScaler";
  }

  Scaler& fit(const AnyArray& values, RowRange rows, const std::vector<std::string>& names);
  Fitted fit_column(std::vector<double>& values) const;

  template <class Real, class Function>
  void apply(Tensor<Real, 2>& values, const Function& function) const {
    Real* value = values.data();
    for (std::size_t row = 0; row < values.shape()[0]; ++row) {
      for (std::size_t c = 0; c < columns(); ++c, ++value) {
        *value = static_cast<Real>(function(static_cast<double>(*value), state_.centers[c], state_.scales[c]));
      }
    }
  }

  SEQNN_COLD void check_fitted() const {
    if (columns() == 0) throw StateError(text(title(), ": fit must come first, got no fitted columns; call fit"));
  }

  SEQNN_COLD void check_columns(std::size_t got) const {
    check_fitted();
    if (got != columns()) {
      throw ShapeError(text(title(), ": values must have the ", columns(), " columns of fit, got ", got));
    }
  }

  std::size_t checked(std::size_t column) const {
    if (column >= columns()) fail_column(column);
    return column;
  }

  [[noreturn]] SEQNN_COLD void fail_column(std::size_t column) const {
    check_fitted();
    throw ShapeError(text(title(), ": column must be in [0, ", columns(), "), got ", column));
  }

  detail::ScalerState state_;
};

/// Mean 0 and standard deviation 1: center is the mean, scale the standard deviation of all training rows (divided by
/// their number, not by one less: numpy's std).
class StandardScaler : public Scaler {
 public:
  explicit StandardScaler(ScalerOptions options = {}) : Scaler("standard", 0, 1, options.constant) {}
};

/// The smallest value of the training rows becomes `low`, the largest `high`; later ones may lie outside.
class MinMaxScaler : public Scaler {
 public:
  /// @throws OptionError unless low < high, both finite
  explicit MinMaxScaler(MinMaxScalerOptions options = {})
      : Scaler("min_max", options.low, options.high, options.constant) {
    if (!(options.low < options.high) || !std::isfinite(options.low) || !std::isfinite(options.high)) {
      throw OptionError(text("MinMaxScaler: low must be less than high, got ", options.low, " and ", options.high));
    }
  }
};

/// For data with outliers: center is the median, scale the distance between the quartiles, both with linear
/// interpolation between neighbours (numpy's percentile).
class RobustScaler : public Scaler {
 public:
  explicit RobustScaler(ScalerOptions options = {}) : Scaler("robust", 0, 1, options.constant) {}
};

namespace detail {

/// A quantile between the two values that it lies between; numpy's method "linear". Reorders the values.
/// Source  Hyndman & Fan 1996, Sample quantiles in statistical packages, definition 7
SEQNN_COLD inline double quantile(std::vector<double>& values, double share) {
  const double position = share * static_cast<double>(values.size() - 1);
  const double below = std::floor(position);
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin(), nth, values.end());
  if (position == below) return *nth;
  return *nth + (position - below) * (*std::min_element(nth + 1, values.end()) - *nth);
}

}  // namespace detail

SEQNN_COLD inline Scaler::Fitted Scaler::fit_column(std::vector<double>& values) const {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const double low = *least, range = *most - *least;
  const auto n = static_cast<double>(values.size());
  if (state_.kind == "min_max") {
    const double scale = range > 0 ? range / (state_.high - state_.low) : 0;
    return {low - state_.low * (scale > 0 ? scale : 1), scale};
  }
  if (state_.kind == "robust") {
    const double median = detail::quantile(values, 0.5);
    return {median, detail::quantile(values, 0.75) - detail::quantile(values, 0.25)};
  }
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  const double mean = range > 0 ? sum / n : low;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, range > 0 ? std::sqrt(squares / n) : 0};
}

SEQNN_COLD inline Scaler& Scaler::fit(const AnyArray& values, RowRange rows, const std::vector<std::string>& names) {
  const Shape& shape = values.shape();
  if (shape.size() != 2 || shape[1] == 0) {
    throw ShapeError(text(title(), ": values must be (rows, columns), got ", shape));
  }
  if (rows.size() == 0 || rows.end > shape[0]) {
    throw ShapeError(text(title(), ": rows to fit must be a range within [0, ", shape[0], "), got [", rows.begin, ", ",
                          rows.end, ")"));
  }
  const Values<double> numbers(values);
  const auto column_text = [&](std::size_t c) {
    return names.empty() ? text("column ", c) : text("column ", c, " \"", names[c], '"');
  };

  std::vector<double> centers, scales, column(rows.size());
  for (std::size_t c = 0; c < shape[1]; ++c) {
    for (std::size_t row = rows.begin; row < rows.end; ++row) {
      const double value = numbers.data()[row * shape[1] + c];
      if (!std::isfinite(value)) {
        throw DataError(text(title(), ": ", column_text(c), ", row ", row, ": must be a number, got ",
                             std::isnan(value) ? "NaN" : "infinity", "; use fill_missing, or leave the column out"));
      }
      column[row - rows.begin] = value;
    }
    Fitted fitted = fit_column(column);
    if (!(fitted.scale > 0) && state_.constant == ConstantColumn::error) {
      throw DataError(text(
          title(), ": ", column_text(c), " must vary in rows [", rows.begin, ", ", rows.end, "), got ",
          state_.kind == "robust" ? text("quartiles that are both ", fitted.center) : text("nothing but ", column[0]),
          "; leave the column out, or set constant = ConstantColumn::keep"));
    }
    if (!(fitted.scale > 0)) fitted.scale = 1;
    centers.push_back(fitted.center);
    scales.push_back(fitted.scale);
  }
  state_.centers = std::move(centers);
  state_.scales = std::move(scales);
  state_.names = names;
  return *this;
}

}  // namespace seqnn::inline SEQNN_ABI
