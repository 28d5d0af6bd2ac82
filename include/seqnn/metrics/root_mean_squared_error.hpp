#pragma once

#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/metrics/loss_metric.hpp"

#include <cmath>
#include <memory>
#include <span>
#include <string>

namespace seqnn::inline SEQNN_ABI {

template <class Real>
class RootMeanSquaredErrorMetric final : public Metric<Real> {
 public:
  std::string name() const override { return "root_mean_squared_error"; }

  void update(const Comparison<Real>& c, std::span<double> sums) const override { mean_.update(c, sums); }
  double result(std::span<const double> sums) const override { return std::sqrt(mean_.result(sums)); }

 private:
  LossMetric<Real> mean_{std::make_unique<MeanSquaredErrorLoss<Real>>()};
};

/// Root of the mean of (prediction - target)² over all samples, in the units of the target. History calls it
/// "root_mean_squared_error".
class RootMeanSquaredError {
 public:
  bool operator==(const RootMeanSquaredError&) const = default;
  SEQNN_COLD std::string to_string() const { return "RootMeanSquaredError()"; }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<RootMeanSquaredErrorMetric<Real>>();
  }
};

}  // namespace seqnn::inline SEQNN_ABI
