#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/io/atomic_file.hpp"
#include "seqnn/io/csv_cell.hpp"
#include "seqnn/io/exact_number.hpp"
#include "seqnn/io/line_chart.hpp"
#include "seqnn/training/logs.hpp"
#include "seqnn/training/monitor.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

class History;

struct HistoryChartOptions {
  std::string metric = "loss";  ///< a name in the history; with "val_" before it, that of the validation twin
  std::string unit = {};        ///< of the metric
  std::string title = {};       ///< empty: made from the metric
  std::string best_by = {};  ///< the name whose best epoch is marked; empty: the validation twin's, else the metric's
  double width = 520;        ///< pixels
  double height = 340;
};

/// A chart of a metric by epoch, with its validation twin if there is one, and the best epoch marked.
///
///     write_file("mae.svg", svg_of({history_chart(history, {.metric = "mean_absolute_error", .unit = "°C"})}));
///
/// @throws Error that lists the names there are, if there is none of this name
LineChart history_chart(const History& history, const HistoryChartOptions& options = {});

/// What `fit` reports: every number of every epoch, and how long it took.
///
///     history["loss"][3]                       the fourth epoch's; "val_loss" where there is validation data
///     history.best_epoch("val_loss")           where it was lowest, as an index into these vectors
///     history.save_csv("history.csv"), history.save_svg("history.svg")
///
/// Epochs count from 0 in code, and from 1 where people read them: in the table, the chart and the progress bar.
class History {
 public:
  /// Adds the numbers of one epoch. A name that has been missing so far, or is missing now, is NaN for those epochs.
  SEQNN_COLD void append(std::size_t epoch, const Logs& logs,
                         double seconds = std::numeric_limits<double>::quiet_NaN()) {
    constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
    for (const auto& [name, value] : logs) {
      if (find(name) != nullptr) continue;
      Column& column = columns_.emplace_back();
      column.name = name;
      column.values.assign(epochs(), kMissing);
    }
    for (auto& column : columns_) {
      const double* const value = logs.find(column.name);
      column.values.push_back(value == nullptr ? kMissing : *value);
    }
    epoch_numbers_.push_back(epoch);
    seconds_.push_back(seconds);
  }

  /// How many epochs there are; every vector has this length.
  std::size_t epochs() const { return epoch_numbers_.size(); }

  /// Their numbers, from 0; not simply 0, 1, … after a fit with `initial_epoch`.
  const std::vector<std::size_t>& epoch_numbers() const { return epoch_numbers_; }

  /// Seconds each epoch took, validation included.
  const std::vector<double>& seconds() const { return seconds_; }

  /// In the order in which they first came.
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& column : columns_) result.push_back(column.name);
    return result;
  }

  bool contains(std::string_view name) const { return find(name) != nullptr; }

  /// The values by epoch. @throws Error that lists the names there are, if there is none of this name
  SEQNN_COLD const std::vector<double>& operator[](std::string_view name) const {
    const auto* const values = find(name);
    if (values == nullptr) {
      Logs known;
      for (const auto& column : columns_) known.set(column.name, 0);
      throw Error(text("History: name must be one of ", known.names(), ", got \"", name, '"'));
    }
    return *values;
  }

  /// Index of the first epoch with the best value: the lowest, or the highest for names such as "val_accuracy" (see
  /// `higher_is_better`; `mode` overrules the name). NaN is never best.
  /// @throws Error as `operator[]`; DataError if no epoch has a number
  SEQNN_COLD std::size_t best_epoch(std::string_view name = "val_loss",
                                    MonitorMode mode = MonitorMode::automatic) const {
    const auto& values = (*this)[name];
    const Monitor monitor(std::string(name), mode);
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!std::isnan(values[i]) && (!best || monitor.better(values[i], values[*best]))) best = i;
    }
    if (!best) throw DataError(text("History: \"", name, "\" must be a number in some epoch, got NaN in all of them"));
    return *best;
  }

  /// Why training ended before its epochs ran out; empty if they did.
  const std::string& stop_reason() const { return stop_reason_; }
  void set_stop_reason(std::string reason) { stop_reason_ = std::move(reason); }

  /// What callbacks had to say, in order (`Training::note`).
  const std::vector<std::string>& notes() const { return notes_; }
  void set_notes(std::vector<std::string> notes) { notes_ = std::move(notes); }

  /// Comma-separated values, one line an epoch: epoch (from 1), the names in their order, seconds. Numbers read back as
  /// the same doubles whatever the locale; a value that is missing is `nan`.
  SEQNN_COLD std::string csv() const {
    std::string table = "epoch";
    for (const auto& column : columns_) table += ',' + csv_cell(column.name);
    table += ",seconds\n";
    for (std::size_t i = 0; i < epochs(); ++i) {
      table += std::to_string(epoch_numbers_[i] + 1);
      for (const auto& column : columns_) table += ',' + exact_number(column.values[i]);
      table += ',' + exact_number(seconds_[i]) + '\n';
    }
    return table;
  }

  /// Writes `csv()`, all or nothing. @throws FileError
  void save_csv(const std::string& path) const { write_file(path, csv()); }

  /// A picture of two charts (`history_chart`): the losses, and the first metric if there is one; the epoch of the
  /// lowest validation loss (else loss) is marked in both.
  SEQNN_COLD std::string svg() const {
    const std::string best_by = contains("val_loss") ? "val_loss" : contains("loss") ? "loss" : "";
    std::vector<LineChart> charts;
    if (contains("loss") || columns_.empty()) charts.push_back(history_chart(*this, {.best_by = best_by}));
    const auto metric = std::find_if(columns_.begin(), columns_.end(), [](const Column& column) {
      return column.name != "loss" && !column.name.starts_with("val_");
    });
    if (metric != columns_.end()) charts.push_back(history_chart(*this, {.metric = metric->name, .best_by = best_by}));
    return svg_of(charts);
  }

  /// Writes `svg()`, all or nothing. @throws FileError
  void save_svg(const std::string& path) const { write_file(path, svg()); }

  /// The table of `csv()`.
  friend std::ostream& operator<<(std::ostream& out, const History& history) { return out << history.csv(); }

 private:
  struct Column {
    std::string name;
    std::vector<double> values;
  };

  const std::vector<double>* find(std::string_view name) const {
    for (const auto& column : columns_) {
      if (column.name == name) return &column.values;
    }
    return nullptr;
  }

  std::vector<Column> columns_;
  std::vector<std::size_t> epoch_numbers_;
  std::vector<double> seconds_;
  std::string stop_reason_;
  std::vector<std::string> notes_;
};

namespace detail {

/// "binary_accuracy" -> "Binary accuracy", "val_loss" -> "Validation loss"
SEQNN_COLD inline std::string metric_title(std::string name) {
  if (name.starts_with("val_")) name = "validation_" + name.substr(4);
  std::replace(name.begin(), name.end(), '_', ' ');
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 'a' + 'A');
  return name;
}

/// As people count them, from 1.
SEQNN_COLD inline std::vector<double> shown_epochs(const History& history) {
  std::vector<double> result;
  for (const std::size_t epoch : history.epoch_numbers()) result.push_back(static_cast<double>(epoch + 1));
  return result;
}

/// "epoch 3: 0.4100"
SEQNN_COLD inline std::string best_label(const History& history, std::size_t best, double value) {
  std::string label = text("epoch ", history.epoch_numbers()[best] + 1, ": ");
  append_metric(label, value);
  return label;
}

/// The empty chart of a metric by epoch.
SEQNN_COLD inline LineChart metric_chart(const HistoryChartOptions& options) {
  return LineChart({.title = options.title.empty() ? metric_title(options.metric) : options.title,
                    .x_label = "epoch",
                    .y_label = options.metric,
                    .y_unit = options.unit,
                    .x_integers = true,
                    .width = options.width,
                    .height = options.height});
}

SEQNN_COLD inline bool has_number(const std::vector<double>& values) {
  return !std::all_of(values.begin(), values.end(), [](double value) { return std::isnan(value); });
}

}  // namespace detail

SEQNN_COLD inline LineChart history_chart(const History& history, const HistoryChartOptions& options) {
  LineChart chart = detail::metric_chart(options);
  if (history.epochs() == 0) return chart;
  const std::vector<double> x = detail::shown_epochs(history);
  const std::string twin = "val_" + options.metric;
  const bool validated = history.contains(twin);
  const auto& marked = history[validated ? twin : options.metric];
  const std::string label = options.metric.starts_with("val_") ? "validation" : "training";
  chart.add({.label = label, .x = x, .y = history[options.metric], .dashed = validated});
  if (validated) chart.add({.label = "validation", .x = x, .y = marked});

  const std::string best_by = !options.best_by.empty() ? options.best_by : validated ? twin : options.metric;
  if (!detail::has_number(history[best_by])) return chart;
  const std::size_t best = history.best_epoch(best_by);
  return chart.highlight(x[best], marked[best], detail::best_label(history, best, marked[best]));
}

}  // namespace seqnn::inline SEQNN_ABI
