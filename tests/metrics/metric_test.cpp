#include "seqnn/metrics/metric.hpp"

#include "fixtures/metrics.hpp"
#include "seqnn/losses/mean_absolute_percentage_error.hpp"
#include "seqnn/metrics/auc.hpp"
#include "seqnn/metrics/f1_score.hpp"
#include "seqnn/metrics/precision.hpp"
#include "seqnn/metrics/r2_score.hpp"
#include "seqnn/metrics/recall.hpp"
#include "seqnn/metrics/root_mean_squared_error.hpp"
#include "seqnn/metrics/sparse_top_k_categorical_accuracy.hpp"
#include "seqnn/metrics/top_k_categorical_accuracy.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

// What metrics have in common, and Keras' values of those it has.

using namespace seqnn;
using namespace fixtures::metrics;
using Catch::Matchers::WithinRel;

namespace {

/// The metrics of the fixture, in its order.
template <class Real>
std::vector<MetricRecipe<Real>> all_metrics() {
  return {RootMeanSquaredError(),
          MeanAbsolutePercentageError(),
          R2Score(),
          Precision(),
          Precision({.threshold = 0.3}),
          Recall(),
          Recall({.threshold = 0.3}),
          F1Score(),
          AUC(),
          AUC({.num_thresholds = 10}),
          TopKCategoricalAccuracy(),
          TopKCategoricalAccuracy({.k = 2}),
          SparseTopKCategoricalAccuracy(),
          SparseTopKCategoricalAccuracy({.k = 2})};
}

/// The numbers of one case in Real.
template <class Real>
struct FixtureData {
  std::vector<Real> predicted, targets, weights;
  Comparison<Real> c;

  explicit FixtureData(std::size_t i) {
    const bool regression = i < 3;
    const bool binary = !regression && i < 10;
    const bool sparse = i >= 12;
    const std::size_t width = regression || binary ? 1 : kClassCount;
    const double* const p = regression ? kPredicted : binary ? kProbabilities : kScores;
    const double* const t = regression ? kTargets : binary ? kLabels : kOneHot;
    for (std::size_t k = 0; k < kSamples * width; ++k) {
      predicted.push_back(static_cast<Real>(p[k]));
      targets.push_back(static_cast<Real>(t[k]));
    }
    for (const double w : kWeights) weights.push_back(static_cast<Real>(w));
    c = {.samples = kSamples,
         .width = width,
         .predicted = predicted.data(),
         .values = sparse ? nullptr : targets.data(),
         .classes = sparse ? kClasses : nullptr};
  }
};

template <class Real>
double value(const Metric<Real>& metric, const Comparison<Real>& c) {
  std::vector<double> sums(metric.sum_count(), 0.0);
  metric.update(c, sums);
  return metric.result(sums);
}

template <class Real>
void check_all() {
  const auto metrics = all_metrics<Real>();
  REQUIRE(metrics.size() == std::size(kCases));
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    CAPTURE(kCases[i].name, metrics[i].to_string());
    const auto metric = metrics[i].make();
    CHECK(std::string(kCases[i].name).rfind(metric->name(), 0) == 0);
    FixtureData<Real> data(i);
    CHECK(metric->target_kind() == (data.c.classes == nullptr ? TargetKind::values : TargetKind::classes));
    CHECK_THAT(value(*metric, data.c), WithinRel(kCases[i].value, 3e-6));
    data.c.sample_weights = data.weights.data();
    CHECK_THAT(value(*metric, data.c), WithinRel(kCases[i].weighted, 3e-6));
  }
}

}  // namespace

TEST_CASE("metrics agree with Keras", "[metrics]") {
  check_all<float>();
  check_all<double>();
}

TEST_CASE("metrics gather over any division of the samples and allocate nothing", "[metrics]") {
  const auto metrics = all_metrics<float>();
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    CAPTURE(metrics[i].to_string());
    const auto metric = metrics[i].make();
    const FixtureData<float> data(i);
    const double whole = value(*metric, data.c);
    std::vector<double> sums(metric->sum_count(), 0.0);
    double result = 0;
    const AllocationCount allocations;
    for (std::size_t first = 0; first < kSamples; first += 7) {
      Comparison<float> part = data.c;
      part.samples = std::min<std::size_t>(7, kSamples - first);
      part.predicted += first * part.width;
      if (part.values != nullptr) part.values += first * part.width;
      if (part.classes != nullptr) part.classes += first;
      metric->update(part, sums);
      result = metric->result(sums);
    }
    CHECK(allocations.so_far() == 0);
    CHECK_THAT(result, WithinRel(whole, 1e-14));
  }
}

TEST_CASE("metrics of nothing are 0", "[metrics]") {
  for (const auto& recipe : all_metrics<double>()) {
    CAPTURE(recipe.to_string());
    const auto metric = recipe.make();
    CHECK(metric->result(std::vector<double>(metric->sum_count(), 0.0)) == 0);
  }
}

TEST_CASE("metrics do not mind how numbers are divided into positions and width", "[metrics]") {
  for (std::size_t i = 0; i < 10; ++i) {
    const auto metric = all_metrics<double>()[i].make();
    CAPTURE(kCases[i].name);
    FixtureData<double> data(i);
    const double flat = value(*metric, data.c);
    data.c.samples = kSamples / 4;
    data.c.positions = 2;
    data.c.width = 2;
    CHECK_THAT(value(*metric, data.c), WithinRel(flat, 1e-14));
  }
}

TEST_CASE("metric values are equal by type and options", "[metrics]") {
  const auto metrics = all_metrics<float>();
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    for (std::size_t k = 0; k < metrics.size(); ++k) CHECK((metrics[i] == all_metrics<float>()[k]) == (i == k));
  }
}
