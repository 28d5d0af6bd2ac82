#pragma once

#include "seqnn/metrics/metric.hpp"
#include "seqnn/metrics/position_mean.hpp"

#include <cmath>
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
  explicit BinaryAccuracyMetric(const BinaryAccuracyOptions& options)
      : options_(options), threshold_(static_cast<Real>(options.threshold.value_or(0.5))) {}

  std::string name() const override { return "binary_accuracy"; }

  void bind(const Loss<Real>& loss) override {
    if (!options_.threshold) threshold_ = loss.from_logits() ? Real(0) : Real(0.5);
  }

  void update(const Comparison<Real>& c, std::span<double> sums) const override {
    add_shares(c, sums,
               [this](Real predicted, Real target) { return target == (predicted > threshold_ ? Real(1) : Real(0)); });
  }

 private:
  BinaryAccuracyOptions options_;
  Real threshold_;
};

/// Share of predictions on the right side of the threshold: above it means 1, otherwise 0, compared with targets 0 and
/// 1. Without a threshold of the user's it is 0.5, and 0 if the model's loss takes logits (Keras: 0.5 in any case).
/// History calls it "binary_accuracy".
///
/// Throws  OptionError if the threshold is NaN
class BinaryAccuracy {
 public:
  explicit BinaryAccuracy(BinaryAccuracyOptions options = {}) : options_(options) {
    if (options.threshold && std::isnan(*options.threshold)) {
      throw OptionError("BinaryAccuracy: threshold must be a number, got nan; leave it out for 0.5, or 0 with logits");
    }
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
