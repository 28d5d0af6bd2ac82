#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/walkforward/correlation.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "seqnn/walkforward/scored_rows.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// What portfolios of the symbols with the lowest scores, …, the highest would have gained.
struct QuantileSpread {
  std::vector<std::int64_t> times;
  std::vector<double> outcomes;  ///< of each quantile, from the lowest scores to the highest: mean over the times
  std::vector<double> spread;    ///< of each time, mean outcome of the highest less that of the lowest
  MeanWithError mean_spread;
  std::vector<double> top_turnover;  ///< of each time but the first: share of the symbols that are new in the highest
  std::vector<double> bottom_turnover;  ///< and in the lowest
};

/// Sorts the symbols of each time into `quantiles` groups by their scores, as pandas' qcut does: a score belongs to the
/// first quantile whose upper bound it does not exceed, bounds being interpolated linearly. Rows where score or outcome
/// is NaN are left out, and so are times at which one of the groups remains empty (fewer symbols, or equal scores).
/// @throws as information_coefficient, OptionError for fewer than two quantiles
SEQNN_COLD inline QuantileSpread quantile_spread(const WalkForwardPlan& plan, std::span<const double> scores,
                                                 std::span<const double> outcomes, std::size_t quantiles = 5) {
  if (quantiles < 2) throw OptionError(text("quantile_spread: quantiles must be at least 2, got ", quantiles));
  QuantileSpread result;
  result.outcomes.assign(quantiles, 0);
  std::set<std::string_view> top, bottom;
  const auto share_of_new = [](const std::set<std::string_view>& now, const std::set<std::string_view>& before) {
    const auto is_new = [&](std::string_view symbol) { return before.find(symbol) == before.end(); };
    return static_cast<double>(std::count_if(now.begin(), now.end(), is_new)) / static_cast<double>(now.size());
  };
  for (const detail::ScoredRows& at : detail::scored_rows("quantile_spread", plan, scores, outcomes)) {
    std::vector<double> sorted = at.scores;
    std::sort(sorted.begin(), sorted.end());
    std::vector<double> bounds;  // upper ones, of all quantiles but the last
    for (std::size_t q = 1; q < quantiles; ++q) {
      const std::size_t position = q * (sorted.size() - 1), below = position / quantiles;
      const double part = static_cast<double>(position % quantiles) / static_cast<double>(quantiles);
      bounds.push_back(part == 0 ? sorted[below] : sorted[below] + part * (sorted[below + 1] - sorted[below]));
    }
    std::vector<double> sums(quantiles, 0), counts(quantiles, 0);
    std::set<std::string_view> now_top, now_bottom;
    for (std::size_t i = 0; i < at.rows.size(); ++i) {
      const auto q =
          static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), at.scores[i]) - bounds.begin());
      sums[q] += at.outcomes[i];
      ++counts[q];
      if (q == 0) now_bottom.insert(plan.symbol(at.rows[i]));
      if (q + 1 == quantiles) now_top.insert(plan.symbol(at.rows[i]));
    }
    if (std::find(counts.begin(), counts.end(), 0.0) != counts.end()) continue;
    if (!result.times.empty()) {
      result.top_turnover.push_back(share_of_new(now_top, top));
      result.bottom_turnover.push_back(share_of_new(now_bottom, bottom));
    }
    top = std::move(now_top);
    bottom = std::move(now_bottom);
    result.times.push_back(at.time);
    for (std::size_t q = 0; q < quantiles; ++q) result.outcomes[q] += sums[q] / counts[q];
    result.spread.push_back(sums.back() / counts.back() - sums.front() / counts.front());
  }
  if (result.times.empty()) {
    throw DataError(text("quantile_spread: some time must have symbols in all ", quantiles,
                         " quantiles, got none; take fewer quantiles"));
  }
  for (double& outcome : result.outcomes) outcome /= static_cast<double>(result.times.size());
  result.mean_spread = mean_with_error(result.spread);
  return result;
}

}  // namespace seqnn::inline SEQNN_ABI
