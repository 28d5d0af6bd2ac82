#pragma once

#include "seqnn/losses/elementwise.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/metrics/loss_metric.hpp"

#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

template <class Real>
class MeanSquaredErrorLoss final : public Loss<Real> {
 public:
  std::string name() const override { return "mean_squared_error"; }

  double operator()(const Comparison<Real>& c, Real scale, Real* gradient) const override {
    return elementwise_loss(c, scale, gradient, [](Real predicted, Real target) -> ElementLoss {
      const double error = static_cast<double>(predicted) - static_cast<double>(target);
      return {error * error, 2 * error};
    });
  }
};

/// Mean of (prediction - target)² over the numbers of a sample. A loss and a metric.
class MeanSquaredError {
 public:
  bool operator==(const MeanSquaredError&) const = default;
  SEQNN_COLD std::string to_string() const { return "MeanSquaredError()"; }

  template <class Real>
  std::unique_ptr<Loss<Real>> make(For<Loss<Real>>) const {
    return std::make_unique<MeanSquaredErrorLoss<Real>>();
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<LossMetric<Real>>(make(For<Loss<Real>>{}));
  }
};

}  // namespace seqnn::inline SEQNN_ABI
