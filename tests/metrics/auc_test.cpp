#include "seqnn/metrics/auc.hpp"

#include "seqnn/losses/binary_crossentropy.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

double value(const Metric<double>& metric, const Comparison<double>& c) {
  std::vector<double> sums(metric.sum_count(), 0.0);
  metric.update(c, sums);
  return metric.result(sums);
}

double area(const AUC& auc, const std::vector<double>& predicted, const std::vector<double>& targets) {
  return value(*auc.make(For<Metric<double>>{}),
               {.samples = targets.size(), .predicted = predicted.data(), .values = targets.data()});
}

}  // namespace

TEST_CASE("auc by hand", "[metrics][auc]") {
  CHECK(AUC().make(For<Metric<double>>{})->name() == "auc");
  CHECK(area(AUC(), {0.1, 0.2, 0.8, 0.9}, {0, 0, 1, 1}) == 1);
  CHECK(area(AUC(), {0.1, 0.2, 0.8, 0.9}, {1, 1, 0, 0}) == 0);
  CHECK(area(AUC(), {0.1, 0.4, 0.35, 0.8}, {0, 0, 1, 1}) == 0.75);  // 3 of 4 pairs are in order
  CHECK(area(AUC(), {0.5, 0.5, 0.5, 0.9}, {0, 0, 1, 1}) == 0.75);   // equal ones count half
  // Thresholds 0, 1/2 and 1: 0.5 is not above 1/2, and 0.1 and 0.5 count as equal.
  CHECK(area(AUC({.num_thresholds = 3}), {0.1, 0.5}, {0, 1}) == 0.5);
  CHECK(area(AUC({.num_thresholds = 3}), {0.1, 0.51}, {0, 1}) == 1);
  CHECK(area(AUC({.num_thresholds = 2}), {0.1, 0.9}, {0, 1}) == 0.5);
}

TEST_CASE("auc is the share of pairs in order", "[metrics][auc]") {
  std::vector<double> predicted, targets;
  for (std::size_t i = 0; i < 60; ++i) {
    predicted.push_back((static_cast<double>((i * 37) % 100) + 0.5) / 199);  // the middle of a bucket
    targets.push_back((i * i) % 7 < 3 ? 1 : 0);
  }
  double pairs = 0, in_order = 0;
  for (std::size_t i = 0; i < 60; ++i) {
    for (std::size_t k = 0; k < 60; ++k) {
      if (targets[i] != 1 || targets[k] != 0) continue;
      pairs += 1;
      in_order += predicted[i] > predicted[k] ? 1 : predicted[i] == predicted[k] ? 0.5 : 0;
    }
  }
  REQUIRE(pairs > 100);
  CHECK_THAT(area(AUC(), predicted, targets), WithinAbs(in_order / pairs, 1e-14));
}

TEST_CASE("auc is 0 with one kind of targets, and cuts predictions to [0, 1]", "[metrics][auc]") {
  CHECK(area(AUC(), {0.1, 0.9}, {1, 1}) == 0);
  CHECK(area(AUC(), {0.1, 0.9}, {0, 0}) == 0);
  CHECK(area(AUC(), {-7, 0, 1, 7}, {0, 1, 0, 1}) == 0.5);  // -7 counts as 0 and 7 as 1
  // NaN is above no threshold.
  CHECK(area(AUC(), {std::numeric_limits<double>::quiet_NaN(), 0.5}, {1, 0}) == 0);
}

TEST_CASE("auc takes logits if the loss does", "[metrics][auc]") {
  const double logits[] = {-3, -1.5, -2, 4, 800, -800};
  const double targets[] = {0, 0, 1, 1, 1, 0};
  const Comparison<double> c{.samples = 6, .predicted = logits, .values = targets};
  const auto metric = AUC().make(For<Metric<double>>{});
  metric->bind(*BinaryCrossentropy({.from_logits = true}).make(For<Loss<double>>{}));
  CHECK_THAT(value(*metric, c), WithinAbs(8.0 / 9, 1e-15));  // all pairs but -2 and -1.5
  metric->bind(*BinaryCrossentropy().make(For<Loss<double>>{}));
  CHECK_THAT(value(*metric, c), WithinAbs(7.5 / 9, 1e-15));  // all below 0 are equal: 6 + 3/2
}

TEST_CASE("auc refuses fewer than two thresholds", "[metrics][auc]") {
  CHECK_THROWS_MATCHES(AUC({.num_thresholds = 1}), OptionError,
                       Message("AUC: num_thresholds must be at least 2, got 1; more thresholds follow the curve more "
                               "closely, 200 is usual"));
  CHECK_THROWS_AS(AUC({.num_thresholds = 0}), OptionError);
}

TEST_CASE("auc writes itself as in a program", "[metrics][auc]") {
  CHECK(AUC().to_string() == "AUC()");
  CHECK(AUC({.num_thresholds = 50}).to_string() == "AUC({.num_thresholds = 50})");
}
