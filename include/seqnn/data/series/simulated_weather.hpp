#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/random.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/series/table.hpp"
#include "seqnn/data/series/timestamp.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Options of `simulated_weather`.
struct SimulatedWeatherOptions {
  std::size_t rows = 52'560;                                     ///< one every ten minutes; the default is a year
  std::uint64_t seed = 1;                                        ///< another seed is another year's weather
  std::int64_t start = timestamp({.year = 2021, .minute = 10});  ///< time of the first row
  bool sentinels = true;  ///< whether the wind sensor fails now and then, and then writes -9999
};

namespace detail {

inline constexpr double kWeatherStep = 1.0 / 144;  ///< days from row to row

/// A disturbance that lasts about `days`, and has the standard deviation `size`: an Ornstein-Uhlenbeck process.
class Disturbance {
 public:
  Disturbance(double days, double size, RandomStream& random)
      : keep_(std::exp(-kWeatherStep / days)), noise_(size * std::sqrt(1 - keep_ * keep_)) {
    value_ = size * random.normal();
  }

  double step(RandomStream& random) { return value_ = keep_ * value_ + noise_ * random.normal(); }

 private:
  double keep_, noise_, value_ = 0;
};

/// A low that passes by: its front arrives at `day`, counted from the first row.
struct PassingLow {
  double day;
  double depth;  ///< mbar
  double width;  ///< days from the steepest fall of the pressure to the front
};

/// Lows that reach into the first `days` days, in order. A shorter series begins with the same ones.
SEQNN_COLD inline std::vector<PassingLow> passing_lows(double days, std::uint64_t seed) {
  RandomStream random({.seed = seed, .purpose = Purpose::data, .index = 2});
  std::vector<PassingLow> lows;
  for (double day = -6; day < days + 6;) {
    day += 1.5 - 2.2 * portable_log(1 - random.uniform());
    const double depth = random.uniform(4, 20);
    lows.push_back({day, depth, random.uniform(0.5, 1.1)});
  }
  return lows;
}

/// What all lows do together in each row.
struct LowsByRow {
  std::vector<double> depth;  ///< by how much they lower the pressure, mbar
  std::vector<double> fall;   ///< how fast they lower it, mbar a day
  std::vector<double> chill;  ///< what the fronts' colder air takes from the temperature, °C a row
};

SEQNN_COLD inline LowsByRow lows_by_row(std::size_t rows, std::uint64_t seed) {
  LowsByRow by_row{std::vector<double>(rows), std::vector<double>(rows), std::vector<double>(rows)};
  for (const PassingLow& low : passing_lows(static_cast<double>(rows) * kWeatherStep, seed)) {
    const auto row_of = [&](double day) {
      return static_cast<std::size_t>(std::clamp(std::ceil(day / kWeatherStep), 0.0, static_cast<double>(rows)));
    };
    for (std::size_t row = row_of(low.day - 5); row < row_of(low.day + 5); ++row) {
      const double z = (static_cast<double>(row) * kWeatherStep - low.day) / low.width;
      const double depth = low.depth * std::exp(-0.5 * z * z);
      by_row.depth[row] += depth;
      by_row.fall[row] -= z / low.width * depth;
    }
    const std::size_t front = row_of(low.day);  // cold air arrives within an hour
    for (std::size_t row = front; row < std::min(front + 6, rows); ++row) by_row.chill[row] += 0.1 * low.depth / 6;
  }
  return by_row;
}

inline double rounded(double value, double steps) { return std::round(value * steps) / steps + 0.0; }  // no -0

/// Pressure of saturated vapour over water (mbar) at a temperature (°C).
/// Source  Magnus' formula with the constants of the station in Jena
inline double saturation_pressure(double celsius) {
  return 6.1078 * std::exp(17.08085 * celsius / (234.175 + celsius));
}

/// What a station measures, and what it derives from that; to the digits of its log.
inline std::array<double, 14> station_row(double p, double celsius, double dew_point, double speed, double gust,
                                          double direction) {
  p = rounded(p, 100);
  celsius = rounded(celsius, 100);
  dew_point = std::min(rounded(dew_point, 100), celsius);
  const double kelvin = celsius + 273.15;
  const double saturated = saturation_pressure(celsius), vapour = saturation_pressure(dew_point);
  return {p,
          celsius,
          rounded(kelvin * std::pow(1000 / p, 0.286), 100),  // brought to 1000 mbar without heat from outside
          dew_point,
          rounded(100 * vapour / saturated, 10),
          rounded(saturated, 100),
          rounded(vapour, 100),
          rounded(saturated - vapour, 100),
          rounded(1000 * 0.622 * vapour / (p - 0.378 * vapour), 100),
          rounded(1000 * vapour / p, 100),
          rounded(100'000 * ((p - vapour) / 287.05 + vapour / 461.5) / kelvin, 100),  // gas constants, J/(kg K)
          rounded(speed, 100),
          rounded(gust, 100),
          rounded(direction, 10)};
}

/// The weather of one place, row after row.
///
/// The air that is over the place warms and cools with the wind: pressure that falls before a low's front draws air
/// from the south, and behind the front it comes from the north. So pressure and wind of today tell something about
/// tomorrow's temperature. Added to that: year, day (the less the more clouds) and small disturbances.
class Weather {
 public:
  Weather(std::size_t rows, std::uint64_t seed)
      : lows_(lows_by_row(rows, seed)), random_({.seed = seed, .purpose = Purpose::data, .index = 3}) {}

  /// Row i, asked for in order.
  /// @param day  since the beginning of 1970, with the time of day as its fraction
  std::array<double, 14> row(std::size_t i, double day) {
    constexpr double kTurn = 6.283185307179586;
    const double hour = 24 * (day - std::floor(day));
    const double summer = -std::cos(kTurn * (day - 18) / 365.2425);  // -1 about 19 January
    const double depth = lows_.depth[i];

    const double ridge = ridge_.step(random_);
    const double clouds = 1 / (1 + std::exp(1.9 + 0.2 * ridge - 0.25 * depth - cover_.step(random_)));
    const double south = 0.45 * lows_.fall[i] + south_.step(random_);  // m/s, wind from there
    const double west = 1.4 + 0.12 * depth + west_.step(random_);
    // Milder than usual if the wind is from the south, and in winter also if it is from the west.
    const double advection = 1.2 * south - 0.3 * (west - 2.2) * summer;
    air_ += kWeatherStep * (advection - air_ / 2.8) - lows_.chill[i];

    const double daily = (4.6 + 2.2 * summer) * (1 - 0.7 * clouds);
    // A high means sun in summer, and in winter cold.
    const double celsius = 10 + 9.2 * summer + air_ + 0.12 * summer * ridge +
                           daily * std::cos(kTurn * (hour - 14.5) / 24) + flicker_.step(random_);
    const double dryness = std::max(0.3, 5.4 + 2.6 * summer - 3.5 * clouds + dryness_.step(random_));
    const double dew_point = 10 + 8.2 * summer + 0.85 * air_ - dryness;

    const double by_day = 0.75 + 0.25 * std::cos(kTurn * (hour - 14) / 24);
    const double speed = by_day * 0.6 * std::hypot(south, west) * std::exp(breeze_.step(random_));
    const double gust = speed * (1.45 + 0.12 * std::fabs(random_.normal())) + 0.2;
    const double from = std::atan2(-west, -south) / kTurn * 360 + 12 * swing_.step(random_);  // 0 north, 90 east
    const double direction = from - 360 * std::floor(from / 360);
    return station_row(996 + ridge - depth, celsius, dew_point, speed, gust, direction < 359.95 ? direction : 0);
  }

 private:
  LowsByRow lows_;
  RandomStream random_;
  double air_ = 0;  // how much warmer the air is than usual, °C
  Disturbance ridge_{4.0, 7.0, random_};
  Disturbance cover_{0.6, 1.2, random_};
  Disturbance south_{0.7, 2.2, random_};
  Disturbance west_{0.8, 2.2, random_};
  Disturbance flicker_{0.08, 0.5, random_};
  Disturbance dryness_{0.5, 1.2, random_};
  Disturbance breeze_{0.04, 0.35, random_};
  Disturbance swing_{0.02, 1.0, random_};
};

/// Rows in which the wind sensor fails: about once in thirty days, for up to forty minutes.
SEQNN_COLD inline std::vector<std::size_t> failing_rows(std::size_t rows, std::uint64_t seed) {
  RandomStream random({.seed = seed, .purpose = Purpose::data, .index = 4});
  std::vector<std::size_t> failing;
  for (double day = 0;;) {
    day -= 30 * portable_log(1 - random.uniform());
    const std::size_t first = static_cast<std::size_t>(day / kWeatherStep);
    const std::size_t last = first + static_cast<std::size_t>(random.below(4));
    if (first >= rows) return failing;
    for (std::size_t row = first; row < std::min(last + 1, rows); ++row) failing.push_back(row);
  }
}

}  // namespace detail

/// Weather made by the library, for trying a forecast without data from elsewhere: what a station in the middle of
/// Europe could write every ten minutes. The columns are those of the station in Jena (Max Planck Institute for
/// Biogeochemistry), with its names, units and digits.
///
/// Lows pass by every four days or so. Ahead of their fronts the pressure falls and the wind comes from the south-west
/// with warm air, behind them it rises, and the wind turns to the north-west with cold air; clouds make days cooler and
/// nights milder. The year swings by 9 °C, days by up to 5 °C. Humidity and vapour pressures follow from temperature
/// and dew point by Magnus' formula. Temperature is like that of the day before (2.8 °C off on average), but wind and
/// pressure say more.
///
/// Fewer rows are the beginning of more. Numbers are rounded as a station does, so that they are the same everywhere.
SEQNN_COLD inline Table simulated_weather(const SimulatedWeatherOptions& options = {}) {
  std::vector<std::string> names{"p (mbar)",     "T (degC)",     "Tpot (K)",      "Tdew (degC)", "rh (%)",
                                 "VPmax (mbar)", "VPact (mbar)", "VPdef (mbar)",  "sh (g/kg)",   "H2OC (mmol/mol)",
                                 "rho (g/m**3)", "wv (m/s)",     "max. wv (m/s)", "wd (deg)"};
  auto values = Tensor<double, 2>::from_shape({options.rows, names.size()});
  std::vector<std::int64_t> times(options.rows);
  detail::Weather weather(options.rows, options.seed);
  for (std::size_t i = 0; i < options.rows; ++i) {
    times[i] = options.start + static_cast<std::int64_t>(i) * 600;
    const auto row = weather.row(i, static_cast<double>(times[i]) / 86'400);
    std::copy(row.begin(), row.end(), &values(i, 0));
  }
  if (options.sentinels) {
    for (const std::size_t row : detail::failing_rows(options.rows, options.seed))
      values(row, 11) = values(row, 12) = -9999;
  }
  return Table(std::move(names), std::move(values), std::move(times));
}

}  // namespace seqnn::inline SEQNN_ABI
