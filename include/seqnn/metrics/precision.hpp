#pragma once

#include "seqnn/metrics/confusion_metric.hpp"

#include <memory>
#include <optional>
#include <string>

namespace seqnn::inline SEQNN_ABI {

struct PrecisionOptions {
  std::optional<double> threshold = std::nullopt;  ///< none: 0.5 for probabilities, 0 for logits

  bool operator==(const PrecisionOptions&) const = default;
};

template <class Real>
class PrecisionMetric final : public ConfusionMetric<Real> {
 public:
  explicit PrecisionMetric(const PrecisionOptions& options) : ConfusionMetric<Real>(options.threshold) {}

  std::string name() const override { return "precision"; }

 private:
  double of(const ConfusionCounts& n) const override {
    return detail::share(n.true_positives, n.true_positives + n.false_positives);
  }
};

/// Share of the predicted positives that are positive, 0 if there are none. Positive predictions lie above the
/// threshold: without one of the user's it is 0.5, and 0 if the model's loss takes logits (Keras: 0.5 in any case). A
/// target other than 0 is positive. History calls it "precision".
///
/// Throws  OptionError if the threshold is NaN
/// Source  keras/src/metrics/confusion_metrics.py, Precision
class Precision {
 public:
  explicit Precision(PrecisionOptions options = {}) : options_(options) {
    check_threshold("Precision", options.threshold);
  }

  const PrecisionOptions& options() const { return options_; }
  bool operator==(const Precision&) const = default;
  SEQNN_COLD std::string to_string() const {
    return options_.threshold ? text("Precision({.threshold = ", *options_.threshold, "})") : "Precision()";
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<PrecisionMetric<Real>>(options_);
  }

 private:
  PrecisionOptions options_;
};

}  // namespace seqnn::inline SEQNN_ABI
