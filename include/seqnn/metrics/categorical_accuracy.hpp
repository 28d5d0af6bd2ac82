#pragma once

#include "seqnn/kernels/reductions.hpp"
#include "seqnn/metrics/metric.hpp"
#include "seqnn/metrics/position_mean.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace seqnn::inline SEQNN_ABI {

template <class Real>
class CategoricalAccuracyMetric final : public Metric<Real> {
 public:
  std::string name() const override { return "categorical_accuracy"; }

  void update(const Comparison<Real>& c, std::span<double> sums) const override {
    add_position_means(c, sums, [&](std::size_t row) {
      const std::size_t first = row * c.width;
      return index_of_largest(c.width, c.predicted + first) == index_of_largest(c.width, c.values + first) ? 1.0 : 0.0;
    });
  }
};

/// Share of positions whose largest prediction is at the class with the largest target, probabilities or logits; of
/// equal ones the first counts. Targets are one-hot rows, or probabilities of all classes. History calls it
/// "categorical_accuracy".
class CategoricalAccuracy {
 public:
  bool operator==(const CategoricalAccuracy&) const = default;
  SEQNN_COLD std::string to_string() const { return "CategoricalAccuracy()"; }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<CategoricalAccuracyMetric<Real>>();
  }
};

}  // namespace seqnn::inline SEQNN_ABI
