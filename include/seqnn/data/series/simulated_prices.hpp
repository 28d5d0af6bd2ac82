#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/random.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/series/table.hpp"
#include "seqnn/data/series/timestamp.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Options of `simulated_prices`.
struct SimulatedPricesOptions {
  std::size_t rows = 8'885;  ///< trading days; the default is about 34 years
  std::uint64_t seed = 1;    ///< another seed is another asset
  std::int64_t start = timestamp({.year = 1980, .month = 1, .day = 2});  ///< no row is before
  double price = 100;                                                    ///< before the first row
  double momentum = 0;  ///< in (-1, 1): share of a day's return, for its size, that the next day repeats
};

namespace detail {

/// Monday to Friday, but not New Year's Day and Christmas.
inline bool is_trading_day(std::int64_t time) {
  const std::int64_t weekday = floor_modulo(floor_divide(time, kSecondsPerDay) + 3, 7);  // 0 is Monday
  const CivilTime date = civil_time(time);
  return weekday < 5 && !(date.month == 1 && date.day == 1) && !(date.month == 12 && date.day == 25);
}

}  // namespace detail

/// Daily prices made by the library, for trying a walk-forward run without data from elsewhere: a table with the column
/// "price" and the dates of trading days.
///
/// Returns have a small positive mean (0.03 % a day) and a volatility about 1 % that comes in waves (GARCH(1, 1)), as
/// those of real prices have; nothing tells their direction, unless `momentum` says so. Fewer rows are the beginning of
/// more. Prices are rounded to cents. Sums of products are fused, so that numbers are the same everywhere.
///
/// @throws OptionError for a momentum or a price out of range
/// Source  Bollerslev 1986, Generalized autoregressive conditional heteroskedasticity
SEQNN_COLD inline Table simulated_prices(const SimulatedPricesOptions& options = {}) {
  constexpr double kMean = 0.0003, kUsualVariance = 1e-4, kShock = 0.08, kKeep = 0.9;
  if (!(options.momentum > -1 && options.momentum < 1)) {
    throw OptionError(text("simulated_prices: momentum must be in (-1, 1), got ", options.momentum));
  }
  if (!(options.price >= 0.01 && options.price <= 1e9)) {
    throw OptionError(text("simulated_prices: price must be in [0.01, 1e9], got ", options.price));
  }
  RandomStream random({.seed = options.seed, .purpose = Purpose::data, .index = 5});
  const double noise = std::sqrt(std::fma(-options.momentum, options.momentum, 1.0));
  auto values = Tensor<double, 2>::from_shape({options.rows, 1});
  std::vector<std::int64_t> times;
  double price = options.price, variance = kUsualVariance, move = 0;  // move: a return less its mean, of variance 1
  std::int64_t time = options.start;
  for (std::size_t row = 0; row < options.rows; ++row, time += kSecondsPerDay) {
    while (!detail::is_trading_day(time)) time += kSecondsPerDay;
    times.push_back(time);
    move = std::fma(options.momentum, move, noise * random.normal());
    const double volatility = std::sqrt(variance), change = volatility * move;
    price *= std::max(std::fma(volatility, move, 1 + kMean), 0.5);
    values(row, 0) = std::max(std::round(price * 100) / 100, 0.01);
    variance = std::fma(kKeep, variance, std::fma(kShock, change * change, (1 - kKeep - kShock) * kUsualVariance));
  }
  return Table({"price"}, std::move(values), std::move(times));
}

}  // namespace seqnn::inline SEQNN_ABI
