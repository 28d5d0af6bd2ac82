#include "seqnn/metrics/lambda_metric.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

auto within_1() {
  return LambdaMetric("within_1", [](auto y_true, auto y_pred) { return std::abs(y_true[0] - y_pred[0]) <= 1; });
}

template <class Real>
double value(const Metric<Real>& metric, const Comparison<Real>& c) {
  std::vector<double> sums(metric.sum_count(), 0.0);
  metric.update(c, sums);
  return metric.result(sums);
}

}  // namespace

TEST_CASE("a metric by a lambda by hand", "[metrics][lambda_metric]") {
  const double predicted[] = {3, 1, 5, 2};
  const double targets[] = {1, 2, 5, 0};
  const auto metric = within_1().make(For<Metric<double>>{});
  CHECK(metric->name() == "within_1");
  CHECK(metric->target_kind() == TargetKind::values);
  CHECK(value(*metric, {.samples = 4, .predicted = predicted, .values = targets}) == 0.5);
  const double weights[] = {1, 1, 4, 2};
  CHECK(value(*metric, {.samples = 4, .predicted = predicted, .values = targets, .sample_weights = weights}) ==
        5.0 / 8);
  CHECK(value(*metric, {.samples = 2, .positions = 2, .predicted = predicted, .values = targets}) == 0.5);
}

TEST_CASE("a metric by a lambda with an integer target takes classes", "[metrics][lambda_metric]") {
  const LambdaMetric probability("probability", [](std::int32_t k, auto p) { return p[static_cast<std::size_t>(k)]; });
  const auto metric = probability.make(For<Metric<float>>{});
  CHECK(metric->target_kind() == TargetKind::classes);
  const float predicted[] = {0.25F, 0.75F, 0.5F, 0.5F};
  const std::int32_t classes[] = {1, 0};
  CHECK(value(*metric, {.samples = 2, .width = 2, .predicted = predicted, .classes = classes}) == 0.625);
  const std::int32_t wrong[] = {1, 2};
  CHECK_THROWS_MATCHES(value(*metric, {.samples = 2, .width = 2, .predicted = predicted, .classes = wrong}), DataError,
                       Message("probability: target at (1,) must be a class in [0, 2), got 2; count classes from 0, or "
                               "give the last layer more units"));
}

TEST_CASE("a metric by a lambda writes itself, and wants a name", "[metrics][lambda_metric]") {
  const MetricRecipe<float> recipe = within_1();
  CHECK(recipe.to_string() == "LambdaMetric(\"within_1\")");
  CHECK_THROWS_MATCHES(LambdaMetric("", [](auto, auto) { return 0.0; }), OptionError,
                       Message("LambdaMetric: name must not be empty, since history and logs go by it, got \"\""));
}
