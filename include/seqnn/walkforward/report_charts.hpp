#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/io/line_chart.hpp"
#include "seqnn/walkforward/calibration.hpp"
#include "seqnn/walkforward/hit_rate.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "seqnn/walkforward/scored_rows.hpp"
#include "seqnn/walkforward/signal_returns.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

/// Every so many-th point of a line, and the last, so that at most a thousand or so are left.
SEQNN_COLD inline Series thinned(const Series& line) {
  const std::size_t n = line.x.size(), step = n / 1'000 + 1;
  Series result{.label = line.label, .dashed = line.dashed};
  for (std::size_t i = (n + step - 1) % step; i < n; i += step) {
    result.x.push_back(line.x[i]);
    result.y.push_back(line.y[i]);
    if (line.low.empty()) continue;
    result.low.push_back(line.low[i]);
    result.high.push_back(line.high[i]);
  }
  return result;
}

SEQNN_COLD inline std::vector<double> as_numbers(const std::vector<std::int64_t>& times) {
  return std::vector<double>(times.begin(), times.end());
}

inline constexpr double kReportChartWidth = 720;

SEQNN_COLD inline LineChart equity_chart(const SignalReturns& returns) {
  const std::vector<double> times = as_numbers(returns.times);
  LineChart chart(
      {.title = "What 1 would have become", .y_label = "worth", .x_times = true, .width = kReportChartWidth});
  chart.add(thinned({.label = "signal", .x = times, .y = growth(returns.signal)}));
  chart.add(thinned({.label = "always long", .x = times, .y = growth(returns.always_long), .dashed = true}));
  return chart;
}

/// Hit rate of all forecasts up to each time; of many not from the first ones, which tell nothing.
SEQNN_COLD inline LineChart hit_rate_chart(const WalkForwardPlan& plan, std::span<const double> forecasts,
                                           std::span<const double> outcomes) {
  const std::size_t all = hit_rate(forecasts, outcomes).count,
                    few = all < 100 ? 1 : std::max<std::size_t>(30, all / 50);
  std::vector<double> times, rates, low, high, up;
  HitRate model, always_up;
  for (const ScoredRows& at : scored_rows("walk_forward_report", plan, forecasts, outcomes)) {
    const HitRate now = hit_rate(at.scores, at.outcomes);
    model.hits += now.hits;
    model.count += now.count;
    always_up.hits += hit_rate(std::vector<double>(at.rows.size(), 1.0), at.outcomes).hits;
    if (model.count < few) continue;
    always_up.count = model.count;
    const auto [lowest, highest] = model.interval();
    times.push_back(static_cast<double>(at.time));
    rates.push_back(model.rate());
    low.push_back(lowest);
    high.push_back(highest);
    up.push_back(always_up.rate());
  }
  LineChart chart({.title = "Hit rate so far", .y_label = "hit rate", .x_times = true, .width = kReportChartWidth});
  chart.add(thinned({.label = "model, and its 95 % interval", .x = times, .y = rates, .low = low, .high = high}));
  chart.add(thinned({.label = "always +1", .x = times, .y = up, .dashed = true}));
  return chart;
}

SEQNN_COLD inline LineChart calibration_chart(const std::vector<CalibrationBin>& bins) {
  std::vector<double> predicted, happened, low, high;
  for (const CalibrationBin& bin : bins) {
    const auto [lowest, highest] = bin.happened.interval();
    predicted.push_back(bin.predicted);
    happened.push_back(bin.happened.rate());
    low.push_back(lowest);
    high.push_back(highest);
  }
  LineChart chart({.title = "Calibration",
                   .x_label = "probability of +1, as forecast",
                   .y_label = "share of +1",
                   .width = kReportChartWidth});
  chart.add({.label = "model, and its 95 % interval", .x = predicted, .y = happened, .low = low, .high = high});
  chart.add({.label = "as it should be", .x = predicted, .y = predicted, .dashed = true});
  return chart;
}

SEQNN_COLD inline LineChart seconds_chart(const std::vector<double>& seconds) {
  std::vector<double> numbers;
  for (std::size_t i = 0; i < seconds.size(); ++i) numbers.push_back(static_cast<double>(i + 1));
  LineChart chart({.title = "Time a point",
                   .x_label = "point that was computed",
                   .y_label = "time",
                   .y_unit = "s",
                   .x_integers = true,
                   .width = kReportChartWidth});
  chart.add(thinned({.label = "time", .x = numbers, .y = seconds}));
  return chart;
}

}  // namespace detail

}  // namespace seqnn::inline SEQNN_ABI
