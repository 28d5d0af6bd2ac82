#include "seqnn/metrics/categorical_accuracy.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <vector>

using namespace seqnn;

TEST_CASE("categorical accuracy by hand", "[metrics][categorical_accuracy]") {
  // two samples of two positions; the right class has the largest number at all but the second position
  const float predicted[] = {-1, -3, -2, 0.5F, 0.3F, 0.2F, 0, 0, 0, 7, 8, 9};
  const float targets[] = {1, 0, 0, 0, 1, 0, 1, 0, 0, 0.1F, 0.2F, 0.7F};
  const float weights[] = {3, 1};
  const auto metric = CategoricalAccuracy().make(For<Metric<float>>{});
  CHECK(metric->name() == "categorical_accuracy");
  std::vector<double> sums(2, 0.0);
  const AllocationCount allocations;
  Comparison<float> c{.samples = 2, .positions = 2, .width = 3, .predicted = predicted, .values = targets};
  metric->update(c, sums);
  CHECK(allocations.so_far() == 0);
  CHECK(metric->result(sums) == 0.75);
  sums = {0, 0};
  c.sample_weights = weights;
  metric->update(c, sums);
  CHECK(metric->result(sums) == 0.625);  // (3 · 1/2 + 1 · 1) / 4
  CHECK(CategoricalAccuracy().to_string() == "CategoricalAccuracy()");
}
