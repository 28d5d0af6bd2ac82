#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// What prices gain from each row to the next: p[i + 1] / p[i] - 1, one number fewer than prices.
/// @throws DataError for a price that is not a number above 0, with its row
SEQNN_COLD inline std::vector<double> pct_change(std::span<const double> prices) {
  for (std::size_t row = 0; row < prices.size(); ++row) {
    if (prices[row] > 0 && std::isfinite(prices[row])) continue;
    throw DataError(text("pct_change: prices must be numbers above 0, got ", prices[row], " in row ", row,
                         "; correct the row or leave it out"));
  }
  std::vector<double> returns;
  for (std::size_t row = 1; row < prices.size(); ++row) returns.push_back(prices[row] / prices[row - 1] - 1);
  return returns;
}

/// Means of all values up to each one, in which older values count less: the weight of a value i rows ago is
/// (1 - α)^i, α = 2 / (span + 1), and weights are divided by their sum. pandas' `ewm(span).mean()` with its default,
/// adjusted weights.
/// @throws OptionError for a span below 1, DataError for a value that is not finite
SEQNN_COLD inline std::vector<double> ewm_mean(std::span<const double> values, double span) {
  if (!(span >= 1) || !std::isfinite(span)) {
    throw OptionError(text("ewm_mean: span must be a number of rows from 1 on, got ", span));
  }
  const double keep = 1 - 2 / (span + 1);
  std::vector<double> means;
  double mean = 0, weights = 0;  // weights of the values so far
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (!std::isfinite(values[row])) {
      throw DataError(text("ewm_mean: values must be finite, got ", values[row], " in row ", row,
                           "; use fill_missing, or leave the row out"));
    }
    weights *= keep;
    mean = (weights * mean + values[row]) / (weights + 1);
    weights += 1;
    means.push_back(mean);
  }
  return means;
}

/// The size that returns have had of late: the square root of `ewm_mean` of their squares. What the mean return is does
/// not count, as it is next to nothing over a day.
/// @throws as ewm_mean
SEQNN_COLD inline std::vector<double> ewm_volatility(std::span<const double> returns, double span = 36) {
  std::vector<double> squares;
  for (const double r : returns) squares.push_back(r * r);
  std::vector<double> volatility = ewm_mean(squares, span);
  for (double& v : volatility) v = std::sqrt(v);
  return volatility;
}

}  // namespace seqnn::inline SEQNN_ABI
