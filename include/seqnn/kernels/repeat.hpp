#pragma once

#include "seqnn/kernels/updates.hpp"

#include <algorithm>
#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

/// y [rows,n,D] = every row of x [rows,D], n times.
template <class Real>
void repeat_rows(std::size_t rows, std::size_t n, std::size_t D, const Real* x, Real* y) noexcept {
  for (std::size_t i = 0; i < rows * n; ++i) std::copy_n(x + i / n * D, D, y + i * D);
}

/// dx [rows,D] = the sums of dy [rows,n,D] over n.
template <class Real>
void repeat_rows_backward(std::size_t rows, std::size_t n, std::size_t D, const Real* dy, Real* dx) noexcept {
  for (std::size_t r = 0; r < rows; ++r) {
    std::copy_n(dy + r * n * D, D, dx + r * D);
    for (std::size_t i = 1; i < n; ++i) add(D, dy + (r * n + i) * D, dx + r * D);
  }
}

}  // namespace seqnn::inline SEQNN_ABI
