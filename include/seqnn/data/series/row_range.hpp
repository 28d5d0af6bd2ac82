#pragma once

#include "seqnn/core/config.hpp"

#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

/// Rows [begin, end) of a series: the first one that belongs to it, and the first one behind it.
struct RowRange {
  std::size_t begin = 0;
  std::size_t end = 0;

  constexpr std::size_t size() const { return end > begin ? end - begin : 0; }
  constexpr bool contains(std::size_t row) const { return row >= begin && row < end; }

  bool operator==(const RowRange&) const = default;
};

}  // namespace seqnn::inline SEQNN_ABI
