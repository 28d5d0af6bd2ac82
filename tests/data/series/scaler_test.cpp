#include "seqnn/data/series/scaler.hpp"

#include "fixtures/scalers.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinRel;

namespace {

using Matrix = Tensor<double, 2>;

Matrix fixture() {
  auto values = Matrix::from_shape({std::size(fixtures::scalers::kValues), 3});
  std::copy_n(&fixtures::scalers::kValues[0][0], values.size(), values.data());
  return values;
}

constexpr RowRange kRows{fixtures::scalers::kFirst, fixtures::scalers::kLast};

std::string message_of_loading(const std::string& content) {
  const TemporaryFolder folder;
  const std::string path = folder.write("scaler.txt", content);
  try {
    static_cast<void>(Scaler::load(path));
  } catch (const FileError& error) {
    return std::string(error.what()).substr(path.size());
  }
  return "";
}

}  // namespace

TEST_CASE("A standard scaler divides by the standard deviation of the training rows", "[data][series][scaler]") {
  // rows 1 to 4 of the column: 2 4 4 6; mean 4, squares of deviations 4 0 0 4, variance 8/4 = 2
  const Matrix values{{100}, {2}, {4}, {4}, {6}, {-100}};
  StandardScaler scaler;
  scaler.fit(values, {1, 5});
  CHECK(scaler.columns() == 1);
  CHECK(scaler.center(0) == 4);
  CHECK(scaler.scale(0) == std::sqrt(2.0));
  Matrix scaled = values;
  scaler.transform(scaled);
  CHECK(scaled(1, 0) == -2 / std::sqrt(2.0));
  CHECK(scaled(0, 0) == 96 / std::sqrt(2.0));
  CHECK(scaler.transform(0, 6) == 2 / std::sqrt(2.0));
  CHECK(scaler.inverse(0, 1) == 4 + std::sqrt(2.0));
}

TEST_CASE("A min-max scaler gives the training rows a range", "[data][series][scaler]") {
  const Matrix values{{10, 0}, {20, 1}, {30, 3}};
  Matrix unit = values;
  MinMaxScaler().fit(values, {0, 2}).transform(unit);
  CHECK((unit == Matrix{{0, 0}, {1, 1}, {2, 3}}));
  Matrix wide = values;
  MinMaxScaler({.low = -1, .high = 3}).fit(values, {0, 3}).transform(wide);
  CHECK((wide == Matrix{{-1, -1}, {1, 1.0 / 3}, {3, 3}}));
}

TEST_CASE("A robust scaler is not moved by an outlier", "[data][series][scaler]") {
  // sorted 1 2 3 4 1000: median 3, quartiles 2 and 4
  const Matrix values{{4}, {1000}, {1}, {3}, {2}};
  RobustScaler scaler;
  scaler.fit(values, {0, 5});
  CHECK(scaler.center(0) == 3);
  CHECK(scaler.scale(0) == 2);
}

TEST_CASE("Centers and scales are numpy's", "[data][series][scaler]") {
  namespace f = fixtures::scalers;
  StandardScaler standard;
  MinMaxScaler min_max;
  RobustScaler robust;
  standard.fit(fixture(), kRows);
  min_max.fit(fixture(), kRows);
  robust.fit(fixture(), kRows);
  for (std::size_t c = 0; c < 3; ++c) {
    CAPTURE(c);
    // Column 2 is 1e6 with a spread of 0.03: a rounding of the mean is 1e-16 · 1e6 / 0.03 of it.
    CHECK_THAT(standard.center(c), WithinRel(f::kMean[c], 1e-14));
    CHECK_THAT(standard.scale(c), WithinRel(f::kStd[c], c == 2 ? 1e-8 : 1e-13));
    CHECK(min_max.center(c) == f::kMin[c]);
    CHECK(min_max.scale(c) == f::kRange[c]);
    CHECK_THAT(robust.center(c), WithinRel(f::kMedian[c], 1e-15));
    CHECK_THAT(robust.scale(c), WithinRel(f::kIqr[c], 1e-8));
  }
  const Scaler& even = robust.fit(fixture(), {f::kFirst, f::kFirst + 8});
  CHECK_THAT(even.center(0), WithinRel(f::kQuartilesOf8[1], 1e-14));
  CHECK_THAT(even.scale(0), WithinRel(f::kQuartilesOf8[2] - f::kQuartilesOf8[0], 1e-13));
}

TEST_CASE("Scaling can be undone, as a whole or for one column", "[data][series][scaler]") {
  const Matrix values = fixture();
  const MinMaxScaler range({.low = -1, .high = 1});
  for (Scaler scaler : {Scaler(StandardScaler()), Scaler(range), Scaler(RobustScaler())}) {
    CAPTURE(scaler.kind());
    scaler.fit(values, kRows);
    Matrix scaled = values;
    scaler.transform(scaled);
    Matrix back = scaled;
    scaler.inverse(back);
    for (std::size_t i = 0; i < values.size(); ++i) CHECK_THAT(back.data()[i], WithinRel(values.data()[i], 1e-12));

    std::vector<float> predictions{static_cast<float>(scaled(0, 1)), 0};
    scaler.inverse(1, std::span(predictions));
    CHECK_THAT(predictions[0], WithinRel(static_cast<float>(values(0, 1)), 1e-5F));
    CHECK_THAT(predictions[1], WithinRel(static_cast<float>(scaler.inverse(1, 0.0)), 1e-6F));
    CHECK_THAT(scaler.inverse(1, scaler.transform(1, 0.5)), WithinRel(0.5, 1e-14));
  }
}

TEST_CASE("Rows outside the training rows do not matter, and may hold NaN", "[data][series][scaler]") {
  Matrix values = fixture();
  StandardScaler before, after;
  before.fit(values, kRows);
  values(0, 0) = std::numeric_limits<double>::quiet_NaN();
  values(12, 1) = 1e9;
  after.fit(values, kRows);
  CHECK(before == after);
  after.transform(values);
  CHECK(std::isnan(values(0, 0)));
}

TEST_CASE("A table is scaled by its names", "[data][series][scaler]") {
  const Table table({"p", "T"}, Matrix{{990, -8}, {1000, 8}});
  StandardScaler scaler;
  scaler.fit(table, {0, 2});
  CHECK(scaler.names() == table.names());
  CHECK((scaler.transform(table) == Tensor<float, 2>{{-1, -1}, {1, 1}}));
  CHECK((scaler.transform<double>(table.rows({1, 2})) == Matrix{{1, 1}}));
  CHECK_THROWS_MATCHES(scaler.transform(table.select({"T", "p"})), DataError,
                       Message("StandardScaler: columns must be those of fit, \"p\", \"T\", got \"T\", \"p\"; use "
                               "select()"));
  // Fitted on numbers alone it has no names to compare.
  scaler.fit(Tensor<float, 2>{{990, -8}, {1000, 8}}, {0, 2});
  CHECK((scaler.transform(table.select({"T", "p"})).shape()[1] == 2));
}

TEST_CASE("A scaler reads back from its file exactly", "[data][series][scaler]") {
  const TemporaryFolder folder;
  const std::string path = folder / "scaler.txt";
  const Table table({"p (mbar)", "T %", "H\u2082O"}, fixture());
  const MinMaxScaler range({.low = -0.1, .high = 0.7, .constant = ConstantColumn::keep});
  for (Scaler scaler : {Scaler(StandardScaler()), Scaler(range), Scaler(RobustScaler())}) {
    CAPTURE(scaler.kind());
    scaler.fit(table, kRows).save(path);
    CHECK(Scaler::load(path) == scaler);
    scaler.fit(table.values(), kRows).save(path);
    CHECK(Scaler::load(path) == scaler);
  }
  MinMaxScaler().fit(Table({"p (mbar)"}, Matrix{{-1}, {1}}), {0, 2}).save(path);
  CHECK(read_file(path) ==
        "seqnn-scaler 1 min_max columns=1 low=0 high=1 constant=error named=true\n-1 2 p%20(mbar)\n");
}

TEST_CASE("A damaged scaler file is an error with its line", "[data][series][scaler]") {
  const std::string again = "; save the scaler again";
  const std::string head = "seqnn-scaler 1 standard columns=2 low=0 high=1 constant=error named=true\n";
  CHECK(message_of_loading(head + "1 2 a\n3 4 b\n").empty());
  CHECK(message_of_loading("") ==
        ":1: line must end with a newline, got the end of the file: it was cut short" + again);
  CHECK(message_of_loading(head + "1 2 a\n3 4") ==
        ":3: line must end with a newline, got the end of the file: it was cut short" + again);
  CHECK(message_of_loading(head + "1 2 a\n") ==
        ":3: line must end with a newline, got the end of the file: it was cut short" + again);
  CHECK(message_of_loading(head + "1 2 a\n3 4 b\n5 6 c\n") ==
        ":4: file must end behind 2 columns, got \"5 6 c?\"" + again);
  CHECK(message_of_loading("a,b\n1,2\n") ==
        ":1: file must begin with \"seqnn-scaler 1\" and six options, got \"a,b\"" + again);
  CHECK(message_of_loading(head + "1 0 a\n3 4 b\n") == ":2: scale must be above 0, got 0" + again);
  CHECK(message_of_loading(head + "1 2 a\nx 4 b\n") == ":3: center must be a number, got \"x\"" + again);
  CHECK(message_of_loading(head + "1 nan a\n") == ":2: scale must be a number, got \"nan\"" + again);
  CHECK(message_of_loading(head + "1 2\n") ==
        ":2: line must be center, scale and name of a column, got 2 words" + again);
  CHECK(message_of_loading(head + "1 2 a%2\n") ==
        ":2: name must have two hexadecimal digits behind %, got \"a%2\"" + again);
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string other = head;
    return message_of_loading(other.replace(other.find(from), from.size(), to) + "1 2 a\n3 4 b\n");
  };
  CHECK(changed("standard", "median") == ":1: kind must be standard, min_max or robust, got \"median\"" + again);
  CHECK(changed("columns=2", "columns=x") == ":1: header must give columns as a number, got \"columns=x\"" + again);
  CHECK(changed("columns=2", "rows=2") == ":1: header must give columns=, got \"rows=2\"" + again);
  CHECK(changed("low=0", "low=x") == ":1: low must be a number, got \"x\"" + again);
  CHECK(changed("low=0", "low=1") == ":1: low must be less than high, got low=1 and high=1" + again);
  CHECK(changed("constant=error", "constant=x") == ":1: constant= must be keep or error, got \"x\"" + again);
  CHECK(changed("named=true", "named=1") == ":1: named= must be true or false, got \"1\"" + again);
}

TEST_CASE("A column that does not vary is named, or kept as it is", "[data][series][scaler]") {
  const Table table({"p", "rain"}, Matrix{{1, 0.1}, {2, 0.1}, {3, 0.1}, {4, 0.1}, {9, 9}});
  const std::string repair = "; leave the column out, or set constant = ConstantColumn::keep";
  CHECK_THROWS_MATCHES(
      StandardScaler().fit(table, {0, 4}), DataError,
      Message("StandardScaler: column 1 \"rain\" must vary in rows [0, 4), got nothing but 0.1" + repair));
  CHECK_THROWS_MATCHES(MinMaxScaler({.low = 2, .high = 3}).fit(table.values(), {0, 4}), DataError,
                       Message("MinMaxScaler: column 1 must vary in rows [0, 4), got nothing but 0.1" + repair));
  CHECK_THROWS_MATCHES(RobustScaler().fit(table, {0, 5}), DataError,
                       Message("RobustScaler: column 1 \"rain\" must vary in rows [0, 5), got quartiles that are both "
                               "0.1" +
                               repair));
  CHECK(StandardScaler({.constant = ConstantColumn::keep}).fit(table, {0, 4}).transform(1, 0.1) == 0);
  CHECK(RobustScaler({.constant = ConstantColumn::keep}).fit(table, {0, 4}).scale(1) == 1);
  const MinMaxScaler range({.low = 2, .high = 3, .constant = ConstantColumn::keep});
  CHECK_THAT(Scaler(range).fit(table, {0, 4}).transform(1, 0.1), WithinRel(2.0, 1e-14));
}

TEST_CASE("A scaler says what cannot be fitted or scaled", "[data][series][scaler]") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  StandardScaler scaler;
  CHECK_THROWS_MATCHES(scaler.fit(Table({"p", "T"}, Matrix{{1, 2}, {2, nan}}), {0, 2}), DataError,
                       Message("StandardScaler: column 1 \"T\", row 1: must be a number, got NaN; use fill_missing, or "
                               "leave the column out"));
  CHECK_THROWS_MATCHES(scaler.fit(Matrix{{1}, {-infinity}}, {0, 2}), DataError,
                       Message("StandardScaler: column 0, row 1: must be a number, got infinity; use fill_missing, or "
                               "leave the column out"));
  const Matrix values{{1, 2}, {3, 4}};
  CHECK_THROWS_MATCHES(scaler.fit(values, {1, 1}), ShapeError,
                       Message("StandardScaler: rows to fit must be a range within [0, 2), got [1, 1)"));
  CHECK_THROWS_MATCHES(scaler.fit(values, {0, 3}), ShapeError,
                       Message("StandardScaler: rows to fit must be a range within [0, 2), got [0, 3)"));
  CHECK_THROWS_MATCHES(scaler.fit(Tensor<double, 1>{1, 2}, {0, 2}), ShapeError,
                       Message("StandardScaler: values must be (rows, columns), got (2,)"));
  const std::string first = "StandardScaler: fit must come first, got no fitted columns; call fit";
  Matrix copy = values;
  CHECK_THROWS_MATCHES(scaler.transform(copy), StateError, Message(first));
  CHECK_THROWS_MATCHES(scaler.scale(0), StateError, Message(first));
  CHECK_THROWS_MATCHES(scaler.save("scaler.txt"), StateError, Message(first));
  scaler.fit(values, {0, 2});
  Matrix three{{1, 2, 3}};
  CHECK_THROWS_MATCHES(scaler.inverse(three), ShapeError,
                       Message("StandardScaler: values must have the 2 columns of fit, got 3"));
  CHECK_THROWS_MATCHES(scaler.center(2), ShapeError, Message("StandardScaler: column must be in [0, 2), got 2"));
  CHECK_THROWS_MATCHES(MinMaxScaler({.low = 1, .high = 1}), OptionError,
                       Message("MinMaxScaler: low must be less than high, got 1 and 1"));
  CHECK_THROWS_MATCHES(MinMaxScaler({.low = -infinity}), OptionError,
                       Message("MinMaxScaler: low must be less than high, got -inf and 1"));
}
