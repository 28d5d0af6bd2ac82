#pragma once

#include "seqnn/core/config.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// A number with its name, as in {"long_prob", 0.52}.
struct ForecastDetail {
  std::string name;
  double value = 0;

  bool operator==(const ForecastDetail&) const = default;
};

/// What was forecast for one row, of one symbol at one time.
struct Forecast {
  std::int64_t time = 0;  ///< of the row, seconds since 1970 as in data/series/timestamp.hpp
  std::string symbol;     ///< empty for a single series
  double value = 0;       ///< a regressor's number; the value that stands for a classifier's most probable class
  /// What the value was chosen by, for a classifier the probability of each class, "…_prob", and "class".
  std::vector<ForecastDetail> details;

  bool operator==(const Forecast&) const = default;
};

/// A point that could not be forecast.
struct FailedForecast {
  std::int64_t time = 0;  ///< of the first row that it should have forecast
  std::string error;

  bool operator==(const FailedForecast&) const = default;
};

}  // namespace seqnn::inline SEQNN_ABI
