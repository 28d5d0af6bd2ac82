#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/series/returns.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

struct PriceFeaturesOptions {
  std::size_t history = 756;    ///< returns that a forecast sees: three years of 252 trading days
  double volatility_span = 36;  ///< over which returns are compared with those of late, see ewm_volatility
};

/// Rows to learn the direction of a price from. Row k says whether the price rose at times[k], and what came before.
struct PriceFeatures {
  Tensor<double, 2> x;              ///< (rows, history): returns before times[k] over their volatility, oldest first
  std::vector<double> sign;         ///< -1 where the price fell at times[k], else +1
  std::vector<double> returns;      ///< by how much: the return at times[k] itself
  std::vector<std::int64_t> times;  ///< as a WalkForwardPlan wants them
};

/// Makes the features of the published walk-forward loop: returns divided by the exponentially weighted volatility up
/// to and with themselves, the last `history` of them for each row. That today's return is part of its volatility is no
/// look into the future, since features of a row end the time before it.
///
///     Table prices = read_csv("series.csv");
///     PriceFeatures rows = price_features(prices.times(), prices.column_values("price"));
///     WalkForwardPlan plan(rows.times, {.start = "2015-05-20"});
///
/// @param times   of the prices
/// @param prices  at least history + 3: the first return, whose volatility it is itself, is no feature
/// @throws ShapeError for not as many times as prices, OptionError for options out of range, DataError for prices that
///         are not above 0, too few, or do not move before the first feature
/// Source  github.com/ivannp/wfl_cntk, returns_wfl
SEQNN_COLD inline PriceFeatures price_features(std::span<const std::int64_t> times, std::span<const double> prices,
                                               const PriceFeaturesOptions& options = {}) {
  const std::size_t history = options.history;
  if (times.size() != prices.size()) {
    throw ShapeError(text("price_features: there must be a time for each of the ", prices.size(), " prices, got ",
                          times.size(), "; read the file with its date column"));
  }
  if (history == 0) throw OptionError("price_features: history must be at least 1, got 0");
  if (prices.size() < 3 || prices.size() - 3 < history) {
    throw DataError(text("price_features: there must be at least history + 3 prices, got ", prices.size(),
                         " for a history of ", history, "; take a shorter history"));
  }
  std::vector<double> adjusted = pct_change(prices);  // adjusted[i] belongs to times[i + 1]
  const std::vector<double> volatility = ewm_volatility(adjusted, options.volatility_span);
  if (volatility[1] == 0) {
    const auto moved = std::find_if(volatility.begin(), volatility.end(), [](double v) { return v > 0; });
    throw DataError(text("price_features: the price must move within its first 3 rows, got ", prices[0],
                         " in the first ", moved - volatility.begin() + 1, "; leave out rows at the beginning"));
  }
  const std::size_t rows = adjusted.size() - history - 1, first = history + 1;  // the return that row 0 forecasts
  PriceFeatures result;
  result.x = Tensor<double, 2>::from_shape({rows, history});
  result.returns.assign(adjusted.begin() + static_cast<std::ptrdiff_t>(first), adjusted.end());
  result.times.assign(times.begin() + static_cast<std::ptrdiff_t>(first) + 1, times.end());
  for (const double r : result.returns) result.sign.push_back(r < 0 ? -1 : 1);
  for (std::size_t i = 1; i < adjusted.size(); ++i) adjusted[i] /= volatility[i];
  for (std::size_t row = 0; row < rows; ++row) std::copy_n(&adjusted[row + 1], history, &result.x(row, 0));
  return result;
}

}  // namespace seqnn::inline SEQNN_ABI
