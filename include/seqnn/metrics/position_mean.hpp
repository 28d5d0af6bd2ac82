#pragma once

#include "seqnn/losses/loss.hpp"

#include <cstddef>
#include <span>

namespace seqnn::inline SEQNN_ABI {

/// The update of a metric that is the weighted mean over samples of the mean over their positions of `value(row)`: adds
/// weight × mean to the first sum and the weight to the second. Rows count through all samples.
template <class Real, class Value>
void add_position_means(const Comparison<Real>& c, std::span<double> sums, Value&& value) {
  for (std::size_t sample = 0; sample < c.samples; ++sample) {
    double total = 0;
    for (std::size_t row = sample * c.positions; row < (sample + 1) * c.positions; ++row) total += value(row);
    sums[0] += c.weight(sample) * total / static_cast<double>(c.positions);
    sums[1] += c.weight(sample);
  }
}

/// Likewise, with the share of the numbers of a row for which `right(prediction, target)`.
template <class Real, class Right>
void add_shares(const Comparison<Real>& c, std::span<double> sums, Right&& right) {
  add_position_means(c, sums, [&](std::size_t row) {
    std::size_t count = 0;
    for (std::size_t i = row * c.width; i < (row + 1) * c.width; ++i)
      count += right(c.predicted[i], c.values[i]) ? 1 : 0;
    return static_cast<double>(count) / static_cast<double>(c.width);
  });
}

}  // namespace seqnn::inline SEQNN_ABI
