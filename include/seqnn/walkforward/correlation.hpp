#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Correlation of two columns; NaN if either does not vary.
/// @throws ShapeError for different lengths
SEQNN_COLD inline double pearson(std::span<const double> x, std::span<const double> y) {
  if (x.size() != y.size()) {
    throw ShapeError(text("pearson: x and y must have one length, got ", x.size(), " and ", y.size()));
  }
  const auto mean = [](std::span<const double> values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
  };
  const auto varies = [](std::span<const double> values) {
    return std::any_of(values.begin(), values.end(), [&](double value) { return value != values[0]; });
  };
  if (!varies(x) || !varies(y)) return std::numeric_limits<double>::quiet_NaN();
  const double mx = mean(x), my = mean(y);
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
    xy += (x[i] - mx) * (y[i] - my);
  }
  return xy / (std::sqrt(xx) * std::sqrt(yy));
}

/// Place of each value in ascending order, from 1; equal ones share the mean of theirs.
/// Requires  no NaN
SEQNN_COLD inline std::vector<double> ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> result(values.size());
  for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    for (std::size_t i = first; i < last; ++i) result[order[i]] = static_cast<double>(first + last + 1) / 2;
  }
  return result;
}

/// Rank correlation: the correlation of ranks. NaN if either does not vary.
/// @throws ShapeError for different lengths
/// Requires  no NaN
SEQNN_COLD inline double spearman(std::span<const double> x, std::span<const double> y) {
  return pearson(ranks(x), ranks(y));
}

/// A mean of independent values, and how well it is known.
struct MeanWithError {
  std::size_t count = 0;
  double mean = std::numeric_limits<double>::quiet_NaN();
  double standard_error = std::numeric_limits<double>::quiet_NaN();  ///< of the mean; none for fewer than two values

  /// Student's, for a mean of 0.
  double t() const { return mean / standard_error; }
};

SEQNN_COLD inline MeanWithError mean_with_error(std::span<const double> values) {
  MeanWithError result;
  result.count = values.size();
  if (values.empty()) return result;
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  result.mean = sum / n;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  if (values.size() > 1) result.standard_error = std::sqrt(squares / (n - 1) / n);
  return result;
}

}  // namespace seqnn::inline SEQNN_ABI
