#include "seqnn/metrics/smape.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace seqnn;

TEST_CASE("smape by hand", "[metrics][smape]") {
  // 200 · 1/4, 200 · 4/4 for opposite signs, 0 where both are 0, 200 · 2/2
  const double predicted[] = {1.5, -2, 0, 2};
  const double targets[] = {2.5, 2, 0, 0};
  const double weights[] = {3, 1};
  Comparison<double> c{.samples = 2, .width = 2, .predicted = predicted, .values = targets};
  const auto metric = SMAPE().make(For<Metric<double>>{});
  CHECK(metric->name() == "smape");
  std::vector<double> sums(metric->sum_count(), 0.0);
  const AllocationCount allocations;
  metric->update(c, sums);
  CHECK(allocations.so_far() == 0);
  CHECK(metric->result(sums) == 112.5);  // (50 + 200 + 0 + 200) / 4
  sums = {0, 0};
  c.sample_weights = weights;
  metric->update(c, sums);
  CHECK(metric->result(sums) == 118.75);  // (3 · 125 + 100) / 4
  CHECK(SMAPE().to_string() == "SMAPE()");
}

TEST_CASE("smape of NaN is NaN", "[metrics][smape]") {
  const double predicted = std::numeric_limits<double>::quiet_NaN();
  const double target = 1;
  const auto metric = SMAPE().make(For<Metric<double>>{});
  std::vector<double> sums(metric->sum_count(), 0.0);
  metric->update({.samples = 1, .predicted = &predicted, .values = &target}, sums);
  CHECK(std::isnan(metric->result(sums)));
}
