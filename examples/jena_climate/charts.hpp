#pragma once

#include "protocol.hpp"
#include "seqnn/seqnn.hpp"

#include <cstddef>
#include <cstdio>
#include <vector>

/// The picture: how it was learnt, and what came of it.
namespace jena {

/// Mean absolute errors by epoch, in °C, beside the naive one.
inline seqnn::LineChart learning_chart(const seqnn::History& history, double naive) {
  using namespace seqnn;
  LineChart chart(
      {.title = "Mean absolute error", .x_label = "epoch", .y_label = "error", .y_unit = "°C", .x_integers = true});
  std::vector<double> epochs;
  for (const std::size_t epoch : history.epoch_numbers()) epochs.push_back(static_cast<double>(epoch + 1));
  const std::vector<double> validation = history["val_mean_absolute_error"];
  chart.add({.label = "training", .x = epochs, .y = history["mean_absolute_error"], .dashed = true});
  chart.add({.label = "validation", .x = epochs, .y = validation});
  const double end = epochs.size() == 1 ? epochs[0] + 1 : epochs.back();
  chart.add({.label = "naive", .x = {epochs[0], end}, .y = {naive, naive}});
  const std::size_t best = history.best_epoch("val_mean_absolute_error");
  char label[64];
  std::snprintf(label, sizeof label, "%.2f °C", validation[best]);
  return chart.highlight(epochs[best], validation[best], label);
}

/// The temperature that came, what was forecast a day before, and the temperature there was when that was done.
/// @param forecasts  of the samples of experiment.forecast, targets as the model gives them; empty: there is no model
inline seqnn::LineChart forecast_chart(const Experiment& experiment, const seqnn::Table& table,
                                       const std::vector<float>& forecasts) {
  using namespace seqnn;
  std::vector<double> times, truth, naive, model;
  const WindowRows& rows = experiment.forecast.rows();
  for (std::size_t i = 0; i < experiment.forecast.size(); i += 6) {  // every hour
    const std::size_t row = rows.first_target(i);
    times.push_back(static_cast<double>(table.times()[row]));
    truth.push_back(table.values()(row, kTemperature));
    naive.push_back(table.values()(rows.last_input(i), kTemperature));
    if (!forecasts.empty()) model.push_back(experiment.in_celsius(static_cast<double>(forecasts[i])));
  }
  LineChart chart({.title = "Forecast of the next day, first two weeks of the test",
                   .x_label = "day",
                   .y_label = "temperature",
                   .y_unit = "°C",
                   .x_times = true,
                   .width = 900});
  chart.add({.label = "measured", .x = times, .y = truth});
  if (!model.empty()) chart.add({.label = "forecast", .x = times, .y = model});
  chart.add({.label = "naive: as the day before", .x = times, .y = naive, .dashed = true});
  return chart;
}

}  // namespace jena
