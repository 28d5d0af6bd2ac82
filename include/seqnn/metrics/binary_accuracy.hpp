#pragma once

#include "seqnn/metrics/decision_threshold.hpp"
#include "seqnn/metrics/metric.hpp"
#include "seqnn/metrics/position_mean.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>

namespace seqnn::inline SEQNN_ABI {

struct BinaryAccuracyOptions {
  std::optional<double> threshold = std::nullopt;  ///< none: 0.5 for probabilities, 0 for logits

  bool operator==(const BinaryAccuracyOptions&) const = default;
};

template <class Real>
class BinaryAccuracyMetric final : public Metric<Real> {
 public:
  explicit BinaryAccuracyMetric(const BinaryAccuracyOptions& options) : threshold_(options.threshold) {}

  std::string name() const override { return "binary_accuracy"; }

  void bind(const Loss<Real>& loss) override { threshold_.bind(loss); }

  void update(const Comparison<Real>& c, std::span<double> sums) const override {
    add_shares(c, sums, [this](Real predicted, Real target) {
      return target == (threshold_.positive(predicted) ? Real(1) : Real(0));
    });
  }

 private:
  DecisionThreshold<Real> threshold_;
};

/// Share of predictions on the right side of the threshold: above it means 1, otherwise 0, compared with targets 0 and
/// 1. Without a threshold of the user's it is 0.5, and 0 if the model's loss takes logits (Keras: 0.5 in any case).
/// History calls it "binary_accuracy".
///
/// Throws  OptionError if the threshold is NaN
class BinaryAccuracy {
 public:
  explicit BinaryAccuracy(BinaryAccuracyOptions options = {}) : options_(options) {
    check_threshold("BinaryAccuracy", options.threshold);
  }

  const BinaryAccuracyOptions& options() const { return options_; }
  bool operator==(const BinaryAccuracy&) const = default;
  SEQNN_COLD std::string to_string() const {
    return options_.threshold ? text("BinaryAccuracy({.threshold = ", *options_.threshold, "})") : "BinaryAccuracy()";
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<BinaryAccuracyMetric<Real>>(options_);
  }

 private:
  BinaryAccuracyOptions options_;
};

}  // namespace seqnn::inline SEQNN_ABI
