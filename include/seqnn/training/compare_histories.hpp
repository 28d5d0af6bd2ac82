#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/io/line_chart.hpp"
#include "seqnn/training/history.hpp"
#include "seqnn/training/monitor.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// A training to compare with others.
struct NamedHistory {
  std::string label;
  History history;
};

/// One metric of several trainings in one chart, a line each; the best epoch of the best of them is marked.
///
///     write_file("runs.svg", svg_of({compare_histories({{"gru", h1}, {"lstm", h2}}, {.metric = "val_loss"})}));
///
/// A training without the metric in an epoch has a gap there. Of `options`, `best_by` is not used.
///
/// @throws Error that lists the names a history has, if it has none of this name; OptionError without histories
SEQNN_COLD inline LineChart compare_histories(const std::vector<NamedHistory>& histories,
                                              const HistoryChartOptions& options = {.metric = "val_loss"}) {
  if (histories.empty()) throw OptionError("compare_histories: must have at least one history, got none");
  LineChart chart = detail::metric_chart(options);
  const Monitor monitor(options.metric, MonitorMode::automatic);
  const NamedHistory* winner = nullptr;
  std::size_t best = 0;
  for (const auto& named : histories) {
    const auto& values = named.history[options.metric];
    chart.add({.label = named.label, .x = detail::shown_epochs(named.history), .y = values});
    if (!detail::has_number(values)) continue;
    const std::size_t own = named.history.best_epoch(options.metric);
    if (winner != nullptr && !monitor.better(values[own], winner->history[options.metric][best])) continue;
    winner = &named;
    best = own;
  }
  if (winner == nullptr) return chart;
  const double value = winner->history[options.metric][best];
  return chart.highlight(detail::shown_epochs(winner->history)[best], value,
                         text(winner->label, ", ", detail::best_label(winner->history, best, value)));
}

}  // namespace seqnn::inline SEQNN_ABI
