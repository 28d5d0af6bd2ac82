#pragma once

#include "seqnn/losses/elementwise.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/metrics/loss_metric.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

template <class Real>
class MeanAbsolutePercentageErrorLoss final : public Loss<Real> {
 public:
  std::string name() const override { return "mean_absolute_percentage_error"; }

  double operator()(const Comparison<Real>& c, Real scale, Real* gradient) const override {
    return elementwise_loss(c, scale, gradient, [](Real predicted, Real target) -> ElementLoss {
      const double t = static_cast<double>(target);
      const double error = static_cast<double>(predicted) - t;
      const double percent = 100 / std::max(std::abs(t), kEpsilon);
      // The slope of NaN is NaN, so that it is seen.
      return {percent * std::abs(error), error > 0 ? percent : error < 0 ? -percent : error};
    });
  }

 private:
  static constexpr double kEpsilon = 1e-7;
};

/// Mean of 100·|prediction - target| / max(|target|, 1e-7) over the numbers of a sample, in percent; where both are
/// equal, the gradient is 0. Targets near 0 make it huge: SMAPE does not have that. A loss and a metric.
///
/// Source  keras/src/losses/losses.py, mean_absolute_percentage_error
class MeanAbsolutePercentageError {
 public:
  bool operator==(const MeanAbsolutePercentageError&) const = default;
  SEQNN_COLD std::string to_string() const { return "MeanAbsolutePercentageError()"; }

  template <class Real>
  std::unique_ptr<Loss<Real>> make(For<Loss<Real>>) const {
    return std::make_unique<MeanAbsolutePercentageErrorLoss<Real>>();
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<LossMetric<Real>>(make(For<Loss<Real>>{}));
  }
};

}  // namespace seqnn::inline SEQNN_ABI
