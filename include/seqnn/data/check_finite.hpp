#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/data/any_array.hpp"
#include "seqnn/kernels/reductions.hpp"

#include <cmath>
#include <cstddef>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {

/// Checks that all values are numbers.
/// @param what  "x", for the message
/// @throws DataError `x: values must be finite, got NaN at (3, 41); …`
template <class Real>
void check_finite(std::string_view what, const Real* values, const Shape& shape) {
  const std::size_t n = element_count(shape);
  if (all_finite(n, values)) return;
  std::size_t i = 0;
  while (std::isfinite(values[i])) ++i;
  throw DataError(text(what, ": values must be finite, got ", std::isnan(values[i]) ? "NaN" : "infinity", " at ",
                       position_of(i, shape), "; clean or fill the data first"));
}

}  // namespace seqnn::inline SEQNN_ABI
