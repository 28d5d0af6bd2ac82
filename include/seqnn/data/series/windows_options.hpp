#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/row_range.hpp"
#include "seqnn/data/series/window_rows.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Options of Windows. Lengths are in rows.
struct WindowsOptions {
  std::size_t lookback = 0;                     ///< lookback / step rows are read; a multiple of step; must be given
  std::size_t step = 1;                         ///< from one row that is read to the next
  std::size_t delay = 1;                        ///< from the last row that is read to the first target; at least 1
  std::size_t horizon = 1;                      ///< number of rows that are targets
  std::size_t horizon_step = 1;                 ///< from one target row to the next
  std::size_t stride = 1;                       ///< from one sample to the next
  std::vector<std::size_t> inputs = {};         ///< columns that are read; empty: all
  std::vector<std::size_t> targets = {};        ///< columns that are predicted; empty: all
  std::optional<RowRange> rows = std::nullopt;  ///< the split: samples read and predict its rows only; unset: all rows
  std::vector<std::size_t> gaps = {};           ///< rows before which time is missing: no sample spans one
};

namespace detail {

/// Checks that a length is at least 1. @param of  what it belongs to: "Windows"
SEQNN_COLD inline void check_positive(std::string_view of, std::string_view name, std::size_t value,
                                      std::string_view repair) {
  if (value == 0) throw OptionError(text(of, ": ", name, " must be at least 1, got 0; ", repair));
}

/// The number of rows that a sample reads. @param of  what it belongs to: "Windows"
SEQNN_COLD inline std::size_t values_of(std::string_view of, std::size_t lookback, std::size_t step) {
  check_positive(of, "lookback", lookback, "give the number of rows to look back over");
  check_positive(of, "step", step, "1 reads every row");
  if (lookback % step != 0) {
    throw OptionError(text(of, ": lookback must be a multiple of step, got ", lookback, " at step ", step, "; take ",
                           (lookback / step + 1) * step));
  }
  return lookback / step;
}

/// The rows that the samples of Windows read. @throws OptionError
SEQNN_COLD inline WindowRows rows_of_windows(const WindowsOptions& options, std::size_t series_rows,
                                             std::size_t target_rows) {
  if (target_rows != series_rows) {
    throw OptionError(text("Windows: targets must have as many rows as the series, ", series_rows, ", got ",
                           target_rows, "; row r of both is the same time"));
  }
  const std::size_t values = values_of("Windows", options.lookback, options.step);
  check_positive("Windows", "delay", options.delay, "it counts from the last row that is read; 1 is the next row");
  check_positive("Windows", "horizon", options.horizon, "1 predicts one row");
  check_positive("Windows", "horizon_step", options.horizon_step, "1 predicts consecutive rows");
  check_positive("Windows", "stride", options.stride, "1 starts a sample at every row");
  const RowRange rows = options.rows.value_or(RowRange{0, series_rows});
  if (rows.end < rows.begin || rows.end > series_rows) {
    throw OptionError(text("Windows: rows must lie in the series of ", series_rows, " rows, got [", rows.begin, ", ",
                           rows.end, "); end is one past the last row"));
  }
  for (const std::size_t gap : options.gaps) {
    if (gap < series_rows) continue;
    throw OptionError(text("Windows: gaps must be rows of the series, which has ", series_rows, ", got ", gap,
                           "; give the first row after each gap"));
  }
  // In floating point, which cannot wrap around: a length may have been computed as a negative number.
  const double needed = static_cast<double>(values - 1) * static_cast<double>(options.step) +
                        static_cast<double>(options.delay) +
                        static_cast<double>(options.horizon - 1) * static_cast<double>(options.horizon_step) + 1;
  if (needed > static_cast<double>(rows.size())) {
    throw OptionError(text("Windows: rows must hold at least one sample, which spans ", needed, " rows (lookback ",
                           options.lookback, ", step ", options.step, ", delay ", options.delay, ", horizon ",
                           options.horizon, "), got ", rows.size(), " rows, [", rows.begin, ", ", rows.end,
                           "); shorten lookback or delay, or give the split more rows"));
  }
  const WindowPattern pattern{.values = values,
                              .step = options.step,
                              .target_offset = (values - 1) * options.step + options.delay,
                              .horizon = options.horizon,
                              .horizon_step = options.horizon_step};
  WindowRows result(pattern, {rows.begin, rows.end + 1 - static_cast<std::size_t>(needed)}, options.stride,
                    options.gaps);
  if (result.size() == 0) {
    throw OptionError(text("Windows: rows must hold at least one sample, which spans ", needed, " rows without a gap, ",
                           "got [", rows.begin, ", ", rows.end, ") with ", options.gaps.size(),
                           " gaps; shorten lookback or delay, or fill the gaps"));
  }
  return result;
}

}  // namespace detail

}  // namespace seqnn::inline SEQNN_ABI
