#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/row_range.hpp"
#include "seqnn/walkforward/time_groups.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// scikit-learn's, all counted in rows, or in times where times are given.
struct TimeSeriesSplitOptions {
  std::size_t n_splits = 5;
  std::size_t max_train_size = 0;  ///< 0: all that is before; else the newest so many
  std::size_t test_size = 0;       ///< 0: n / (n_splits + 1)
  std::size_t gap = 0;             ///< left out between training and test
};

/// A split: train on what is before, test on what follows.
struct TimeSeriesFold {
  RowRange train;
  RowRange test;

  bool operator==(const TimeSeriesFold&) const = default;
};

/// Splits in which tests follow each other up to the newest row and training rows are those before: scikit-learn's
/// TimeSeriesSplit.
/// @throws OptionError if there are too few rows, or no splits
SEQNN_COLD inline std::vector<TimeSeriesFold> time_series_split(std::size_t rows,
                                                                const TimeSeriesSplitOptions& options = {}) {
  const std::size_t splits = options.n_splits;
  if (splits == 0) throw OptionError("time_series_split: n_splits must be at least 1, got 0");
  const std::size_t test = options.test_size > 0 ? options.test_size : rows / (splits < rows ? splits + 1 : rows + 1);
  if (test == 0 || test > rows / splits || options.gap >= rows - splits * test) {
    throw OptionError(text("time_series_split: there must be rows to train on before ", splits, " tests of ", test,
                           " rows and a gap of ", options.gap, ", got ", rows,
                           "; take fewer splits, smaller tests or a shorter gap"));
  }
  std::vector<TimeSeriesFold> folds;
  for (std::size_t begin = rows - splits * test; begin < rows; begin += test) {
    const std::size_t end = begin - options.gap;
    const bool cut = options.max_train_size > 0 && options.max_train_size < end;
    folds.push_back({.train = {cut ? end - options.max_train_size : 0, end}, .test = {begin, begin + test}});
  }
  return folds;
}

/// The same for a panel, rows sorted by time: rows of one time stay together, and options count times.
/// @throws as above, DataError if times go backwards
SEQNN_COLD inline std::vector<TimeSeriesFold> time_series_split(std::span<const std::int64_t> times,
                                                                const TimeSeriesSplitOptions& options = {}) {
  const std::vector<std::size_t> first_rows = time_groups("time_series_split", times);
  std::vector<TimeSeriesFold> folds = time_series_split(first_rows.size() - 1, options);
  for (TimeSeriesFold& fold : folds) {
    fold = {.train = {first_rows[fold.train.begin], first_rows[fold.train.end]},
            .test = {first_rows[fold.test.begin], first_rows[fold.test.end]}};
  }
  return folds;
}

}  // namespace seqnn::inline SEQNN_ABI
