#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/walkforward/hit_rate.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Forecasts of about one probability, and how often what they forecast has happened.
struct CalibrationBin {
  double lowest = 0;     ///< probability
  double highest = 0;    ///< itself included
  double predicted = 0;  ///< mean probability
  HitRate happened;      ///< of a calibrated model the rate is `predicted`
};

/// Compares probabilities with what happened: bins of about as many forecasts each, from the lowest probabilities to
/// the highest; equal ones share a bin. Where either is NaN nothing is counted.
/// @param outcomes  0 and above: it happened
/// @throws ShapeError for not as many outcomes as probabilities, OptionError for no bins
SEQNN_COLD inline std::vector<CalibrationBin> calibration(std::span<const double> probabilities,
                                                          std::span<const double> outcomes, std::size_t bins = 10) {
  if (probabilities.size() != outcomes.size()) {
    throw ShapeError(text("calibration: there must be as many outcomes as probabilities, ", probabilities.size(),
                          ", got ", outcomes.size()));
  }
  if (bins == 0) throw OptionError("calibration: bins must be at least 1, got 0");
  std::vector<std::pair<double, bool>> sorted;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (std::isnan(probabilities[i]) || std::isnan(outcomes[i])) continue;
    sorted.emplace_back(probabilities[i], outcomes[i] >= 0);
  }
  std::sort(sorted.begin(), sorted.end());
  const std::size_t n = sorted.size();
  std::vector<CalibrationBin> result;
  for (std::size_t bin = 0, first = 0; bin < bins && first < n; ++bin) {
    std::size_t last = std::max(n * (bin + 1) / bins, first);
    if (last == first) continue;
    while (last < n && sorted[last].first == sorted[last - 1].first) ++last;
    CalibrationBin made;
    for (std::size_t i = first; i < last; ++i) {
      made.predicted += sorted[i].first / static_cast<double>(last - first);
      made.happened.hits += sorted[i].second;
    }
    made.happened.count = last - first;
    made.lowest = sorted[first].first;
    made.highest = sorted[last - 1].first;
    result.push_back(made);
    first = last;
  }
  return result;
}

}  // namespace seqnn::inline SEQNN_ABI
