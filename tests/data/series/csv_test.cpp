#include "seqnn/data/series/csv.hpp"

#include "seqnn/core/random.hpp"
#include "seqnn/io/exact_number.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace seqnn;

namespace {

using Names = std::vector<std::string>;
using Numbers = std::vector<double>;
using Times = std::vector<std::int64_t>;

Table read(std::string_view content, const CsvOptions& options = {}) {
  const TemporaryFolder folder;
  return read_csv(folder.write("data.csv", content), options);
}

// All values, row by row.
Numbers flat(const Table& table) { return Numbers(table.values().begin(), table.values().end()); }

Names dates(const Table& table) {
  Names result;
  for (const std::int64_t time : table.times()) result.push_back(time_text(time));
  return result;
}

}  // namespace

TEST_CASE("A table with header and dates is read as it stands", "[data][series][csv]") {
  const Table table =
      read("Date Time,p (mbar),T (degC)\n01.01.2009 00:10:00,996.52,-8.02\n01.01.2009 00:20:00,996.57,-8.41\n");
  CHECK(table.names() == Names{"p (mbar)", "T (degC)"});
  CHECK(flat(table) == Numbers{996.52, -8.02, 996.57, -8.41});
  CHECK(dates(table) == Names{"2009-01-01 00:10:00", "2009-01-01 00:20:00"});
  CHECK(table.note().empty());
  CHECK_FALSE(table.truncated());
}

TEST_CASE("Without a header, columns are named by their place", "[data][series][csv]") {
  const Table table = read("1980-01-02,165.63\n1980-01-03,166.28\n");
  CHECK(table.names() == Names{"column_1"});
  CHECK(flat(table) == Numbers{165.63, 166.28});
  CHECK(dates(table) == Names{"1980-01-02 00:00:00", "1980-01-03 00:00:00"});

  CHECK(read("1,2\n3,4\n").names() == Names{"column_0", "column_1"});
  CHECK_FALSE(read("1,2\n3,4\n").has_times());
  CHECK(read("wave\n0.5\n0.25\n").names() == Names{"wave"});
  CHECK(read("2001,2002\n3,4\n", {.header = true}).names() == Names{"2001", "2002"});
  CHECK(read(",b\n3,4\n").names() == Names{"column_0", "b"});
  CHECK(read("1,2\n", {.names = {"x", "y"}}).names() == Names{"x", "y"});
  CHECK(flat(read("a,b\n1,2\n", {.names = {"x", "y"}})) == Numbers{1, 2});
  CHECK(flat(read("NA,NA\n1,2\n", {.header = false, .missing = Missing::drop_row})) == Numbers{1, 2});
}

TEST_CASE("Separators are found or given", "[data][series][csv]") {
  for (const std::string s : {",", ";", "\t", "|"}) {
    const Table table = read("a" + s + "b\n1" + s + "2\n");
    CHECK(table.names() == Names{"a", "b"});
    CHECK(flat(table) == Numbers{1, 2});
  }
  CHECK(read("a b\n1 2\n", {.separator = ' '}).names() == Names{"a", "b"});
  CHECK(read("a (x;y),b\n1,2\n").names() == Names{"a (x;y)", "b"});  // the second line has no semicolon
  CHECK(read("\"a;b\",c\n\"1\",2\n").names() == Names{"a;b", "c"});
  CHECK(flat(read("1;2")) == Numbers{1, 2});
}

TEST_CASE("Fields may be in quotation marks", "[data][series][csv]") {
  const Table table = read("\"a, \"\"first\"\"\",\"b\nand c\",d\n\"1.5\",2,\"3\"\r\n4,\"5\",6\n");
  CHECK(table.names() == Names{"a, \"first\"", "b\nand c", "d"});
  CHECK(flat(table) == Numbers{1.5, 2, 3, 4, 5, 6});
  CHECK(flat(read("\"1\",\"2\"")) == Numbers{1, 2});
}

TEST_CASE("Line ends, empty lines, spaces and signs do not matter", "[data][series][csv]") {
  CHECK(flat(read("\r\na,b\r\n\r\n 1 ,\t+2\r\n\n-3e1,.5\r\n\r\n")) == Numbers{1, 2, -30, 0.5});
  CHECK(flat(read("# made by hand\n# 1,2,3,4\na,b\n1,2\n", {.skip_lines = 2})) == Numbers{1, 2});
}

TEST_CASE("Names are UTF-8, whatever the file is written in", "[data][series][csv]") {
  CHECK(read("SWDR (W/m\xB2),b\n1,2\n").names() == Names{"SWDR (W/m\u00B2)", "b"});      // Latin-1
  CHECK(read("SWDR (W/m\xC2\xB2),b\n1,2\n").names() == Names{"SWDR (W/m\u00B2)", "b"});  // UTF-8
  CHECK(read("\xEF\xBB\xBF"
             "a,b\n1,2\n")
            .names() == Names{"a", "b"});  // byte order mark
}

TEST_CASE("Columns are chosen by name or place, in any order", "[data][series][csv]") {
  const char* const file = "date,a,b,text\n2020-01-01,1,2,x\n2020-01-02,3,4,y\n";
  const Table table = read(file, {.columns = {"b", 1}});
  CHECK(table.names() == Names{"b", "a"});
  CHECK(flat(table) == Numbers{2, 1, 4, 3});
  CHECK(table.times().size() == 2);
  CHECK(flat(read(file, {.columns = {2}})) == Numbers{2, 4});
}

TEST_CASE("Dates are found in the formats in use", "[data][series][csv]") {
  const auto first = [](const std::string& date, const std::string& later = "") {
    return dates(read("t,x\n" + date + ",1\n" + (later.empty() ? "" : later + ",2\n"))).front();
  };
  CHECK(first("31.12.2009 23:50:00") == "2009-12-31 23:50:00");
  CHECK(first("01.02.2009 00:10") == "2009-02-01 00:10:00");
  CHECK(first("2020-01-01 00:10:00") == "2020-01-01 00:10:00");
  CHECK(first("2020-01-01T00:10:00") == "2020-01-01 00:10:00");
  CHECK(first("2020-01-01T00:10:00Z") == "2020-01-01 00:10:00");
  CHECK(first("2020-01-01") == "2020-01-01 00:00:00");
  CHECK(first("2020/01/02") == "2020-01-02 00:00:00");
  CHECK(first("03-01-00", "13-01-00") == "2000-01-03 00:00:00");  // the 13th is no month
  CHECK(first("01/02/1990", "01/16/1990") == "1990-01-02 00:00:00");
  CHECK(first("01/02/1990", "16/02/1990") == "1990-02-01 00:00:00");

  const Table two = read("<DATE>\t<TIME>\t<OPEN>\n2015.03.09\t14:00:00\t1.08\n2015.03.09\t15:00:00\t1.09\n");
  CHECK(dates(two) == Names{"2015-03-09 14:00:00", "2015-03-09 15:00:00"});
  CHECK(two.names() == Names{"<OPEN>"});
  CHECK(dates(read("id,day,x\n7,2020-01-01,5\n")) == Names{"2020-01-01 00:00:00"});  // not the first column
}

TEST_CASE("Dates are read as the options say", "[data][series][csv]") {
  CHECK(dates(read("01/02/1990,1\n", {.time_format = "%d/%m/%Y"})) == Names{"1990-02-01 00:00:00"});
  CHECK(dates(read("20200131,1\n", {.time_format = "%Y%m%d"})) == Names{"2020-01-31 00:00:00"});
  const char* const two = "x,at,on\n1,12:30,2020-01-01\n";
  CHECK(dates(read(two, {.time_columns = {"on", "at"}})) == Names{"2020-01-01 12:30:00"});
  CHECK(read(two, {.time_columns = {2, 1}}).names() == Names{"x"});
  CHECK(dates(read("2020-01-01,2021-01-01,1\n", {.columns = {2}, .time_columns = {1}})).front() ==
        "2021-01-01 00:00:00");
}

TEST_CASE("Missing values and sentinels are treated by policy", "[data][series][csv]") {
  const std::string file = "a,b\n1,2\n,-9999\nna,6\n7,NULL\n9,10\n";
  const auto with = [&](Missing missing) { return read(file, {.sentinels = {{.value = -9999}}, .missing = missing}); };
  const Table kept = with(Missing::keep);
  CHECK(kept.rows() == 5);
  CHECK(std::isnan(kept.values()(1, 0)));
  CHECK(std::isnan(kept.values()(1, 1)));
  CHECK(std::isnan(kept.values()(2, 0)));
  CHECK(std::isnan(kept.values()(3, 1)));
  CHECK(flat(with(Missing::drop_row)) == Numbers{1, 2, 9, 10});
  CHECK(flat(with(Missing::previous)) == Numbers{1, 2, 1, 2, 1, 6, 7, 6, 9, 10});
  CHECK(flat(with(Missing::interpolate)) == Numbers{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});

  const Table one = read("a,b\n-1,-1\n", {.sentinels = {{.value = -1, .columns = {"b"}}}, .missing = Missing::keep});
  CHECK(one.values()(0, 0) == -1);
  CHECK(std::isnan(one.values()(0, 1)));
  CHECK(std::isnan(read("1,?\n", {.missing_texts = {"?"}, .missing = Missing::keep}).values()(0, 1)));
}

TEST_CASE("Dates that repeat or go backwards are treated by policy", "[data][series][csv]") {
  const std::string file = "2020-01-02,1\n2020-01-02,2\n2020-01-03,3\n";
  CHECK(flat(read(file)) == Numbers{1, 2, 3});
  CHECK(flat(read(file, {.repeats = Repeats::keep_first})) == Numbers{1, 3});
  CHECK(flat(read(file, {.repeats = Repeats::keep_last})) == Numbers{2, 3});
  CHECK(read(file, {.repeats = Repeats::keep_last}).times().size() == 2);
  const Table backwards = read("2020-01-02,1\n2020-01-01,2\n", {.backwards = Backwards::keep});
  CHECK(dates(backwards) == Names{"2020-01-02 00:00:00", "2020-01-01 00:00:00"});
}

TEST_CASE("A table tells what was noticed", "[data][series][csv]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("data.csv", "2020-01-02,1\n2020-01-02,NA\n2020-01-02,3\n2020-01-03,4");
  CHECK(read_csv(path, {.repeats = Repeats::keep_first, .missing = Missing::drop_row}).note() ==
        path + ":4: the last line does not end; if the file was cut off, its last number may have lost digits. " +
            path + ": missing values: 1. " + path + ": rows left out for them: 1. " + path +
            ": rows left out because another has their date: 1.");
  CHECK(read("2020-01-02,1\n2020-01-02,2\n").note().find(": rows with the date of the row above: 1.") !=
        std::string::npos);
}

TEST_CASE("A cut file keeps all complete rows, and says where it ends", "[data][series][csv]") {
  const std::string file = "date,a,b\n2020-01-01,1.25,2.25\n2020-01-02,3.25,4.25\n";
  const std::size_t last = file.find("2020-01-02");
  const TemporaryFolder folder;
  for (std::size_t cut = last + 1; cut + 1 < file.size(); ++cut) {
    const std::string path = folder.write("data.csv", file.substr(0, cut));
    const Table table = read_csv(path, {.truncated = Truncated::keep});
    CAPTURE(cut);
    // Behind the last separator the number may be whole; the note says that it need not be.
    const bool whole = cut > file.rfind(',') + 1;
    CHECK(table.rows() == (whole ? 2 : 1));
    CHECK(table.values()(0, 1) == 2.25);
    CHECK(table.truncated() == !whole);
    CHECK(table.note().substr(0, path.size() + 3) == path + ":3:");
  }
  const std::string path = folder.write("data.csv", file.substr(0, last + 12));
  CHECK(read_csv(path, {.truncated = Truncated::keep}).note() ==
        path +
            ":3: the file ends inside this line, in field 2 of 3; the last complete line is 2 (2020-01-01 00:00:00).");
  // Cut inside quotation marks, and inside a date behind the numbers.
  CHECK(read("a,b\n1,2\n3,\"4", {.truncated = Truncated::keep}).truncated());
  CHECK(read("a,t\n1,2020-01-01\n3,2020-01", {.truncated = Truncated::keep}).rows() == 1);
}

TEST_CASE("Numbers are read exactly", "[data][series][csv]") {
  RandomStream random({.seed = 3});
  std::string file = "a,b,c\n";
  Numbers expected;
  for (int row = 0; row < 300; ++row) {
    for (int c = 0; c < 3; ++c) {
      expected.push_back(random.normal() * std::pow(10.0, static_cast<double>(random.below(40)) - 20));
      file += exact_number(expected.back()) + (c < 2 ? "," : "\n");
    }
  }
  CHECK(flat(read(file)) == expected);
}

TEST_CASE("Rows and fields are read without allocating", "[data][series][csv]") {
  const TemporaryFolder folder;
  const auto allocations = [&](int rows) {
    std::string file = "date,a,b\n";
    for (int row = 0; row < rows; ++row) {
      file += time_text(row * std::int64_t{600}) + ",\"1.25\",-2\n";
    }
    const std::string path = folder.write("data.csv", file);
    const AllocationCount count;
    CHECK(read_csv(path).rows() == static_cast<std::size_t>(rows));
    return count.so_far();
  };
  // Both files fit into one growth of the buffer that they are read into.
  CHECK(allocations(1'500) == allocations(500));
}
