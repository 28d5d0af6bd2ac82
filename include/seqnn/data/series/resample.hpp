#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/series/missing.hpp"
#include "seqnn/data/series/row_range.hpp"
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

/// What one value is made of many by. Missing values (NaN) do not count.
enum class Aggregate { mean, first, last, sum, min, max };

/// Columns that are not treated like the others.
struct ColumnAggregate {
  std::string column;
  Aggregate aggregate = Aggregate::mean;
};

/// Exactly one of `rows` and `seconds` must be set.
struct ResampleOptions {
  std::size_t rows = 0;                         ///< so many rows become one; an incomplete last group is left out
  std::int64_t seconds = 0;                     ///< the rows of so many seconds become one
  Aggregate aggregate = Aggregate::mean;        ///< of all columns but
  std::vector<ColumnAggregate> by_column = {};  ///< these
  Missing missing = Missing::error;             ///< what becomes of values that nothing is there for
};

namespace detail {

/// One value of a column in rows [begin, end); NaN if there is none.
SEQNN_COLD inline double aggregate(const Table& table, std::size_t column, RowRange rows, Aggregate how) {
  double result = std::numeric_limits<double>::quiet_NaN();
  std::size_t n = 0;
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const double value = table.values().data()[row * table.columns() + column];
    if (std::isnan(value)) continue;
    if (n++ == 0) {
      result = value;
    } else if (how == Aggregate::mean || how == Aggregate::sum) {
      result += value;
    } else if (how == Aggregate::min) {
      result = std::min(result, value);
    } else if (how == Aggregate::max) {
      result = std::max(result, value);
    } else if (how == Aggregate::last) {
      result = value;
    }
  }
  return how == Aggregate::mean && n > 0 ? result / static_cast<double>(n) : result;
}

/// Groups of rows and, where the table has times, the time of each group.
struct RowGroups {
  std::vector<RowRange> rows;
  std::vector<std::int64_t> times;
};

SEQNN_COLD inline RowGroups groups_of_rows(const Table& table, std::size_t step) {
  RowGroups groups;
  for (std::size_t row = 0; step <= table.rows() - row; row += step) {
    groups.rows.push_back({row, row + step});
    if (table.has_times()) groups.times.push_back(table.times()[row]);
  }
  return groups;
}

/// Intervals from the first row's to the last row's, empty ones too.
SEQNN_COLD inline RowGroups groups_of_seconds(const Table& table, std::int64_t step) {
  const std::vector<std::int64_t>& times = table.times();
  const auto begin_of = [&](std::int64_t time) { return time - floor_modulo(time, step); };
  RowGroups groups;
  for (std::size_t row = 0; row < times.size();) {
    groups.times.push_back(groups.times.empty() ? begin_of(times[0]) : groups.times.back() + step);
    RowRange& group = groups.rows.emplace_back(RowRange{row, row});
    while (group.end < times.size() && begin_of(times[group.end]) == groups.times.back()) {
      ++group.end;
      if (group.end < times.size() && times[group.end] < times[group.end - 1]) {
        throw DataError(text("resample: times must not go backwards, got ", time_text(times[group.end]), " after ",
                             time_text(times[group.end - 1]), " in row ", group.end, "; resample by rows, or sort"));
      }
    }
    row = group.end;
  }
  return groups;
}

SEQNN_COLD inline void check(const ResampleOptions& options, const Table& table) {
  if ((options.rows == 0) == (options.seconds == 0) || options.seconds < 0) {
    throw OptionError(
        text("resample: either rows or seconds must be set, above 0, got ", options.rows, " and ", options.seconds));
  }
  if (options.seconds > 0 && !table.has_times()) {
    throw DataError("resample: the table must have times, got none; resample by rows, or read the date column");
  }
  if (options.rows > table.rows() || table.rows() == 0) {
    throw DataError(text("resample: the table must have the rows of one group, ",
                         std::max<std::size_t>(1, options.rows), ", got ", table.rows()));
  }
}

}  // namespace detail

/// A table of longer steps. By rows: every `rows` become one, which has the time of the first. By seconds: intervals
/// [k·seconds, (k + 1)·seconds) since 1970, so that hours begin at full hours and days at midnight; every interval
/// from the first row's to the last row's becomes a row with the time at which it begins, and one without any value is
/// missing, to be treated by `missing`. The first and the last interval may have fewer rows than others.
///
///     Table hours = resample(table, {.seconds = 3600, .by_column = {{"rain (mm)", Aggregate::sum}}});
///
/// @throws OptionError unless one of rows and seconds is set; DataError for a table without times, a column that is not
///         there, and missing values by policy
SEQNN_COLD inline Table resample(const Table& table, const ResampleOptions& options) {
  detail::check(options, table);
  std::vector<Aggregate> how(table.columns(), options.aggregate);
  for (const ColumnAggregate& column : options.by_column) how[table.column(column.column)] = column.aggregate;

  detail::RowGroups groups = options.rows > 0 ? detail::groups_of_rows(table, options.rows)
                                              : detail::groups_of_seconds(table, options.seconds);
  auto values = Tensor<double, 2>::from_shape({groups.rows.size(), table.columns()});
  for (std::size_t i = 0; i < groups.rows.size(); ++i) {
    for (std::size_t c = 0; c < table.columns(); ++c) {
      values(i, c) = detail::aggregate(table, c, groups.rows[i], how[c]);
    }
  }
  Table result(table.names(), std::move(values), std::move(groups.times));
  result.set_note(table.note(), table.truncated());
  return detail::without_missing("resample", result, options.missing);
}

}  // namespace seqnn::inline SEQNN_ABI
