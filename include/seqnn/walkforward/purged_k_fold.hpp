#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/row_range.hpp"
#include "seqnn/walkforward/time_groups.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// All but n_splits are counted in rows, or in times where times are given.
struct PurgedKFoldOptions {
  std::size_t n_splits = 5;
  /// Rows that a row's target is made from: targets of rows fewer than this apart overlap. 1 for what happens in the
  /// row itself, 5 for the return of five days.
  std::size_t label_horizon = 1;
  /// Further rows left out behind a test, for what features remember of it.
  std::size_t embargo = 0;
};

/// Test rows, and training rows before and behind them.
struct PurgedFold {
  std::vector<RowRange> train;  ///< one or two, in order, none empty
  RowRange test;

  bool operator==(const PurgedFold&) const = default;
};

/// Cross-validation for series: each of n_splits parts is the test once, and the model learns from the past and the
/// future of it, but not from rows whose targets overlap with those of the test ("purged"), nor from the `embargo` rows
/// behind these.
///
/// Parts differ by one row at most, the longer ones first, as those of scikit-learn's KFold.
///
/// @throws OptionError for options out of range, and if nothing is left to train on for one of the parts
/// Source  M. López de Prado, Advances in Financial Machine Learning, 2018, chapter 7
SEQNN_COLD inline std::vector<PurgedFold> purged_k_fold(std::size_t rows, const PurgedKFoldOptions& options = {}) {
  const std::size_t splits = options.n_splits;
  if (splits < 2 || splits > rows) {
    throw OptionError(text("purged_k_fold: n_splits must be from 2 to the number of rows, ", rows, ", got ", splits));
  }
  if (options.label_horizon == 0) throw OptionError("purged_k_fold: label_horizon must be at least 1, got 0");
  const std::size_t purged = std::min(options.label_horizon - 1, rows), embargo = std::min(options.embargo, rows);
  std::vector<PurgedFold> folds;
  for (std::size_t i = 0, begin = 0; i < splits; ++i) {
    const std::size_t end = begin + rows / splits + (i < rows % splits);
    PurgedFold fold{.train = {}, .test = {begin, end}};
    if (begin > purged) fold.train.push_back({0, begin - purged});
    if (rows - end > purged + embargo) fold.train.push_back({end + purged + embargo, rows});
    if (fold.train.empty()) {
      throw OptionError(text("purged_k_fold: every part must leave rows to train on, got none for the test ", begin,
                             " to ", end, " of ", rows, " with label_horizon ", options.label_horizon, " and embargo ",
                             options.embargo, "; take more splits or a shorter embargo"));
    }
    folds.push_back(fold);
    begin = end;
  }
  return folds;
}

/// The same for a panel, rows sorted by time: rows of one time stay together, and options count times.
/// @throws as above, DataError if times go backwards
SEQNN_COLD inline std::vector<PurgedFold> purged_k_fold(std::span<const std::int64_t> times,
                                                        const PurgedKFoldOptions& options = {}) {
  const std::vector<std::size_t> first_rows = time_groups("purged_k_fold", times);
  std::vector<PurgedFold> folds = purged_k_fold(first_rows.size() - 1, options);
  const auto to_rows = [&](RowRange& range) { range = {first_rows[range.begin], first_rows[range.end]}; };
  for (PurgedFold& fold : folds) {
    to_rows(fold.test);
    for (RowRange& range : fold.train) to_rows(range);
  }
  return folds;
}

}  // namespace seqnn::inline SEQNN_ABI
