#include "seqnn/data/series/windows.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/numbered_series.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

using Floats = std::vector<float>;

/// The definition, row by row: t is the last row that is read; everything lies in the rows and on one side of a gap.
struct Expected {
  Expected(const WindowsOptions& o, std::size_t series_rows, const Sizes& inputs, const Sizes& targets) {
    const RowRange rows = o.rows.value_or(RowRange{0, series_rows});
    const std::size_t n = o.lookback / o.step;
    for (std::size_t t = rows.begin + (n - 1) * o.step; t < rows.end; t += o.stride) {
      const std::size_t first = t - (n - 1) * o.step;
      const std::size_t last = t + o.delay + (o.horizon - 1) * o.horizon_step;
      bool whole = last < rows.end;
      for (const std::size_t gap : o.gaps) whole = whole && !(first < gap && gap <= last);
      if (!whole) continue;
      firsts.push_back(first);
      for (std::size_t j = n; j-- > 0;) {
        for (const std::size_t c : inputs) x.push_back(static_cast<float>(10 * (t - j * o.step) + c));
      }
      for (std::size_t k = 0; k < o.horizon; ++k) {
        for (const std::size_t c : targets)
          y.push_back(static_cast<float>(10 * (t + o.delay + k * o.horizon_step) + c));
      }
    }
  }

  Sizes firsts;
  Floats x;
  Floats y;
};

/// Empty if Windows does what is expected, else what it was asked for.
std::string difference(const SharedSeries<float>& series, const WindowsOptions& o, const Expected& expected) {
  bool same = true;
  if (expected.firsts.empty()) {
    try {
      const Windows<float> windows(series, o);
      same = false;
    } catch (const OptionError&) {
    }
  } else {
    const Windows<float> windows(series, o);
    same = windows.size() == expected.firsts.size();
    if (same) {
      const Gathered<float> gathered(windows);
      same = gathered.x == expected.x && gathered.y == expected.y;
      for (std::size_t i = 0; i < windows.size(); ++i)
        same = same && windows.rows().first_input(i) == expected.firsts[i];
    }
  }
  if (same) return {};
  return text("rows ", series->shape()[0], " lookback ", o.lookback, " step ", o.step, " delay ", o.delay, " horizon ",
              o.horizon, " horizon_step ", o.horizon_step, " stride ", o.stride, " gaps ", o.gaps.size());
}

}  // namespace

TEST_CASE("Windows read every step-th row back from t and predict the row delay later", "[data][series][windows]") {
  // 8 rows; lookback 4 at step 2 reads 2 rows: t - 2 and t. The first t is 2, the last has its target, t + 3, at row 7.
  const Windows<float> windows(numbered_series(8, 2), {.lookback = 4, .step = 2, .delay = 3, .targets = {1}});
  CHECK(windows.size() == 3);
  CHECK(windows.x_shape() == Shape{2, 2});
  CHECK(windows.y_shape() == Shape{});
  const Gathered<float> all(windows);
  CHECK(all.x == Floats{0, 1, 20, 21, 10, 11, 30, 31, 20, 21, 40, 41});
  CHECK(all.y == Floats{51, 61, 71});
  CHECK(windows.rows().first_input(1) == 1);
  CHECK(windows.rows().last_input(1) == 3);
  CHECK(windows.rows().first_target(1) == 6);
  CHECK(windows.rows().last_target(1) == 6);
  CHECK(windows.describe() ==
        "3 samples, x (2, 2), y ()\n"
        "sample 0 reads rows 0, 2 and predicts row 5\n"
        "sample 2 reads rows 2, 4 and predicts row 7\n");
}

TEST_CASE("Windows are those of the definition in all small cases", "[data][series][windows]") {
  std::size_t samples = 0;
  for (std::size_t rows = 1; rows <= 12; ++rows) {
    const auto series = numbered_series(rows, 3);
    const std::vector<std::optional<RowRange>> ranges{std::nullopt, RowRange{0, rows - 1}, RowRange{1, rows},
                                                      RowRange{std::min<std::size_t>(3, rows), rows}};
    const std::vector<Sizes> all_gaps{{}, {rows / 2}, {rows - 1, 0, rows / 3, rows / 3}};
    for (const auto& range : ranges) {
      for (const auto& gaps : all_gaps) {
        for (const std::size_t n : {1U, 2U, 3U, 5U}) {
          for (const std::size_t step : {1U, 2U, 3U}) {
            for (const std::size_t delay : {1U, 2U, 4U}) {
              for (const std::size_t horizon : {1U, 2U, 3U}) {
                for (const std::size_t horizon_step : {1U, 2U}) {
                  for (const std::size_t stride : {1U, 2U, 5U}) {
                    const WindowsOptions options{.lookback = n * step,
                                                 .step = step,
                                                 .delay = delay,
                                                 .horizon = horizon,
                                                 .horizon_step = horizon_step,
                                                 .stride = stride,
                                                 .targets = {2, 0},
                                                 .rows = range,
                                                 .gaps = gaps};
                    const Expected expected(options, rows, {0, 1, 2}, {2, 0});
                    samples += expected.firsts.size();
                    const std::string wrong = difference(series, options, expected);
                    if (!wrong.empty()) FAIL(wrong);
                  }
                }
              }
            }
          }
        }
      }
    }
  }
  CHECK(samples > 40'000);
}

TEST_CASE("Any columns are read in the order given, at every width", "[data][series][windows]") {
  for (std::size_t width = 1; width <= 21; ++width) {
    const auto series = numbered_series<float>(40, width);
    std::vector<Sizes> selections;
    for (std::size_t count = 1; count <= width; ++count) {
      Sizes columns(count);
      std::iota(columns.begin(), columns.end(), width - count);
      selections.push_back(columns);  // a run up to the last column
      std::swap(columns.front(), columns.back());
      selections.push_back(columns);  // no run, from two columns on
    }
    for (const Sizes& columns : selections) {
      for (const std::size_t step : {1U, 4U}) {
        const WindowsOptions options{.lookback = 8, .step = step, .inputs = columns, .targets = columns};
        const std::string wrong = difference(series, options, Expected(options, 40, columns, columns));
        if (!wrong.empty()) FAIL(wrong << " width " << width << " columns " << columns.size());
      }
    }
  }
}

TEST_CASE("Doubles are copied like floats", "[data][series][windows]") {
  for (std::size_t width = 1; width <= 9; ++width) {
    const Windows<double> windows(numbered_series<double>(30, width), {.lookback = 9, .step = 3, .targets = {0}});
    const Gathered<double> all(windows);
    std::vector<double> x;
    for (std::size_t i = 0; i < windows.size(); ++i) {
      for (std::size_t j = 0; j < 3; ++j) {
        for (std::size_t c = 0; c < width; ++c) x.push_back(static_cast<double>(10 * (i + 3 * j) + c));
      }
    }
    CHECK(windows.size() == 23);
    CHECK(all.x == x);
  }
}

TEST_CASE("The shape of targets has no axes of extent 1", "[data][series][windows]") {
  const auto series = numbered_series(20, 3);
  CHECK(Windows(series, {.lookback = 2, .targets = {1}}).y_shape() == Shape{});
  CHECK(Windows(series, {.lookback = 2}).y_shape() == Shape{3});
  CHECK(Windows(series, {.lookback = 2, .horizon = 4, .targets = {1}}).y_shape() == Shape{4});
  CHECK(Windows(series, {.lookback = 2, .horizon = 4, .targets = {1, 2}}).y_shape() == Shape{4, 2});
  CHECK(Windows(series, {.lookback = 2, .inputs = {0}}).x_shape() == Shape{2, 1});
}

TEST_CASE("Targets may come from another matrix with the same rows", "[data][series][windows]") {
  auto other = Tensor<float, 2>::from_shape({6, 1});
  for (std::size_t r = 0; r < 6; ++r) other(r, 0) = -static_cast<float>(r);
  const Windows<float> windows(numbered_series(6, 1), shared_series(std::move(other)), {.lookback = 2, .delay = 2});
  const Gathered<float> all(windows);
  CHECK(all.x == Floats{0, 10, 10, 20, 20, 30});
  CHECK(all.y == Floats{-3, -4, -5});
  CHECK_THROWS_MATCHES(Windows<float>(numbered_series(6, 1), numbered_series(5, 1), {.lookback = 2}), OptionError,
                       Message("Windows: targets must have as many rows as the series, 6, got 5; row r of both is the "
                               "same time"));
}

TEST_CASE("Samples are gathered in any order, also without targets, and nothing is allocated",
          "[data][series][windows]") {
  const Windows<float> windows(numbered_series(10, 1), {.lookback = 2, .gaps = {5}});
  const Sizes indices{windows.size() - 1, 0, 0};
  Floats x(6), y(3);
  const AllocationCount allocations;
  windows.gather(indices, x, y);
  windows.gather(indices, x, {});
  CHECK(allocations.so_far() == 0);
  CHECK(x == Floats{70, 80, 0, 10, 0, 10});
  CHECK(y == Floats{90, 20, 20});
}

TEST_CASE("Samples do not span gaps", "[data][series][windows]") {
  const Windows<float> windows(numbered_series(12, 1), {.lookback = 2, .delay = 2, .gaps = {5}});
  // A sample spans 4 rows, so 9 would start at rows 0 to 8; those at 2, 3 and 4 have rows on both sides of the gap.
  CHECK(windows.size() == 6);
  CHECK(windows.rows().left_out() == 3);
  CHECK(windows.describe() ==
        "6 samples, x (2, 1), y (); 3 more would span a gap\n"
        "sample 0 reads rows 0, 1 and predicts row 3\n"
        "sample 5 reads rows 8, 9 and predicts row 11\n");
}

TEST_CASE("Rows are told in short", "[data][series][windows]") {
  const auto series = numbered_series(40, 1);
  CHECK(Windows(series, {.lookback = 1}).rows().describe(3) == "sample 3 reads row 3 and predicts row 4");
  CHECK(Windows(series, {.lookback = 3, .horizon = 2}).rows().describe(0) ==
        "sample 0 reads rows 0, 1, 2 and predicts rows 3, 4");
  CHECK(Windows(series, {.lookback = 24, .step = 6, .horizon = 5, .horizon_step = 2}).rows().describe(1) ==
        "sample 1 reads rows 1, 7, …, 19 and predicts rows 20, 22, …, 28");
}

TEST_CASE("Lengths that make no windows are errors", "[data][series][windows]") {
  const auto series = numbered_series(100, 2);
  const auto fails = [&](const WindowsOptions& options, const std::string& message) {
    CHECK_THROWS_MATCHES(Windows<float>(series, options), OptionError, Message("Windows: " + message));
  };
  fails({}, "lookback must be at least 1, got 0; give the number of rows to look back over");
  fails({.lookback = 8, .step = 0}, "step must be at least 1, got 0; 1 reads every row");
  fails({.lookback = 8, .step = 3}, "lookback must be a multiple of step, got 8 at step 3; take 9");
  fails({.lookback = 2, .step = 3}, "lookback must be a multiple of step, got 2 at step 3; take 3");
  fails({.lookback = 8, .delay = 0},
        "delay must be at least 1, got 0; it counts from the last row that is read; 1 is the next row");
  fails({.lookback = 8, .horizon = 0}, "horizon must be at least 1, got 0; 1 predicts one row");
  fails({.lookback = 8, .horizon_step = 0}, "horizon_step must be at least 1, got 0; 1 predicts consecutive rows");
  fails({.lookback = 8, .stride = 0}, "stride must be at least 1, got 0; 1 starts a sample at every row");
}

TEST_CASE("Rows and columns that are not there are errors", "[data][series][windows]") {
  const auto series = numbered_series(100, 2);
  const auto fails = [&](const WindowsOptions& options, const std::string& message) {
    CHECK_THROWS_MATCHES(Windows<float>(series, options), OptionError, Message("Windows: " + message));
  };
  fails({.lookback = 100},
        "rows must hold at least one sample, which spans 101 rows (lookback 100, step 1, delay 1, horizon 1), got 100 "
        "rows, [0, 100); shorten lookback or delay, or give the split more rows");
  fails({.lookback = 12, .step = 6, .delay = 5, .horizon = 2, .rows = RowRange{40, 52}},
        "rows must hold at least one sample, which spans 13 rows (lookback 12, step 6, delay 5, horizon 2), got 12 "
        "rows, [40, 52); shorten lookback or delay, or give the split more rows");
  CHECK(Windows<float>(series, {.lookback = 99}).size() == 1);
  fails({.lookback = 8, .rows = RowRange{50, 50}},
        "rows must hold at least one sample, which spans 9 rows (lookback 8, step 1, delay 1, horizon 1), got 0 rows, "
        "[50, 50); shorten lookback or delay, or give the split more rows");
  fails({.lookback = 8, .rows = RowRange{50, 101}},
        "rows must lie in the series of 100 rows, got [50, 101); end is one past the last row");
  fails({.lookback = 8, .rows = RowRange{50, 40}},
        "rows must lie in the series of 100 rows, got [50, 40); end is one past the last row");
  fails({.lookback = 8, .gaps = {100}},
        "gaps must be rows of the series, which has 100, got 100; give the first row after each gap");
  fails({.lookback = 60, .gaps = {50}},
        "rows must hold at least one sample, which spans 61 rows without a gap, got [0, 100) with 1 gaps; shorten "
        "lookback or delay, or fill the gaps");
  fails({.lookback = 8, .targets = {2}}, "targets must have column 2, got a matrix of 2 columns; columns count from 0");
  fails({.lookback = 8, .inputs = {0, 7}},
        "series must have column 7, got a matrix of 2 columns; columns count from 0");
}

TEST_CASE("Lengths computed as negative numbers are too long, not short", "[data][series][windows]") {
  const auto series = numbered_series(100, 2);
  const std::size_t negative = static_cast<std::size_t>(-6);
  CHECK_THROWS_AS(Windows<float>(series, {.lookback = negative}), OptionError);
  CHECK_THROWS_AS(Windows<float>(series, {.lookback = 6, .delay = negative}), OptionError);
  CHECK_THROWS_AS(Windows<float>(series, {.lookback = 6, .horizon = negative}), OptionError);
  CHECK_THROWS_AS(Windows<float>(series, {.lookback = 6, .horizon = 2, .horizon_step = negative}), OptionError);
  CHECK(Windows<float>(series, {.lookback = 6, .stride = negative}).size() == 1);
}

TEST_CASE("NaN and infinity are found where samples read them, and only there", "[data][series][windows]") {
  auto values = Tensor<float, 2>(*numbered_series(30, 3));
  values(12, 1) = std::numeric_limits<float>::quiet_NaN();
  values(20, 2) = -std::numeric_limits<float>::infinity();
  const auto series = shared_series(std::move(values));
  CHECK_THROWS_MATCHES(Windows<float>(series, {.lookback = 4}), DataError,
                       Message("Windows: series must be finite, got NaN at row 12, column 1; clean or fill the data "
                               "first"));
  CHECK_THROWS_MATCHES(Windows<float>(series, {.lookback = 4, .inputs = {0}, .targets = {2}}), DataError,
                       Message("Windows: targets must be finite, got infinity at row 20, column 2; clean or fill the "
                               "data first"));
  CHECK_NOTHROW(Windows<float>(series, {.lookback = 4, .inputs = {0}, .targets = {0}}));
  CHECK_NOTHROW(Windows<float>(series, {.lookback = 4, .rows = RowRange{0, 12}}));
  CHECK_NOTHROW(Windows<float>(series, {.lookback = 4, .rows = RowRange{21, 30}}));
}

TEST_CASE("A series that is not there is an error", "[data][series][windows]") {
  CHECK_THROWS_MATCHES(
      Windows<float>(nullptr, {.lookback = 1}), OptionError,
      Message("Windows: series must be a matrix with at least one row and one column, got none; fill it first"));
  CHECK_THROWS_MATCHES(
      Windows<float>(numbered_series(5, 1), SharedSeries<float>(), {.lookback = 1}), OptionError,
      Message("Windows: targets must be a matrix with at least one row and one column, got none; fill it first"));
  CHECK_THROWS_AS(Windows<float>(numbered_series(0, 3), {.lookback = 1, .targets = {1}}), OptionError);
}

TEST_CASE("Gathering into the wrong place or beyond the samples is an error", "[data][series][windows]") {
  const Windows<float> windows(numbered_series(10, 2), {.lookback = 3, .targets = {0}});
  Floats x(12), y(2);
  const Sizes good{0, 6}, bad{0, 7};
  CHECK_NOTHROW(windows.gather(good, x, y));
  CHECK_THROWS_MATCHES(windows.gather(bad, x, y), DataError,
                       Message("Windows: index must be below the number of samples, 7, got 7"));
  CHECK_THROWS_MATCHES(windows.gather(good, std::span(x).first(11), y), ShapeError,
                       Message("Windows: x must have room for 2 samples of 6 numbers, 12 in all, got 11"));
  CHECK_THROWS_MATCHES(windows.gather(good, x, std::span(y).first(1)), ShapeError,
                       Message("Windows: y must have room for 2 samples of 1 numbers, 2 in all, got 1"));
}
