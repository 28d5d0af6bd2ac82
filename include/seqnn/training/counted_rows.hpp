#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/losses/loss.hpp"

#include <cstddef>
#include <cstdint>

namespace seqnn::inline SEQNN_ABI {

/// The rows of a comparison, [first, first + count) of all samples' positions, each as a sample of one position.
/// @param row_weights  one for every row of `c`; null means 1 each
template <class Real>
Comparison<Real> rows_as_samples(const Comparison<Real>& c, std::size_t first, std::size_t count,
                                 const Real* row_weights) {
  return {.samples = count,
          .width = c.width,
          .predicted = c.predicted + first * c.width,
          .values = c.values == nullptr ? nullptr : c.values + first * c.width,
          .classes = c.classes == nullptr ? nullptr : c.classes + first,
          .sample_weights = row_weights == nullptr ? nullptr : row_weights + first};
}

/// Calls `run(first, count)` for every run of rows that a mask leaves, in their order.
/// @param mask   [steps], 0 at steps that do not count; null: all do
/// @param rows   of a step
template <class Run>
void for_each_counted_run(const std::uint8_t* mask, std::size_t steps, std::size_t rows, Run&& run) {
  if (mask == nullptr) return run(std::size_t{0}, steps * rows);
  for (std::size_t begin = 0; begin < steps;) {
    if (mask[begin] == 0) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < steps && mask[end] != 0) ++end;
    run(begin * rows, (end - begin) * rows);
    begin = end;
  }
}

}  // namespace seqnn::inline SEQNN_ABI
