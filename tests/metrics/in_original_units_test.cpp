#include "seqnn/metrics/in_original_units.hpp"

#include "seqnn/losses/binary_crossentropy.hpp"
#include "seqnn/losses/mean_absolute_error.hpp"
#include "seqnn/losses/mean_absolute_percentage_error.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/metrics/r2_score.hpp"
#include "seqnn/metrics/root_mean_squared_error.hpp"
#include "seqnn/metrics/sparse_categorical_accuracy.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/values.hpp"

#include <cstddef>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinRel;

namespace {

/// Columns "a" and "b" with centers 10 and -100, scales 2 and 50.
StandardScaler fitted() {
  StandardScaler scaler;
  const Table table({"a", "b"}, Tensor<double, 2>{{8, -150}, {12, -50}});
  scaler.fit(table, {0, 2});
  return scaler;
}

template <class Real>
double value(const MetricRecipe<Real>& recipe, const Comparison<Real>& c) {
  const auto metric = recipe.make();
  std::vector<double> sums(metric->sum_count(), 0.0);
  metric->update(c, sums);
  return metric->result(sums);
}

}  // namespace

TEST_CASE("metrics in original units by hand", "[metrics][in_original_units]") {
  const double predicted[] = {1, 0.5};  // 12 and 11 in a
  const double targets[] = {0, 1};      // 10 and 12
  const double weights[] = {1, 3};
  const Comparison<double> c{.samples = 2, .predicted = predicted, .values = targets};
  Comparison<double> weighted = c;
  weighted.sample_weights = weights;
  const StandardScaler scaler = fitted();
  CHECK(value<double>(InOriginalUnits(MeanAbsoluteError(), scaler, "a"), c) == 1.5);
  CHECK(value<double>(InOriginalUnits(MeanAbsoluteError(), scaler, "a"), weighted) == 5.0 / 4);
  CHECK(value<double>(InOriginalUnits(MeanAbsoluteError(), scaler, std::size_t{1}), c) == 37.5);
  CHECK(value<double>(InOriginalUnits(MeanSquaredError(), scaler, "a"), c) == 2.5);
  CHECK_THAT(value<double>(InOriginalUnits(RootMeanSquaredError(), scaler, "a"), c), WithinRel(std::sqrt(2.5), 1e-14));
  CHECK_THAT(value<double>(InOriginalUnits(MeanAbsolutePercentageError(), scaler, "a"), c),
             WithinRel((20 + 100.0 / 12) / 2, 1e-14));
  CHECK_THAT(value<double>(InOriginalUnits(R2Score(), scaler, "a"), c), WithinRel(value<double>(R2Score(), c), 1e-12));
}

TEST_CASE("each output has the unit of its column", "[metrics][in_original_units]") {
  const double predicted[] = {1, 1, 0, 0};
  const double targets[] = {0, 0, 0, 0};
  const Comparison<double> c{.samples = 1, .positions = 2, .width = 2, .predicted = predicted, .values = targets};
  const StandardScaler scaler = fitted();
  const std::vector<std::string> both = {"a", "b"};
  CHECK(value<double>(InOriginalUnits(MeanAbsoluteError(), scaler, both), c) == (2 + 50) / 4.0);
  CHECK(value<double>(InOriginalUnits(MeanAbsoluteError(), scaler, "b"), c) == 100 / 4.0);
  const Comparison<double> narrow{.samples = 4, .predicted = predicted, .values = targets};
  CHECK_THROWS_MATCHES(
      value<double>(InOriginalUnits(MeanAbsoluteError(), scaler, both), narrow), ShapeError,
      Message("original_mean_absolute_error: columns must be one for all outputs, or one for each of the 1 outputs of "
              "a row, got 2"));
}

TEST_CASE("more samples than are taken back at a time", "[metrics][in_original_units]") {
  constexpr std::size_t kSamples = 3000;
  const auto predicted = normal_values<float>(kSamples, 1);
  const auto targets = normal_values<float>(kSamples, 2);
  const Comparison<float> c{.samples = kSamples, .predicted = predicted.data(), .values = targets.data()};
  const auto metric = InOriginalUnits(MeanAbsoluteError(), fitted(), "b").make(For<Metric<float>>{});
  std::vector<double> sums(2, 0.0);
  metric->update(c, sums);
  CHECK_THAT(metric->result(sums), WithinRel(50 * value<float>(MeanAbsoluteError(), c), 1e-6));
  const AllocationCount allocations;
  metric->update(c, sums);
  CHECK(allocations.so_far() == 0);
}

TEST_CASE("metrics in original units have a name of their own", "[metrics][in_original_units]") {
  const MetricRecipe<float> metric = InOriginalUnits(MeanAbsoluteError(), fitted(), "a");
  CHECK(metric.make()->name() == "original_mean_absolute_error");
  CHECK(metric.to_string() == "InOriginalUnits(MeanAbsoluteError())");
  const MetricRecipe<float> named = InOriginalUnits(MeanAbsoluteError(), fitted(), "a", {.name = "celsius"});
  CHECK(named.make()->name() == "celsius");
  CHECK(metric == MetricRecipe<float>(InOriginalUnits(MeanAbsoluteError(), fitted(), "a")));
  CHECK_FALSE(metric == MetricRecipe<float>(InOriginalUnits(MeanAbsoluteError(), fitted(), "b")));
  CHECK_FALSE(metric == named);
}

TEST_CASE("metrics in original units refuse what has none", "[metrics][in_original_units]") {
  const StandardScaler scaler = fitted();
  CHECK_THROWS_MATCHES(InOriginalUnits(MeanAbsoluteError(), scaler, "c"), DataError,
                       Message("InOriginalUnits: column must be one of \"a\", \"b\", got \"c\""));
  CHECK_THROWS_MATCHES(InOriginalUnits(MeanAbsoluteError(), scaler, std::size_t{2}), ShapeError,
                       Message("StandardScaler: column must be in [0, 2), got 2"));
  CHECK_THROWS_MATCHES(InOriginalUnits(MeanAbsoluteError(), StandardScaler(), "a"), StateError,
                       Message("StandardScaler: fit must come first, got no fitted columns; call fit"));
  StandardScaler unnamed;
  unnamed.fit(Tensor<double, 2>{{8, -150}, {12, -50}}, {0, 2});
  CHECK_THROWS_MATCHES(
      InOriginalUnits(MeanAbsoluteError(), unnamed, "a"), DataError,
      Message("InOriginalUnits: column \"a\" must be one of the scaler's, got a scaler that was fitted "
              "without names; give the column's index"));
  CHECK_THROWS_MATCHES(InOriginalUnits(MeanAbsoluteError(), scaler, std::vector<std::string>{}), OptionError,
                       Message("InOriginalUnits: columns must be at least one, got none"));
  const MetricRecipe<float> classes = InOriginalUnits(SparseCategoricalAccuracy(), scaler, "a");
  CHECK_THROWS_MATCHES(
      classes.make(), OptionError,
      Message("InOriginalUnits: the metric must compare numbers, got sparse_categorical_accuracy, which "
              "compares classes; give it alone"));
  const MetricRecipe<float> error = InOriginalUnits(MeanAbsoluteError(), scaler, "a");
  CHECK_THROWS_MATCHES(error.make()->bind(*BinaryCrossentropy({.from_logits = true}).make(For<Loss<float>>{})),
                       OptionError,
                       Message("original_mean_absolute_error: the loss must compare numbers that a scaler made, got "
                               "binary_crossentropy, which takes logits; give the metric without InOriginalUnits"));
}
