#pragma once

#include "seqnn/losses/elementwise.hpp"
#include "seqnn/losses/hinge_target.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/metrics/loss_metric.hpp"

#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

template <class Real>
class HingeLoss final : public Loss<Real> {
 public:
  std::string name() const override { return "hinge"; }

  double operator()(const Comparison<Real>& c, Real scale, Real* gradient) const override {
    return elementwise_loss(c, scale, gradient, [](Real predicted, Real target) -> ElementLoss {
      const double t = hinge_target(static_cast<double>(target));
      const double lack = 1 - t * static_cast<double>(predicted);
      // The slope of NaN is NaN, so that it is seen.
      return lack <= 0 ? ElementLoss{0, 0} : ElementLoss{lack, lack > 0 ? -t : lack};
    });
  }
};

/// Mean of max(1 - t·prediction, 0) over the numbers of a sample, for targets t of -1 and 1; a target of 0 counts as
/// -1. The gradient at 1 - t·prediction = 0 is 0. Keras takes 0 as -1 only if all targets of the batch are 0 or 1. A
/// loss and a metric.
///
/// Source  keras/src/losses/losses.py, hinge
class Hinge {
 public:
  bool operator==(const Hinge&) const = default;
  SEQNN_COLD std::string to_string() const { return "Hinge()"; }

  template <class Real>
  std::unique_ptr<Loss<Real>> make(For<Loss<Real>>) const {
    return std::make_unique<HingeLoss<Real>>();
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<LossMetric<Real>>(make(For<Loss<Real>>{}));
  }
};

}  // namespace seqnn::inline SEQNN_ABI
