#include "seqnn/metrics/sparse_categorical_accuracy.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("sparse categorical accuracy by hand", "[metrics][sparse_categorical_accuracy]") {
  const float predicted[] = {-1, -3, -2, 0.5F, 0.3F, 0.2F, 0, 0, 0, 7, 8, 9};
  const std::int32_t classes[] = {0, 1, 0, 2};
  const float weights[] = {3, 1};
  const auto metric = SparseCategoricalAccuracy().make(For<Metric<float>>{});
  CHECK(metric->name() == "sparse_categorical_accuracy");
  CHECK(metric->target_kind() == TargetKind::classes);
  std::vector<double> sums(2, 0.0);
  const AllocationCount allocations;
  Comparison<float> c{.samples = 2, .positions = 2, .width = 3, .predicted = predicted, .classes = classes};
  metric->update(c, sums);
  CHECK(allocations.so_far() == 0);
  CHECK(metric->result(sums) == 0.75);  // all but the second position
  sums = {0, 0};
  c.sample_weights = weights;
  metric->update(c, sums);
  CHECK(metric->result(sums) == 0.625);  // (3 · 1/2 + 1 · 1) / 4
  CHECK(SparseCategoricalAccuracy().to_string() == "SparseCategoricalAccuracy()");
}

TEST_CASE("sparse categorical accuracy refuses a class the predictions do not have",
          "[metrics][sparse_categorical_accuracy]") {
  const double predicted[] = {1, 2};
  const std::int32_t classes[] = {2};
  const auto metric = SparseCategoricalAccuracy().make(For<Metric<double>>{});
  std::vector<double> sums(2, 0.0);
  CHECK_THROWS_MATCHES(metric->update({.samples = 1, .width = 2, .predicted = predicted, .classes = classes}, sums),
                       DataError,
                       Message("SparseCategoricalAccuracy: target at (0,) must be a class in [0, 2), got 2; count "
                               "classes from 0, or give the last layer more units"));
  CHECK(sums == std::vector<double>{0, 0});
}
