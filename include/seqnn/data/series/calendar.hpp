#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/series/table.hpp"
#include "seqnn/data/series/timestamp.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// What a date says about a row. Sine and cosine together are a point on a circle, so that 23:50 lies beside 00:00 and
/// December beside January.
enum class CalendarFeature {
  hour,          ///< 0 to 23
  weekday,       ///< 0 is Monday, 6 is Sunday
  day_of_month,  ///< from 1
  day_of_year,   ///< 1 to 366
  month,         ///< 1 to 12
  day_sin,       ///< one turn from midnight to midnight
  day_cos,
  week_sin,  ///< one turn from Monday 00:00 to the next
  week_cos,
  year_sin,  ///< one turn from 1 January 00:00 to the next, in leap years too
  year_cos,
};

/// "hour", "day_sin", …: the name of the column.
SEQNN_COLD inline const char* calendar_name(CalendarFeature feature) {
  switch (feature) {
    case CalendarFeature::hour:
      return "hour";
    case CalendarFeature::weekday:
      return "weekday";
    case CalendarFeature::day_of_month:
      return "day_of_month";
    case CalendarFeature::day_of_year:
      return "day_of_year";
    case CalendarFeature::month:
      return "month";
    case CalendarFeature::day_sin:
      return "day_sin";
    case CalendarFeature::day_cos:
      return "day_cos";
    case CalendarFeature::week_sin:
      return "week_sin";
    case CalendarFeature::week_cos:
      return "week_cos";
    case CalendarFeature::year_sin:
      return "year_sin";
    case CalendarFeature::year_cos:
      return "year_cos";
  }
  return "";
}

/// The value of a feature at a time, in seconds since 1970-01-01.
SEQNN_COLD inline double calendar_value(CalendarFeature feature, std::int64_t time) {
  constexpr std::int64_t kWeek = 7 * kSecondsPerDay;
  constexpr std::int64_t kMonday = -3 * kSecondsPerDay;  // 1970-01-01 was a Thursday
  const CivilTime date = civil_time(time);
  const std::int64_t new_year = timestamp({.year = date.year});
  const std::int64_t of_day = detail::floor_modulo(time, kSecondsPerDay);
  const std::int64_t of_week = detail::floor_modulo(time - kMonday, kWeek);
  const std::int64_t of_year = time - new_year;
  const std::int64_t year = timestamp({.year = date.year + 1}) - new_year;
  const auto angle = [](std::int64_t part, std::int64_t whole) {
    return 2 * std::numbers::pi * static_cast<double>(part) / static_cast<double>(whole);
  };
  switch (feature) {
    case CalendarFeature::hour:
      return static_cast<double>(date.hour);
    case CalendarFeature::weekday:
      return static_cast<double>(of_week / kSecondsPerDay);
    case CalendarFeature::day_of_month:
      return static_cast<double>(date.day);
    case CalendarFeature::day_of_year:
      return static_cast<double>(of_year / kSecondsPerDay + 1);
    case CalendarFeature::month:
      return static_cast<double>(date.month);
    case CalendarFeature::day_sin:
      return std::sin(angle(of_day, kSecondsPerDay));
    case CalendarFeature::day_cos:
      return std::cos(angle(of_day, kSecondsPerDay));
    case CalendarFeature::week_sin:
      return std::sin(angle(of_week, kWeek));
    case CalendarFeature::week_cos:
      return std::cos(angle(of_week, kWeek));
    case CalendarFeature::year_sin:
      return std::sin(angle(of_year, year));
    case CalendarFeature::year_cos:
      return std::cos(angle(of_year, year));
  }
  return 0;
}

/// Adds columns made from the times of a table, each named like its feature.
///
///     add_calendar(table, {CalendarFeature::day_sin, CalendarFeature::day_cos});
///
/// @throws DataError for a table without times, or one that has a column of such a name already
SEQNN_COLD inline Table& add_calendar(Table& table, const std::vector<CalendarFeature>& features) {
  if (!table.has_times()) {
    throw DataError("add_calendar: the table must have times, got none; read the file with its date column");
  }
  std::vector<std::string> names;
  for (const CalendarFeature feature : features) names.push_back(calendar_name(feature));
  auto values = Tensor<double, 2>::from_shape({table.rows(), features.size()});
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t i = 0; i < features.size(); ++i) {
      values(row, i) = calendar_value(features[i], table.times()[row]);
    }
  }
  return table.add_columns(names, values);
}

}  // namespace seqnn::inline SEQNN_ABI
