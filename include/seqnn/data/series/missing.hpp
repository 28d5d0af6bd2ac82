#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/series/table.hpp"
#include "seqnn/data/series/timestamp.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// What becomes of a missing value.
enum class Missing {
  error,        ///< an exception that says where it is
  keep,         ///< NaN
  drop_row,     ///< its row is left out; what remains is further apart in time, see time_gaps
  previous,     ///< the last value of the column before it
  interpolate,  ///< on the straight line between its neighbours: by time where the table has times, else by row
};

/// A number that stands for a missing value.
struct Sentinel {
  double value = 0;
  std::vector<std::string> columns = {};  ///< names; empty: all
};

namespace detail {

/// A missing value that has no neighbour to be filled from.
struct Unfillable {
  std::size_t row = 0;
  std::size_t column = 0;
  const char* reason = nullptr;  ///< null: all were filled
};

/// Fills NaN in (rows, columns) values; `times` is empty or has one for each row.
SEQNN_COLD inline Unfillable fill(Tensor<double, 2>& values, const std::vector<std::int64_t>& times, bool interpolate) {
  const std::size_t rows = values.shape()[0], columns = values.shape()[1];
  for (std::size_t c = 0; c < columns; ++c) {
    const auto at = [&](std::size_t row) -> double& { return values.data()[row * columns + c]; };
    for (std::size_t row = 0; row < rows; ++row) {
      if (!std::isnan(at(row))) continue;
      if (row == 0) return {row, c, "no value before it"};
      if (!interpolate) {
        at(row) = at(row - 1);
        continue;
      }
      const std::size_t before = row - 1;
      std::size_t after = row + 1;
      while (after < rows && std::isnan(at(after))) ++after;
      if (after == rows) return {row, c, "no value behind it"};
      const bool by_time = !times.empty() && times[after] > times[before];
      for (; row < after; ++row) {
        const double share = by_time ? static_cast<double>(times[row] - times[before]) /
                                           static_cast<double>(times[after] - times[before])
                                     : static_cast<double>(row - before) / static_cast<double>(after - before);
        at(row) = at(before) + share * (at(after) - at(before));
      }
    }
  }
  return {};
}

/// "row 17 (2020-01-01 02:50:00)"
SEQNN_COLD inline std::string row_text(const std::vector<std::int64_t>& times, std::size_t row) {
  return times.empty() ? text("row ", row) : text("row ", row, " (", time_text(times[row]), ')');
}

inline constexpr const char* kMissingRepair =
    "set missing to Missing::keep, drop_row, previous or interpolate, or leave the column out";

/// Treats the NaN of a table. `caller` begins the messages.
SEQNN_COLD inline Table without_missing(const std::string& caller, const Table& table, Missing missing) {
  if (missing == Missing::keep) return table;
  const std::size_t columns = table.columns();
  const auto isnan = [](double value) { return std::isnan(value); };
  const auto where = [&](std::size_t row, std::size_t c) {
    return text(caller, ": column \"", table.names()[c], "\", ", row_text(table.times(), row), ": ");
  };

  Tensor<double, 2> values = table.values();
  std::vector<std::int64_t> times = table.times();
  if (missing == Missing::previous || missing == Missing::interpolate) {
    if (const Unfillable bad = fill(values, times, missing == Missing::interpolate); bad.reason != nullptr) {
      throw DataError(text(where(bad.row, bad.column), "a missing value must have a neighbour to be filled from, got ",
                           bad.reason, "; cut the row off with rows(), or leave the column out"));
    }
  } else {
    std::size_t kept = 0;
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const double* const from = table.values().data() + row * columns;
      const double* const bad = std::find_if(from, from + columns, isnan);
      if (bad == from + columns) {
        std::copy_n(from, columns, values.data() + kept * columns);
        if (!times.empty()) times[kept] = times[row];
        ++kept;
      } else if (missing == Missing::error) {
        throw DataError(
            text(where(row, static_cast<std::size_t>(bad - from)), "must be a number, got NaN; ", kMissingRepair));
      }
    }
    if (kept == 0) throw DataError(text(caller, ": there must be a row without missing values, got none"));
    Table all(table.names(), std::move(values), std::move(times));
    all.set_note(table.note(), table.truncated());
    return all.rows({0, kept});
  }
  Table filled(table.names(), std::move(values), std::move(times));
  filled.set_note(table.note(), table.truncated());
  return filled;
}

}  // namespace detail

/// The table without its missing values (NaN), by one of the rules that `read_csv` knows too.
///
/// @throws DataError naming column and row: for Missing::error, and where a value has no neighbour to be filled from
SEQNN_COLD inline Table fill_missing(const Table& table, Missing missing) {
  return detail::without_missing("fill_missing", table, missing);
}

/// The table with NaN where a sentinel stands, for tables that do not come from a file.
/// @throws DataError for a column that is not there
SEQNN_COLD inline Table mark_missing(const Table& table, const std::vector<Sentinel>& sentinels) {
  Tensor<double, 2> values = table.values();
  for (const Sentinel& sentinel : sentinels) {
    for (const std::string& name : sentinel.columns.empty() ? table.names() : sentinel.columns) {
      const std::size_t c = table.column(name);
      for (std::size_t row = 0; row < table.rows(); ++row) {
        double& value = values.data()[row * table.columns() + c];
        if (value == sentinel.value) value = std::numeric_limits<double>::quiet_NaN();
      }
    }
  }
  Table marked(table.names(), std::move(values), table.times());
  marked.set_note(table.note(), table.truncated());
  return marked;
}

}  // namespace seqnn::inline SEQNN_ABI
