#include "seqnn/data/series/table.hpp"

#include "seqnn/data/series/missing.hpp"
#include "seqnn/data/series/row_range.hpp"
#include "seqnn/data/series/time_gaps.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

using Numbers = std::vector<double>;
using Names = std::vector<std::string>;

Table small() {
  return Table({"a", "b", "c"}, Tensor<double, 2>{{1, 10, 100}, {2, 20, 200}, {3, 30, 300}, {4, 40, 400}},
               {0, 600, 1200, 1800});
}

// One column "x" and times.
Table column(const Numbers& values, const std::vector<std::int64_t>& times = {}) {
  auto matrix = Tensor<double, 2>::from_shape({values.size(), 1});
  std::copy(values.begin(), values.end(), matrix.data());
  return Table({"x"}, matrix, times);
}

}  // namespace

TEST_CASE("A range of rows ends before its end", "[data][series][row_range]") {
  constexpr RowRange range{2, 5};
  CHECK(range.size() == 3);
  CHECK(range.contains(2));
  CHECK(range.contains(4));
  CHECK_FALSE(range.contains(5));
  CHECK_FALSE(range.contains(1));
  CHECK(RowRange{5, 2}.size() == 0);
}

TEST_CASE("A table gives columns by name, and rows by range", "[data][series][table]") {
  const Table table = small();
  CHECK(table.rows() == 4);
  CHECK(table.columns() == 3);
  CHECK(table.column("b") == 1);
  CHECK(table.column_values("c") == Numbers{100, 200, 300, 400});
  CHECK(table.has_times());

  const Table some = table.select({"c", "a"});
  CHECK(some.names() == Names{"c", "a"});
  CHECK((some.values() == Tensor<double, 2>{{100, 1}, {200, 2}, {300, 3}, {400, 4}}));
  CHECK(some.times() == table.times());
  CHECK(table.select({}).names() == table.names());

  const Table middle = table.rows({1, 3});
  CHECK((middle.values() == Tensor<double, 2>{{2, 20, 200}, {3, 30, 300}}));
  CHECK(middle.times() == std::vector<std::int64_t>{600, 1200});
  CHECK(table.rows({4, 4}).rows() == 0);

  CHECK((table.matrix<float>() == Tensor<float, 2>{{1, 10, 100}, {2, 20, 200}, {3, 30, 300}, {4, 40, 400}}));
  CHECK((table.matrix<double>({"b"}) == Tensor<double, 2>{{10}, {20}, {30}, {40}}));
}

TEST_CASE("Columns are added behind the last", "[data][series][table]") {
  Table table = small();
  table.set_note("noticed", true);
  table.add_column("d", Numbers{5, 6, 7, 8});
  CHECK(table.names() == Names{"a", "b", "c", "d"});
  CHECK((table.rows({1, 2}).values() == Tensor<double, 2>{{2, 20, 200, 6}}));
  CHECK(table.note() == "noticed");
  CHECK(table.truncated());
  CHECK_THROWS_MATCHES(table.add_column("e", Numbers{1}), ShapeError,
                       Message("Table: new columns must have shape (4, 1), got (1, 1)"));
  CHECK_THROWS_MATCHES(table.add_column("a", Numbers{1, 2, 3, 4}), DataError,
                       Message("Table: names of columns must differ, got \"a\" for columns 0 and 4"));
  CHECK(table.columns() == 4);
}

TEST_CASE("A table names what does not fit", "[data][series][table]") {
  const Table table = small();
  CHECK_THROWS_MATCHES(table.column("T"), DataError,
                       Message("Table: column must be one of \"a\", \"b\", \"c\", got \"T\""));
  CHECK_THROWS_MATCHES(table.select({"a", "x"}), DataError,
                       Message("Table: column must be one of \"a\", \"b\", \"c\", got \"x\""));
  CHECK_THROWS_MATCHES(table.rows({2, 5}), ShapeError,
                       Message("Table: rows must be a range within [0, 4), got [2, 5)"));
  CHECK_THROWS_MATCHES(table.rows({3, 2}), ShapeError,
                       Message("Table: rows must be a range within [0, 4), got [3, 2)"));
  const auto two = Tensor<double, 2>::from_shape({0, 2});
  CHECK_THROWS_MATCHES(Table({"a"}, two), ShapeError,
                       Message("Table: there must be a name for each of the 2 columns, got 1"));
  CHECK_THROWS_MATCHES(Table({"a", "b"}, two, {0}), ShapeError,
                       Message("Table: there must be a time for each of the 0 rows, or none, got 1"));
  CHECK_THROWS_MATCHES(Table({"a", "a"}, two), DataError,
                       Message("Table: names of columns must differ, got \"a\" for columns 0 and 1"));
}

TEST_CASE("Missing values are kept, dropped with their row, or filled", "[data][series][missing]") {
  const Table table = column({1, kNan, kNan, 7, 8}, {0, 10, 30, 60, 70});
  CHECK(std::isnan(fill_missing(table, Missing::keep).column_values("x")[1]));
  const Table dropped = fill_missing(table, Missing::drop_row);
  CHECK(dropped.column_values("x") == Numbers{1, 7, 8});
  CHECK(dropped.times() == std::vector<std::int64_t>{0, 60, 70});
  CHECK(fill_missing(table, Missing::previous).column_values("x") == Numbers{1, 1, 1, 7, 8});
  // by time: 1 + 6·10/60 = 2 and 1 + 6·30/60 = 4; by row: 1 + 6/3 = 3 and 5
  CHECK(fill_missing(table, Missing::interpolate).column_values("x") == Numbers{1, 2, 4, 7, 8});
  CHECK(fill_missing(column({1, kNan, kNan, 7, 8}), Missing::interpolate).column_values("x") == Numbers{1, 3, 5, 7, 8});
  // times that stand still or go backwards cannot tell how far it is
  CHECK(fill_missing(column({1, kNan, 7}, {5, 5, 5}), Missing::interpolate).column_values("x") == Numbers{1, 4, 7});
  CHECK(fill_missing(column({1, 2}), Missing::error).column_values("x") == Numbers{1, 2});
}

TEST_CASE("A missing value that cannot be filled is named", "[data][series][missing]") {
  CHECK_THROWS_MATCHES(
      fill_missing(column({1, kNan}, {0, 600}), Missing::error), DataError,
      Message("fill_missing: column \"x\", row 1 (1970-01-01 00:10:00): must be a number, got NaN; set "
              "missing to Missing::keep, drop_row, previous or interpolate, or leave the column out"));
  const std::string neighbour = ": a missing value must have a neighbour to be filled from, got ";
  const std::string repair = "; cut the row off with rows(), or leave the column out";
  for (const Missing missing : {Missing::previous, Missing::interpolate}) {
    CHECK_THROWS_MATCHES(fill_missing(column({kNan, 1}), missing), DataError,
                         Message("fill_missing: column \"x\", row 0" + neighbour + "no value before it" + repair));
  }
  CHECK_THROWS_MATCHES(fill_missing(column({1, 2, kNan, kNan}), Missing::interpolate), DataError,
                       Message("fill_missing: column \"x\", row 2" + neighbour + "no value behind it" + repair));
  CHECK(fill_missing(column({1, 2, kNan, kNan}), Missing::previous).column_values("x") == Numbers{1, 2, 2, 2});
  CHECK_THROWS_MATCHES(fill_missing(column({kNan, kNan}), Missing::drop_row), DataError,
                       Message("fill_missing: there must be a row without missing values, got none"));
}

TEST_CASE("Sentinels become missing values in the columns named", "[data][series][missing]") {
  const Table table({"wind", "rain"}, Tensor<double, 2>{{-9999, -9999}, {2, 0}});
  const Table wind = mark_missing(table, {{.value = -9999, .columns = {"wind"}}, {.value = 0}});
  CHECK(std::isnan(wind.values()(0, 0)));
  CHECK(wind.values()(0, 1) == -9999);
  CHECK(std::isnan(wind.values()(1, 1)));
  CHECK(wind.values()(1, 0) == 2);
  CHECK_THROWS_MATCHES(mark_missing(table, {{.value = 0, .columns = {"sun"}}}), DataError,
                       Message("Table: column must be one of \"wind\", \"rain\", got \"sun\""));
}

TEST_CASE("Gaps are where more time passes than usual", "[data][series][time_gaps]") {
  const Table table = column({1, 2, 3, 4, 5, 6, 7}, {0, 600, 1200, 1200, 1800, 7800, 8400});
  CHECK(time_step(table) == 600);
  CHECK(time_gaps(table) == std::vector<TimeGap>{{.row = 5, .seconds = 6000}});
  CHECK(time_gaps(table, 6000).empty());
  CHECK(time_gaps(table, 599).size() == 5);
  CHECK_THROWS_MATCHES(time_gaps(column({1, 2})), DataError,
                       Message("time_step: the table must have times and two rows, got 2 rows without times; read the "
                               "file with its date column"));
  CHECK_THROWS_MATCHES(time_step(column({1}, {0})), DataError,
                       Message("time_step: the table must have times and two rows, got 1 rows with times; read the "
                               "file with its date column"));
}
