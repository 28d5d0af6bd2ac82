#pragma once

#include "seqnn/kernels/activations.hpp"
#include "seqnn/kernels/log_sum_exp.hpp"
#include "seqnn/kernels/reductions.hpp"
#include "seqnn/kernels/updates.hpp"
#include "seqnn/losses/class_targets.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/losses/probability_clip.hpp"
#include "seqnn/metrics/loss_metric.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

struct SparseCategoricalCrossentropyOptions {
  bool from_logits = false;  ///< predictions are any numbers, of which the loss takes the softmax

  bool operator==(const SparseCategoricalCrossentropyOptions&) const = default;
};

template <class Real>
class SparseCategoricalCrossentropyLoss final : public Loss<Real> {
 public:
  explicit SparseCategoricalCrossentropyLoss(const SparseCategoricalCrossentropyOptions& options) : options_(options) {}

  std::string name() const override { return "sparse_categorical_crossentropy"; }
  TargetKind target_kind() const override { return TargetKind::classes; }
  bool from_logits() const override { return options_.from_logits; }

  /// @throws DataError if a target is not in [0, width)
  double operator()(const Comparison<Real>& c, Real scale, Real* gradient) const override {
    check_classes("SparseCategoricalCrossentropy", c.classes, c.samples, c.positions, c.width);
    double loss = 0;
    for (std::size_t sample = 0; sample < c.samples; ++sample) {
      const double weight = c.weight(sample) / static_cast<double>(c.positions);
      const double factor = static_cast<double>(scale) * weight;
      for (std::size_t row = sample * c.positions; row < (sample + 1) * c.positions; ++row) {
        const Real* const predicted = c.predicted + row * c.width;
        const auto k = static_cast<std::size_t>(c.classes[row]);
        Real* const row_gradient = gradient == nullptr ? nullptr : gradient + row * c.width;
        loss += weight * (options_.from_logits ? of_logits(c.width, predicted, k, factor, row_gradient)
                                               : of_probabilities(c.width, predicted, k, factor, row_gradient));
      }
    }
    return loss;
  }

 private:
  // The loss is log Σ e^x - x_k, its gradient softmax(x), less 1 at k.
  static double of_logits(std::size_t n, const Real* x, std::size_t k, double factor, Real* gradient) {
    const double loss = log_sum_exp(n, x) - static_cast<double>(x[k]);
    if (gradient != nullptr) {
      softmax(n, x, gradient);
      scale(n, static_cast<Real>(factor), gradient);
      // p_k - 1 as minus the sum of the others: where p_k rounds to 1, the difference would be 0.
      gradient[k] = 0;
      gradient[k] = static_cast<Real>(-sum(n, gradient));
    }
    return loss;
  }

  // With q = p / Σ p: the loss is -log(clip q_k); its gradient by p_j is 1 / Σ p, at k 1 / Σ p - 1 / p_k; 0 if q_k is
  // clipped.
  static double of_probabilities(std::size_t n, const Real* p, std::size_t k, double factor, Real* gradient) {
    const double mass = sum(n, p);
    const double own = static_cast<double>(p[k]);
    const double q = own / mass;
    if (gradient != nullptr) {
      const bool clipped = ProbabilityClip<Real>::changes(q);
      std::fill(gradient, gradient + n, static_cast<Real>(clipped ? 0 : factor / mass));
      if (!clipped) gradient[k] = static_cast<Real>(factor * (1 / mass - 1 / own));
    }
    return -std::log(ProbabilityClip<Real>::apply(q));
  }

  SparseCategoricalCrossentropyOptions options_;
};

/// Crossentropy between classes, where a target is the number k of the right class, a mean over the positions of a
/// sample. The same as CategoricalCrossentropy with one-hot targets. A loss and a metric.
///
///   from probabilities p   q = p / Σ p, cut to [1e-7, 1 - 1e-7]; -log q_k; no gradient if q_k is cut
///   from logits x          log Σ e^x - x_k
///
/// Throws  DataError, when called, if a target is not in [0, classes)
/// Source  keras/src/losses/losses.py, sparse_categorical_crossentropy
class SparseCategoricalCrossentropy {
 public:
  explicit SparseCategoricalCrossentropy(SparseCategoricalCrossentropyOptions options = {}) : options_(options) {}

  const SparseCategoricalCrossentropyOptions& options() const { return options_; }
  bool operator==(const SparseCategoricalCrossentropy&) const = default;
  SEQNN_COLD std::string to_string() const {
    return Describe("SparseCategoricalCrossentropy").option("from_logits", options_.from_logits, false).str();
  }

  template <class Real>
  std::unique_ptr<Loss<Real>> make(For<Loss<Real>>) const {
    return std::make_unique<SparseCategoricalCrossentropyLoss<Real>>(options_);
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<LossMetric<Real>>(make(For<Loss<Real>>{}));
  }

 private:
  SparseCategoricalCrossentropyOptions options_;
};

}  // namespace seqnn::inline SEQNN_ABI
