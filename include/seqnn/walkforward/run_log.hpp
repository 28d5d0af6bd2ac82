#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/timestamp.hpp"
#include "seqnn/io/exact_number.hpp"
#include "seqnn/walkforward/forecast.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "seqnn/walkforward/point_outcome.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

/// As Python's str: "1.0", "0.52".
SEQNN_COLD inline std::string python_number(double value) {
  std::string number = exact_number(value);
  if (number.find_first_not_of("-0123456789") == std::string::npos) number += ".0";
  return number;
}

/// "[1.0,-1.0]"
SEQNN_COLD inline std::string python_list(const std::vector<double>& values) {
  std::string list;
  for (const double value : values) list += (list.empty() ? '[' : ',') + python_number(value);
  return list + ']';
}

inline double two_places(double value) { return std::round(value * 100) / 100; }

/// The largest probability of a forecast, rounded to two places; nothing where it has none.
SEQNN_COLD inline std::optional<double> rounded_probability(const Forecast& forecast) {
  std::optional<double> largest;
  for (const ForecastDetail& detail : forecast.details) {
    if (detail.name.ends_with("_prob")) largest = std::max(largest.value_or(detail.value), detail.value);
  }
  return largest ? std::optional(two_places(*largest)) : std::nullopt;
}

}  // namespace detail

/// What a run writes down of a point, dates without time of day:
///
///
///     2015-05-20 - 2015-05-20
///     =======================
///         history: from: 1983-01-07, to: 2015-05-19, length: 8120
///         forecast length: 1
///         forecast: [1.0]
///         probs: [0.52]
///         time [training+forecasting]: 1.1 secs
///
///
/// `probs` are the largest probabilities of classifiers; other models have no such line. A point that failed has
/// `failed: ` and its error instead of forecasts.
///
/// Source  the log of github.com/ivannp/wfl_cntk, which knows no failures
SEQNN_COLD inline std::string log_record(const WalkForwardPlan& plan, const PointOutcome& outcome) {
  const WalkForwardPoint& point = plan[outcome.point];
  const auto date = [&](std::size_t row) { return time_text(plan.time(row)).substr(0, 10); };
  std::string record =
      text('\n', date(point.forecast.begin), " - ", date(point.forecast.end - 1), '\n', std::string(23, '='),
           "\n    history: from: ", date(point.train.begin), ", to: ", date(point.train.end - 1),
           ", length: ", point.train.size(), "\n    forecast length: ", point.forecast.size(), '\n');
  if (outcome.error) {
    std::string error = *outcome.error;
    std::replace(error.begin(), error.end(), '\n', ' ');
    record += text("    failed: ", error, '\n');
  } else {
    std::vector<double> values, probabilities;
    for (const Forecast& forecast : outcome.forecasts) {
      values.push_back(forecast.value);
      if (const auto probability = detail::rounded_probability(forecast)) probabilities.push_back(*probability);
    }
    record += text("    forecast: ", detail::python_list(values), '\n');
    if (!probabilities.empty()) record += text("    probs: ", detail::python_list(probabilities), '\n');
  }
  return record + text("    time [training+forecasting]: ", detail::python_number(detail::two_places(outcome.seconds)),
                       " secs\n\n");
}

}  // namespace seqnn::inline SEQNN_ABI
