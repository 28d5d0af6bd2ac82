#pragma once

#include "seqnn/core/error.hpp"

#include <algorithm>
#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

/// Writes one block of the output: output axes from `axis` on, the earlier ones being fixed by x. Returns its end.
template <class Real>
Real* permute_axes(const Shape& input, const Shape& dims, std::size_t axis, const Real* x, Real* y) noexcept {
  if (axis == dims.size()) {
    *y = *x;
    return y + 1;
  }
  const std::size_t from = dims[axis] - 1;
  std::size_t stride = 1;
  for (std::size_t k = from + 1; k < input.size(); ++k) stride *= input[k];
  if (axis + 1 < dims.size()) {
    for (std::size_t i = 0; i < input[from]; ++i) y = permute_axes(input, dims, axis + 1, x + i * stride, y);
    return y;
  }
  for (std::size_t i = 0; i < input[from]; ++i) y[i] = x[i * stride];
  return y + input[from];
}

/// y [columns, rows] = xᵀ for x [rows, columns]. So many columns at a time that a cache line of x is read once, and
/// that the lines of y which they fill stay in L1.
template <class Real>
void transpose(std::size_t rows, std::size_t columns, const Real* x, Real* y) noexcept {
  constexpr std::size_t kColumns = 64 / sizeof(Real);
  for (std::size_t c0 = 0; c0 < columns; c0 += kColumns) {
    const std::size_t end = std::min(c0 + kColumns, columns);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = c0; c < end; ++c) y[c * rows + r] = x[r * columns + c];
    }
  }
}

}  // namespace detail

/// y = the samples of x with their axes in another order.
/// @param input  shape of a sample of x
/// @param dims   the axis of x, counted from 1, that each axis of y is
template <class Real>
void permute(std::size_t batch, const Shape& input, const Shape& dims, const Real* x, Real* y) noexcept {
  const std::size_t n = element_count(input);
  if (dims.size() == 2 && dims[0] == 2) {
    for (std::size_t b = 0; b < batch; ++b) detail::transpose(input[0], input[1], x + b * n, y + b * n);
    return;
  }
  for (std::size_t b = 0; b < batch; ++b) y = detail::permute_axes(input, dims, 0, x + b * n, y);
}

}  // namespace seqnn::inline SEQNN_ABI
