#pragma once

#include "seqnn/core/config.hpp"

#include <cstdint>
#include <cstdio>
#include <string>

// Times are seconds since 1970-01-01 00:00:00 on the clock that the data was written by, every day 86,400 of them: no
// time zones, no leap seconds, and no question of daylight saving time.

namespace seqnn::inline SEQNN_ABI {

inline constexpr std::int64_t kSecondsPerDay = 86'400;

/// A point in time as people write it, in the Gregorian calendar.
struct CivilTime {
  std::int64_t year = 1970;
  std::int64_t month = 1;  ///< 1 to 12
  std::int64_t day = 1;    ///< of the month, from 1
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;

  bool operator==(const CivilTime&) const = default;
};

constexpr bool is_leap_year(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

/// @param month  1 to 12
constexpr std::int64_t days_in_month(std::int64_t year, std::int64_t month) {
  if (month == 2) return is_leap_year(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

namespace detail {

/// The quotient rounded down, and what remains: never negative.
constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0); }
constexpr std::int64_t floor_modulo(std::int64_t a, std::int64_t b) { return a - floor_divide(a, b) * b; }

/// Days from 1970-01-01. Years begin in March here, so that a leap day is the last of its year; an era has 400 years,
/// which are 146,097 days; and 719,468 days lie between 0000-03-01 and 1970-01-01.
///
/// Source  H. Hinnant, chrono-Compatible Low-Level Date Algorithms, days_from_civil and civil_from_days
constexpr std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  if (month <= 2) --year;
  const std::int64_t era = floor_divide(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

}  // namespace detail

/// Seconds since 1970-01-01 00:00:00.
constexpr std::int64_t timestamp(const CivilTime& t) {
  return detail::days_from_civil(t.year, t.month, t.day) * kSecondsPerDay + t.hour * 3'600 + t.minute * 60 + t.second;
}

constexpr CivilTime civil_time(std::int64_t timestamp) {
  const std::int64_t days = detail::floor_divide(timestamp, kSecondsPerDay) + 719'468;
  const std::int64_t second = detail::floor_modulo(timestamp, kSecondsPerDay);
  const std::int64_t era = detail::floor_divide(days, 146'097);
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;  // 0 is March
  return {.year = year_of_era + era * 400 + (month >= 10),
          .month = month < 10 ? month + 3 : month - 9,
          .day = day_of_year - (153 * month + 2) / 5 + 1,
          .hour = second / 3'600,
          .minute = second / 60 % 60,
          .second = second % 60};
}

/// "2020-01-31 23:50:00"
SEQNN_COLD inline std::string time_text(std::int64_t timestamp) {
  const CivilTime t = civil_time(timestamp);
  const auto number = [](std::int64_t value) { return static_cast<long long>(value); };
  char buffer[64];
  const int n = std::snprintf(buffer, sizeof buffer, "%04lld-%02lld-%02lld %02lld:%02lld:%02lld", number(t.year),
                              number(t.month), number(t.day), number(t.hour), number(t.minute), number(t.second));
  return std::string(buffer, static_cast<std::size_t>(n));
}

/// "2020-01-31" for a midnight, as daily data has it, else with its time of day.
SEQNN_COLD inline std::string date_text(std::int64_t timestamp) {
  std::string written = time_text(timestamp);
  if (detail::floor_modulo(timestamp, kSecondsPerDay) == 0) written.resize(written.size() - 9);
  return written;
}

}  // namespace seqnn::inline SEQNN_ABI
