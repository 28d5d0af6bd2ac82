#pragma once

#include "climate.hpp"
#include "seqnn/seqnn.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// What a network learns from, and how it is judged.
namespace jena {

/// The book's splits: 200,000 rows to learn from and to scale by, but at most three fifths; then 100,000 to validate
/// on, but at most half of what is left (rounded up). One row is left out between them.
inline seqnn::Splits book_splits(std::size_t rows) {
  const std::size_t train = std::min<std::size_t>(200'000, rows * 3 / 5);
  const std::size_t validation = train + std::min<std::size_t>(100'000, (rows - train + 1) / 2);
  return {{0, train}, {train + 1, validation}, {validation + 1, rows}};
}

/// Windows of a split in the order of time, `size` samples: after `period` of them it begins again, as the book's
/// generator does. What is compared is computed on the same samples.
class Evaluation {
 public:
  Evaluation(seqnn::Windows<float> windows, std::size_t period, std::size_t size)
      : windows_(std::move(windows)), period_(period), size_(size) {}

  std::size_t size() const { return size_; }
  seqnn::Shape x_shape() const { return windows_.x_shape(); }
  seqnn::Shape y_shape() const { return windows_.y_shape(); }

  void gather(std::span<const std::size_t> indices, std::span<float> x, std::span<float> y) const {
    const std::size_t width = seqnn::element_count(x_shape());
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const std::size_t index = indices[i] % period_;
      windows_.gather({&index, 1}, x.subspan(i * width, width), y.empty() ? y : y.subspan(i, 1));
    }
  }

  const seqnn::Windows<float>& windows() const { return windows_; }

 private:
  seqnn::Windows<float> windows_;
  std::size_t period_;  // samples after which it begins again
  std::size_t size_;
};

/// One experiment on one series. Inputs are all columns, standardised by mean and deviation of the training rows.
struct Experiment {
  std::size_t batch_size;
  bool celsius;                  ///< whether targets are in °C; else they are standardised as the inputs are
  seqnn::StandardScaler scaler;  ///< by the training rows

  seqnn::Windows<float> train;
  Evaluation validation;
  Evaluation test;
  seqnn::Windows<float> forecast;  ///< the first two weeks of the test rows, or what there is of them

  /// A target in °C.
  double in_celsius(double target) const { return celsius ? target : scaler.inverse(kTemperature, target); }
  /// Standard deviation of the training rows' temperatures, °C: what divides an error to standardise it.
  double deviation() const { return scaler.scale(kTemperature); }
  /// Mean absolute error in °C, whatever targets are in; "mean_absolute_error" in the history.
  seqnn::MetricRecipe<float> error() const {
    using namespace seqnn;
    if (celsius) return MeanAbsoluteError();
    return InOriginalUnits(MeanAbsoluteError(), scaler, kTemperature, {.name = "mean_absolute_error"});
  }
};

constexpr std::size_t kDelay = 144;             ///< rows: a day
constexpr std::size_t kForecast = 14 * kDelay;  ///< rows: two weeks

/// All samples once, or else `steps` batches as the book takes them: it begins again before a batch would reach the
/// end.
inline Evaluation whole_batches(seqnn::Windows<float> windows, std::size_t steps, std::size_t batch_size) {
  const std::size_t period = (windows.size() - 1) / batch_size * batch_size;
  if (steps == 0 || period == 0) {
    throw seqnn::DataError(seqnn::text("a split must have more than ", batch_size, " windows, got ", windows.size(),
                                       "; give a longer series"));
  }
  return {std::move(windows), period, steps * batch_size};
}

/// Chollet 2017, chapters 6.3 and 6.4. Rows are drawn with replacement; the last row that is read is `step` rows
/// before the window's own, so that the forecast is for 25 hours ahead, and the training targets reach a day into the
/// rows that follow.
inline Experiment book_experiment(const seqnn::Table& table, std::size_t lookback, std::size_t step) {
  using namespace seqnn;
  constexpr std::size_t kBatch = 128;
  const std::size_t rows = table.rows();
  const Splits splits = book_splits(rows);
  StandardScaler scaler;
  scaler.fit(table, splits.train);
  const auto series = shared_series(scaler.transform<float>(table));
  const auto windows = [&](std::size_t min_index, std::optional<std::size_t> max_index) {
    return generator_windows(series, {.lookback = lookback,
                                      .delay = kDelay,
                                      .min_index = min_index,
                                      .max_index = max_index,
                                      .step = step,
                                      .targets = {kTemperature}});
  };
  const auto steps = [&](RowRange split) { return (split.size() - lookback) / kBatch; };
  const std::size_t forecast_end = std::min(splits.test.begin + lookback + kForecast, rows - kDelay);
  auto train = windows(0, splits.train.end);
  auto validation = windows(splits.validation.begin, splits.validation.end);
  auto test = windows(splits.test.begin, {});
  return {.batch_size = kBatch,
          .celsius = false,
          .scaler = scaler,
          .train = std::move(train),
          .validation = whole_batches(std::move(validation), steps(splits.validation), kBatch),
          .test = whole_batches(std::move(test), steps(splits.test), kBatch),
          .forecast = windows(splits.test.begin, forecast_end)};
}

/// Chollet 2021, chapter 10: 120 hourly rows, the temperature 24 hours after the last of them in °C, every window
/// once an epoch.
inline Experiment later_experiment(const seqnn::Table& table) {
  using namespace seqnn;
  constexpr std::size_t kHour = 6, kLength = 120;
  constexpr std::size_t kOffset = (kLength - 1) * kHour + kDelay;  // rows from the first that is read to the target
  const std::size_t rows = table.rows();
  const Splits splits = split_by_shares(rows, {.train = 0.5, .validation = 0.25});
  StandardScaler scaler;
  scaler.fit(table, splits.train);
  const auto series = shared_series(scaler.transform<float>(table));
  if (rows <= kOffset) {
    throw DataError(text("the series must have more than ", kOffset, " rows, got ", rows, "; give a longer one"));
  }
  const auto targets = shared_series(table.rows({kOffset, rows}).matrix<float>({table.names()[kTemperature]}));
  const auto windows = [&](std::size_t begin, std::size_t end) {
    return timeseries_dataset_from_array(series, targets,
                                         {.sequence_length = kLength,
                                          .sampling_rate = kHour,
                                          .start_index = begin,
                                          .end_index = end,
                                          .targets_begin = kOffset});
  };
  const auto once = [](Windows<float> all) {
    const std::size_t size = all.size();
    return Evaluation(std::move(all), size, size);
  };
  return {.batch_size = 256,
          .celsius = true,
          .scaler = scaler,
          .train = windows(0, splits.train.end),
          .validation = once(windows(splits.validation.begin, splits.validation.end)),
          .test = once(windows(splits.test.begin, rows)),
          .forecast = windows(splits.test.begin, std::min(splits.test.begin + kOffset - kDelay + kForecast, rows))};
}

/// Mean absolute error of forecasting the last temperature that was read, °C.
inline double naive_error(const Experiment& experiment, const Evaluation& samples) {
  std::vector<float> x(seqnn::element_count(samples.x_shape()));
  const std::size_t last = x.size() - samples.x_shape()[1] + kTemperature;
  double sum = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    float y = 0;
    samples.gather({&i, 1}, x, {&y, 1});
    const double read = experiment.scaler.inverse(kTemperature, static_cast<double>(x[last]));
    sum += std::fabs(read - experiment.in_celsius(static_cast<double>(y)));
  }
  return sum / static_cast<double>(samples.size());
}

}  // namespace jena
