#include "seqnn/metrics/f1_score.hpp"

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

TEST_CASE("F1Score by hand", "[metrics][f1_score]") {
  const auto metric = F1Score().make(For<Metric<double>>{});
  CHECK(metric->name() == "f1_score");
  CHECK_THAT(value(*metric, kComparison), WithinAbs(4.0 / 7, 1e-15));  // 2 · 2 / (2 · 2 + 1 + 2)
  const auto lower = F1Score({.threshold = 0.3}).make(For<Metric<double>>{});
  CHECK_THAT(value(*lower, kComparison), WithinAbs(0.6, 1e-15));  // 3 right, 3 wrong, 1 missed
  // Four samples of two, weighted: 1 + 1 right, 2 wrong, 2 missed
  const double weights[] = {1, 2, 0, 3};
  Comparison<double> weighted = kComparison;
  weighted.samples = 4;
  weighted.width = 2;
  weighted.sample_weights = weights;
  CHECK_THAT(value(*metric, weighted), WithinAbs(0.5, 1e-15));
}

TEST_CASE("F1Score is 0 if nothing positive was found", "[metrics][f1_score]") {
  const double predicted[] = {0.1, 0.5};
  const double targets[] = {1, 1};
  CHECK(value(*F1Score().make(For<Metric<double>>{}), {.samples = 2, .predicted = predicted, .values = targets}) == 0);
}

TEST_CASE("the threshold of F1Score follows the loss unless it is given", "[metrics][f1_score]") {
  const auto logits = BinaryCrossentropy({.from_logits = true}).make(For<Loss<double>>{});
  const auto metric = F1Score().make(For<Metric<double>>{});
  metric->bind(*logits);
  CHECK_THAT(value(*metric, kComparison), WithinAbs(8.0 / 11, 1e-15));  // 4 right, 3 wrong, none missed
  const auto fixed = F1Score({.threshold = 0.3}).make(For<Metric<double>>{});
  fixed->bind(*logits);
  CHECK_THAT(value(*fixed, kComparison), WithinAbs(0.6, 1e-15));
}

TEST_CASE("F1Score refuses a threshold that is not a number", "[metrics][f1_score]") {
  CHECK_THROWS_MATCHES(F1Score({.threshold = std::numeric_limits<double>::quiet_NaN()}), OptionError,
                       Message("F1Score: threshold must be a number, got nan; leave it out for 0.5, or 0 with logits"));
}

TEST_CASE("F1Score writes itself as in a program", "[metrics][f1_score]") {
  CHECK(F1Score().to_string() == "F1Score()");
  CHECK(F1Score({.threshold = 0.7}).to_string() == "F1Score({.threshold = 0.7})");
}
