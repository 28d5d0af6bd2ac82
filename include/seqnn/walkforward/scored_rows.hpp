#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/walkforward/by_row.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "seqnn/walkforward/time_groups.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

/// The rows of one time that have a score and an outcome.
struct ScoredRows {
  std::int64_t time = 0;
  std::vector<std::size_t> rows;
  std::vector<double> scores;
  std::vector<double> outcomes;
};

SEQNN_COLD inline std::vector<ScoredRows> scored_rows(std::string_view of, const WalkForwardPlan& plan,
                                                      std::span<const double> scores,
                                                      std::span<const double> outcomes) {
  check_by_row(of, "scores", plan, scores.size());
  check_by_row(of, "outcomes", plan, outcomes.size());
  const std::vector<std::size_t> first_rows = time_groups(of, plan.times());
  std::vector<ScoredRows> result;
  for (std::size_t t = 0; t + 1 < first_rows.size(); ++t) {
    ScoredRows group{.time = plan.time(first_rows[t]), .rows = {}, .scores = {}, .outcomes = {}};
    for (std::size_t row = first_rows[t]; row < first_rows[t + 1]; ++row) {
      if (std::isnan(scores[row]) || std::isnan(outcomes[row])) continue;
      group.rows.push_back(row);
      group.scores.push_back(scores[row]);
      group.outcomes.push_back(outcomes[row]);
    }
    if (!group.rows.empty()) result.push_back(std::move(group));
  }
  return result;
}

}  // namespace detail

}  // namespace seqnn::inline SEQNN_ABI
