#pragma once

#include "seqnn/walkforward/forecast.hpp"

#include <span>
#include <string>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Where the forecasts of walk-forward runs are kept, by the name of the model that made them. One thread at a time.
///
/// A forecast belongs to its (model, time, symbol): written again, it replaces what was there and keeps its place.
class ResultStore {
 public:
  ResultStore() = default;
  ResultStore(const ResultStore&) = delete;
  ResultStore& operator=(const ResultStore&) = delete;
  virtual ~ResultStore() = default;

  /// Stores all of these or, when it throws, none. Failures recorded for their times are forgotten.
  virtual void write(const std::string& model, std::span<const Forecast> forecasts) = 0;

  /// Records that a point failed, in place of an earlier failure at this time.
  virtual void write_failure(const std::string& model, const FailedForecast& failure) = 0;

  /// By time, then symbol; empty for a model that nobody has written.
  virtual std::vector<Forecast> forecasts(const std::string& model) = 0;

  /// By time.
  virtual std::vector<FailedForecast> failures(const std::string& model) = 0;
};

}  // namespace seqnn::inline SEQNN_ABI
