#include "seqnn/walkforward/time_series_split.hpp"

#include "fixtures/time_series_split.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

using Folds = std::vector<TimeSeriesFold>;

TEST_CASE("Tests follow each other up to the newest row", "[walkforward][time_series_split]") {
  CHECK(time_series_split(7, {.n_splits = 3}) == Folds{{{0, 4}, {4, 5}}, {{0, 5}, {5, 6}}, {{0, 6}, {6, 7}}});
  CHECK(time_series_split(10, {.n_splits = 2, .max_train_size = 3, .test_size = 2, .gap = 1}) ==
        Folds{{{2, 5}, {6, 8}}, {{4, 7}, {8, 10}}});
}

TEST_CASE("Folds are those of scikit-learn", "[walkforward][time_series_split]") {
  using fixtures::time_series_split::kFolds;
  const auto number = [](std::size_t i) { return static_cast<std::size_t>(kFolds[i]); };
  std::size_t compared = 0;
  for (std::size_t i = 0; i < std::size(kFolds);) {
    const Folds folds = time_series_split(
        number(i),
        {.n_splits = number(i + 1), .max_train_size = number(i + 2), .test_size = number(i + 3), .gap = number(i + 4)});
    REQUIRE(folds.size() == number(i + 1));
    for (const TimeSeriesFold& fold : folds) {
      CHECK(fold == TimeSeriesFold{{number(i + 5), number(i + 6)}, {number(i + 7), number(i + 8)}});
      i += 9;
      ++compared;
    }
  }
  CHECK(compared == 32);
}

TEST_CASE("Rows of one time stay together", "[walkforward][time_series_split]") {
  const std::vector<std::int64_t> times{1, 1, 1, 2, 3, 3, 4};
  CHECK(time_series_split(times, {.n_splits = 3}) == Folds{{{0, 3}, {3, 4}}, {{0, 4}, {4, 6}}, {{0, 6}, {6, 7}}});
  CHECK_THROWS_MATCHES(time_series_split(std::vector<std::int64_t>{86'400, 0}), DataError,
                       Message("time_series_split: times must not go backwards, got 1970-01-01 in row 1 after "
                               "1970-01-02; sort the rows by time"));
}

TEST_CASE("Too few rows for the splits say so", "[walkforward][time_series_split]") {
  const auto fails = [](std::size_t rows, const TimeSeriesSplitOptions& options, const std::string& message) {
    CHECK_THROWS_MATCHES(time_series_split(rows, options), OptionError, Message("time_series_split: " + message));
  };
  const std::string repair = "; take fewer splits, smaller tests or a shorter gap";
  fails(10, {.n_splits = 0}, "n_splits must be at least 1, got 0");
  fails(5, {}, "there must be rows to train on before 5 tests of 0 rows and a gap of 0, got 5" + repair);
  fails(10, {.test_size = 2},
        "there must be rows to train on before 5 tests of 2 rows and a gap of 0, got 10" + repair);
  fails(12, {.test_size = 2, .gap = 2},
        "there must be rows to train on before 5 tests of 2 rows and a gap of 2, got 12" + repair);
  CHECK(time_series_split(12, {.test_size = 2, .gap = 1})[0].train == RowRange{0, 1});
  CHECK_THROWS_AS(time_series_split(0), OptionError);
  CHECK_THROWS_AS(time_series_split(9, {.n_splits = static_cast<std::size_t>(-1)}), OptionError);
  CHECK_THROWS_AS(time_series_split(9, {.test_size = static_cast<std::size_t>(-1)}), OptionError);
}
