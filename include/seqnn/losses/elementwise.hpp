#pragma once

#include "seqnn/losses/loss.hpp"

#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

/// Loss of one prediction, and its derivative by the prediction.
struct ElementLoss {
  double value = 0;
  double slope = 0;
};

/// A loss that is a mean over the positions and the width of a sample: `element(prediction, target)` says the loss of
/// one number. Value and gradient as `Loss::operator()` wants them.
template <class Real, class Element>
double elementwise_loss(const Comparison<Real>& c, Real scale, Real* gradient, Element&& element) {
  const std::size_t size = c.positions * c.width;
  double sum = 0;
  for (std::size_t sample = 0; sample < c.samples; ++sample) {
    const double weight = c.weight(sample) / static_cast<double>(size);
    const double factor = static_cast<double>(scale) * weight;
    double total = 0;
    for (std::size_t i = sample * size; i < (sample + 1) * size; ++i) {
      const ElementLoss loss = element(c.predicted[i], c.values[i]);
      total += loss.value;
      if (gradient != nullptr) gradient[i] = static_cast<Real>(factor * loss.slope);
    }
    sum += weight * total;
  }
  return sum;
}

}  // namespace seqnn::inline SEQNN_ABI
