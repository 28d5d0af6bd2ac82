#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/losses/elementwise.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/metrics/loss_metric.hpp"

#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

template <class Real>
class QuantileLoss final : public Loss<Real> {
 public:
  explicit QuantileLoss(double quantile) : quantile_(quantile) {}

  std::string name() const override { return "quantile"; }

  double operator()(const Comparison<Real>& c, Real scale, Real* gradient) const override {
    const double q = quantile_;
    return elementwise_loss(c, scale, gradient, [q](Real predicted, Real target) -> ElementLoss {
      const double error = static_cast<double>(predicted) - static_cast<double>(target);
      if (error > 0) return {(1 - q) * error, 1 - q};
      if (error < 0) return {-q * error, -q};
      return {error, error};  // 0, or NaN, so that it is seen
    });
  }

 private:
  double quantile_;
};

/// Pinball loss, whose best prediction is the q-quantile of the target: with Quantile(0.9) nine targets of ten should
/// lie below what is predicted. A mean over the numbers of a sample; where prediction and target are equal, the
/// gradient is 0. A loss and a metric. Keras does not have it.
///
///   target above the prediction   q·(target - prediction)
///   target below the prediction   (1 - q)·(prediction - target)
///
/// Throws  OptionError if the quantile is not between 0 and 1
/// Source  Koenker and Bassett, Regression Quantiles, Econometrica 46 (1978)
class Quantile {
 public:
  explicit Quantile(double quantile) : quantile_(quantile) {
    if (!(quantile > 0 && quantile < 1)) {
      throw OptionError(text("Quantile: quantile must be in (0, 1), got ", quantile,
                             "; it is the share of targets that lie below a good prediction, such as 0.9"));
    }
  }

  double quantile() const { return quantile_; }
  bool operator==(const Quantile&) const = default;
  SEQNN_COLD std::string to_string() const { return Describe("Quantile").argument(quantile_).str(); }

  template <class Real>
  std::unique_ptr<Loss<Real>> make(For<Loss<Real>>) const {
    return std::make_unique<QuantileLoss<Real>>(quantile_);
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<LossMetric<Real>>(make(For<Loss<Real>>{}));
  }

 private:
  double quantile_;
};

}  // namespace seqnn::inline SEQNN_ABI
