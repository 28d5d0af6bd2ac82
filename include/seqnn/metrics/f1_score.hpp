#pragma once

#include "seqnn/metrics/confusion_metric.hpp"

#include <memory>
#include <optional>
#include <string>

namespace seqnn::inline SEQNN_ABI {

struct F1ScoreOptions {
  std::optional<double> threshold = std::nullopt;  ///< none: 0.5 for probabilities, 0 for logits

  bool operator==(const F1ScoreOptions&) const = default;
};

template <class Real>
class F1ScoreMetric final : public ConfusionMetric<Real> {
 public:
  explicit F1ScoreMetric(const F1ScoreOptions& options) : ConfusionMetric<Real>(options.threshold) {}

  std::string name() const override { return "f1_score"; }

 private:
  double of(const ConfusionCounts& n) const override {
    return detail::share(2 * n.true_positives, 2 * n.true_positives + n.false_positives + n.false_negatives);
  }
};

/// Harmonic mean of precision and recall, 2·p·r / (p + r), 0 if nothing positive was found. Which predictions and
/// targets are positive, and the threshold, as in Precision. All numbers of all samples are counted together, as Keras
/// does with average="micro"; Keras adds 1e-7 to every divisor and takes the largest output of a row if it is given no
/// threshold. History calls it "f1_score".
///
/// Throws  OptionError if the threshold is NaN
/// Source  keras/src/metrics/f_score_metrics.py, F1Score
class F1Score {
 public:
  explicit F1Score(F1ScoreOptions options = {}) : options_(options) { check_threshold("F1Score", options.threshold); }

  const F1ScoreOptions& options() const { return options_; }
  bool operator==(const F1Score&) const = default;
  SEQNN_COLD std::string to_string() const {
    return options_.threshold ? text("F1Score({.threshold = ", *options_.threshold, "})") : "F1Score()";
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<F1ScoreMetric<Real>>(options_);
  }

 private:
  F1ScoreOptions options_;
};

}  // namespace seqnn::inline SEQNN_ABI
