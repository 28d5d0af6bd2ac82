#include "seqnn/walkforward/purged_k_fold.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

using Folds = std::vector<PurgedFold>;

TEST_CASE("A label of one row purges nothing, longer ones what overlaps", "[walkforward][purged_k_fold]") {
  CHECK(purged_k_fold(7, {.n_splits = 3}) == Folds{{{{3, 7}}, {0, 3}}, {{{0, 3}, {5, 7}}, {3, 5}}, {{{0, 5}}, {5, 7}}});
  // Targets of rows 4 to 7 are made from rows 4 to 9; row 2's from 2 to 4, row 1's from 1 to 3.
  CHECK(purged_k_fold(12, {.n_splits = 3, .label_horizon = 3}) ==
        Folds{{{{6, 12}}, {0, 4}}, {{{0, 2}, {10, 12}}, {4, 8}}, {{{0, 6}}, {8, 12}}});
  CHECK(purged_k_fold(12, {.n_splits = 3, .label_horizon = 2, .embargo = 2}) ==
        Folds{{{{7, 12}}, {0, 4}}, {{{0, 3}, {11, 12}}, {4, 8}}, {{{0, 7}}, {8, 12}}});
}

TEST_CASE("Every row is tested once, and trained on unless its target overlaps", "[walkforward][purged_k_fold]") {
  for (std::size_t rows = 20; rows < 40; ++rows) {
    for (std::size_t splits = 2; splits < 7; ++splits) {
      for (std::size_t horizon = 1; horizon < 5; ++horizon) {
        for (std::size_t embargo = 0; embargo < 4; ++embargo) {
          const Folds folds = purged_k_fold(rows, {.n_splits = splits, .label_horizon = horizon, .embargo = embargo});
          bool good = folds.size() == splits;
          std::vector<std::size_t> tested(rows, 0);
          for (const PurgedFold& fold : folds) {
            for (std::size_t row = 0; row < rows; ++row) {
              tested[row] += fold.test.contains(row);
              bool overlaps = false;  // of the rows that its target is made from with those of any test target
              for (std::size_t test = fold.test.begin; test < fold.test.end; ++test) {
                overlaps = overlaps || (row + horizon > test && test + horizon > row);
              }
              const std::size_t behind = fold.test.end - 1 + horizon;  // the first row behind all test targets
              overlaps = overlaps || (row >= behind && row < behind + embargo);
              const bool trained = std::any_of(fold.train.begin(), fold.train.end(),
                                               [&](const RowRange& range) { return range.contains(row); });
              good = good && trained == !overlaps;
            }
          }
          good = good && std::all_of(tested.begin(), tested.end(), [](std::size_t times) { return times == 1; });
          INFO(rows << " rows, " << splits << " splits, horizon " << horizon << ", embargo " << embargo);
          CHECK(good);
        }
      }
    }
  }
}

TEST_CASE("Rows of one time are in one part, and times are counted", "[walkforward][purged_k_fold]") {
  const std::vector<std::int64_t> times{1, 1, 2, 2, 2, 3, 4, 4, 5, 6};
  CHECK(purged_k_fold(times, {.n_splits = 3, .label_horizon = 2}) ==
        Folds{{{{6, 10}}, {0, 5}}, {{{0, 2}, {9, 10}}, {5, 8}}, {{{0, 6}}, {8, 10}}});
  CHECK_THROWS_MATCHES(purged_k_fold(std::vector<std::int64_t>{86'400, 0}), DataError,
                       Message("purged_k_fold: times must not go backwards, got 1970-01-01 in row 1 after 1970-01-02; "
                               "sort the rows by time"));
}

TEST_CASE("Parts that cannot be made say why", "[walkforward][purged_k_fold]") {
  const auto fails = [](std::size_t rows, const PurgedKFoldOptions& options, const std::string& message) {
    CHECK_THROWS_MATCHES(purged_k_fold(rows, options), OptionError, Message("purged_k_fold: " + message));
  };
  fails(10, {.n_splits = 1}, "n_splits must be from 2 to the number of rows, 10, got 1");
  fails(4, {}, "n_splits must be from 2 to the number of rows, 4, got 5");
  fails(10, {.label_horizon = 0}, "label_horizon must be at least 1, got 0");
  fails(
      10, {.n_splits = 2, .label_horizon = 3, .embargo = 3},
      "every part must leave rows to train on, got none for the test 0 to 5 of 10 with label_horizon 3 and embargo 3; "
      "take more splits or a shorter embargo");
  const std::size_t huge = static_cast<std::size_t>(-1);
  CHECK_THROWS_AS(purged_k_fold(10, {.label_horizon = huge, .embargo = huge}), OptionError);
}
