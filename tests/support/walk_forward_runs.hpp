#pragma once

#include "seqnn/data/series/timestamp.hpp"
#include "seqnn/walkforward/memory_store.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "seqnn/walkforward/point_forecaster.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// Plans, forecasters and stores for the tests of walk-forward runs.

/// `count` points, each a day, from 2020-01-06 on; five days of history before the first.
inline seqnn::WalkForwardPlan daily_plan(std::size_t count) {
  std::vector<std::int64_t> times;
  for (std::size_t i = 0; i < count + 5; ++i) {
    times.push_back(seqnn::timestamp({.year = 2020}) + static_cast<std::int64_t>(i) * seqnn::kSecondsPerDay);
  }
  return seqnn::WalkForwardPlan(std::move(times), {.min_history = 5});
}

/// What a forecaster without a network forecasts: a number that tells the points since its model was fresh.
class CountingForecaster : public seqnn::PointForecaster {
 public:
  /// @param before  called before each point; may throw
  explicit CountingForecaster(std::function<void(const seqnn::WalkForwardPoint&)> before = {})
      : before_(std::move(before)) {}

  std::vector<seqnn::Forecast> forecast(const seqnn::WalkForwardPlan& plan, const seqnn::WalkForwardPoint& point,
                                        bool fresh) override {
    if (before_) before_(point);
    sum_ = (fresh ? 0 : sum_) + static_cast<double>(point.index) + 1;
    std::vector<seqnn::Forecast> forecasts;
    for (std::size_t row = point.forecast.begin; row < point.forecast.end; ++row) {
      forecasts.push_back({plan.time(row), plan.symbol(row), sum_, {}});
    }
    return forecasts;
  }

 private:
  std::function<void(const seqnn::WalkForwardPoint&)> before_;
  double sum_ = 0;  // of the numbers of the points since a fresh one, counted from 1
};

inline seqnn::PointForecasterFactory counting(std::function<void(const seqnn::WalkForwardPoint&)> before = {}) {
  return [=] { return std::make_unique<CountingForecaster>(before); };
}

/// Writes down the order of writes: the time of each forecast, or of each failure with a minus. Throws at the write
/// with number `throws_at`.
class RecordingStore : public seqnn::ResultStore {
 public:
  void write(const std::string& model, std::span<const seqnn::Forecast> forecasts) override {
    if (++writes == throws_at) throw std::runtime_error("the disk is full");
    kept.write(model, forecasts);
    for (const auto& forecast : forecasts) order.push_back(forecast.time);
  }
  void write_failure(const std::string& model, const seqnn::FailedForecast& failure) override {
    kept.write_failure(model, failure);
    order.push_back(-failure.time);
  }
  std::vector<seqnn::Forecast> forecasts(const std::string& model) override { return kept.forecasts(model); }
  std::vector<seqnn::FailedForecast> failures(const std::string& model) override { return kept.failures(model); }

  seqnn::MemoryStore kept;
  std::vector<std::int64_t> order;
  std::size_t writes = 0;
  std::size_t throws_at = 0;
};
