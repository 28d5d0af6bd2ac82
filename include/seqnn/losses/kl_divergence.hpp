#pragma once

#include "seqnn/losses/elementwise.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/metrics/loss_metric.hpp"

#include <cmath>
#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

template <class Real>
class KLDivergenceLoss final : public Loss<Real> {
 public:
  std::string name() const override { return "kl_divergence"; }

  double operator()(const Comparison<Real>& c, Real scale, Real* gradient) const override {
    // Keras adds up the terms of a row, where elementwise_loss takes their mean.
    const double width = static_cast<double>(c.width);
    return elementwise_loss(c, scale, gradient, [width](Real predicted, Real target) -> ElementLoss {
      const double p = static_cast<double>(predicted);
      const double q = cut(p);
      const double t = cut(static_cast<double>(target));
      // q is p where nothing was cut, and NaN if p is.
      return {width * t * std::log(t / q), p < kLow || p > 1 ? 0 : -width * t / q};
    });
  }

 private:
  static constexpr double kLow = static_cast<Real>(1e-7);

  static double cut(double p) { return p < kLow ? kLow : p > 1 ? 1 : p; }
};

/// Kullback-Leibler divergence Σ t·log(t / p) of the predicted distribution p of a row from the target's t, a mean over
/// the positions of a sample. Both are cut to [1e-7, 1]; the gradient beyond is 0. A loss and a metric.
///
/// Source  keras/src/losses/losses.py, kl_divergence
class KLDivergence {
 public:
  bool operator==(const KLDivergence&) const = default;
  SEQNN_COLD std::string to_string() const { return "KLDivergence()"; }

  template <class Real>
  std::unique_ptr<Loss<Real>> make(For<Loss<Real>>) const {
    return std::make_unique<KLDivergenceLoss<Real>>();
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<LossMetric<Real>>(make(For<Loss<Real>>{}));
  }
};

}  // namespace seqnn::inline SEQNN_ABI
