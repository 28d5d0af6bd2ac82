#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/any_array.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// What the counts of a ConfusionMatrix are divided by.
enum class Normalize {
  none,       ///< nothing
  truth,      ///< the samples of the true class: rows add up to 1
  predicted,  ///< those predicted to be of a class: columns add up to 1
  all         ///< all samples
};

/// How often samples of one class were taken for another.
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(std::size_t classes) : counts_(classes * classes, 0.0), classes_(classes) {}

  std::size_t classes() const { return classes_; }

  /// Weight of the samples of class `truth` that were predicted to be of class `predicted`, or the share that
  /// `normalized` made of it.
  double operator()(std::size_t truth, std::size_t predicted) const { return counts_[truth * classes_ + predicted]; }

  void add(std::size_t truth, std::size_t predicted, double weight) { counts_[truth * classes_ + predicted] += weight; }

  /// Shares instead of counts; 0 where there is nothing to divide by.
  SEQNN_COLD ConfusionMatrix normalized(Normalize by) const {
    ConfusionMatrix result = *this;
    if (by == Normalize::none) return result;
    std::vector<double> rows(classes_, 0.0), columns(classes_, 0.0);
    double all = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      rows[i / classes_] += counts_[i];
      columns[i % classes_] += counts_[i];
      all += counts_[i];
    }
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      const double whole = by == Normalize::truth       ? rows[i / classes_]
                           : by == Normalize::predicted ? columns[i % classes_]
                                                        : all;
      result.counts_[i] = whole == 0 ? 0 : counts_[i] / whole;
    }
    return result;
  }

  /// A table, true classes down and predicted ones across.
  /// @param names  of the classes; none: their numbers
  /// @throws ShapeError unless there is one for each class
  SEQNN_COLD std::string to_string(std::vector<std::string> names = {}) const {
    if (names.empty()) {
      for (std::size_t k = 0; k < classes_; ++k) names.push_back(std::to_string(k));
    }
    if (names.size() != classes_) {
      throw ShapeError(
          text("ConfusionMatrix: names must be one for each of the ", classes_, " classes, got ", names.size()));
    }
    const std::string corner = "true \\ predicted";
    std::size_t first = corner.size();
    for (const auto& name : names) first = std::max(first, name.size());
    std::string table = padded(corner, first, false);
    std::vector<std::size_t> widths(classes_);
    for (std::size_t k = 0; k < classes_; ++k) {
      widths[k] = names[k].size();
      for (std::size_t t = 0; t < classes_; ++t) widths[k] = std::max(widths[k], shown((*this)(t, k)).size());
      table += "  " + padded(names[k], widths[k], true);
    }
    for (std::size_t t = 0; t < classes_; ++t) {
      table += '\n' + padded(names[t], first, false);
      for (std::size_t k = 0; k < classes_; ++k) table += "  " + padded(shown((*this)(t, k)), widths[k], true);
    }
    return table + '\n';
  }

  bool operator==(const ConfusionMatrix&) const = default;

 private:
  static std::string padded(std::string value, std::size_t width, bool right) {
    const std::string space(width - value.size(), ' ');
    return right ? space + value : std::move(value) + space;
  }

  /// Counts without decimals, all else with four.
  static std::string shown(double value) {
    char buffer[40];
    std::snprintf(buffer, sizeof buffer, value == std::floor(value) ? "%.0f" : "%.4f", value);
    return buffer;
  }

  std::vector<double> counts_;
  std::size_t classes_;
};

struct ConfusionMatrixOptions {
  std::size_t classes = 0;                ///< 0: the width of y_pred, or one more than the largest class there is
  AnyArray sample_weight = {};            ///< one a row of y_pred; none: 1 each
  Normalize normalize = Normalize::none;  ///< shares instead of counts
  double threshold = 0.5;                 ///< above which a single output means class 1; 0 for logits
};

namespace detail {

/// A class for each row of an array of class indices, one-hot rows or outputs.
SEQNN_COLD inline std::vector<std::size_t> classes_of(const char* name, const AnyArray& array, std::size_t rows,
                                                      double threshold) {
  if (rows == 0 || array.size() % rows != 0) {
    throw ShapeError(text("confusion_matrix: ", name, " must have ", rows, " rows, got ", array.shape()));
  }
  const std::size_t width = array.size() / rows;
  const Values<double> values(array);
  std::vector<std::size_t> classes(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    const double* const row = values.data() + i * width;
    for (std::size_t k = 0; k < width; ++k) {
      if (std::isnan(row[k])) throw DataError(text("confusion_matrix: ", name, " must be numbers, got NaN in row ", i));
    }
    if (width > 1) {
      classes[i] = static_cast<std::size_t>(std::max_element(row, row + width) - row);
    } else if (threshold < std::numeric_limits<double>::infinity()) {
      classes[i] = *row > threshold ? 1 : 0;
    } else if (*row >= 0 && *row == std::floor(*row) && *row < 65536) {
      classes[i] = static_cast<std::size_t>(*row);
    } else {
      throw DataError(
          text("confusion_matrix: ", name, " must be classes counted from 0, below 65536, got ", *row, " in row ", i));
    }
  }
  return classes;
}

}  // namespace detail

/// Counts of every pair of true and predicted class, as scikit-learn's.
///
///     std::cout << confusion_matrix(y_test, model.predict(x_test)).to_string({"negative", "positive"});
///
/// @param y_true  class indices, or one-hot like y_pred; of sequences, (batch, time) or (batch, time, classes)
/// @param y_pred  outputs whose last axis are the classes, of which the largest counts; or one output each, which means
///                class 1 above the threshold; or class indices of an integer type
/// @throws ShapeError if their numbers of rows differ; DataError for NaN, and for classes that are not in [0, classes)
SEQNN_COLD inline ConfusionMatrix confusion_matrix(const AnyArray& y_true, const AnyArray& y_pred,
                                                   const ConfusionMatrixOptions& options = {}) {
  const std::size_t width = y_pred.shape().size() < 2 ? 1 : y_pred.shape().back();
  // Class indices (batch, time) look like outputs, but are integers.
  const std::size_t rows = y_pred.integers() || width == 0 ? y_pred.size() : y_pred.size() / width;
  const std::size_t true_width = y_pred.integers() || y_true.size() == rows ? 1 : width;
  if (rows == 0 || y_true.size() != rows * true_width) {
    throw ShapeError(text("confusion_matrix: y_true must have one class for each row of y_pred ", y_pred.shape(),
                          ", got ", y_true.shape(), rows == 0 ? "; there are no samples" : ""));
  }
  constexpr double kIndices = std::numeric_limits<double>::infinity();
  const auto truth = detail::classes_of("y_true", y_true, rows, kIndices);
  const auto predicted = detail::classes_of("y_pred", y_pred, rows, y_pred.integers() ? kIndices : options.threshold);
  std::size_t classes = options.classes;
  if (classes == 0) {
    classes = y_pred.integers() ? 1 : std::max<std::size_t>(width, 2);
    if (y_pred.integers()) {
      for (const std::size_t k : predicted) classes = std::max(classes, k + 1);
      for (const std::size_t k : truth) classes = std::max(classes, k + 1);
    }
  }
  const AnyArray& weights = options.sample_weight;
  if (!weights.empty() && weights.size() != rows) {
    throw ShapeError(
        text("confusion_matrix: sample_weight must be one for each of the ", rows, " rows, got ", weights.shape()));
  }
  const Values<double> weight(weights);
  ConfusionMatrix matrix(classes);
  for (std::size_t i = 0; i < rows; ++i) {
    for (const auto& [name, k] : {std::pair("y_true", truth[i]), std::pair("y_pred", predicted[i])}) {
      if (k >= classes) {
        throw DataError(text("confusion_matrix: ", name, " must be classes in [0, ", classes, "), got ", k, " in row ",
                             i, "; set .classes"));
      }
    }
    matrix.add(truth[i], predicted[i], weights.empty() ? 1.0 : weight.data()[i]);
  }
  return matrix.normalized(options.normalize);
}

}  // namespace seqnn::inline SEQNN_ABI
