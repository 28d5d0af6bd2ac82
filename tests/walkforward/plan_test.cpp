#include "seqnn/walkforward/plan.hpp"

#include "seqnn/core/random.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

using Times = std::vector<std::int64_t>;
using Symbols = std::vector<std::string>;

/// Days from 2020-01-01 on.
Times days(std::size_t n) {
  Times times(n);
  for (std::size_t i = 0; i < n; ++i) {
    times[i] = timestamp({.year = 2020}) + static_cast<std::int64_t>(i) * kSecondsPerDay;
  }
  return times;
}

/// The working days up to 2015-05-29, but for 25 May, which was a holiday.
Times trading_days(std::size_t n) {
  Times times;
  for (std::int64_t time = timestamp({.year = 2015, .month = 5, .day = 29}); times.size() < n; time -= kSecondsPerDay) {
    const std::int64_t weekday = (time / kSecondsPerDay + 3) % 7;  // 0 is Monday
    if (weekday < 5 && time != timestamp({.year = 2015, .month = 5, .day = 25})) times.push_back(time);
  }
  std::reverse(times.begin(), times.end());
  return times;
}

using Points = std::vector<WalkForwardPoint>;
Points points(const WalkForwardPlan& plan) { return {plan.begin(), plan.end()}; }

}  // namespace

TEST_CASE("A plan by hand: ten days, two ahead, a purge of one", "[walkforward][plan]") {
  const WalkForwardPlan plan(days(10), {.ahead = 2, .min_history = 3, .delay = 1});
  CHECK(points(plan) == Points{{0, {0, 3}, {4, 6}}, {1, {0, 5}, {6, 8}}, {2, {0, 7}, {8, 10}}});
  CHECK(plan.size() == 3);
  CHECK(plan[1].index == 1);
  CHECK(plan.rows() == 10);
  CHECK(plan.time(9) == days(10)[9]);
  CHECK(plan.symbol(9).empty());
  CHECK(plan.describe() == "3 points from 2020-01-05 to 2020-01-10, learning from 3 to 7 rows");
}

TEST_CASE("A rolling history has so many times, and no more than there are", "[walkforward][plan]") {
  const WalkForwardPlan plan(days(6), {.min_history = 2, .max_history = 3});
  CHECK(points(plan) == Points{{0, {0, 2}, {2, 3}}, {1, {0, 3}, {3, 4}}, {2, {1, 4}, {4, 5}}, {3, {2, 5}, {5, 6}}});
  const WalkForwardPlan purged(days(6), {.min_history = 3, .max_history = 2, .delay = 1});
  CHECK(points(purged) == Points{{0, {1, 3}, {4, 5}}, {1, {2, 4}, {5, 6}}});
  CHECK(purged.describe() == "2 points from 2020-01-05 to 2020-01-06, learning from 2 rows");
}

TEST_CASE("A stride takes every so many-th point, max_points the first ones", "[walkforward][plan]") {
  const WalkForwardPlan plan(days(12), {.ahead = 2, .min_history = 1, .stride = 2});
  CHECK(points(plan) == Points{{0, {0, 1}, {1, 3}}, {1, {0, 5}, {5, 7}}, {2, {0, 9}, {9, 11}}});
  const WalkForwardPlan first(days(12), {.ahead = 2, .min_history = 1, .stride = 2, .max_points = 2});
  CHECK(points(first) == Points{{0, {0, 1}, {1, 3}}, {1, {0, 5}, {5, 7}}});
  const std::size_t huge = std::numeric_limits<std::size_t>::max();
  CHECK(WalkForwardPlan(days(12), {.min_history = 1, .max_history = huge, .stride = huge, .max_points = huge}).size() ==
        1);
}

TEST_CASE("Start and end are indices or dates, the end included", "[walkforward][plan]") {
  const auto forecast = [](const PlanBound& start, const PlanBound& end) {
    const WalkForwardPlan plan(days(10), {.min_history = 2, .start = start, .end = end});
    return RowRange{plan[0].forecast.begin, plan[plan.size() - 1].forecast.end};
  };
  CHECK(forecast({}, {}) == RowRange{2, 10});
  CHECK(forecast(5, 7) == RowRange{5, 8});
  CHECK(forecast("5", std::string("7")) == RowRange{5, 8});  // as a command line has them
  CHECK(forecast(0, 99) == RowRange{2, 10});
  CHECK(forecast("2020-01-06", "2020-01-08") == RowRange{5, 8});
  CHECK(forecast("06.01.2020", "2020-01-08 12:00") == RowRange{5, 8});
  CHECK(forecast("2020-01-05 00:01", "2030-01-01") == RowRange{5, 10});
  CHECK(forecast("1999-12-31", "2020-01-03") == RowRange{2, 3});  // no earlier than min_history allows
  CHECK(forecast("2020-01-10", {}) == RowRange{9, 10});           // one point is a plan
  CHECK(forecast(9, 9) == RowRange{9, 10});
}

TEST_CASE("An end without a time of day means the whole day", "[walkforward][plan]") {
  Times hours(48);
  for (std::size_t i = 0; i < hours.size(); ++i) hours[i] = days(1)[0] + static_cast<std::int64_t>(i) * 3'600;
  const auto last = [&](const char* end) {
    const WalkForwardPlan plan(hours, {.min_history = 1, .end = end});
    return plan[plan.size() - 1].forecast.end;
  };
  CHECK(last("2020-01-01") == 24);
  CHECK(last("2020-01-01 06:00") == 7);
  CHECK(last("2020-01-01 06:59") == 7);
  const WalkForwardPlan evening(hours, {.min_history = 1, .start = "2020-01-02 22:30:00"});
  CHECK(evening.describe() == "1 point from 2020-01-02 23:00:00 to 2020-01-02 23:00:00, learning from 47 rows");
}

TEST_CASE("The plan of the published walk-forward loop", "[walkforward][plan]") {
  const Times times = trading_days(8'127);
  const WalkForwardPlan usual(times, {.start = "2015-05-20"});
  CHECK(usual.describe() == "7 points from 2015-05-20 to 2015-05-29, learning from 8120 to 8126 rows");
  std::string dates;
  for (const WalkForwardPoint& point : usual) dates += date_text(usual.time(point.forecast.begin)) + ' ';
  CHECK(dates == "2015-05-20 2015-05-21 2015-05-22 2015-05-26 2015-05-27 2015-05-28 2015-05-29 ");
  CHECK(usual[0] == WalkForwardPoint{0, {0, 8'120}, {8'120, 8'121}});

  const WalkForwardPlan full(times);
  CHECK(full.size() == 7'127);
  CHECK(full[0] == WalkForwardPoint{0, {0, 1'000}, {1'000, 1'001}});
  CHECK(full[7'126] == WalkForwardPoint{7'126, {0, 8'126}, {8'126, 8'127}});
}

TEST_CASE("A panel's blocks are whole times", "[walkforward][plan]") {
  const std::int64_t day = kSecondsPerDay;
  const WalkForwardPlan plan({0, 0, day, 2 * day, 2 * day, 2 * day, 3 * day},
                             Symbols{"A", "B", "A", "C", "A", "B", "B"}, {.min_history = 1});
  CHECK(points(plan) == Points{{0, {0, 2}, {2, 3}}, {1, {0, 3}, {3, 6}}, {2, {0, 6}, {6, 7}}});
  CHECK(plan.symbol(3) == "C");
}

TEST_CASE("Plans of many kinds keep the rules", "[walkforward][plan]") {
  RandomStream random({.seed = 5});
  const auto below = [&](std::uint64_t n) { return static_cast<std::size_t>(random.below(n)); };
  for (int trial = 0; trial < 300; ++trial) {
    Times times;
    Symbols symbols;
    std::vector<std::size_t> time_of;  // of a row, its index among the different times
    const std::size_t n = 20 + below(20);
    for (std::size_t t = 0; t < n; ++t) {
      for (std::size_t s = 0, most = 1 + below(3); s < most; ++s) {
        times.push_back(static_cast<std::int64_t>(t) * 60);
        symbols.push_back(std::string(1, static_cast<char>('A' + s)));
        time_of.push_back(t);
      }
    }
    const WalkForwardPlanOptions options{.ahead = 1 + below(3),
                                         .min_history = 1 + below(6),
                                         .max_history = below(8),
                                         .delay = below(4),
                                         .start = below(12),
                                         .end = 14 + below(10),
                                         .stride = 1 + below(3)};
    const WalkForwardPlan plan(times, symbols, options);
    const std::size_t first =
        std::max(*options.start.index(), options.min_history + options.delay);  // the time that it begins with
    bool good = true;
    for (const WalkForwardPoint& point : plan) {
      const std::size_t at = first + point.index * options.stride * options.ahead, learned = at - options.delay;
      const std::size_t oldest =
          options.max_history > 0 && learned > options.max_history ? learned - options.max_history : 0;
      for (std::size_t row = 0; row < times.size(); ++row) {
        good = good && point.forecast.contains(row) == (time_of[row] >= at && time_of[row] < at + options.ahead);
        good = good && point.train.contains(row) == (time_of[row] >= oldest && time_of[row] < learned);
      }
    }
    const std::size_t last = std::min(*options.end.index(), n - 1);
    const std::size_t next = first + plan.size() * options.stride * options.ahead;  // would be one point more
    good = good && next + options.ahead - 1 > last && next - (options.stride - 1) * options.ahead - 1 <= last;
    INFO("trial " << trial);
    CHECK(good);
  }
}

TEST_CASE("What cannot be planned says why", "[walkforward][plan]") {
  const auto data = [](Times times, const std::string& message) {
    CHECK_THROWS_MATCHES(WalkForwardPlan(std::move(times), {.min_history = 1}), DataError,
                         Message("WalkForwardPlan: " + message));
  };
  const std::int64_t day = kSecondsPerDay;
  data({0, 2 * day, day},
       "times must not go backwards, got 1970-01-02 in row 2 after 1970-01-03; sort the rows by time");
  data({0, day, day, 60 + day},
       "times of a single series must differ, got 1970-01-02 in rows 1 and 2; keep one of them, or give the symbol of "
       "each row if these are several series");
  const auto panel = [](Times times, Symbols symbols) {
    return WalkForwardPlan(std::move(times), std::move(symbols), {.min_history = 1});
  };
  CHECK_THROWS_MATCHES(panel({0, day, day, day}, {"A", "B", "A", "B"}), DataError,
                       Message("WalkForwardPlan: a symbol must have one row a time, got \"B\" in rows 1 and 3, both of "
                               "1970-01-02; keep one of them"));
  CHECK_THROWS_MATCHES(panel({0, day, 60}, {"A", "A", "A"}), DataError,
                       Message("WalkForwardPlan: times must not go backwards, got 1970-01-01 00:01:00 in row 2 after "
                               "1970-01-02; sort the rows by time"));
  CHECK_THROWS_MATCHES(panel({0, day}, {"A"}), ShapeError,
                       Message("WalkForwardPlan: there must be a symbol for each of the 2 times, got 1"));
}

TEST_CASE("Options out of range, and a plan without points, say why", "[walkforward][plan]") {
  const auto fails = [](const WalkForwardPlanOptions& options, const std::string& message) {
    CHECK_THROWS_MATCHES(WalkForwardPlan(days(10), options), OptionError, Message("WalkForwardPlan: " + message));
  };
  fails({.ahead = 0}, "ahead must be at least 1, got 0");
  fails({.min_history = 0}, "min_history must be at least 1, got 0");
  fails({.min_history = 1, .stride = 0}, "stride must be at least 1, got 0");
  const std::string none = "there must be a point to forecast, got ";
  fails({}, none +
                "10 times, where min_history 1000 + delay 0 + ahead 1 are needed; take a smaller min_history, or more "
                "data");
  fails(
      {.ahead = 2, .min_history = 7, .delay = 2},
      none + "10 times, where min_history 7 + delay 2 + ahead 2 are needed; take a smaller min_history, or more data");
  const std::size_t huge = std::numeric_limits<std::size_t>::max();
  CHECK_THROWS_AS(WalkForwardPlan(days(10), {.ahead = huge, .min_history = huge, .delay = huge}), OptionError);
  const std::string times =
      " (of 10 times, 2020-01-01 to 2020-01-10, the first that can be forecast is 2020-01-06); move start or end";
  fails({.ahead = 3, .min_history = 5, .end = 6}, none + "2 times between start and end where ahead is 3" + times);
  fails({.min_history = 5, .start = "2020-01-11"}, none + "0 times between start and end where ahead is 1" + times);
  fails({.min_history = 5, .end = "2020-01-05"}, none + "0 times between start and end where ahead is 1" + times);
  fails({.min_history = 5, .start = 8, .end = 7}, none + "0 times between start and end where ahead is 1" + times);
  CHECK_THROWS_AS(WalkForwardPlan(Times{}, {.min_history = 1}), OptionError);
}

TEST_CASE("A bound that is no index and no date says what one is", "[walkforward][plan]") {
  const auto fails = [](const char* bound, const std::string& message) {
    CHECK_THROWS_MATCHES(PlanBound(bound), OptionError, Message("PlanBound: " + message));
  };
  const std::string what = "date must be one such as \"2015-05-20\" or \"2015-05-20 16:00\", or an index, got ";
  fails("", what + "\"\"");
  fails("20th of May", what + "\"20th of May\"");
  fails("2015-02-29", what + "\"2015-02-29\"");
  fails("20150520", what + "\"20150520\"");
  fails("03/04/2015",
        "date must be one date, got \"03/04/2015\", which may be 2015-04-03 or 2015-03-04; write it the first way");
  CHECK_THROWS_MATCHES(PlanBound(-1), OptionError,
                       Message("PlanBound: index must be 0 or more, got -1; count from the first time"));
  CHECK(PlanBound("25/04/2015").first_second() == timestamp({.year = 2015, .month = 4, .day = 25}));
}
