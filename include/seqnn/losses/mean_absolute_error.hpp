#pragma once

#include "seqnn/losses/elementwise.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/metrics/loss_metric.hpp"

#include <cmath>
#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

template <class Real>
class MeanAbsoluteErrorLoss final : public Loss<Real> {
 public:
  std::string name() const override { return "mean_absolute_error"; }

  double operator()(const Comparison<Real>& c, Real scale, Real* gradient) const override {
    return elementwise_loss(c, scale, gradient, [](Real predicted, Real target) -> ElementLoss {
      const double error = static_cast<double>(predicted) - static_cast<double>(target);
      // The slope of NaN is NaN, so that it is seen.
      return {std::abs(error), error > 0 ? 1.0 : error < 0 ? -1.0 : error};
    });
  }
};

/// Mean of |prediction - target| over the numbers of a sample; where both are equal, the gradient is 0. A loss and a
/// metric.
class MeanAbsoluteError {
 public:
  bool operator==(const MeanAbsoluteError&) const = default;
  SEQNN_COLD std::string to_string() const { return "MeanAbsoluteError()"; }

  template <class Real>
  std::unique_ptr<Loss<Real>> make(For<Loss<Real>>) const {
    return std::make_unique<MeanAbsoluteErrorLoss<Real>>();
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<LossMetric<Real>>(make(For<Loss<Real>>{}));
  }
};

}  // namespace seqnn::inline SEQNN_ABI
