#pragma once

#include "seqnn/kernels/activations.hpp"
#include "seqnn/kernels/log_sum_exp.hpp"
#include "seqnn/kernels/reductions.hpp"
#include "seqnn/losses/label_smoothing.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/losses/probability_clip.hpp"
#include "seqnn/metrics/loss_metric.hpp"

#include <cmath>
#include <cstddef>
#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

struct CategoricalCrossentropyOptions {
  bool from_logits = false;    ///< predictions are any numbers, of which the loss takes the softmax
  double label_smoothing = 0;  ///< share of the target that is spread evenly over all classes, in [0, 1]

  bool operator==(const CategoricalCrossentropyOptions&) const = default;
};

template <class Real>
class CategoricalCrossentropyLoss final : public Loss<Real> {
 public:
  explicit CategoricalCrossentropyLoss(const CategoricalCrossentropyOptions& options) : options_(options) {}

  std::string name() const override { return "categorical_crossentropy"; }
  bool from_logits() const override { return options_.from_logits; }

  double operator()(const Comparison<Real>& c, Real scale, Real* gradient) const override {
    double loss = 0;
    for (std::size_t sample = 0; sample < c.samples; ++sample) {
      const double weight = c.weight(sample) / static_cast<double>(c.positions);
      const double factor = static_cast<double>(scale) * weight;
      for (std::size_t row = sample * c.positions; row < (sample + 1) * c.positions; ++row) {
        const std::size_t first = row * c.width;
        Real* const row_gradient = gradient == nullptr ? nullptr : gradient + first;
        loss += weight * (options_.from_logits
                              ? of_logits(c.width, c.predicted + first, c.values + first, factor, row_gradient)
                              : of_probabilities(c.width, c.predicted + first, c.values + first, factor, row_gradient));
      }
    }
    return loss;
  }

 private:
  double smooth(Real target, std::size_t n) const {
    return static_cast<double>(target) * (1 - options_.label_smoothing) +
           options_.label_smoothing / static_cast<double>(n);
  }

  // With p = softmax(x): the loss is Σ t_j·(log Σ e^x - x_j), its gradient p_k·Σ t_j - t_k.
  double of_logits(std::size_t n, const Real* x, const Real* targets, double factor, Real* gradient) const {
    const double normalizer = log_sum_exp(n, x);
    double loss = 0;
    double total = 0;
    for (std::size_t j = 0; j < n; ++j) {
      const double t = smooth(targets[j], n);
      if (t == 0) continue;  // a logit of -∞ is right here, and 0·∞ would be NaN
      loss += t * (normalizer - static_cast<double>(x[j]));
      total += t;
    }
    if (gradient != nullptr) {
      softmax(n, x, gradient);
      for (std::size_t j = 0; j < n; ++j) {
        gradient[j] = static_cast<Real>(factor * (static_cast<double>(gradient[j]) * total - smooth(targets[j], n)));
      }
    }
    return loss;
  }

  // With q = p / Σ p: the loss is -Σ t_j·log(clip q_j). Its gradient by q_j is -t_j/q_j, 0 where q_j is clipped; that
  // by p_k is (-t_k/q_k + Σ t_j) / Σ p, where both terms leave out what is clipped.
  double of_probabilities(std::size_t n, const Real* p, const Real* targets, double factor, Real* gradient) const {
    const double mass = sum(n, p);
    double loss = 0;
    double total = 0;
    for (std::size_t j = 0; j < n; ++j) {
      const double q = static_cast<double>(p[j]) / mass;
      const double t = smooth(targets[j], n);
      loss -= t * std::log(ProbabilityClip<Real>::apply(q));
      if (!ProbabilityClip<Real>::changes(q)) total += t;
    }
    if (gradient != nullptr) {
      for (std::size_t j = 0; j < n; ++j) {
        const double q = static_cast<double>(p[j]) / mass;
        const double own = ProbabilityClip<Real>::changes(q) ? 0 : smooth(targets[j], n) / q;
        gradient[j] = static_cast<Real>(factor * (total - own) / mass);
      }
    }
    return loss;
  }

  CategoricalCrossentropyOptions options_;
};

/// Crossentropy between classes, where targets are probabilities t of all classes (one-hot or not), a mean over the
/// positions of a sample. A loss and a metric.
///
///   from probabilities p   q = p / Σ p, cut to [1e-7, 1 - 1e-7]; -Σ t·log q; no gradient through what is cut
///   from logits x          Σ t·(log Σ e^x - x)
///   label_smoothing s      t = t·(1-s) + s/classes beforehand
///
/// Throws  OptionError if label_smoothing is outside [0, 1]
/// Source  keras/src/losses/losses.py, categorical_crossentropy
class CategoricalCrossentropy {
 public:
  explicit CategoricalCrossentropy(CategoricalCrossentropyOptions options = {}) : options_(options) {
    check_label_smoothing("CategoricalCrossentropy", options.label_smoothing);
  }

  const CategoricalCrossentropyOptions& options() const { return options_; }
  bool operator==(const CategoricalCrossentropy&) const = default;
  SEQNN_COLD std::string to_string() const {
    return Describe("CategoricalCrossentropy")
        .option("from_logits", options_.from_logits, false)
        .option("label_smoothing", options_.label_smoothing, 0.0)
        .str();
  }

  template <class Real>
  std::unique_ptr<Loss<Real>> make(For<Loss<Real>>) const {
    return std::make_unique<CategoricalCrossentropyLoss<Real>>(options_);
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<LossMetric<Real>>(make(For<Loss<Real>>{}));
  }

 private:
  CategoricalCrossentropyOptions options_;
};

}  // namespace seqnn::inline SEQNN_ABI
