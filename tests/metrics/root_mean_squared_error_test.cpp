#include "seqnn/metrics/root_mean_squared_error.hpp"

#include "support/catch.hpp"

#include <vector>

using namespace seqnn;

TEST_CASE("root mean squared error by hand", "[metrics][root_mean_squared_error]") {
  const double predicted[] = {4, 1, 5, 5};
  const double targets[] = {1, 1, 2, 5};
  Comparison<double> c{.samples = 2, .width = 2, .predicted = predicted, .values = targets};
  const auto metric = RootMeanSquaredError().make(For<Metric<double>>{});
  CHECK(metric->name() == "root_mean_squared_error");
  std::vector<double> sums(metric->sum_count(), 0.0);
  metric->update(c, sums);
  CHECK(metric->result(sums) * metric->result(sums) == Approx(4.5));  // (9 + 0 + 9 + 0) / 4
  const double first_only[] = {8, 0};
  sums = {0, 0};
  c.sample_weights = first_only;
  metric->update(c, sums);
  CHECK(metric->result(sums) == Approx(2.1213203435596424));  // √(9 / 2), whatever the weight
  CHECK(RootMeanSquaredError().to_string() == "RootMeanSquaredError()");
}
