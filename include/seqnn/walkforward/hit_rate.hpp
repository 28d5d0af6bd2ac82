#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/random.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

namespace seqnn::inline SEQNN_ABI {

/// A share and the numbers it lies between.
struct ConfidenceInterval {
  double low = 0;
  double high = 1;
};

/// How many forecasts had the right sign.
struct HitRate {
  std::size_t hits = 0;
  std::size_t count = 0;

  /// NaN without forecasts.
  double rate() const {
    return count > 0 ? static_cast<double>(hits) / static_cast<double>(count)
                     : std::numeric_limits<double>::quiet_NaN();
  }

  /// Of the rate, were forecasts independent: sqrt(p (1 - p) / n).
  double standard_error() const { return std::sqrt(rate() * (1 - rate()) / static_cast<double>(count)); }

  /// Where the probability of a hit lies with this confidence, by the binomial distribution.
  /// @throws OptionError for a confidence outside (0, 1)
  /// Source  Wilson 1927, Probable inference, the law of succession, and statistical inference
  SEQNN_COLD ConfidenceInterval interval(double confidence = 0.95) const {
    if (!(confidence > 0 && confidence < 1)) {
      throw OptionError(text("HitRate: confidence must be in (0, 1), got ", confidence));
    }
    if (count == 0) return {};
    const double n = static_cast<double>(count), z = normal_quantile(0.5 + confidence / 2), zz = z * z / n;
    const double middle = rate() + zz / 2, reach = z * std::sqrt((rate() * (1 - rate()) + zz / 4) / n);
    return {std::max((middle - reach) / (1 + zz), 0.0), std::min((middle + reach) / (1 + zz), 1.0)};
  }
};

/// Counts the forecasts whose sign is that of the outcome; 0 counts as a positive number on both sides. Where either is
/// NaN nothing is counted.
/// @throws ShapeError for not as many outcomes as forecasts
SEQNN_COLD inline HitRate hit_rate(std::span<const double> forecasts, std::span<const double> outcomes) {
  if (forecasts.size() != outcomes.size()) {
    throw ShapeError(
        text("hit_rate: there must be as many outcomes as forecasts, ", forecasts.size(), ", got ", outcomes.size()));
  }
  HitRate result;
  for (std::size_t i = 0; i < forecasts.size(); ++i) {
    if (std::isnan(forecasts[i]) || std::isnan(outcomes[i])) continue;
    result.hits += (forecasts[i] < 0) == (outcomes[i] < 0);
    ++result.count;
  }
  return result;
}

}  // namespace seqnn::inline SEQNN_ABI
