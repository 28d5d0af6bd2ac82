#include "seqnn/data/series/timestamp.hpp"

#include "seqnn/data/series/time_format.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <optional>
#include <string>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("Times are counted in seconds from 1970", "[data][series][timestamp]") {
  CHECK(timestamp({}) == 0);
  CHECK(timestamp({.year = 1970, .month = 1, .day = 2, .hour = 3, .minute = 4, .second = 5}) == 86'400 + 11'045);
  CHECK(timestamp({.year = 1969, .month = 12, .day = 31, .hour = 23, .minute = 59, .second = 59}) == -1);
  // 30 years of which 7 (1972 … 1996) have a leap day: 10,957 days; 2000 itself is a leap year
  CHECK(timestamp({.year = 2000, .month = 1, .day = 1}) == 10'957 * kSecondsPerDay);
  CHECK(timestamp({.year = 2000, .month = 3, .day = 1}) == (10'957 + 31 + 29) * kSecondsPerDay);
  // 70 years before 1970 with 17 leap days (1904 … 1968): 1900 has none
  CHECK(timestamp({.year = 1900, .month = 1, .day = 1}) == -(70 * 365 + 17) * kSecondsPerDay);
  CHECK(timestamp({.year = 1900, .month = 3, .day = 1}) == (-(70 * 365 + 17) + 59) * kSecondsPerDay);
  CHECK(timestamp({.year = 2038, .month = 1, .day = 19, .hour = 3, .minute = 14, .second = 8}) == 2'147'483'648);
  CHECK(timestamp({.year = 2100, .month = 3, .day = 1}) - timestamp({.year = 2100, .month = 2, .day = 28}) ==
        kSecondsPerDay);
}

TEST_CASE("Every day of eight centuries is the one after the day before, and reads back", "[data][series][timestamp]") {
  CivilTime day{.year = 1600, .month = 1, .day = 1};
  std::int64_t expected = timestamp(day);
  bool same = true;
  while (day.year < 2400) {
    same = same && timestamp(day) == expected && civil_time(expected) == day;
    CivilTime last = day;
    last.hour = 23, last.minute = 59, last.second = 59;
    same = same && civil_time(expected + kSecondsPerDay - 1) == last;
    expected += kSecondsPerDay;
    const bool leap = (day.year % 4 == 0 && day.year % 100 != 0) || day.year % 400 == 0;
    const int lengths[] = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (++day.day > lengths[day.month - 1]) {
      day.day = 1;
      if (++day.month > 12) {
        day.month = 1;
        ++day.year;
      }
    }
  }
  CHECK(same);
  CHECK(expected == timestamp({.year = 2400, .month = 1, .day = 1}));
}

TEST_CASE("A time is written as ISO 8601 has it", "[data][series][timestamp]") {
  CHECK(time_text(0) == "1970-01-01 00:00:00");
  CHECK(time_text(-1) == "1969-12-31 23:59:59");
  CHECK(time_text(timestamp({.year = 2020, .month = 2, .day = 29, .hour = 9, .minute = 5})) == "2020-02-29 09:05:00");
}

TEST_CASE("A date has a time of day unless it is midnight", "[data][series][timestamp]") {
  CHECK(date_text(timestamp({.year = 1969, .month = 12, .day = 30})) == "1969-12-30");
  CHECK(date_text(timestamp({.year = 2015, .month = 5, .day = 20, .second = 1})) == "2015-05-20 00:00:01");
}

TEST_CASE("A format reads dates as strptime does", "[data][series][time_format]") {
  const auto read = [](const char* format, const char* date) -> std::string {
    const std::optional<std::int64_t> time = TimeFormat(format).parse(date);
    return time ? time_text(*time) : "no";
  };
  CHECK(read("%d.%m.%Y %H:%M:%S", "31.12.2009 23:50:10") == "2009-12-31 23:50:10");
  CHECK(read("%d.%m.%Y %H:%M:%S", "1.2.2009 3:05:00") == "2009-02-01 03:05:00");
  CHECK(read("%Y-%m-%dT%H:%M", "2020-02-29T24:00") == "no");
  CHECK(read("%Y-%m-%d", "2020-02-29") == "2020-02-29 00:00:00");
  CHECK(read("%Y-%m-%d", "2019-02-29") == "no");
  CHECK(read("%Y-%m-%d", "1900-02-29") == "no");
  CHECK(read("%Y-%m-%d", "2019-13-01") == "no");
  CHECK(read("%Y-%m-%d", "2019-00-01") == "no");
  CHECK(read("%Y-%m-%d", "2019-04-31") == "no");
  CHECK(read("%Y-%m-%d", "2019-04-00") == "no");
  CHECK(read("%Y-%m-%d", "2019-04-30 ") == "no");
  CHECK(read("%Y-%m-%d", "2019-04") == "no");
  CHECK(read("%Y-%m-%d", "19-04-30") == "no");
  CHECK(read("%Y-%m-%d", "") == "no");
  CHECK(read("%Y-%m-%d %H:%M:%S", "2019-04-30 12:60:00") == "no");
  CHECK(read("%Y-%m-%d %H:%M:%S", "2019-04-30 12:00:60") == "no");
  CHECK(read("%Y%m%d%H", "2019043007") == "2019-04-30 07:00:00");
  CHECK(read("%m/%d/%y", "02/11/25") == "2025-02-11 00:00:00");
  CHECK(read("%y-%m-%d", "68-01-01") == "2068-01-01 00:00:00");
  CHECK(read("%y-%m-%d", "69-01-01") == "1969-01-01 00:00:00");
  CHECK(read("100%% %Y/%m/%d", "100% 2000/01/02") == "2000-01-02 00:00:00");
  CHECK(read("100%% %Y/%m/%d", "100") == "no");
}

TEST_CASE("A format must hold year, month and day, each once", "[data][series][time_format]") {
  const auto message_of = [](const char* format) -> std::string {
    try {
      static_cast<void>(TimeFormat(format));
    } catch (const OptionError& error) {
      return error.what();
    }
    return "";
  };
  const std::string must =
      "TimeFormat: format must hold %Y or %y, %m and %d, and may hold %H, %M and %S, each once, got ";
  CHECK(message_of("%H:%M") == must + "none for %Y in \"%H:%M\"");
  CHECK(message_of("%Y-%d") == must + "none for %m in \"%Y-%d\"");
  CHECK(message_of("%Y-%m") == must + "none for %d in \"%Y-%m\"");
  CHECK(message_of("%Y-%b-%d") == must + "\"%b\" in \"%Y-%b-%d\"");
  CHECK(message_of("%Y-%m-%d%") == must + "\"%\" in \"%Y-%m-%d%\"");
  CHECK(message_of("%Y-%m-%d %y") == must + "%y twice in \"%Y-%m-%d %y\"");
  CHECK(message_of("%d.%m.%y").empty());
}
