#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/walkforward/correlation.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "seqnn/walkforward/scored_rows.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// What following forecasts would have gained at each time, and what holding everything would have; without any costs.
struct SignalReturns {
  std::vector<std::int64_t> times;
  std::vector<double> signal;       ///< mean over the symbols of the return times the forecast's sign
  std::vector<double> always_long;  ///< mean of their returns
};

/// @param forecasts  by row; 0 counts as positive. Rows where forecast or return is NaN are left out
/// @param returns    by row: 0.01 is one per cent
/// @throws ShapeError for other numbers of them
SEQNN_COLD inline SignalReturns signal_returns(const WalkForwardPlan& plan, std::span<const double> forecasts,
                                               std::span<const double> returns) {
  SignalReturns result;
  for (const detail::ScoredRows& at : detail::scored_rows("signal_returns", plan, forecasts, returns)) {
    double signal = 0, all = 0;
    for (std::size_t i = 0; i < at.rows.size(); ++i) {
      signal += at.scores[i] < 0 ? -at.outcomes[i] : at.outcomes[i];
      all += at.outcomes[i];
    }
    const auto n = static_cast<double>(at.rows.size());
    result.times.push_back(at.time);
    result.signal.push_back(signal / n);
    result.always_long.push_back(all / n);
  }
  return result;
}

/// What 1 becomes when the returns follow each other and all is kept invested.
SEQNN_COLD inline std::vector<double> growth(std::span<const double> returns) {
  std::vector<double> result;
  double worth = 1;
  for (const double r : returns) result.push_back(worth *= 1 + r);
  return result;
}

/// Mean of returns over their standard deviation, times the square root of how many there are in a year: a Sharpe ratio
/// without interest and costs. NaN for fewer than two returns, and where they do not vary.
SEQNN_COLD inline double mean_over_deviation(std::span<const double> returns, double times_per_year = 252) {
  const MeanWithError mean = mean_with_error(returns);
  const double deviation = mean.standard_error * std::sqrt(static_cast<double>(mean.count));
  return deviation > 0 ? mean.mean / deviation * std::sqrt(times_per_year) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace seqnn::inline SEQNN_ABI
