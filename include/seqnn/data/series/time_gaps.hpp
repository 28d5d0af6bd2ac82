#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/table.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// A place where more time passes between two rows than between others.
struct TimeGap {
  std::size_t row = 0;       ///< the first row behind the gap
  std::int64_t seconds = 0;  ///< since the row before

  bool operator==(const TimeGap&) const = default;
};

/// The usual time between two rows: the median of all.  @throws DataError for a table without times or of one row
SEQNN_COLD inline std::int64_t time_step(const Table& table) {
  if (!table.has_times() || table.rows() < 2) {
    throw DataError(text("time_step: the table must have times and two rows, got ", table.rows(), " rows ",
                         table.has_times() ? "with" : "without", " times; read the file with its date column"));
  }
  std::vector<std::int64_t> steps;
  for (std::size_t row = 1; row < table.rows(); ++row) steps.push_back(table.times()[row] - table.times()[row - 1]);
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>((steps.size() - 1) / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return *middle;
}

/// All gaps: where two rows are further apart than `step` seconds (0: the usual time between two rows). A window that
/// reads over one is not what it seems.
///
/// @throws DataError as time_step does
SEQNN_COLD inline std::vector<TimeGap> time_gaps(const Table& table, std::int64_t step = 0) {
  const std::int64_t usual = time_step(table);
  if (step <= 0) step = usual;
  std::vector<TimeGap> gaps;
  for (std::size_t row = 1; row < table.rows(); ++row) {
    const std::int64_t seconds = table.times()[row] - table.times()[row - 1];
    if (seconds > step) gaps.push_back({row, seconds});
  }
  return gaps;
}

}  // namespace seqnn::inline SEQNN_ABI
