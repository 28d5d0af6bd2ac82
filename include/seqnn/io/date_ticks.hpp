#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/timestamp.hpp"
#include "seqnn/io/nice_ticks.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

/// "15 Nov 2020" for the first mark of a year, then "16 Nov"; "06:00" between midnights.
SEQNN_COLD inline Ticks day_ticks(double low, double high, std::int64_t step) {
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const double grid = static_cast<double>(std::min(step, kSecondsPerDay));
  std::int64_t year = -1;
  Ticks ticks;
  for (auto time = static_cast<std::int64_t>(std::ceil(low / grid) * grid); static_cast<double>(time) <= high;
       time += step) {
    const CivilTime t = civil_time(time);
    std::string label = text(t.hour < 10 ? "0" : "", t.hour, t.minute < 10 ? ":0" : ":", t.minute);
    if (time % kSecondsPerDay == 0) {
      label = text(t.day, ' ', kMonths[t.month - 1]);
      if (t.year != year) label += text(' ', t.year);
      year = t.year;
    }
    ticks.at.push_back(static_cast<double>(time));
    ticks.labels.push_back(std::move(label));
  }
  return ticks;
}

/// First days of months: "2020-11", or "2020" where only Januaries are marked.
SEQNN_COLD inline Ticks month_ticks(double low, double high, std::int64_t step) {
  const CivilTime from = civil_time(static_cast<std::int64_t>(std::floor(low)));
  Ticks ticks;
  std::int64_t month = from.year * 12 + from.month - 1;  // since the year 0
  for (month -= month % step;; month += step) {
    const auto time = static_cast<double>(timestamp({.year = month / 12, .month = month % 12 + 1}));
    if (time > high) return ticks;
    if (time < low) continue;
    ticks.at.push_back(time);
    const std::int64_t number = month % 12 + 1;
    ticks.labels.push_back(step % 12 == 0 ? text(month / 12) : text(month / 12, number < 10 ? "-0" : "-", number));
  }
}

}  // namespace detail

/// Marks of an axis of time, at most about `wanted`: at round times of the day, at midnights, or at the first days of
/// months or years. Outside the years 0 to 9999 they are marks of plain numbers.
///
/// Requires  finite low < high, seconds since 1970-01-01 as in timestamp.hpp
SEQNN_COLD inline Ticks date_ticks(double low, double high, std::size_t wanted) {
  if (low < -62e9 || high > 253e9) return nice_ticks(low, high, wanted);
  const double count = static_cast<double>(std::max<std::size_t>(wanted, 1));
  const double seconds = (high - low) / count;
  for (const std::int64_t step : {60, 300, 900, 1'800, 3'600, 10'800, 21'600, 43'200, 86'400, 172'800, 604'800}) {
    if (seconds <= static_cast<double>(step)) return detail::day_ticks(low, high, step);
  }
  const double months = seconds / 2'629'746;  // a twelfth of the Gregorian year
  for (const std::int64_t step : {1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1'200, 2'400, 6'000, 12'000, 24'000, 60'000}) {
    if (months <= static_cast<double>(step)) return detail::month_ticks(low, high, step);
  }
  return detail::month_ticks(low, high, 120'000);
}

}  // namespace seqnn::inline SEQNN_ABI
