#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/windows.hpp"

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Arguments of the generator in Chollet 2017, "Deep Learning with Python", section 6.3. Lengths are in rows.
struct GeneratorOptions {
  std::size_t lookback = 0;                             ///< lookback / step rows are read; a multiple of step
  std::size_t delay = 0;                                ///< from the row after the last step to the target
  std::size_t min_index = 0;                            ///< the first row that is read
  std::optional<std::size_t> max_index = std::nullopt;  ///< end of the sample's rows; unset: rows - delay - 1
  std::size_t step = 6;                                 ///< from one row that is read to the next
  std::vector<std::size_t> inputs = {};                 ///< columns that are read; empty: all, as in the book
  std::vector<std::size_t> targets = {1};               ///< columns that are predicted
};

namespace detail {

/// The rows that the book's generator yields. @throws OptionError
SEQNN_COLD inline WindowRows rows_of_generator(const GeneratorOptions& options, std::size_t series_rows) {
  const std::size_t values = values_of("generator_windows", options.lookback, options.step);
  if (options.delay >= series_rows) {
    throw OptionError(text("generator_windows: delay must be shorter than the series of ", series_rows, " rows, got ",
                           options.delay, "; shorten it"));
  }
  const std::size_t end = options.max_index.value_or(series_rows - options.delay - 1);
  if (end > series_rows - options.delay) {
    throw OptionError(text("generator_windows: max_index must be at most ", series_rows - options.delay,
                           ", so that a target ", options.delay, " rows later is one of the ", series_rows,
                           " rows, got ", end, "; leave it out for the longest series"));
  }
  if (options.min_index >= end || options.lookback >= end - options.min_index) {
    throw OptionError(text("generator_windows: lookback must be shorter than the rows from min_index ",
                           options.min_index, " to max_index ", end, ", got ", options.lookback,
                           "; shorten it, or give more rows"));
  }
  const WindowPattern pattern{
      .values = values, .step = options.step, .target_offset = options.lookback + options.delay};
  return WindowRows(pattern, {options.min_index, end - options.lookback}, 1);
}

}  // namespace detail

/// The samples of the book's generator, to compare with its numbers. Windows is the better choice for new work.
///
/// Sample i stands for the row r = min_index + lookback + i < max_index. It
///
///   reads      r - lookback, r - lookback + step, …, r - step
///   predicts   r + delay
///
/// so that the target lies delay + step rows after the last row that is read, not delay; and targets reach up to row
/// max_index - 1 + delay, into the rows of the next split.
///
/// In order, which is how the book validates, its generator begins again before a batch that would reach max_index: the
/// last (count - 1) % batch_size + 1 samples are never seen.
/// @throws OptionError, DataError  as Windows, and if a target would lie beyond the series
template <class Real>
SEQNN_COLD Windows<Real> generator_windows(const SharedSeries<Real>& series, const GeneratorOptions& options) {
  SeriesPart<Real> inputs("generator_windows: series", series, options.inputs);
  SeriesPart<Real> targets("generator_windows: targets", series, options.targets);
  WindowRows rows = detail::rows_of_generator(options, inputs.rows());
  return Windows<Real>(std::move(inputs), std::move(targets), std::move(rows));
}

}  // namespace seqnn::inline SEQNN_ABI
