#include "seqnn/data/series/calendar.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

using F = CalendarFeature;

double value(F feature, const CivilTime& time) { return calendar_value(feature, timestamp(time)); }

}  // namespace

TEST_CASE("Calendar features of one moment", "[data][series][calendar]") {
  // 2020-03-01 18:00 was a Sunday, the 61st day of a leap year.
  const CivilTime time{.year = 2020, .month = 3, .day = 1, .hour = 18};
  CHECK(value(F::hour, time) == 18);
  CHECK(value(F::weekday, time) == 6);
  CHECK(value(F::day_of_month, time) == 1);
  CHECK(value(F::day_of_year, time) == 61);
  CHECK(value(F::month, time) == 3);
  // 18:00 is three quarters of a day: 270 degrees
  CHECK_THAT(value(F::day_sin, time), WithinAbs(-1, 1e-12));
  CHECK_THAT(value(F::day_cos, time), WithinAbs(0, 1e-12));
  // (6 + 0.75) / 7 of a week
  CHECK_THAT(value(F::week_sin, time), WithinAbs(std::sin(2 * std::numbers::pi * 6.75 / 7), 1e-12));
  CHECK_THAT(value(F::week_cos, time), WithinAbs(std::cos(2 * std::numbers::pi * 6.75 / 7), 1e-12));
  CHECK_THAT(value(F::year_sin, time), WithinAbs(std::sin(2 * std::numbers::pi * 60.75 / 366), 1e-12));
  CHECK_THAT(value(F::year_cos, time), WithinAbs(std::cos(2 * std::numbers::pi * 60.75 / 366), 1e-12));
}

TEST_CASE("Circles close at midnight, on Monday and at New Year", "[data][series][calendar]") {
  const CivilTime thursday{};  // 1970-01-01
  CHECK(value(F::weekday, thursday) == 3);
  CHECK(value(F::weekday, {.year = 1969, .month = 12, .day = 29}) == 0);
  CHECK(value(F::week_cos, {.year = 1969, .month = 12, .day = 29}) == 1);
  CHECK(value(F::week_sin, {.year = 2024, .month = 1, .day = 1}) == 0);  // a Monday
  for (const std::int64_t year : {1969, 2019, 2020, 2021}) {
    CAPTURE(year);
    CHECK(value(F::year_sin, {.year = year}) == 0);
    CHECK(value(F::year_cos, {.year = year}) == 1);
    const CivilTime last{.year = year, .month = 12, .day = 31, .hour = 23, .minute = 59, .second = 59};
    CHECK_THAT(value(F::year_sin, last), WithinAbs(0, 1e-6));
    CHECK(value(F::day_of_year, last) == (year == 2020 ? 366 : 365));
    CHECK_THAT(value(F::day_sin, last), WithinAbs(0, 1e-4));
  }
}

TEST_CASE("Calendar features become columns named like them", "[data][series][calendar]") {
  const std::vector<F> all{F::hour,    F::weekday,  F::day_of_month, F::day_of_year, F::month,   F::day_sin,
                           F::day_cos, F::week_sin, F::week_cos,     F::year_sin,    F::year_cos};
  Table table({"x"}, Tensor<double, 2>{{1}, {2}}, {0, 3'600});
  add_calendar(table, all);
  CHECK(table.names() == std::vector<std::string>{"x", "hour", "weekday", "day_of_month", "day_of_year", "month",
                                                  "day_sin", "day_cos", "week_sin", "week_cos", "year_sin",
                                                  "year_cos"});
  CHECK(table.column_values("hour") == std::vector<double>{0, 1});
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(table.values()(1, i + 1) == calendar_value(all[i], 3'600));
}

TEST_CASE("A table without times has no calendar", "[data][series][calendar]") {
  Table table({"x"}, Tensor<double, 2>{{1}});
  CHECK_THROWS_MATCHES(add_calendar(table, {F::hour}), DataError,
                       Message("add_calendar: the table must have times, got none; read the file with its date "
                               "column"));
  Table hour({"hour"}, Tensor<double, 2>{{1}}, {0});
  CHECK_THROWS_MATCHES(add_calendar(hour, {F::hour}), DataError,
                       Message("Table: names of columns must differ, got \"hour\" for columns 0 and 1"));
}
