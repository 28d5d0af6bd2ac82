#pragma once

#include "seqnn/losses/class_targets.hpp"
#include "seqnn/losses/sparse_categorical_crossentropy.hpp"
#include "seqnn/metrics/loss_metric.hpp"

#include <cmath>
#include <memory>
#include <span>
#include <string>

namespace seqnn::inline SEQNN_ABI {

template <class Real>
class PerplexityMetric final : public Metric<Real> {
 public:
  std::string name() const override { return "perplexity"; }
  TargetKind target_kind() const override { return TargetKind::classes; }
  void bind(const Loss<Real>& loss) override { from_logits_ = loss.from_logits(); }

  /// @throws DataError if a target is not in [0, width)
  void update(const Comparison<Real>& c, std::span<double> sums) const override {
    check_classes("Perplexity", c.classes, c.samples, c.positions, c.width);
    (from_logits_ ? of_logits_ : of_probabilities_).update(c, sums);
  }

  double result(std::span<const double> sums) const override {
    return sums[1] == 0 ? 0 : std::exp(of_logits_.result(sums));
  }

 private:
  using Crossentropy = SparseCategoricalCrossentropyLoss<Real>;

  LossMetric<Real> of_probabilities_{std::make_unique<Crossentropy>(SparseCategoricalCrossentropyOptions{})};
  LossMetric<Real> of_logits_{
      std::make_unique<Crossentropy>(SparseCategoricalCrossentropyOptions{.from_logits = true})};
  bool from_logits_ = false;
};

/// e to the mean crossentropy of the target classes: between how many equally likely classes the model still wavers. 1
/// is certainty, the number of classes is guessing. Predictions are logits if the model's loss takes those, else
/// probabilities, cut as in SparseCategoricalCrossentropy. History calls it "perplexity". In Keras it belongs to
/// KerasHub, with a from_logits of its own.
///
/// Throws  DataError, when updated, if a target is not in [0, classes)
class Perplexity {
 public:
  bool operator==(const Perplexity&) const = default;
  SEQNN_COLD std::string to_string() const { return "Perplexity()"; }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<PerplexityMetric<Real>>();
  }
};

}  // namespace seqnn::inline SEQNN_ABI
