#pragma once

#include "seqnn/metrics/metric.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace seqnn::inline SEQNN_ABI {

template <class Real>
class R2ScoreMetric final : public Metric<Real> {
 public:
  std::string name() const override { return "r2_score"; }
  std::size_t sum_count() const override { return 4; }

  void update(const Comparison<Real>& c, std::span<double> sums) const override {
    const std::size_t size = c.positions * c.width;
    for (std::size_t sample = 0; sample < c.samples; ++sample) {
      const double weight = c.weight(sample);
      for (std::size_t i = sample * size; i < (sample + 1) * size; ++i) {
        const double t = static_cast<double>(c.values[i]);
        const double error = static_cast<double>(c.predicted[i]) - t;
        sums[0] += weight;
        sums[1] += weight * t;
        sums[2] += weight * t * t;
        sums[3] += weight * error * error;
      }
    }
  }

  double result(std::span<const double> sums) const override {
    if (sums[0] == 0) return 0;
    const double variation = sums[2] - sums[1] * sums[1] / sums[0];
    // Targets that are all equal leave no more than what was rounded.
    if (variation <= 1e-13 * sums[2]) return 0;
    return 1 - sums[3] / variation;
  }
};

/// Coefficient of determination 1 - Σ (target - prediction)² / Σ (target - mean of targets)²: 1 if every prediction is
/// right, 0 for predicting the mean, below 0 if worse than that. 0 also where all targets are equal. All numbers of all
/// samples count as one series; Keras takes the mean of the scores of each output, which is the same for one output.
/// History calls it "r2_score".
///
/// Source  keras/src/metrics/regression_metrics.py, R2Score
class R2Score {
 public:
  bool operator==(const R2Score&) const = default;
  SEQNN_COLD std::string to_string() const { return "R2Score()"; }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<R2ScoreMetric<Real>>();
  }
};

}  // namespace seqnn::inline SEQNN_ABI
