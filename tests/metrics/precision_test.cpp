#include "seqnn/metrics/precision.hpp"

#include "seqnn/losses/binary_crossentropy.hpp"
#include "support/catch.hpp"

#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

const double kPredicted[] = {0.9, 0.6, 0.7, 0.4, 0.35, 0.2, 0.45, -1};
const double kTargets[] = {1, 1, 0, 1, 0, 1, 0, 0};
const Comparison<double> kComparison{.samples = 8, .predicted = kPredicted, .values = kTargets};

double value(const Metric<double>& metric, const Comparison<double>& c) {
  std::vector<double> sums(metric.sum_count(), 0.0);
  metric.update(c, sums);
  return metric.result(sums);
}

}  // namespace

TEST_CASE("Precision by hand", "[metrics][precision]") {
  const auto metric = Precision().make(For<Metric<double>>{});
  CHECK(metric->name() == "precision");
  CHECK_THAT(value(*metric, kComparison),
             WithinAbs(2.0 / 3, 1e-15));  // of 0.9 0.6 0.7 that are above, the first two are right
  const auto lower = Precision({.threshold = 0.3}).make(For<Metric<double>>{});
  CHECK_THAT(value(*lower, kComparison), WithinAbs(0.5, 1e-15));  // 3 right, 3 wrong, 1 missed
  // Four samples of two, weighted: 1 + 1 right, 2 wrong, 2 missed
  const double weights[] = {1, 2, 0, 3};
  Comparison<double> weighted = kComparison;
  weighted.samples = 4;
  weighted.width = 2;
  weighted.sample_weights = weights;
  CHECK_THAT(value(*metric, weighted), WithinAbs(0.5, 1e-15));
}

TEST_CASE("Precision is 0 if nothing is predicted as positive", "[metrics][precision]") {
  const double predicted[] = {0.1, 0.5};
  const double targets[] = {1, 1};
  CHECK(value(*Precision().make(For<Metric<double>>{}), {.samples = 2, .predicted = predicted, .values = targets}) ==
        0);
}

TEST_CASE("the threshold of Precision follows the loss unless it is given", "[metrics][precision]") {
  const auto logits = BinaryCrossentropy({.from_logits = true}).make(For<Loss<double>>{});
  const auto metric = Precision().make(For<Metric<double>>{});
  metric->bind(*logits);
  CHECK_THAT(value(*metric, kComparison), WithinAbs(4.0 / 7, 1e-15));  // 4 right, 3 wrong, none missed
  const auto fixed = Precision({.threshold = 0.3}).make(For<Metric<double>>{});
  fixed->bind(*logits);
  CHECK_THAT(value(*fixed, kComparison), WithinAbs(0.5, 1e-15));
}

TEST_CASE("Precision refuses a threshold that is not a number", "[metrics][precision]") {
  CHECK_THROWS_MATCHES(
      Precision({.threshold = std::numeric_limits<double>::quiet_NaN()}), OptionError,
      Message("Precision: threshold must be a number, got nan; leave it out for 0.5, or 0 with logits"));
}

TEST_CASE("Precision writes itself as in a program", "[metrics][precision]") {
  CHECK(Precision().to_string() == "Precision()");
  CHECK(Precision({.threshold = 0.7}).to_string() == "Precision({.threshold = 0.7})");
}
