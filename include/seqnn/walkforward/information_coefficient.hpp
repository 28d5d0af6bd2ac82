#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/walkforward/correlation.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "seqnn/walkforward/scored_rows.hpp"

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// How well scores order the symbols of a time, time by time.
struct InformationCoefficient {
  std::vector<std::int64_t> times;
  std::vector<double> pearson;   ///< of each time, correlation of scores and outcomes
  std::vector<double> spearman;  ///< and of their ranks
  MeanWithError mean_pearson;
  MeanWithError mean_spearman;
};

/// Correlates scores and outcomes of a panel at each time. Rows where either is NaN are left out, and so are times at
/// which either does not vary.
/// @param scores    by row, see forecasts_by_row
/// @param outcomes  by row
/// @throws ShapeError for other numbers of them, DataError if no time is left, as for a single series
SEQNN_COLD inline InformationCoefficient information_coefficient(const WalkForwardPlan& plan,
                                                                 std::span<const double> scores,
                                                                 std::span<const double> outcomes) {
  InformationCoefficient result;
  for (const detail::ScoredRows& at : detail::scored_rows("information_coefficient", plan, scores, outcomes)) {
    const double correlation = pearson(at.scores, at.outcomes);
    if (std::isnan(correlation)) continue;
    result.times.push_back(at.time);
    result.pearson.push_back(correlation);
    result.spearman.push_back(spearman(at.scores, at.outcomes));
  }
  if (result.times.empty()) {
    throw DataError(
        "information_coefficient: some time must have several symbols whose scores and outcomes differ, got none; for "
        "a single series use pearson or spearman over all rows");
  }
  result.mean_pearson = mean_with_error(result.pearson);
  result.mean_spearman = mean_with_error(result.spearman);
  return result;
}

}  // namespace seqnn::inline SEQNN_ABI
