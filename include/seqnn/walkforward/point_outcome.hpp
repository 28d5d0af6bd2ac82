#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/timestamp.hpp"
#include "seqnn/walkforward/forecast.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "seqnn/walkforward/point.hpp"
#include "seqnn/walkforward/point_forecaster.hpp"

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// What has come of a point: its forecasts, or why there are none.
struct PointOutcome {
  std::size_t point = 0;  ///< its index in the plan
  std::vector<Forecast> forecasts = {};
  std::optional<std::string> error = {};
  double seconds = 0;  ///< that it took
};

/// Points [begin, end) of a plan that one forecaster computes in order: one, or with warm start those that go on from
/// each other.
struct PointChain {
  std::size_t begin = 0;
  std::size_t end = 0;

  bool operator==(const PointChain&) const = default;
};

namespace detail {

/// That there is one forecast for each row, with its time and symbol, and all of numbers.
SEQNN_COLD inline void check_forecasts(const WalkForwardPlan& plan, const WalkForwardPoint& point,
                                       const std::vector<Forecast>& forecasts) {
  const auto named = [](std::int64_t time, const std::string& symbol) {
    return symbol.empty() ? date_text(time) : text(symbol, " of ", date_text(time));
  };
  const auto check_number = [&](const Forecast& forecast, const std::string& name, double value) {
    if (std::isfinite(value)) return;
    throw DataError(text("forecast: ", name, " must be a number, got ", value, " for ",
                         named(forecast.time, forecast.symbol), "; did the training diverge?"));
  };
  if (forecasts.size() != point.forecast.size()) {
    throw DataError(
        text("forecast: there must be one for each of the ", point.forecast.size(), " rows, got ", forecasts.size()));
  }
  for (std::size_t i = 0; i < forecasts.size(); ++i) {
    const Forecast& forecast = forecasts[i];
    const std::size_t row = point.forecast.begin + i;
    if (forecast.time != plan.time(row) || forecast.symbol != plan.symbol(row)) {
      throw DataError(text("forecast: number ", i, " must be for ", named(plan.time(row), plan.symbol(row)), ", got ",
                           named(forecast.time, forecast.symbol), "; keep the order of the rows"));
    }
    check_number(forecast, "value", forecast.value);
    for (const ForecastDetail& detail : forecast.details) check_number(forecast, detail.name, detail.value);
  }
}

}  // namespace detail

/// Computes a point and never throws what the forecaster throws: a wrong or missing forecast is its outcome too.
SEQNN_COLD inline PointOutcome compute_point(const WalkForwardPlan& plan, std::size_t index,
                                             PointForecaster& forecaster, bool fresh) {
  const auto start = std::chrono::steady_clock::now();
  PointOutcome outcome;
  outcome.point = index;
  try {
    outcome.forecasts = forecaster.forecast(plan, plan[index], fresh);
    detail::check_forecasts(plan, plan[index], outcome.forecasts);
  } catch (const std::exception& error) {
    outcome.error = error.what();
  } catch (...) {
    outcome.error = "an exception that is no std::exception";
  }
  if (outcome.error) outcome.forecasts.clear();
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return outcome;
}

/// Computes the points of a chain in order and gives each outcome to `take`, until that returns false. The first has a
/// fresh model, and so has the one after a point that failed: what that left of the model nobody knows.
template <class Take>
void compute_chain(const WalkForwardPlan& plan, const PointChain& chain, PointForecaster& forecaster, Take&& take) {
  bool fresh = true;
  for (std::size_t index = chain.begin; index < chain.end; ++index) {
    PointOutcome outcome = compute_point(plan, index, forecaster, fresh);
    fresh = outcome.error.has_value();
    if (!take(std::move(outcome))) return;
  }
}

}  // namespace seqnn::inline SEQNN_ABI
