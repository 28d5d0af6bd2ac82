#include "seqnn/metrics/top_k_categorical_accuracy.hpp"

#include "support/catch.hpp"

#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

double value(const Metric<double>& metric, const Comparison<double>& c) {
  std::vector<double> sums(metric.sum_count(), 0.0);
  metric.update(c, sums);
  return metric.result(sums);
}

}  // namespace

TEST_CASE("TopKCategoricalAccuracy by hand", "[metrics][top_k_categorical_accuracy]") {
  // The right classes are 0, 2, 1 and 2: the largest, the smallest, equal to the second, the second.
  const double predicted[] = {3, 2, 1, 3, 2, 1, 5, 4, 4, 7, 8, 7.5};
  const double targets[] = {1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0.3, 0.7};
  const double weights[] = {1, 3};
  Comparison<double> c{.samples = 4, .width = 3, .predicted = predicted, .values = targets};
  const auto top = [](std::size_t k) { return TopKCategoricalAccuracy({.k = k}).make(For<Metric<double>>{}); };
  CHECK(top(1)->name() == "top_k_categorical_accuracy");
  CHECK(value(*top(1), c) == 0.25);
  CHECK(value(*top(2), c) == 0.75);
  CHECK(value(*top(3), c) == 1);
  CHECK(value(*top(9), c) == 1);  // more than there are
  c.samples = 2;
  c.positions = 2;
  c.sample_weights = weights;
  CHECK(value(*top(2), c) == 0.875);  // (1 · 1/2 + 3 · 1) / 4
}

TEST_CASE("TopKCategoricalAccuracy does not count NaN", "[metrics][top_k_categorical_accuracy]") {
  const double predicted[] = {std::numeric_limits<double>::quiet_NaN(), 1, 2};
  const double targets[] = {1, 0, 0};
  const Comparison<double> c{.samples = 1, .width = 3, .predicted = predicted, .values = targets};
  CHECK(value(*TopKCategoricalAccuracy().make(For<Metric<double>>{}), c) == 0);
}

TEST_CASE("TopKCategoricalAccuracy refuses a k of 0", "[metrics][top_k_categorical_accuracy]") {
  CHECK_THROWS_MATCHES(
      TopKCategoricalAccuracy({.k = 0}), OptionError,
      Message("TopKCategoricalAccuracy: k must be at least 1, got 0; 1 counts only the largest prediction"));
}

TEST_CASE("TopKCategoricalAccuracy writes itself as in a program", "[metrics][top_k_categorical_accuracy]") {
  CHECK(TopKCategoricalAccuracy().to_string() == "TopKCategoricalAccuracy()");
  CHECK(TopKCategoricalAccuracy({.k = 3}).to_string() == "TopKCategoricalAccuracy({.k = 3})");
}
