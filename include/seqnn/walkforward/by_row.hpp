#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/walkforward/forecast.hpp"
#include "seqnn/walkforward/plan.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

/// A number of each forecast, at the row of its time and symbol; NaN for all other rows.
template <class Value>
SEQNN_COLD std::vector<double> by_row(const WalkForwardPlan& plan, std::span<const Forecast> forecasts,
                                      const Value& value_of) {
  std::vector<double> values(plan.rows(), std::numeric_limits<double>::quiet_NaN());
  std::size_t next = 0;  // forecasts mostly come in the order of rows: look behind the last one first
  for (const Forecast& forecast : forecasts) {
    const auto is_at = [&](std::size_t row) {
      return row < plan.rows() && plan.time(row) == forecast.time && plan.symbol(row) == forecast.symbol;
    };
    if (!is_at(next)) {
      const auto first = std::lower_bound(plan.times().begin(), plan.times().end(), forecast.time);
      next = static_cast<std::size_t>(first - plan.times().begin());
      while (next < plan.rows() && plan.time(next) == forecast.time && !is_at(next)) ++next;
    }
    if (is_at(next)) values[next++] = value_of(forecast);
  }
  return values;
}

SEQNN_COLD inline void check_by_row(std::string_view of, std::string_view name, const WalkForwardPlan& plan,
                                    std::size_t got) {
  if (got == plan.rows()) return;
  throw ShapeError(text(of, ": ", name, " must be one for each of the plan's ", plan.rows(), " rows, got ", got,
                        "; NaN stands for none"));
}

}  // namespace detail

/// What was forecast for each row of a plan, NaN where nothing was; forecasts of other times and symbols are left out.
SEQNN_COLD inline std::vector<double> forecasts_by_row(const WalkForwardPlan& plan,
                                                       std::span<const Forecast> forecasts) {
  return detail::by_row(plan, forecasts, [](const Forecast& forecast) { return forecast.value; });
}

/// A detail of what was forecast for each row, such as "long_prob"; NaN where there is none of this name.
SEQNN_COLD inline std::vector<double> details_by_row(const WalkForwardPlan& plan, std::span<const Forecast> forecasts,
                                                     std::string_view name) {
  return detail::by_row(plan, forecasts, [name](const Forecast& forecast) {
    for (const ForecastDetail& detail : forecast.details) {
      if (detail.name == name) return detail.value;
    }
    return std::numeric_limits<double>::quiet_NaN();
  });
}

}  // namespace seqnn::inline SEQNN_ABI
