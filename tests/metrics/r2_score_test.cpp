#include "seqnn/metrics/r2_score.hpp"

#include "support/catch.hpp"

#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;

namespace {

double value(const Metric<double>& metric, const Comparison<double>& c) {
  std::vector<double> sums(metric.sum_count(), 0.0);
  metric.update(c, sums);
  return metric.result(sums);
}

double score(const std::vector<double>& predicted, const std::vector<double>& targets) {
  return value(*R2Score().make(For<Metric<double>>{}),
               {.samples = targets.size(), .predicted = predicted.data(), .values = targets.data()});
}

}  // namespace

TEST_CASE("r2 score by hand", "[metrics][r2_score]") {
  const std::vector<double> targets = {1, 2, 3, 6};  // mean 3, squares of what differs from it 4 + 1 + 0 + 9
  CHECK(score(targets, targets) == 1);
  CHECK(score({3, 3, 3, 3}, targets) == 0);
  CHECK_THAT(score({1, 2, 3, 4}, targets), WithinAbs(1 - 4.0 / 14, 1e-15));
  CHECK_THAT(score({6, 2, 3, 1}, targets), WithinAbs(1 - 50.0 / 14, 1e-15));
  CHECK(R2Score().make(For<Metric<double>>{})->name() == "r2_score");
  CHECK(R2Score().to_string() == "R2Score()");
}

TEST_CASE("r2 score is 0 where all targets are equal", "[metrics][r2_score]") {
  CHECK(score({0.1, 0.2, 0.3}, {0.1, 0.1, 0.1}) == 0);
  CHECK(score({0.1, 0.1, 0.1}, {0.1, 0.1, 0.1}) == 0);
  CHECK(score({1}, {0}) == 0);
}

TEST_CASE("r2 score holds for targets far from 0", "[metrics][r2_score]") {
  CHECK_THAT(score({100001, 100002, 100003, 100004}, {100001, 100002, 100003, 100006}), WithinAbs(1 - 4.0 / 14, 1e-4));
}
