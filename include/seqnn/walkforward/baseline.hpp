#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/walkforward/by_row.hpp"
#include "seqnn/walkforward/plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <span>
#include <string_view>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Forecasts of a sign that need no model: what a model has to beat.
enum class Baseline {
  always_up,  ///< +1
  majority,   ///< the sign that most outcomes of the point's training rows have
  last_sign,  ///< that of the symbol's newest outcome in the training rows
};

/// The baseline's forecasts by row, +1 or -1 where the plan forecasts, NaN elsewhere. Like a model at a point it knows
/// the training rows only; where these hold nothing it says +1.
/// @param outcomes  one for each row of the plan; 0 counts as positive, NaN as unknown
/// @throws ShapeError for another number of outcomes
SEQNN_COLD inline std::vector<double> baseline_forecasts(const WalkForwardPlan& plan, std::span<const double> outcomes,
                                                         Baseline baseline) {
  detail::check_by_row("baseline_forecasts", "outcomes", plan, outcomes.size());
  std::vector<double> signs(1, 0);  // sum over all rows before
  std::map<std::string_view, std::vector<std::size_t>> rows_of;
  for (std::size_t row = 0; row < plan.rows(); ++row) {
    const bool known = !std::isnan(outcomes[row]);
    signs.push_back(signs.back() + (!known ? 0 : outcomes[row] < 0 ? -1 : 1));
    if (known && baseline == Baseline::last_sign) rows_of[plan.symbol(row)].push_back(row);
  }
  std::vector<double> forecasts(plan.rows(), std::numeric_limits<double>::quiet_NaN());
  for (const WalkForwardPoint& point : plan) {
    const bool mostly_down = signs[point.train.end] < signs[point.train.begin];
    for (std::size_t row = point.forecast.begin; row < point.forecast.end; ++row) {
      bool down = baseline == Baseline::majority && mostly_down;
      if (baseline == Baseline::last_sign) {
        const std::vector<std::size_t>& rows = rows_of[plan.symbol(row)];
        const auto behind = std::lower_bound(rows.begin(), rows.end(), point.train.end);
        down = behind != rows.begin() && behind[-1] >= point.train.begin && outcomes[behind[-1]] < 0;
      }
      forecasts[row] = down ? -1 : 1;
    }
  }
  return forecasts;
}

}  // namespace seqnn::inline SEQNN_ABI
