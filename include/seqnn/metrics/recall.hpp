#pragma once

#include "seqnn/metrics/confusion_metric.hpp"

#include <memory>
#include <optional>
#include <string>

namespace seqnn::inline SEQNN_ABI {

struct RecallOptions {
  std::optional<double> threshold = std::nullopt;  ///< none: 0.5 for probabilities, 0 for logits

  bool operator==(const RecallOptions&) const = default;
};

template <class Real>
class RecallMetric final : public ConfusionMetric<Real> {
 public:
  explicit RecallMetric(const RecallOptions& options) : ConfusionMetric<Real>(options.threshold) {}

  std::string name() const override { return "recall"; }

 private:
  double of(const ConfusionCounts& n) const override {
    return detail::share(n.true_positives, n.true_positives + n.false_negatives);
  }
};

/// Share of the positive targets that are predicted as positive, 0 if there are none. Which those are, and the
/// threshold, as in Precision. History calls it "recall".
///
/// Throws  OptionError if the threshold is NaN
/// Source  keras/src/metrics/confusion_metrics.py, Recall
class Recall {
 public:
  explicit Recall(RecallOptions options = {}) : options_(options) { check_threshold("Recall", options.threshold); }

  const RecallOptions& options() const { return options_; }
  bool operator==(const Recall&) const = default;
  SEQNN_COLD std::string to_string() const {
    return options_.threshold ? text("Recall({.threshold = ", *options_.threshold, "})") : "Recall()";
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<RecallMetric<Real>>(options_);
  }

 private:
  RecallOptions options_;
};

}  // namespace seqnn::inline SEQNN_ABI
