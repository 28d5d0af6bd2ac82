#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/timestamp.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// The first row of every different time, and the number of rows behind the last: group t is rows [g[t], g[t + 1]), and
/// there are g.size() - 1.
/// @param of     who asks, for the message
/// @param times  of the rows, in order; in a panel several rows have one time
/// @throws DataError if times go backwards
SEQNN_COLD inline std::vector<std::size_t> time_groups(std::string_view of, std::span<const std::int64_t> times) {
  std::vector<std::size_t> groups;
  for (std::size_t row = 0; row < times.size(); ++row) {
    if (row > 0 && times[row] < times[row - 1]) {
      throw DataError(text(of, ": times must not go backwards, got ", date_text(times[row]), " in row ", row, " after ",
                           date_text(times[row - 1]), "; sort the rows by time"));
    }
    if (row == 0 || times[row] != times[row - 1]) groups.push_back(row);
  }
  groups.push_back(times.size());
  return groups;
}

}  // namespace seqnn::inline SEQNN_ABI
