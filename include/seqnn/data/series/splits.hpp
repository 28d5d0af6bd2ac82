#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/row_range.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {

/// A series in time order: the past to learn from, what follows to choose a model by, and the newest to judge it by.
struct Splits {
  RowRange train;
  RowRange validation;
  RowRange test;  ///< empty if nothing was left for it
};

/// Shares of the rows, each in [0, 1], together at most 1.
struct SplitShares {
  double train = 0.5;
  double validation = 0.25;
  std::optional<double> test = std::nullopt;  ///< unset: all rows that are left
  std::size_t gap = 0;                        ///< rows that are left out at the beginning of validation and of test
};

/// The rows at which splits begin; the training rows begin at 0.
struct SplitRows {
  std::size_t validation = 0;
  std::optional<std::size_t> test = std::nullopt;  ///< unset: no test rows
  std::size_t gap = 0;  ///< rows that are left out at the beginning of validation and of test
};

namespace detail {

/// Rows [begin + gap, end). @throws OptionError if none are left although there were some, or should be
SEQNN_COLD inline RowRange split(std::string_view of, std::string_view name, RowRange rows, std::size_t gap) {
  if (rows.size() <= gap) {
    throw OptionError(text(of, ": ", name, " must have rows, got rows ", rows.begin, " to ", rows.end,
                           " less a gap of ", gap, "; give it more rows or take a shorter gap"));
  }
  return {rows.begin + gap, rows.end};
}

}  // namespace detail

/// Splits rows by shares: each split has the whole number of rows in its share, and the last, without a share of its
/// own, the rest.
/// @throws OptionError for shares that are negative or more than 1 in all, and for a split without rows; a share of 0
///         makes an empty split
SEQNN_COLD inline Splits split_by_shares(std::size_t rows, const SplitShares& shares = {}) {
  const double test = shares.test.value_or(0.0);
  const double sum = shares.train + shares.validation + test;
  if (!(shares.train >= 0 && shares.validation >= 0 && test >= 0 && sum <= 1 + 1e-9)) {
    throw OptionError(text("split_by_shares: shares must be in [0, 1] and at most 1 in all, got ", shares.train, " + ",
                           shares.validation, " + ", test, "; leave test out for all that is left"));
  }
  // A share such as 0.29 is a little less than it says: 0.29 · 100 is 28.999999999999996.
  const auto end_of = [&](std::size_t begin, double share) {
    return std::min(rows, begin + static_cast<std::size_t>(share * static_cast<double>(rows) + 1e-6));
  };
  const auto part = [&](std::string_view name, std::size_t begin, std::size_t end, bool wanted, std::size_t gap) {
    return wanted ? detail::split("split_by_shares", name, {begin, end}, gap) : RowRange{begin, begin};
  };
  const std::size_t first = end_of(0, shares.train);
  const std::size_t second = end_of(first, shares.validation);
  const std::size_t third = shares.test ? end_of(second, test) : rows;
  const bool any_test = shares.test ? test > 0 : sum < 1 - 1e-9;
  return {.train = part("train", 0, first, shares.train > 0, 0),
          .validation = part("validation", first, second, shares.validation > 0, shares.gap),
          .test = part("test", second, third, any_test, shares.gap)};
}

/// Splits rows where the caller says.
/// @throws OptionError for a split without rows
SEQNN_COLD inline Splits split_by_rows(std::size_t rows, const SplitRows& begins) {
  const std::size_t end = begins.test.value_or(rows);
  if (end > rows || begins.validation > end) {
    throw OptionError(text("split_by_rows: splits must begin in order within the ", rows, " rows, got validation at ",
                           begins.validation, " and its end at ", end, "; train comes first, test last"));
  }
  return {.train = detail::split("split_by_rows", "train", {0, begins.validation}, 0),
          .validation = detail::split("split_by_rows", "validation", {begins.validation, end}, begins.gap),
          .test = begins.test ? detail::split("split_by_rows", "test", {end, rows}, begins.gap) : RowRange{rows, rows}};
}

}  // namespace seqnn::inline SEQNN_ABI
