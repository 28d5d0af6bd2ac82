#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/padding.hpp"

#include <algorithm>
#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

/// A window that slides over one sequence. The first window begins `before` steps ahead of the sequence; steps outside
/// it do not take part.
struct PoolWindow {
  std::size_t T = 0;
  std::size_t C = 0;
  std::size_t T_out = 0;
  std::size_t pool = 1;
  std::size_t stride = 1;
  std::size_t before = 0;  ///< steps of padding ahead; less than pool

  /// @param T  at least `pool` for Padding::valid
  static PoolWindow over(std::size_t T, std::size_t C, std::size_t pool, std::size_t stride, Padding padding) {
    if (padding == Padding::valid) return {T, C, (T - pool) / stride + 1, pool, stride, 0};
    const std::size_t T_out = (T + stride - 1) / stride;
    const std::size_t covered = (T_out - 1) * stride + pool;
    return {T, C, T_out, pool, stride, covered > T ? (covered - T) / 2 : 0};
  }

  /// Whether every step lies in one window at most, and none between two.
  bool side_by_side() const { return stride == pool; }

  /// The steps of window t that lie in the sequence.
  std::size_t first(std::size_t t) const { return std::max(t * stride, before) - before; }
  std::size_t last(std::size_t t) const { return std::min(t * stride + pool - before, T); }  // one past
};

}  // namespace seqnn::inline SEQNN_ABI
