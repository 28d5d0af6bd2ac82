#pragma once

#include "seqnn/kernels/reductions.hpp"
#include "seqnn/losses/class_targets.hpp"
#include "seqnn/metrics/metric.hpp"
#include "seqnn/metrics/position_mean.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace seqnn::inline SEQNN_ABI {

template <class Real>
class SparseCategoricalAccuracyMetric final : public Metric<Real> {
 public:
  std::string name() const override { return "sparse_categorical_accuracy"; }
  TargetKind target_kind() const override { return TargetKind::classes; }

  /// @throws DataError if a target is not in [0, width)
  void update(const Comparison<Real>& c, std::span<double> sums) const override {
    check_classes("SparseCategoricalAccuracy", c.classes, c.samples, c.positions, c.width);
    add_position_means(c, sums, [&](std::size_t row) {
      const std::size_t predicted = index_of_largest(c.width, c.predicted + row * c.width);
      return predicted == static_cast<std::size_t>(c.classes[row]) ? 1.0 : 0.0;
    });
  }
};

/// Share of positions whose largest prediction is at the target class, probabilities or logits; of equal ones the first
/// counts. History calls it "sparse_categorical_accuracy".
///
/// Throws  DataError, when updated, if a target is not in [0, classes)
class SparseCategoricalAccuracy {
 public:
  bool operator==(const SparseCategoricalAccuracy&) const = default;
  SEQNN_COLD std::string to_string() const { return "SparseCategoricalAccuracy()"; }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<SparseCategoricalAccuracyMetric<Real>>();
  }
};

}  // namespace seqnn::inline SEQNN_ABI
