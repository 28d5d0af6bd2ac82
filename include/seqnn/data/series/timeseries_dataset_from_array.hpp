#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/windows.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Arguments of keras.utils.timeseries_dataset_from_array; batches, shuffle and seed are those of fit.
struct TimeseriesOptions {
  std::size_t sequence_length = 0;                        ///< rows that a sample reads; must be given
  std::size_t sequence_stride = 1;                        ///< rows from one sample to the next
  std::size_t sampling_rate = 1;                          ///< rows from one that is read to the next
  std::optional<std::size_t> start_index = std::nullopt;  ///< the first row of data and targets that is used
  std::optional<std::size_t> end_index = std::nullopt;    ///< one past the last row that is used; unset: all
  /// The row of data at whose time targets[0] was measured: d for targets = series[d:]. Changes nothing that is
  /// gathered, only which rows `rows()` and check_no_leak report.
  std::size_t targets_begin = 0;
};

namespace detail {

/// The rows that Keras' function yields. @param target_rows  unset without targets  @throws OptionError
SEQNN_COLD inline WindowRows rows_of_timeseries(const TimeseriesOptions& options, std::size_t data_rows,
                                                std::optional<std::size_t> target_rows) {
  constexpr const char* kName = "timeseries_dataset_from_array";
  check_positive(kName, "sequence_length", options.sequence_length, "give the number of rows a sample reads");
  check_positive(kName, "sequence_stride", options.sequence_stride, "1 starts a sample at every row");
  check_positive(kName, "sampling_rate", options.sampling_rate, "1 reads every row");
  const std::size_t begin = options.start_index.value_or(0);
  const std::size_t end = options.end_index.value_or(data_rows);
  if (begin >= end || end > data_rows) {
    throw OptionError(text(kName, ": start_index and end_index must be rows of data, which has ", data_rows,
                           ", the first below the second, got ", begin, " and ", end));
  }
  const std::size_t rows = end - begin;
  // By a division, which cannot wrap around.
  if ((rows - 1) / options.sampling_rate < options.sequence_length - 1) {
    throw OptionError(text(kName, ": rows must hold at least one sample of sequence_length ", options.sequence_length,
                           " at sampling_rate ", options.sampling_rate, ", got ", rows, " rows, [", begin, ", ", end,
                           "); shorten sequence_length, or use more rows"));
  }
  std::size_t starts = rows - (options.sequence_length - 1) * options.sampling_rate;
  if (target_rows) {
    if (*target_rows <= begin) {
      throw OptionError(text(kName, ": targets must reach beyond start_index ", begin, ", got ", *target_rows,
                             " rows; targets[i] belongs to the sample that starts at data[i]"));
    }
    starts = std::min(starts, *target_rows - begin);
  }
  const WindowPattern pattern{.values = options.sequence_length,
                              .step = options.sampling_rate,
                              .target_offset = options.targets_begin,
                              .horizon = target_rows ? std::size_t{1} : std::size_t{0}};
  return WindowRows(pattern, {begin, begin + starts}, options.sequence_stride);
}

}  // namespace detail

/// The samples of Keras' function of this name, in order.
///
/// Sample i starts at row r = start_index + i·sequence_stride. It
///
///   reads      data[r], data[r + sampling_rate], …, data[r + (sequence_length - 1)·sampling_rate]
///   predicts   targets[r]
///
/// as long as the rows that are read lie before end_index and there is a target; so to predict `delay` rows after the
/// last row that is read, targets must be the series from row (sequence_length - 1)·sampling_rate + delay on.
///
/// Differs from Keras: end_index may be the number of rows, and fewer targets than samples after start_index make fewer
/// samples where Keras fails. Keras 2 leaves out the last sampling_rate - 1 samples; this and Keras 3 do not.
/// @param targets  null for inputs only
/// @throws OptionError, DataError  as Windows
template <class Real>
SEQNN_COLD Windows<Real> timeseries_dataset_from_array(const SharedSeries<Real>& data,
                                                       const std::type_identity_t<SharedSeries<Real>>& targets,
                                                       const TimeseriesOptions& options) {
  const bool with_targets = targets != nullptr;
  SeriesPart<Real> inputs("timeseries_dataset_from_array: data", data, {});
  SeriesPart<Real> outputs("timeseries_dataset_from_array: targets", with_targets ? targets : data, {},
                           options.targets_begin);
  WindowRows rows = detail::rows_of_timeseries(
      options, inputs.rows(), with_targets ? std::optional<std::size_t>(outputs.rows()) : std::nullopt);
  return Windows<Real>(std::move(inputs), std::move(outputs), std::move(rows));
}

}  // namespace seqnn::inline SEQNN_ABI
