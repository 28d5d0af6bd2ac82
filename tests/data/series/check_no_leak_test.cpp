#include "seqnn/data/series/check_no_leak.hpp"

#include "seqnn/data/series/generator_windows.hpp"
#include "seqnn/data/series/splits.hpp"
#include "seqnn/data/series/timeseries_dataset_from_array.hpp"
#include "support/catch.hpp"
#include "support/numbered_series.hpp"
#include "support/values.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

/// All rows that samples read or predict.
std::set<std::size_t> rows_of(const Windows<float>& windows) {
  std::set<std::size_t> rows;
  const WindowPattern& pattern = windows.rows().pattern();
  for (std::size_t i = 0; i < windows.size(); ++i) {
    for (std::size_t r = windows.rows().first_input(i); r <= windows.rows().last_input(i); r += pattern.step) {
      rows.insert(r);
    }
    for (std::size_t k = 0; k < pattern.horizon; ++k) {
      rows.insert(windows.rows().first_target(i) + k * pattern.horizon_step);
    }
  }
  return rows;
}

bool leaks(const Windows<float>& a, const Windows<float>& b) {
  try {
    check_no_leak({{"a", a}, {"b", b}});
    return false;
  } catch (const DataError&) {
    return true;
  }
}

}  // namespace

TEST_CASE("Windows of splits share no row", "[data][series][check_no_leak]") {
  const auto series = numbered_series(60, 2);
  for (const std::size_t gap : {0U, 3U}) {
    const Splits splits = split_by_shares(60, {.gap = gap});
    WindowsOptions options{.lookback = 4, .step = 2, .delay = 3, .horizon = 2, .targets = {1}};
    const auto of = [&](RowRange rows) {
      options.rows = rows;
      return Windows<float>(series, options);
    };
    CHECK_NOTHROW(
        check_no_leak({{"train", of(splits.train)}, {"validation", of(splits.validation)}, {"test", of(splits.test)}}));
  }
}

TEST_CASE("The targets of the book's training samples reach into its validation", "[data][series][check_no_leak]") {
  // A tenth of its rows: 0 to 20,000, 20,001 to 30,000, 30,001 to the end.
  const auto series = numbered_series(42'055, 2);
  const auto split = [&](std::size_t min_index, std::optional<std::size_t> max_index) {
    return generator_windows(series, {.lookback = 1440, .delay = 144, .min_index = min_index, .max_index = max_index});
  };
  const auto train = split(0, 20'000);
  const auto validation = split(20'001, 30'000);
  const auto test = split(30'001, std::nullopt);
  CHECK_THROWS_MATCHES(check_no_leak({{"train", train}, {"validation", validation}, {"test", test}}), DataError,
                       Message("check_no_leak: splits must not share rows, got row 20001 as a target of \"train\" and "
                               "an input of \"validation\" (143 rows); begin the later split behind row 20143, or "
                               "give Windows the rows of each split"));
  CHECK_THROWS_MATCHES(
      check_no_leak({{"validation", validation}, {"test", test}}), DataError,
      Message("check_no_leak: splits must not share rows, got row 30001 as a target of \"validation\" and an input of "
              "\"test\" (143 rows); begin the later split behind row 30143, or give Windows the rows of each split"));
  CHECK_NOTHROW(check_no_leak({{"train", train}, {"test", test}}));
  CHECK_NOTHROW(check_no_leak({{"train", train}, {"validation", split(20'144, 30'000)}}));
}

TEST_CASE("Shared rows are found row by row", "[data][series][check_no_leak]") {
  const auto series = numbered_series(40, 1);
  std::size_t clean = 0, shared = 0;
  for (std::size_t begin = 0; begin <= 20; ++begin) {
    for (const std::size_t step : {1U, 2U, 3U}) {
      for (const std::size_t stride : {1U, 2U, 4U}) {
        for (const std::size_t delay : {1U, 2U, 6U}) {
          const Windows<float> a(series, {.lookback = 2, .step = 2, .delay = 4, .stride = 4, .rows = RowRange{0, 14}});
          const Windows<float> b(series, {.lookback = 2 * step,
                                          .step = step,
                                          .delay = delay,
                                          .stride = stride,
                                          .rows = RowRange{begin, begin + 16}});
          std::set<std::size_t> rows = rows_of(a);
          bool expected = false;
          for (const std::size_t row : rows_of(b)) expected = expected || rows.count(row) > 0;
          if (leaks(a, b) != expected || leaks(b, a) != expected) FAIL(a.describe() << b.describe());
          ++(expected ? shared : clean);
        }
      }
    }
  }
  CHECK(clean > 50);
  CHECK(shared > 50);
}

TEST_CASE("A single shared row is named, and what it is", "[data][series][check_no_leak]") {
  const auto series = numbered_series(20, 1);
  const Windows<float> early(series, {.lookback = 2, .rows = RowRange{0, 8}});
  const Windows<float> late(series, {.lookback = 2, .delay = 5, .rows = RowRange{7, 16}});
  CHECK_THROWS_MATCHES(
      check_no_leak({{"early", early}, {"late", late}}), DataError,
      Message("check_no_leak: splits must not share rows, got row 7 as a target of \"early\" and an input of \"late\" "
              "(1 row); begin the later split behind row 7, or give Windows the rows of each split"));
}

TEST_CASE("Targets from another array count with their rows", "[data][series][check_no_leak]") {
  // 30 rows; 3 are read, the target is 4 rows after the last: series[6:].
  const auto data = numbered_series(30, 1);
  const auto targets = numbered_series(24, 1);
  const auto split = [&](std::size_t start, std::size_t end) {
    return timeseries_dataset_from_array(
        data, targets, {.sequence_length = 3, .start_index = start, .end_index = end, .targets_begin = 6});
  };
  CHECK(leaks(split(0, 15), split(15, 30)));  // the last target of the first lies at row 12 + 6
  CHECK_FALSE(leaks(split(0, 11), split(15, 30)));
  const Windows<float> inputs_only =
      timeseries_dataset_from_array(data, nullptr, {.sequence_length = 3, .end_index = 15});
  CHECK_FALSE(leaks(inputs_only, split(15, 30)));
}

TEST_CASE("Rows of different series are not compared", "[data][series][check_no_leak]") {
  const Windows<float> one(numbered_series(20, 1), {.lookback = 2});
  const Windows<double> other(numbered_series<double>(20, 1), {.lookback = 2});
  CHECK_THROWS_MATCHES(check_no_leak({{"train", one}, {"test", other}}), OptionError,
                       Message("check_no_leak: splits must read one shared series, got another one for \"test\" than "
                               "for \"train\"; share it with shared_series"));
}
