#include "seqnn/data/series/csv.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace seqnn;

namespace {

// The message for a file of this content, behind its path.
template <class Expected = FileError>
std::string message_of(std::string_view content, const CsvOptions& options = {}) {
  const TemporaryFolder folder;
  const std::string path = folder.write("data.csv", content);
  try {
    static_cast<void>(read_csv(path, options));
  } catch (const Expected& error) {
    const std::string message = error.what();
    return message.substr(0, path.size()) == path ? message.substr(path.size()) : message;
  }
  return "";
}

const std::string kRepair =
    "; set missing to Missing::keep, drop_row, previous or interpolate, or leave the column out";

}  // namespace

TEST_CASE("A field that is no number is named with line and column", "[data][series][csv]") {
  const std::string repair =
      "; correct it, add it to missing_texts if it stands for no value, or leave the column out with columns";
  CHECK(message_of("t,\"Tpot (K)\"\n2020-01-01,1\n\n2020-01-02,abc\n") ==
        ":4: column 1 \"Tpot (K)\": must be a number, got \"abc\"" + repair);
  for (const std::string bad : {"1.5x", "1,5", "--1", "+-1", "inf", "1e999", "0x10", "1 2", "12:30"}) {
    CHECK(message_of("a;b\n1;" + bad + "\n", {.separator = ';'}) ==
          ":2: column 1 \"b\": must be a number, got \"" + bad + '"' + repair);
  }
  CHECK(message_of("a,b\n1,\x1B" + std::string(50, 'x') + "\n") ==
        ":2: column 1 \"b\": must be a number, got \"?" + std::string(39, 'x') + "…\"" + repair);
}

TEST_CASE("A missing value is an error unless a policy is set", "[data][series][csv]") {
  CHECK(message_of("a,b\n1,\n2,3\n") == ":2: column 1 \"b\": must be a number, got \"\", a missing value" + kRepair);
  CHECK(message_of("a,b\n1,NaN\n") == ":2: column 1 \"b\": must be a number, got \"NaN\", a missing value" + kRepair);
  CHECK(message_of("a,b\n-9999.00,3\n", {.sentinels = {{.value = -9999}}}) ==
        ":2: column 0 \"a\": must be a number, got \"-9999.00\", a sentinel" + kRepair);
  CHECK(
      message_of<DataError>("a,b\nNA,3\n1,3\n", {.missing = Missing::previous}) ==
      ": column \"a\", row 0: a missing value must have a neighbour to be filled from, got no value before it; cut the "
      "row off with rows(), or leave the column out");
  CHECK(
      message_of("a,b\nNA,3\n", {.missing = Missing::drop_row}) ==
      ": file must hold complete rows, got 1 with missing values and none without; set missing to something else than "
      "drop_row, or check that it is the file meant");
}

TEST_CASE("A row of another length is named", "[data][series][csv]") {
  CHECK(
      message_of("a,b,c\n1,2,3\n4,5\n6,7,8\n") ==
      ":3: must have 3 fields as the header has, got 2; correct the line, or give the separator of the file, here ','");
  CHECK(
      message_of("1\t2\n3\t4\t5\n") ==
      ":2: must have 2 fields as the first line has, got 3; correct the line, or give the separator of the file, here "
      "'\\t'");
}

TEST_CASE("Dates that cannot be are named", "[data][series][csv]") {
  CHECK(message_of("t,x\n2020-01-02,1\n2020-01-01,2\n") ==
        ":3: column 0 \"t\": dates must not go backwards, got 2020-01-01 00:00:00 after 2020-01-02 00:00:00; sort the "
        "file, or set backwards = Backwards::keep");
  CHECK(message_of("t,x\n2020-01-02,1\n2020-01-02,2\n", {.repeats = Repeats::error}) ==
        ":3: column 0 \"t\": dates must differ from row to row, got 2020-01-02 00:00:00 again; set repeats to "
        "Repeats::keep, keep_first or keep_last");
  CHECK(message_of("t,x\n2020-01-02,1\n2020-02-30,2\n") ==
        ":3: column 0 \"t\": must be a date in the format \"%Y-%m-%d\", got \"2020-02-30\"; correct the line, or give "
        "time_format");
}

TEST_CASE("A date that may be a day and a month or the other way round is not guessed", "[data][series][csv]") {
  CHECK(message_of("t,x\n01/02/1990,1\n02/02/1990,1\n") ==
        ":2: column 0 \"t\": dates must be clear, but those of the whole file can be read as \"%d/%m/%Y\" and "
        "\"%m/%d/%Y\"; give time_format");
  CHECK(message_of("t,x\n01-02-03,1\n") ==
        ":2: column 0 \"t\": dates must be clear, but those of the whole file can be read as \"%d-%m-%y\" and "
        "\"%m-%d-%y\" and \"%y-%m-%d\"; give time_format");
  CHECK(message_of("t,x\n01/02/1990,1\n13/13/1990,1\n") ==
        ":3: column 0 \"t\": must be a date in one format that is known, got \"13/13/1990\"; give time_format as it is "
        "written, such as \"%d.%m.%Y %H:%M:%S\"");
  CHECK(message_of("t,x\n2 Jan 2020,1\n", {.time_columns = {"t"}}) ==
        ":2: column 0 \"t\": must be a date in one format that is known, got \"2 Jan 2020\"; give time_format as it is "
        "written, such as \"%d.%m.%Y %H:%M:%S\"");
  CHECK(message_of("t,x\n2020-01-01,1\n", {.time_columns = {"t"}, .time_format = "%d.%m.%Y"}) ==
        ":2: column 0 \"t\": must be a date in the format \"%d.%m.%Y\", got \"2020-01-01\"; give time_format as it is "
        "written, such as \"%d.%m.%Y %H:%M:%S\"");
  CHECK(message_of("t,x\n2020-01-01,1\n", {.time_format = "%d.%m.%Y"}) ==
        ":2: a column must hold dates in the format \"%d.%m.%Y\", got none in this line; correct time_format");
}

TEST_CASE("A cut file is an error that says which line is the last complete one", "[data][series][csv]") {
  CHECK(
      message_of("date,a,b\n2020-01-01,1,2\n2020-01-02,3,4\n2020-0") ==
      ":4: the file ends inside this line, in field 1 of 3; the last complete line is 3 (2020-01-02 00:00:00); get the "
      "whole file, or set truncated = Truncated::keep to keep what precedes the cut");
  CHECK(message_of("a,b\n1,2\n3,") ==
        ":3: the file ends inside this line, in field 2 of 2; the last complete line is 2; get the whole file, or set "
        "truncated = Truncated::keep to keep what precedes the cut");
}

TEST_CASE("Quotation marks must be closed at the end of a field", "[data][series][csv]") {
  CHECK(message_of("a,b\n1,2\n3,\"4\n5,6\n7,8\n") ==
        ":3: a field in quotation marks must end in them, got the end of the file; close them, or double those that "
        "belong to the text");
  CHECK(message_of("a,b\n\"1\"2,3\n") ==
        ":2: a field in quotation marks must end behind them, got \"2,3?\" behind \"1\"; double quotation marks that "
        "belong to the text");
}

TEST_CASE("Files that are no tables are errors", "[data][series][csv]") {
  const std::string none = ": file must hold rows of numbers, got none; check that it is the file meant";
  CHECK(message_of("") == none);
  CHECK(message_of("\n\r\n") == none);
  CHECK(message_of("a,b\n") == none);
  CHECK(message_of("a,b\n1,2\n", {.skip_lines = 2}) == none);
  const std::string text = ": file must be text in UTF-8 or Latin-1, got ";
  CHECK(message_of(std::string_view("1,2\n\0\x8B", 6)) ==
        ":2" + text + "a byte 0; unpack it if it is an archive, or export it as CSV");
  CHECK(message_of(std::string_view("\xFF\xFE"
                                    "a\0",
                                    4)) == text + "UTF-16; convert it to UTF-8");
  CHECK(message_of("2020-01-01\n2020-01-02\n") == ": file must hold a column of numbers beside the dates, got none");

  const TemporaryFolder folder;
  CHECK_THROWS_MATCHES(read_csv(folder / "none.csv"), FileError,
                       Catch::Matchers::Message(folder / "none.csv" +
                                                std::string(": must be a file that can be read, got \"No such file or "
                                                            "directory\"; check the name and that its folder exists")));
}

TEST_CASE("Columns that are not there are named with those that are", "[data][series][csv]") {
  const char* const file = "a,b\n1,2\n";
  CHECK(message_of(file, {.columns = {"c"}}) == ": columns must be among \"a\", \"b\", got \"c\"");
  CHECK(message_of(file, {.columns = {2}}) == ": columns must be in [0, 2), got 2; they are \"a\", \"b\"");
  CHECK(message_of(file, {.columns = {"a", 0}}) == ": columns must differ, got \"a\" twice");
  CHECK(message_of(file, {.time_columns = {"day"}}) == ": columns must be among \"a\", \"b\", got \"day\"");
  CHECK(message_of(file, {.columns = {"a"}, .sentinels = {{.value = 0, .columns = {"b"}}}}) ==
        ": columns of sentinels must be among \"a\", got \"b\"");
  CHECK(message_of(file, {.names = {"x"}}) == ":1: names must be those of all 2 columns, got 1");
  CHECK(message_of("a,b,a\n1,2,3\n") ==
        ":1: names of columns must differ, got \"a\" for columns 0 and 2; give others with names");
}

TEST_CASE("Impossible CSV options are errors", "[data][series][csv]") {
  const std::string separator = "read_csv: separator must be a character that no number holds, got '";
  CHECK(message_of<OptionError>("1\n", {.separator = '.'}) == separator + ".'");
  CHECK(message_of<OptionError>("1\n", {.separator = '\n'}) == separator + "\\n'");
  CHECK(message_of<OptionError>("1\n", {.separator = '\r'}) == separator + "\\r'");
  CHECK(message_of<OptionError>("1\n", {.time_columns = {0, 1, 2}}) ==
        "read_csv: time_columns must be one column with date and time, or two, got 3");
  CHECK(message_of<OptionError>("1\n", {.time_format = "%H"}).substr(0, 11) == "TimeFormat:");
}
