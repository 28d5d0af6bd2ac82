#pragma once

#include "seqnn/core/recipe.hpp"
#include "seqnn/kernels/reductions.hpp"
#include "seqnn/metrics/metric.hpp"
#include "seqnn/metrics/position_mean.hpp"
#include "seqnn/metrics/top_k.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace seqnn::inline SEQNN_ABI {

struct TopKCategoricalAccuracyOptions {
  std::size_t k = 5;  ///< how many of the largest predictions count

  bool operator==(const TopKCategoricalAccuracyOptions&) const = default;
};

template <class Real>
class TopKCategoricalAccuracyMetric final : public Metric<Real> {
 public:
  explicit TopKCategoricalAccuracyMetric(const TopKCategoricalAccuracyOptions& options) : k_(options.k) {}

  std::string name() const override { return "top_k_categorical_accuracy"; }

  void update(const Comparison<Real>& c, std::span<double> sums) const override {
    add_position_means(c, sums, [&](std::size_t row) {
      const std::size_t target = index_of_largest(c.width, c.values + row * c.width);
      return in_top_k(k_, c.width, c.predicted + row * c.width, target) ? 1.0 : 0.0;
    });
  }

 private:
  std::size_t k_;
};

/// Share of positions where the class with the largest target is among the k largest predictions; a class that is as
/// large as the last of them counts. All of them count if there are no more than k classes. History calls it
/// "top_k_categorical_accuracy".
///
/// Throws  OptionError if k is 0
/// Source  keras/src/metrics/accuracy_metrics.py, TopKCategoricalAccuracy
class TopKCategoricalAccuracy {
 public:
  explicit TopKCategoricalAccuracy(TopKCategoricalAccuracyOptions options = {}) : options_(options) {
    check_top_k("TopKCategoricalAccuracy", options.k);
  }

  const TopKCategoricalAccuracyOptions& options() const { return options_; }
  bool operator==(const TopKCategoricalAccuracy&) const = default;
  SEQNN_COLD std::string to_string() const {
    return Describe("TopKCategoricalAccuracy").option("k", options_.k, std::size_t{5}).str();
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<TopKCategoricalAccuracyMetric<Real>>(options_);
  }

 private:
  TopKCategoricalAccuracyOptions options_;
};

}  // namespace seqnn::inline SEQNN_ABI
