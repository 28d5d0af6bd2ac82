#pragma once

#include "seqnn/core/error.hpp"

#include <cmath>
#include <cstddef>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {

/// Whether fewer than k of n predictions are larger than that of the target. A NaN is never among the k largest.
template <class Real>
bool in_top_k(std::size_t k, std::size_t n, const Real* predicted, std::size_t target) {
  const Real own = predicted[target];
  if (std::isnan(own)) return false;
  std::size_t larger = 0;
  for (std::size_t i = 0; i < n; ++i) larger += predicted[i] > own ? 1 : 0;
  return larger < k;
}

/// `metric` begins the message.  @throws OptionError if k is 0
SEQNN_COLD inline void check_top_k(std::string_view metric, std::size_t k) {
  if (k == 0) throw OptionError(text(metric, ": k must be at least 1, got 0; 1 counts only the largest prediction"));
}

}  // namespace seqnn::inline SEQNN_ABI
