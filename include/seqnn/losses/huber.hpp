#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/losses/elementwise.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/metrics/loss_metric.hpp"

#include <cmath>
#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

struct HuberOptions {
  double delta = 1;  ///< size of the error at which the square goes over into a line

  bool operator==(const HuberOptions&) const = default;
};

template <class Real>
class HuberLoss final : public Loss<Real> {
 public:
  explicit HuberLoss(const HuberOptions& options) : options_(options) {}

  std::string name() const override { return "huber_loss"; }

  double operator()(const Comparison<Real>& c, Real scale, Real* gradient) const override {
    const double delta = options_.delta;
    return elementwise_loss(c, scale, gradient, [delta](Real predicted, Real target) -> ElementLoss {
      const double error = static_cast<double>(predicted) - static_cast<double>(target);
      if (error > delta) return {delta * (error - delta / 2), delta};
      if (error < -delta) return {delta * (-error - delta / 2), -delta};
      return {error * error / 2, error};
    });
  }

 private:
  HuberOptions options_;
};

/// Mean over the numbers of a sample of e²/2 for errors e = prediction - target up to `delta` in size, and of
/// delta·(|e| - delta/2) beyond, so that outliers pull no harder than `delta`. A loss and a metric; History calls it
/// "huber_loss".
///
/// Throws  OptionError if delta is not a finite number above 0
/// Source  keras/src/losses/losses.py, huber
class Huber {
 public:
  explicit Huber(HuberOptions options = {}) : options_(options) {
    if (!(options.delta > 0) || std::isinf(options.delta)) {
      throw OptionError(text("Huber: delta must be a finite number above 0, got ", options.delta,
                             "; it is the error at which the square goes over into a line, 1 by default"));
    }
  }

  const HuberOptions& options() const { return options_; }
  bool operator==(const Huber&) const = default;
  SEQNN_COLD std::string to_string() const { return Describe("Huber").option("delta", options_.delta, 1.0).str(); }

  template <class Real>
  std::unique_ptr<Loss<Real>> make(For<Loss<Real>>) const {
    return std::make_unique<HuberLoss<Real>>(options_);
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<LossMetric<Real>>(make(For<Loss<Real>>{}));
  }

 private:
  HuberOptions options_;
};

}  // namespace seqnn::inline SEQNN_ABI
