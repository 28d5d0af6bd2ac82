#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/any_array.hpp"
#include "seqnn/data/series/row_range.hpp"
#include "seqnn/data/series/scaler_file.hpp"
#include "seqnn/kernels/column_moments.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// What is subtracted from numbers, and what they are divided by; empty to leave them as they are.
struct RowScaling {
  Buffer<double> center;
  Buffer<double> scale;
};

/// Inputs and targets of all rows of a plan, in the types that they have. Refers to the caller's arrays as AnyArray
/// does.
class PlanRows {
 public:
  /// @param x        (rows, …) numbers
  /// @param y        (rows,) or (rows, …) numbers
  /// @param classes  the values of y that are classes, in the order of their indices; empty for a regression
  /// @throws ShapeError, DataError
  SEQNN_COLD PlanRows(const AnyArray& x, const AnyArray& y, const std::vector<double>& classes) {
    if (x.shape().size() < 2) {
      throw ShapeError(text("NetworkForecaster: x must be (rows, …), an input a row, got ", x.shape()));
    }
    if (x.integers()) {
      throw DataError(text("NetworkForecaster: x must be floating-point numbers, got integers of shape ", x.shape(),
                           "; convert with xt::cast<float>"));
    }
    count_ = x.shape()[0];
    if (y.shape().empty() || y.shape()[0] != count_) {
      throw ShapeError(text("NetworkForecaster: y must have as many rows as x, ", count_, ", got shape ", y.shape()));
    }
    x_shape_.assign(x.shape().begin() + 1, x.shape().end());
    y_shape_.assign(y.shape().begin() + 1, y.shape().end());
    if (y_shape_.empty()) y_shape_ = {1};
    width_ = element_count(x_shape_);
    y_width_ = element_count(y_shape_);
    if (x.as<float>() != nullptr) {
      floats_ = Values<float>(x);
    } else {
      doubles_ = Values<double>(x);
    }
    y_ = Values<double>(y);
    if (classes.empty()) return;
    if (y_width_ != 1) {
      throw ShapeError(text("NetworkForecaster: y must be (", count_, ",), one class a row, got ", y.shape()));
    }
    classes_.resize(count_);
    for (std::size_t row = 0; row < count_; ++row) {
      const auto found = std::find(classes.begin(), classes.end(), y_.data()[row]);
      classes_[row] = found == classes.end() ? -1 : static_cast<std::int32_t>(found - classes.begin());
    }
  }

  std::size_t count() const { return count_; }
  const Shape& x_shape() const { return x_shape_; }
  const Shape& y_shape() const { return y_shape_; }
  bool has_classes() const { return !classes_.empty(); }

  /// Mean and deviation of each number of the inputs in these rows, and in no others.
  /// @throws DataError naming row and column: for NaN and infinity, for a column that does not vary
  SEQNN_COLD RowScaling standard_x(RowRange rows, ConstantColumn constant) const {
    return floats_.data() != nullptr ? standard("x", floats_.data(), width_, rows, constant)
                                     : standard("x", doubles_.data(), width_, rows, constant);
  }

  /// The same of the targets.
  SEQNN_COLD RowScaling standard_y(RowRange rows, ConstantColumn constant) const {
    return standard("y", y_.data(), y_width_, rows, constant);
  }

  /// Writes the inputs of a row, scaled.
  template <class Real>
  void write_x(std::size_t row, const RowScaling& scaling, Real* to) const {
    if (floats_.data() != nullptr) {
      write(floats_.data() + row * width_, width_, scaling, to);
    } else {
      write(doubles_.data() + row * width_, width_, scaling, to);
    }
  }

  /// Writes the targets of a row, scaled; those of classes are their indices.
  template <class Real>
  void write_y(std::size_t row, const RowScaling& scaling, Real* to) const {
    if (has_classes()) {
      *to = static_cast<Real>(classes_[row]);
    } else {
      write(y_.data() + row * y_width_, y_width_, scaling, to);
    }
  }

  /// Index of the class of a row.
  std::int32_t class_of(std::size_t row) const {
    if (has_classes()) return classes_[row];
    throw OptionError(
        "NetworkForecaster: classes must be given for a loss that reads class indices, got none; set .classes, or "
        "choose another loss");
  }

  /// @throws DataError for a target in these rows that is no class
  SEQNN_COLD void check_classes(RowRange rows, const std::string& names) const {
    if (!has_classes()) return;
    for (std::size_t row = rows.begin; row < rows.end; ++row) {
      if (classes_[row] >= 0) continue;
      throw DataError(
          text("NetworkForecaster: y must be one of the classes ", names, ", got ", y_.data()[row], " in row ", row));
    }
  }

 private:
  template <class Value>
  SEQNN_COLD static RowScaling standard(const char* what, const Value* values, std::size_t width, RowRange rows,
                                        ConstantColumn constant) {
    RowScaling scaling{Buffer<double>(width), Buffer<double>(width)};
    const Value* const first = values + rows.begin * width;
    column_moments(rows.size(), width, first, scaling.center.data(), scaling.scale.data());
    for (std::size_t c = 0; c < width; ++c) {
      double& scale = scaling.scale[c];
      if (!std::isfinite(scale)) throw_not_finite(what, values, width, rows, c);
      // Rounding lets a constant column have a deviation: where it is small enough for that, look.
      if (scale > 1e-12 * std::fabs(scaling.center[c])) continue;
      bool varies = false;
      for (std::size_t r = 1; r < rows.size() && !varies; ++r) varies = first[r * width + c] != first[c];
      if (varies && scale > 0) continue;
      if (constant == ConstantColumn::error) {
        throw DataError(text("NetworkForecaster: ", what, ": column ", c, " must vary in rows [", rows.begin, ", ",
                             rows.end, "), got nothing but ", static_cast<double>(first[c]),
                             "; leave it out, or set constant = ConstantColumn::keep"));
      }
      scaling.center[c] = static_cast<double>(first[c]);
      scale = 1;
    }
    return scaling;
  }

  template <class Value>
  [[noreturn]] SEQNN_COLD static void throw_not_finite(const char* what, const Value* values, std::size_t width,
                                                       RowRange rows, std::size_t column) {
    std::size_t row = rows.begin;
    while (row + 1 < rows.end && std::isfinite(values[row * width + column])) ++row;
    const auto value = static_cast<double>(values[row * width + column]);
    throw DataError(text("NetworkForecaster: ", what, ": column ", column, ", row ", row, ": must be a number, got ",
                         std::isnan(value)   ? "NaN"
                         : std::isinf(value) ? "infinity"
                                             : "one too large to be squared",
                         "; clean or fill the data first"));
  }

  template <class Value, class Real>
  static void write(const Value* from, std::size_t n, const RowScaling& scaling, Real* to) {
    if (scaling.center.empty()) {
      for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<Real>(from[i]);
      return;
    }
    const double* const center = scaling.center.data();
    const double* const scale = scaling.scale.data();
    const auto scaled = [&](std::size_t i) {
      return static_cast<Real>((static_cast<double>(from[i]) - center[i]) / scale[i]);
    };
    constexpr std::size_t kBlock = 16;  // of constant length and apart, so that compilers use SIMD registers
    std::size_t i = 0;
    for (; i + kBlock <= n; i += kBlock) {
      Real block[kBlock];
      for (std::size_t j = 0; j < kBlock; ++j) block[j] = scaled(i + j);
      std::copy_n(block, kBlock, to + i);
    }
    for (; i < n; ++i) to[i] = scaled(i);
  }

  std::size_t count_ = 0;
  std::size_t width_ = 0;    // numbers of a row of x
  std::size_t y_width_ = 0;  // and of y
  Shape x_shape_;
  Shape y_shape_;
  Values<float> floats_;    // x, if it is of floats …
  Values<double> doubles_;  // … else
  Values<double> y_;
  std::vector<std::int32_t> classes_;  // index of the class of each row, -1 for none; empty for a regression
};

/// Some rows of a plan as a data set: they are scaled as they are gathered, into the memory of the network, and lie
/// nowhere twice. Refers to rows and scaling.
template <class Real>
class ScaledRows {
 public:
  ScaledRows(const PlanRows& rows, RowRange range, const RowScaling& x, const RowScaling& y)
      : rows_(&rows), range_(range), x_(&x), y_(&y) {}

  std::size_t size() const { return range_.size(); }
  const Shape& x_shape() const { return rows_->x_shape(); }
  const Shape& y_shape() const { return rows_->y_shape(); }

  void gather(std::span<const std::size_t> indices, std::span<Real> x, std::span<Real> y) const {
    gather_x(indices, x);
    const std::size_t width = element_count(y_shape());
    for (std::size_t i = 0; i < indices.size(); ++i) {
      rows_->write_y(range_.begin + indices[i], *y_, y.data() + i * width);
    }
  }

  /// For a loss that reads class indices.
  void gather(std::span<const std::size_t> indices, std::span<Real> x, std::span<std::int32_t> y) const {
    gather_x(indices, x);
    for (std::size_t i = 0; i < indices.size(); ++i) y[i] = rows_->class_of(range_.begin + indices[i]);
  }

 private:
  void gather_x(std::span<const std::size_t> indices, std::span<Real> x) const {
    const std::size_t width = element_count(x_shape());
    for (std::size_t i = 0; i < indices.size(); ++i) {
      rows_->write_x(range_.begin + indices[i], *x_, x.data() + i * width);
    }
  }

  const PlanRows* rows_;
  RowRange range_;
  const RowScaling* x_;
  const RowScaling* y_;
};

}  // namespace seqnn::inline SEQNN_ABI
