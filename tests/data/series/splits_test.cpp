#include "seqnn/data/series/splits.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("Shares split rows in time order, the rest is for the test", "[data][series][splits]") {
  const Splits splits = split_by_shares(420'451, {.train = 0.5, .validation = 0.25});
  CHECK(splits.train == RowRange{0, 210'225});  // 0.5 · 420,451 = 210,225.5
  CHECK(splits.validation == RowRange{210'225, 315'337});
  CHECK(splits.test == RowRange{315'337, 420'451});
  const Splits usual = split_by_shares(8);
  CHECK(usual.train == RowRange{0, 4});
  CHECK(usual.validation == RowRange{4, 6});
  CHECK(usual.test == RowRange{6, 8});
}

TEST_CASE("A share for the test can leave rows over", "[data][series][splits]") {
  const Splits splits = split_by_shares(100, {.train = 0.29, .validation = 0.3, .test = 0.1});
  CHECK(splits.train == RowRange{0, 29});  // although 0.29 · 100 is less than 29 in floating point
  CHECK(splits.validation == RowRange{29, 59});
  CHECK(splits.test == RowRange{59, 69});
}

TEST_CASE("A gap is taken from the beginning of validation and test", "[data][series][splits]") {
  const Splits splits = split_by_shares(100, {.train = 0.6, .validation = 0.2, .gap = 5});
  CHECK(splits.train == RowRange{0, 60});
  CHECK(splits.validation == RowRange{65, 80});
  CHECK(splits.test == RowRange{85, 100});
}

TEST_CASE("Shares of 0, and nothing left, make empty splits", "[data][series][splits]") {
  CHECK(split_by_shares(10, {.train = 0.6, .validation = 0.4}).test.size() == 0);
  CHECK(split_by_shares(10, {.train = 0.7, .validation = 0.3, .test = 0.0, .gap = 2}).test.size() == 0);
  const Splits two = split_by_shares(10, {.train = 0.8, .validation = 0});
  CHECK(two.validation.size() == 0);
  CHECK(two.test == RowRange{8, 10});
  for (std::size_t rows = 4; rows < 300; ++rows) {  // no row is lost and none is twice
    const Splits all = split_by_shares(rows);
    CHECK((all.train.begin == 0 && all.train.end == all.validation.begin && all.validation.end == all.test.begin &&
           all.test.end == rows));
  }
}

TEST_CASE("Shares that do not split are errors", "[data][series][splits]") {
  const auto fails = [](std::size_t rows, const SplitShares& shares, const std::string& message) {
    CHECK_THROWS_MATCHES(split_by_shares(rows, shares), OptionError, Message("split_by_shares: " + message));
  };
  fails(100, {.train = 0.8, .validation = 0.3},
        "shares must be in [0, 1] and at most 1 in all, got 0.8 + 0.3 + 0; leave test out for all that is left");
  fails(100, {.train = 0.8, .validation = 0.1, .test = 0.2},
        "shares must be in [0, 1] and at most 1 in all, got 0.8 + 0.1 + 0.2; leave test out for all that is left");
  fails(100, {.train = -0.1},
        "shares must be in [0, 1] and at most 1 in all, got -0.1 + 0.25 + 0; leave test out for all that is left");
  CHECK_THROWS_AS(split_by_shares(100, {.train = std::numeric_limits<double>::quiet_NaN()}), OptionError);
  fails(3, {.train = 0.5, .validation = 0.25},
        "validation must have rows, got rows 1 to 1 less a gap of 0; give it more rows or take a shorter gap");
  fails(100, {.train = 0.5, .validation = 0.25, .gap = 25},
        "validation must have rows, got rows 50 to 75 less a gap of 25; give it more rows or take a shorter gap");
  fails(100, {.train = 0.5, .validation = 0.4, .gap = 20},
        "test must have rows, got rows 90 to 100 less a gap of 20; give it more rows or take a shorter gap");
  fails(0, {}, "train must have rows, got rows 0 to 0 less a gap of 0; give it more rows or take a shorter gap");
}

TEST_CASE("Rows can be split where the caller says", "[data][series][splits]") {
  const Splits splits = split_by_rows(100, {.validation = 60, .test = 80, .gap = 5});
  CHECK(splits.train == RowRange{0, 60});
  CHECK(splits.validation == RowRange{65, 80});
  CHECK(splits.test == RowRange{85, 100});
  const Splits two = split_by_rows(100, {.validation = 60});
  CHECK(two.validation == RowRange{60, 100});
  CHECK(two.test.size() == 0);
  const auto fails = [](const SplitRows& begins, const std::string& message) {
    CHECK_THROWS_MATCHES(split_by_rows(100, begins), OptionError, Message("split_by_rows: " + message));
  };
  fails({}, "train must have rows, got rows 0 to 0 less a gap of 0; give it more rows or take a shorter gap");
  fails({.validation = 60, .test = 50},
        "splits must begin in order within the 100 rows, got validation at 60 and its end at 50; train comes first, "
        "test last");
  fails({.validation = 60, .test = 101},
        "splits must begin in order within the 100 rows, got validation at 60 and its end at 101; train comes first, "
        "test last");
  fails({.validation = 60, .test = 100},
        "test must have rows, got rows 100 to 100 less a gap of 0; give it more rows or take a shorter gap");
}
