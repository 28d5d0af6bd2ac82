#pragma once

#include "seqnn/core/config.hpp"

namespace seqnn::inline SEQNN_ABI {

/// Keeps probabilities away from 0 and 1, where their logarithms end: Keras cuts them to [1e-7, 1 - 1e-7]. The limits
/// are rounded to Real, as there, so that a float of 1 counts as 1 - 1.19e-7. NaN stays NaN.
template <class Real>
struct ProbabilityClip {
  static constexpr double kLow = static_cast<Real>(1e-7);
  static constexpr double kHigh = static_cast<Real>(1 - 1e-7);

  static double apply(double p) { return p < kLow ? kLow : p > kHigh ? kHigh : p; }

  /// Where it changes p, the loss does not depend on p and the gradient is 0.
  static bool changes(double p) { return p < kLow || p > kHigh; }
};

}  // namespace seqnn::inline SEQNN_ABI
