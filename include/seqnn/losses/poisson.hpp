#pragma once

#include "seqnn/losses/elementwise.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/metrics/loss_metric.hpp"

#include <cmath>
#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

template <class Real>
class PoissonLoss final : public Loss<Real> {
 public:
  std::string name() const override { return "poisson"; }

  double operator()(const Comparison<Real>& c, Real scale, Real* gradient) const override {
    return elementwise_loss(c, scale, gradient, [](Real predicted, Real target) -> ElementLoss {
      const double p = static_cast<double>(predicted);
      const double t = static_cast<double>(target);
      return {p - t * std::log(p + kEpsilon), 1 - t / (p + kEpsilon)};
    });
  }

 private:
  static constexpr double kEpsilon = 1e-7;
};

/// Mean of p - t·log(p + 1e-7) over the numbers of a sample, for targets t that are counts and predictions p of their
/// mean: the negative logarithm of Poisson's distribution, without the part that does not depend on p. Predictions must
/// not be negative (a last layer with softplus or exponential): the logarithm makes them NaN. A loss and a metric.
///
/// Source  keras/src/losses/losses.py, poisson
class Poisson {
 public:
  bool operator==(const Poisson&) const = default;
  SEQNN_COLD std::string to_string() const { return "Poisson()"; }

  template <class Real>
  std::unique_ptr<Loss<Real>> make(For<Loss<Real>>) const {
    return std::make_unique<PoissonLoss<Real>>();
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<LossMetric<Real>>(make(For<Loss<Real>>{}));
  }
};

}  // namespace seqnn::inline SEQNN_ABI
