#pragma once

#include "seqnn/core/recipe.hpp"
#include "seqnn/losses/class_targets.hpp"
#include "seqnn/metrics/metric.hpp"
#include "seqnn/metrics/position_mean.hpp"
#include "seqnn/metrics/top_k.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace seqnn::inline SEQNN_ABI {

struct SparseTopKCategoricalAccuracyOptions {
  std::size_t k = 5;  ///< how many of the largest predictions count

  bool operator==(const SparseTopKCategoricalAccuracyOptions&) const = default;
};

template <class Real>
class SparseTopKCategoricalAccuracyMetric final : public Metric<Real> {
 public:
  explicit SparseTopKCategoricalAccuracyMetric(const SparseTopKCategoricalAccuracyOptions& options) : k_(options.k) {}

  std::string name() const override { return "sparse_top_k_categorical_accuracy"; }
  TargetKind target_kind() const override { return TargetKind::classes; }

  /// @throws DataError if a target is not in [0, width)
  void update(const Comparison<Real>& c, std::span<double> sums) const override {
    check_classes("SparseTopKCategoricalAccuracy", c.classes, c.samples, c.positions, c.width);
    add_position_means(c, sums, [&](std::size_t row) {
      const std::size_t target = static_cast<std::size_t>(c.classes[row]);
      return in_top_k(k_, c.width, c.predicted + row * c.width, target) ? 1.0 : 0.0;
    });
  }

 private:
  std::size_t k_;
};

/// Share of positions where the target class is among the k largest predictions; a class that is as large as the last
/// of them counts. All of them count if there are no more than k classes. History calls it
/// "sparse_top_k_categorical_accuracy".
///
/// Throws  OptionError if k is 0
///         DataError, when updated, if a target is not in [0, classes)
/// Source  keras/src/metrics/accuracy_metrics.py, SparseTopKCategoricalAccuracy
class SparseTopKCategoricalAccuracy {
 public:
  explicit SparseTopKCategoricalAccuracy(SparseTopKCategoricalAccuracyOptions options = {}) : options_(options) {
    check_top_k("SparseTopKCategoricalAccuracy", options.k);
  }

  const SparseTopKCategoricalAccuracyOptions& options() const { return options_; }
  bool operator==(const SparseTopKCategoricalAccuracy&) const = default;
  SEQNN_COLD std::string to_string() const {
    return Describe("SparseTopKCategoricalAccuracy").option("k", options_.k, std::size_t{5}).str();
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<SparseTopKCategoricalAccuracyMetric<Real>>(options_);
  }

 private:
  SparseTopKCategoricalAccuracyOptions options_;
};

}  // namespace seqnn::inline SEQNN_ABI
