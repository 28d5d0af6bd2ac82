#pragma once

#include "seqnn/metrics/decision_threshold.hpp"
#include "seqnn/metrics/metric.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace seqnn::inline SEQNN_ABI {

/// How often a yes-or-no model was right and wrong, weighted.
struct ConfusionCounts {
  double true_positives = 0;
  double false_positives = 0;
  double false_negatives = 0;
};

namespace detail {

/// part / whole, and 0 where there is nothing to divide by.
inline double share(double part, double whole) { return whole == 0 ? 0 : part / whole; }

}  // namespace detail

/// What metrics of yes-or-no decisions have in common: they count all numbers of all samples. A target other than 0
/// means yes, as in Keras.
template <class Real>
class ConfusionMetric : public Metric<Real> {
 public:
  explicit ConfusionMetric(std::optional<double> threshold) : threshold_(threshold) {}

  void bind(const Loss<Real>& loss) override { threshold_.bind(loss); }
  std::size_t sum_count() const override { return 3; }

  void update(const Comparison<Real>& c, std::span<double> sums) const override {
    const std::size_t size = c.positions * c.width;
    for (std::size_t sample = 0; sample < c.samples; ++sample) {
      const double weight = c.weight(sample);
      for (std::size_t i = sample * size; i < (sample + 1) * size; ++i) {
        const bool predicted = threshold_.positive(c.predicted[i]);
        const bool target = c.values[i] != Real(0);
        if (predicted) {
          sums[target ? 0 : 1] += weight;
        } else if (target) {
          sums[2] += weight;
        }
      }
    }
  }

  double result(std::span<const double> sums) const final { return of({sums[0], sums[1], sums[2]}); }

 private:
  virtual double of(const ConfusionCounts& counts) const = 0;

  DecisionThreshold<Real> threshold_;
};

}  // namespace seqnn::inline SEQNN_ABI
