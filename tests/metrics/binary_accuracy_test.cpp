#include "seqnn/metrics/binary_accuracy.hpp"

#include "seqnn/losses/binary_crossentropy.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

const std::vector<double> kPredicted = {0.4, 0.5, 0.6, 0.1, 3, -1, 0.9, 0.2};
const std::vector<double> kTargets = {0, 1, 1, 0, 1, 1, 0, 1};

double accuracy(const Metric<double>& metric, Comparison<double> c) {
  c.predicted = kPredicted.data();
  c.values = kTargets.data();
  std::vector<double> sums(metric.sum_count(), 0.0);
  metric.update(c, sums);
  return metric.result(sums);
}

}  // namespace

TEST_CASE("binary accuracy by hand", "[metrics][binary_accuracy]") {
  const auto metric = BinaryAccuracy().make(For<Metric<double>>{});
  CHECK(metric->name() == "binary_accuracy");
  // Above 0.5: 0 0 1 0 1 0 1 0 (0.5 itself is not above); right: y n y y y n n n
  CHECK(accuracy(*metric, {.samples = 8}) == 0.5);
  // Four samples of two: 1/2, 1, 1/2, 0 right, weighted 2 1 4 1
  const double weights[] = {2, 1, 4, 1};
  CHECK(accuracy(*metric, {.samples = 4, .width = 2, .sample_weights = weights}) == 0.5);
  CHECK(accuracy(*metric, {.samples = 4, .positions = 2, .sample_weights = weights}) == 0.5);
  const double others[] = {0, 1, 0, 3};
  CHECK(accuracy(*metric, {.samples = 4, .width = 2, .sample_weights = others}) == 0.25);
}

TEST_CASE("the threshold of binary accuracy follows the loss unless it is given", "[metrics][binary_accuracy]") {
  const auto logits = BinaryCrossentropy({.from_logits = true}).make(For<Loss<double>>{});
  const auto probabilities = BinaryCrossentropy().make(For<Loss<double>>{});
  const auto metric = BinaryAccuracy().make(For<Metric<double>>{});
  metric->bind(*logits);
  CHECK(accuracy(*metric, {.samples = 8}) == 0.5);  // all but -1 are above 0; right: n y y n y n n y
  const auto last_four = [&](const Metric<double>& m) {
    std::vector<double> sums(2, 0.0);
    m.update({.samples = 4, .predicted = kPredicted.data() + 4, .values = kTargets.data() + 4}, sums);
    return sums[0];
  };
  CHECK(last_four(*metric) == 2);  // 3 and 0.2 are above 0
  metric->bind(*probabilities);
  CHECK(last_four(*metric) == 1);  // only 3 is above 0.5
  const auto fixed = BinaryAccuracy({.threshold = -2}).make(For<Metric<double>>{});
  fixed->bind(*logits);
  CHECK(last_four(*fixed) == 3);  // all are above, and only 0.9 should not
}

TEST_CASE("accuracy gathers over any division of the samples and allocates nothing", "[metrics][binary_accuracy]") {
  const auto metric = BinaryAccuracy().make(For<Metric<double>>{});
  std::vector<double> sums(2, 0.0);
  const AllocationCount allocations;
  for (const std::size_t first : {std::size_t{0}, std::size_t{3}, std::size_t{6}}) {
    metric->update({.samples = std::min<std::size_t>(3, 8 - first),
                    .predicted = kPredicted.data() + first,
                    .values = kTargets.data() + first},
                   sums);
  }
  CHECK(allocations.so_far() == 0);
  CHECK(metric->result(sums) == 0.5);
  CHECK(metric->result(std::vector<double>{0, 0}) == 0);  // nothing gathered
}

TEST_CASE("binary accuracy refuses a threshold that is not a number", "[metrics][binary_accuracy]") {
  CHECK_THROWS_MATCHES(
      BinaryAccuracy({.threshold = std::numeric_limits<double>::quiet_NaN()}), OptionError,
      Message("BinaryAccuracy: threshold must be a number, got nan; leave it out for 0.5, or 0 with logits"));
}

TEST_CASE("binary accuracy writes itself as in a program and compares by threshold", "[metrics][binary_accuracy]") {
  CHECK(BinaryAccuracy().to_string() == "BinaryAccuracy()");
  CHECK(BinaryAccuracy({.threshold = 0.7}).to_string() == "BinaryAccuracy({.threshold = 0.7})");
  CHECK(MetricRecipe<float>(BinaryAccuracy()) == MetricRecipe<float>(BinaryAccuracy()));
  CHECK_FALSE(MetricRecipe<float>(BinaryAccuracy()) == MetricRecipe<float>(BinaryAccuracy({.threshold = 0.5})));
}
