#pragma once

#include "seqnn/losses/elementwise.hpp"
#include "seqnn/losses/hinge_target.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/metrics/loss_metric.hpp"

#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

template <class Real>
class SquaredHingeLoss final : public Loss<Real> {
 public:
  std::string name() const override { return "squared_hinge"; }

  double operator()(const Comparison<Real>& c, Real scale, Real* gradient) const override {
    return elementwise_loss(c, scale, gradient, [](Real predicted, Real target) -> ElementLoss {
      const double t = hinge_target(static_cast<double>(target));
      const double lack = 1 - t * static_cast<double>(predicted);
      return lack <= 0 ? ElementLoss{0, 0} : ElementLoss{lack * lack, -2 * t * lack};
    });
  }
};

/// Mean of max(1 - t·prediction, 0)² over the numbers of a sample, for targets t of -1 and 1; a target of 0 counts as
/// -1, as in Hinge. A loss and a metric.
///
/// Source  keras/src/losses/losses.py, squared_hinge
class SquaredHinge {
 public:
  bool operator==(const SquaredHinge&) const = default;
  SEQNN_COLD std::string to_string() const { return "SquaredHinge()"; }

  template <class Real>
  std::unique_ptr<Loss<Real>> make(For<Loss<Real>>) const {
    return std::make_unique<SquaredHingeLoss<Real>>();
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<LossMetric<Real>>(make(For<Loss<Real>>{}));
  }
};

}  // namespace seqnn::inline SEQNN_ABI
