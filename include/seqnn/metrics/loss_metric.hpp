#pragma once

#include "seqnn/losses/loss.hpp"
#include "seqnn/metrics/metric.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// A loss watched as a metric: its mean over samples, each counted with its weight. Unlike the loss of a batch, the
/// weighted sum is divided by the sum of weights, as Keras' metrics do.
template <class Real>
class LossMetric final : public Metric<Real> {
 public:
  explicit LossMetric(std::unique_ptr<Loss<Real>> loss) : loss_(std::move(loss)) {}

  std::string name() const override { return loss_->name(); }
  TargetKind target_kind() const override { return loss_->target_kind(); }

  void update(const Comparison<Real>& c, std::span<double> sums) const override {
    sums[0] += (*loss_)(c, Real(1), nullptr);
    for (std::size_t sample = 0; sample < c.samples; ++sample) sums[1] += c.weight(sample);
  }

 private:
  std::unique_ptr<Loss<Real>> loss_;
};

}  // namespace seqnn::inline SEQNN_ABI
