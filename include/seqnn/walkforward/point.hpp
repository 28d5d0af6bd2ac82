#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/data/series/row_range.hpp"

#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

/// One place of a walk-forward run: a model learns from the rows `train` and forecasts the rows `forecast`, which come
/// later.
struct WalkForwardPoint {
  std::size_t index = 0;  ///< in its plan, from 0
  RowRange train;
  RowRange forecast;

  bool operator==(const WalkForwardPoint&) const = default;
};

}  // namespace seqnn::inline SEQNN_ABI
