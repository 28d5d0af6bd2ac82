#pragma once

#include "seqnn/metrics/metric.hpp"
#include "seqnn/metrics/position_mean.hpp"

#include <cmath>
#include <memory>
#include <span>
#include <string>

namespace seqnn::inline SEQNN_ABI {

template <class Real>
class RoundedAccuracyMetric final : public Metric<Real> {
 public:
  std::string name() const override { return "rounded_accuracy"; }

  void update(const Comparison<Real>& c, std::span<double> sums) const override {
    // nearbyint takes halves to the even number, as Keras' round does.
    add_shares(c, sums, [](Real predicted, Real target) { return target == std::nearbyint(predicted); });
  }
};

/// Share of predictions that round to their target: the accuracy of Keras 2.0.8. A raw output above 1.5 or below -0.5
/// rounds to neither 0 nor 1 and counts as wrong, however sure the model is; BinaryAccuracy counts it as 1 or 0. Halves
/// round to the even number: 0.5 to 0, 1.5 to 2. For comparison with curves published at the time.
class RoundedAccuracy {
 public:
  bool operator==(const RoundedAccuracy&) const = default;
  SEQNN_COLD std::string to_string() const { return "RoundedAccuracy()"; }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<RoundedAccuracyMetric<Real>>();
  }
};

}  // namespace seqnn::inline SEQNN_ABI
