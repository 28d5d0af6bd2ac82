#include "seqnn/data/series/resample.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

using Numbers = std::vector<double>;
using Times = std::vector<std::int64_t>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Numbers flat(const Table& table) { return Numbers(table.values().begin(), table.values().end()); }

// Every 20 minutes from 00:20 on: rows 0 1 | 2 3 4 | 5 of the hours.
Table table() {
  return Table({"T", "rain"}, Tensor<double, 2>{{1, 1}, {2, 1}, {3, 0}, {7, 2}, {5, kNan}, {6, 4}},
               {1200, 2400, 3600, 4800, 6000, 7200});
}

}  // namespace

TEST_CASE("Groups of rows become one row each", "[data][series][resample]") {
  const Table pairs = resample(table(), {.rows = 2, .by_column = {{"rain", Aggregate::sum}}});
  CHECK(pairs.names() == table().names());
  CHECK(flat(pairs) == Numbers{1.5, 2, 5, 2, 5.5, 4});
  CHECK(pairs.times() == Times{1200, 3600, 6000});
  CHECK(flat(resample(table(), {.rows = 4})) == Numbers{3.25, 1});  // rows 4 and 5 are no group
  CHECK(flat(resample(table().select({"T"}), {.rows = 1})) == Numbers{1, 2, 3, 7, 5, 6});
  CHECK(resample(Table({"x"}, Tensor<double, 2>{{1}, {3}}), {.rows = 2}).times().empty());
}

TEST_CASE("Intervals of seconds begin at multiples of their length", "[data][series][resample]") {
  const auto hours = [](Aggregate aggregate) { return resample(table(), {.seconds = 3600, .aggregate = aggregate}); };
  CHECK(hours(Aggregate::mean).times() == Times{0, 3600, 7200});
  CHECK(flat(hours(Aggregate::mean)) == Numbers{1.5, 1, 5, 1, 6, 4});
  CHECK(flat(hours(Aggregate::first)) == Numbers{1, 1, 3, 0, 6, 4});
  CHECK(flat(hours(Aggregate::last)) == Numbers{2, 1, 5, 2, 6, 4});
  CHECK(flat(hours(Aggregate::sum)) == Numbers{3, 2, 15, 2, 6, 4});
  CHECK(flat(hours(Aggregate::min)) == Numbers{1, 1, 3, 0, 6, 4});
  CHECK(flat(hours(Aggregate::max)) == Numbers{2, 1, 7, 2, 6, 4});
  // before 1970 too: -1 s lies in the hour that begins at -3600 s
  CHECK(resample(Table({"x"}, Tensor<double, 2>{{1}, {3}}, {-1, 0}), {.seconds = 3600}).times() == Times{-3600, 0});
}

TEST_CASE("An interval without values is missing", "[data][series][resample]") {
  const Table gap({"x"}, Tensor<double, 2>{{1}, {3}, {9}}, {0, 10, 30});
  CHECK(flat(resample(gap, {.seconds = 10, .missing = Missing::interpolate})) == Numbers{1, 3, 6, 9});
  CHECK(flat(resample(gap, {.seconds = 10, .missing = Missing::previous})) == Numbers{1, 3, 3, 9});
  CHECK(resample(gap, {.seconds = 10, .missing = Missing::drop_row}).times() == Times{0, 10, 30});
  CHECK(std::isnan(resample(gap, {.seconds = 10, .missing = Missing::keep}).values()(2, 0)));
  CHECK_THROWS_MATCHES(resample(gap, {.seconds = 10}), DataError,
                       Message("resample: column \"x\", row 2 (1970-01-01 00:00:20): must be a number, got NaN; set "
                               "missing to Missing::keep, drop_row, previous or interpolate, or leave the column out"));
}

TEST_CASE("Resampling says what it needs", "[data][series][resample]") {
  const std::string either = "resample: either rows or seconds must be set, above 0, got ";
  CHECK_THROWS_MATCHES(resample(table(), {}), OptionError, Message(either + "0 and 0"));
  CHECK_THROWS_MATCHES(resample(table(), {.rows = 2, .seconds = 60}), OptionError, Message(either + "2 and 60"));
  CHECK_THROWS_MATCHES(resample(table(), {.seconds = -60}), OptionError, Message(either + "0 and -60"));
  CHECK_THROWS_MATCHES(resample(table(), {.rows = 7}), DataError,
                       Message("resample: the table must have the rows of one group, 7, got 6"));
  CHECK_THROWS_MATCHES(resample(Table({"x"}, Tensor<double, 2>{{1}}), {.seconds = 60}), DataError,
                       Message("resample: the table must have times, got none; resample by rows, or read the date "
                               "column"));
  CHECK_THROWS_MATCHES(resample(table(), {.rows = 2, .by_column = {{"snow", Aggregate::sum}}}), DataError,
                       Message("Table: column must be one of \"T\", \"rain\", got \"snow\""));
  const std::string backwards = "resample: times must not go backwards, got 1970-01-01 00:00:";
  const Tensor<double, 2> three{{1}, {2}, {3}};
  CHECK_THROWS_MATCHES(resample(Table({"x"}, three, {0, 20, 10}), {.seconds = 60}), DataError,
                       Message(backwards + "10 after 1970-01-01 00:00:20 in row 2; resample by rows, or sort"));
  CHECK_THROWS_MATCHES(resample(Table({"x"}, three, {0, 20, 10}), {.seconds = 20}), DataError,
                       Message(backwards + "10 after 1970-01-01 00:00:20 in row 2; resample by rows, or sort"));
}
