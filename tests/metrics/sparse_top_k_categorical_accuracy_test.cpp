#include "seqnn/metrics/sparse_top_k_categorical_accuracy.hpp"

#include "support/catch.hpp"

#include <cstdint>
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

TEST_CASE("SparseTopKCategoricalAccuracy by hand", "[metrics][sparse_top_k_categorical_accuracy]") {
  // The right classes are 0, 2, 1 and 2: the largest, the smallest, equal to the second, the second.
  const double predicted[] = {3, 2, 1, 3, 2, 1, 5, 4, 4, 7, 8, 7.5};
  const std::int32_t targets[] = {0, 2, 1, 2};
  const double weights[] = {1, 3};
  Comparison<double> c{.samples = 4, .width = 3, .predicted = predicted, .classes = targets};
  const auto top = [](std::size_t k) { return SparseTopKCategoricalAccuracy({.k = k}).make(For<Metric<double>>{}); };
  CHECK(top(1)->name() == "sparse_top_k_categorical_accuracy");
  CHECK(value(*top(1), c) == 0.25);
  CHECK(value(*top(2), c) == 0.75);
  CHECK(value(*top(3), c) == 1);
  CHECK(value(*top(9), c) == 1);  // more than there are
  c.samples = 2;
  c.positions = 2;
  c.sample_weights = weights;
  CHECK(value(*top(2), c) == 0.875);  // (1 · 1/2 + 3 · 1) / 4
}

TEST_CASE("SparseTopKCategoricalAccuracy does not count NaN", "[metrics][sparse_top_k_categorical_accuracy]") {
  const double predicted[] = {std::numeric_limits<double>::quiet_NaN(), 1, 2};
  const std::int32_t targets[] = {0};
  const Comparison<double> c{.samples = 1, .width = 3, .predicted = predicted, .classes = targets};
  CHECK(value(*SparseTopKCategoricalAccuracy().make(For<Metric<double>>{}), c) == 0);
}

TEST_CASE("SparseTopKCategoricalAccuracy refuses a k of 0", "[metrics][sparse_top_k_categorical_accuracy]") {
  CHECK_THROWS_MATCHES(
      SparseTopKCategoricalAccuracy({.k = 0}), OptionError,
      Message("SparseTopKCategoricalAccuracy: k must be at least 1, got 0; 1 counts only the largest prediction"));
}

TEST_CASE("SparseTopKCategoricalAccuracy refuses a class the predictions do not have",
          "[metrics][sparse_top_k_categorical_accuracy]") {
  const double predicted[] = {1, 2};
  const std::int32_t classes[] = {2};
  CHECK_THROWS_MATCHES(value(*SparseTopKCategoricalAccuracy().make(For<Metric<double>>{}),
                             {.samples = 1, .width = 2, .predicted = predicted, .classes = classes}),
                       DataError,
                       Message("SparseTopKCategoricalAccuracy: target at (0,) must be a class in [0, 2), got 2; count "
                               "classes from 0, or give the last layer more units"));
}

TEST_CASE("SparseTopKCategoricalAccuracy writes itself as in a program",
          "[metrics][sparse_top_k_categorical_accuracy]") {
  CHECK(SparseTopKCategoricalAccuracy().to_string() == "SparseTopKCategoricalAccuracy()");
  CHECK(SparseTopKCategoricalAccuracy({.k = 3}).to_string() == "SparseTopKCategoricalAccuracy({.k = 3})");
}
