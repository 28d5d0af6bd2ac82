#pragma once

#include "seqnn/losses/elementwise.hpp"
#include "seqnn/losses/label_smoothing.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/losses/probability_clip.hpp"
#include "seqnn/metrics/loss_metric.hpp"

#include <cmath>
#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

struct BinaryCrossentropyOptions {
  bool from_logits = false;    ///< predictions are any numbers, of which the loss takes the sigmoid
  double label_smoothing = 0;  ///< share of the target replaced by 1/2, in [0, 1]

  bool operator==(const BinaryCrossentropyOptions&) const = default;
};

template <class Real>
class BinaryCrossentropyLoss final : public Loss<Real> {
 public:
  explicit BinaryCrossentropyLoss(const BinaryCrossentropyOptions& options) : options_(options) {}

  std::string name() const override { return "binary_crossentropy"; }
  bool from_logits() const override { return options_.from_logits; }

  double operator()(const Comparison<Real>& c, Real scale, Real* gradient) const override {
    const double keep = 1 - options_.label_smoothing;
    const double add = options_.label_smoothing / 2;
    const auto smooth = [=](Real target) { return static_cast<double>(target) * keep + add; };
    if (options_.from_logits) {
      return elementwise_loss(c, scale, gradient, [&](Real predicted, Real target) {
        return of_logit(static_cast<double>(predicted), smooth(target));
      });
    }
    return elementwise_loss(c, scale, gradient, [&](Real predicted, Real target) {
      return of_probability(static_cast<double>(predicted), smooth(target));
    });
  }

 private:
  static ElementLoss of_logit(double x, double t) {
    const double e = std::exp(-std::abs(x));  // at most 1
    const double sigmoid = x < 0 ? e / (1 + e) : 1 / (1 + e);
    return {(x < 0 ? 0 : x) - x * t + std::log1p(e), sigmoid - t};
  }

  static ElementLoss of_probability(double p, double t) {
    const double q = ProbabilityClip<Real>::apply(p);
    const double loss = -(t * std::log(q) + (1 - t) * std::log(1 - q));
    return {loss, ProbabilityClip<Real>::changes(p) ? 0 : (q - t) / (q * (1 - q))};
  }

  BinaryCrossentropyOptions options_;
};

/// Crossentropy of yes-or-no targets t in [0, 1], a mean over the numbers of a sample. A loss and a metric.
///
///   from probabilities p   -(t·log p + (1-t)·log(1-p)), p cut to [1e-7, 1 - 1e-7]; gradient 0 outside
///   from logits x          max(x, 0) - x·t + log(1 + e^-|x|), which is the same for p = σ(x) and loses nothing
///   label_smoothing s      t = t·(1-s) + s/2 beforehand
///
/// Throws  OptionError if label_smoothing is outside [0, 1]
/// Source  keras/src/losses/losses.py, binary_crossentropy
class BinaryCrossentropy {
 public:
  explicit BinaryCrossentropy(BinaryCrossentropyOptions options = {}) : options_(options) {
    check_label_smoothing("BinaryCrossentropy", options.label_smoothing);
  }

  const BinaryCrossentropyOptions& options() const { return options_; }
  bool operator==(const BinaryCrossentropy&) const = default;
  SEQNN_COLD std::string to_string() const {
    return Describe("BinaryCrossentropy")
        .option("from_logits", options_.from_logits, false)
        .option("label_smoothing", options_.label_smoothing, 0.0)
        .str();
  }

  template <class Real>
  std::unique_ptr<Loss<Real>> make(For<Loss<Real>>) const {
    return std::make_unique<BinaryCrossentropyLoss<Real>>(options_);
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<LossMetric<Real>>(make(For<Loss<Real>>{}));
  }

 private:
  BinaryCrossentropyOptions options_;
};

}  // namespace seqnn::inline SEQNN_ABI
