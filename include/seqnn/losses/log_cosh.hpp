#pragma once

#include "seqnn/losses/elementwise.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/metrics/loss_metric.hpp"

#include <cmath>
#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

template <class Real>
class LogCoshLoss final : public Loss<Real> {
 public:
  std::string name() const override { return "log_cosh"; }

  double operator()(const Comparison<Real>& c, Real scale, Real* gradient) const override {
    return elementwise_loss(c, scale, gradient, [](Real predicted, Real target) -> ElementLoss {
      const double error = static_cast<double>(predicted) - static_cast<double>(target);
      return {log_cosh(error), std::tanh(error)};
    });
  }

 private:
  // cosh x overflows from x = 711 on, and its logarithm near 0 would lose what x² is below 1.
  static double log_cosh(double x) {
    const double size = std::abs(x);
    if (size < 1) {
      const double s = std::sinh(x / 2);
      return std::log1p(2 * s * s);
    }
    constexpr double kLog2 = 0.693147180559945309417;
    return size + std::log1p(std::exp(-2 * size)) - kLog2;
  }
};

/// Mean of log(cosh(prediction - target)) over the numbers of a sample: nearly e²/2 for small errors e and |e| - log 2
/// for large ones. A loss and a metric; History calls it "log_cosh".
///
/// Source  keras/src/losses/losses.py, log_cosh
class LogCosh {
 public:
  bool operator==(const LogCosh&) const = default;
  SEQNN_COLD std::string to_string() const { return "LogCosh()"; }

  template <class Real>
  std::unique_ptr<Loss<Real>> make(For<Loss<Real>>) const {
    return std::make_unique<LogCoshLoss<Real>>();
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<LossMetric<Real>>(make(For<Loss<Real>>{}));
  }
};

}  // namespace seqnn::inline SEQNN_ABI
