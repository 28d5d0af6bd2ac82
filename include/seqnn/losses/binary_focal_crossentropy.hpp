#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/losses/elementwise.hpp"
#include "seqnn/losses/label_smoothing.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/losses/probability_clip.hpp"
#include "seqnn/metrics/loss_metric.hpp"

#include <cmath>
#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

struct BinaryFocalCrossentropyOptions {
  bool apply_class_balancing = false;  ///< weigh targets of 1 with alpha and those of 0 with 1 - alpha
  double alpha = 0.25;                 ///< used with apply_class_balancing only, in [0, 1]
  double gamma = 2;                    ///< how much less easy samples count; 0 gives BinaryCrossentropy
  bool from_logits = false;            ///< predictions are any numbers, of which the loss takes the sigmoid
  double label_smoothing = 0;          ///< share of the target replaced by 1/2, in [0, 1]

  bool operator==(const BinaryFocalCrossentropyOptions&) const = default;
};

template <class Real>
class BinaryFocalCrossentropyLoss final : public Loss<Real> {
 public:
  explicit BinaryFocalCrossentropyLoss(const BinaryFocalCrossentropyOptions& options) : options_(options) {}

  std::string name() const override { return "binary_focal_crossentropy"; }
  bool from_logits() const override { return options_.from_logits; }

  double operator()(const Comparison<Real>& c, Real scale, Real* gradient) const override {
    return elementwise_loss(c, scale, gradient, [this](Real predicted, Real target) {
      const double t = static_cast<double>(target) * (1 - options_.label_smoothing) + options_.label_smoothing / 2;
      const double x = static_cast<double>(predicted);
      const ElementLoss loss = options_.from_logits ? of_logit(x, t) : of_probability(x, t);
      const double weight = options_.apply_class_balancing ? t * options_.alpha + (1 - t) * (1 - options_.alpha) : 1;
      return ElementLoss{weight * loss.value, weight * loss.slope};
    });
  }

 private:
  // With p the probability and u = t·(1-p) + (1-t)·p how wrong it is, the loss is u^γ·b, where b is the crossentropy;
  // its slope by p is u^γ·b' + γ·u^(γ-1)·(1-2t)·b.
  ElementLoss of_probability(double given, double t) const {
    const double p = ProbabilityClip<Real>::apply(given);
    const double wrong = t * (1 - p) + (1 - t) * p;
    const double focus = std::pow(wrong, options_.gamma);
    const double b = -(t * std::log(p) + (1 - t) * std::log(1 - p));
    const double slope = focus * (p - t) / (p * (1 - p)) + options_.gamma * focus / wrong * (1 - 2 * t) * b;
    return {focus * b, ProbabilityClip<Real>::changes(given) ? 0 : slope};
  }

  // The same with p = σ(x), whose slope is p·(1-p).
  ElementLoss of_logit(double x, double t) const {
    const double e = std::exp(-std::abs(x));  // at most 1
    const double p = x < 0 ? e / (1 + e) : 1 / (1 + e);
    const double other = x < 0 ? 1 / (1 + e) : e / (1 + e);  // 1 - p, also where p rounds to 1
    const double wrong = t * other + (1 - t) * p;
    const double focus = std::pow(wrong, options_.gamma);
    const double b = (x < 0 ? 0 : x) - x * t + std::log1p(e);
    // Far out, where nothing is wrong in any digit, there is nothing to learn either.
    const double from_focus = wrong == 0 ? 0 : options_.gamma * focus / wrong * (1 - 2 * t) * p * other * b;
    return {focus * b, focus * (p - t) + from_focus};
  }

  BinaryFocalCrossentropyOptions options_;
};

/// Crossentropy of yes-or-no targets t in [0, 1] that looks away from what is already right, for classes of unequal
/// size: a mean over the numbers of a sample of
///
///   (1 - p_t)^gamma · BinaryCrossentropy(t, p)        p_t = t·p + (1-t)·(1-p)
///   … · (t·alpha + (1-t)·(1-alpha))                   with apply_class_balancing
///
/// Probabilities p are cut to [1e-7, 1 - 1e-7] (Keras: in the crossentropy only) and have gradient 0 outside; from
/// logits p = σ(x) and nothing is cut, where Keras cuts σ(x). Smoothing as in BinaryCrossentropy. A loss and a metric.
///
/// Throws  OptionError if alpha or label_smoothing is outside [0, 1] or gamma is negative or not finite
/// Source  keras/src/losses/losses.py, binary_focal_crossentropy; Lin et al., Focal Loss for Dense Object Detection
class BinaryFocalCrossentropy {
 public:
  explicit BinaryFocalCrossentropy(BinaryFocalCrossentropyOptions options = {}) : options_(options) {
    check_label_smoothing("BinaryFocalCrossentropy", options.label_smoothing);
    if (!(options.alpha >= 0 && options.alpha <= 1)) {
      throw OptionError(text("BinaryFocalCrossentropy: alpha must be in [0, 1], got ", options.alpha,
                             "; it is the weight of targets of 1, and 1 - alpha that of 0"));
    }
    if (!(options.gamma >= 0) || std::isinf(options.gamma)) {
      throw OptionError(text("BinaryFocalCrossentropy: gamma must be a finite number not below 0, got ", options.gamma,
                             "; 2 is usual, and 0 gives BinaryCrossentropy"));
    }
  }

  const BinaryFocalCrossentropyOptions& options() const { return options_; }
  bool operator==(const BinaryFocalCrossentropy&) const = default;
  SEQNN_COLD std::string to_string() const {
    return Describe("BinaryFocalCrossentropy")
        .option("apply_class_balancing", options_.apply_class_balancing, false)
        .option("alpha", options_.alpha, 0.25)
        .option("gamma", options_.gamma, 2.0)
        .option("from_logits", options_.from_logits, false)
        .option("label_smoothing", options_.label_smoothing, 0.0)
        .str();
  }

  template <class Real>
  std::unique_ptr<Loss<Real>> make(For<Loss<Real>>) const {
    return std::make_unique<BinaryFocalCrossentropyLoss<Real>>(options_);
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<LossMetric<Real>>(make(For<Loss<Real>>{}));
  }

 private:
  BinaryFocalCrossentropyOptions options_;
};

}  // namespace seqnn::inline SEQNN_ABI
