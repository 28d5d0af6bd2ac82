#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/metrics/metric.hpp"

#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace seqnn::inline SEQNN_ABI {

struct AUCOptions {
  std::size_t num_thresholds = 200;  ///< points of the curve, at least 2

  bool operator==(const AUCOptions&) const = default;
};

/// The thresholds lie evenly in [0, 1]. It is enough to count how many predictions of either target lie between
/// neighbours: first the sums of targets 0, then those of 1.
template <class Real>
class AUCMetric final : public Metric<Real> {
 public:
  explicit AUCMetric(const AUCOptions& options) : buckets_(options.num_thresholds - 1) {}

  std::string name() const override { return "auc"; }
  void bind(const Loss<Real>& loss) override { from_logits_ = loss.from_logits(); }
  std::size_t sum_count() const override { return 2 * buckets_; }

  void update(const Comparison<Real>& c, std::span<double> sums) const override {
    const std::size_t size = c.positions * c.width;
    for (std::size_t sample = 0; sample < c.samples; ++sample) {
      for (std::size_t i = sample * size; i < (sample + 1) * size; ++i) {
        sums[bucket(c.predicted[i]) + (c.values[i] == Real(0) ? 0 : buckets_)] += c.weight(sample);
      }
    }
  }

  double result(std::span<const double> sums) const override {
    double negatives = 0, positives = 0, area = 0;
    for (std::size_t b = buckets_; b-- > 0;) {  // from the highest threshold down
      const double negative = sums[b];
      const double positive = sums[buckets_ + b];
      area += negative * (positives + positive / 2);  // the curve is a straight line between two thresholds
      negatives += negative;
      positives += positive;
    }
    return negatives == 0 || positives == 0 ? 0 : area / (negatives * positives);
  }

 private:
  /// [0, 1/n], (1/n, 2/n], … A threshold is not above itself; NaN is above none.
  std::size_t bucket(Real predicted) const {
    const Real p = from_logits_ ? 1 / (1 + std::exp(-predicted)) : predicted;
    if (!(p > 0)) return 0;
    if (p >= 1) return buckets_ - 1;
    const Real above = std::ceil(p * static_cast<Real>(buckets_));  // how many thresholds lie below p
    return above > 1 ? static_cast<std::size_t>(above) - 1 : 0;
  }

  std::size_t buckets_;
  bool from_logits_ = false;
};

/// Area under the ROC curve: how likely a positive sample is predicted higher than a negative one. 0.5 is chance, 1 is
/// perfect order; 0 if all targets are equal. Computed as Keras does, from `num_thresholds` points with straight lines
/// between them, so that predictions closer than 1/(num_thresholds - 1) count as equal. Predictions are probabilities,
/// cut to [0, 1], or logits if the model's loss takes those (Keras: a from_logits of its own); a target other than 0 is
/// positive. All numbers of all samples count together. History calls it "auc".
///
/// Throws  OptionError if num_thresholds is below 2
/// Source  keras/src/metrics/confusion_metrics.py, AUC
class AUC {
 public:
  explicit AUC(AUCOptions options = {}) : options_(options) {
    if (options.num_thresholds < 2) {
      throw OptionError(text("AUC: num_thresholds must be at least 2, got ", options.num_thresholds,
                             "; more thresholds follow the curve more closely, 200 is usual"));
    }
  }

  const AUCOptions& options() const { return options_; }
  bool operator==(const AUC&) const = default;
  SEQNN_COLD std::string to_string() const {
    return Describe("AUC").option("num_thresholds", options_.num_thresholds, std::size_t{200}).str();
  }

  template <class Real>
  std::unique_ptr<Metric<Real>> make(For<Metric<Real>>) const {
    return std::make_unique<AUCMetric<Real>>(options_);
  }

 private:
  AUCOptions options_;
};

}  // namespace seqnn::inline SEQNN_ABI
