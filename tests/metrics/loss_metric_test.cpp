#include "seqnn/metrics/loss_metric.hpp"

#include "seqnn/losses/binary_crossentropy.hpp"
#include "seqnn/losses/binary_focal_crossentropy.hpp"
#include "seqnn/losses/categorical_crossentropy.hpp"
#include "seqnn/losses/hinge.hpp"
#include "seqnn/losses/huber.hpp"
#include "seqnn/losses/kl_divergence.hpp"
#include "seqnn/losses/log_cosh.hpp"
#include "seqnn/losses/mean_absolute_error.hpp"
#include "seqnn/losses/mean_absolute_percentage_error.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/losses/poisson.hpp"
#include "seqnn/losses/quantile.hpp"
#include "seqnn/losses/sparse_categorical_crossentropy.hpp"
#include "seqnn/losses/squared_hinge.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <memory>
#include <string>
#include <vector>

using namespace seqnn;

namespace {

/// A metric as a user writes it.
class LargestError final : public Metric<double> {
 public:
  std::string name() const override { return "largest_error"; }
  void update(const Comparison<double>& c, std::span<double> sums) const override {
    sums[0] += c.predicted[0] - c.values[0];
    sums[1] += 1;
  }
};

}  // namespace

TEST_CASE("a loss as a metric is the weighted mean over samples", "[metrics][loss_metric]") {
  const double predicted[] = {2, 1, 5};
  const double targets[] = {1, 3, 5};
  const double weights[] = {2, 1, 5};
  const Comparison<double> c{.samples = 3, .predicted = predicted, .values = targets, .sample_weights = weights};
  const auto metric = MeanSquaredError().make(For<Metric<double>>{});
  CHECK(metric->name() == "mean_squared_error");
  std::vector<double> sums(2, 0.0);
  const AllocationCount allocations;
  metric->update(c, sums);
  CHECK(allocations.so_far() == 0);
  CHECK(metric->result(sums) == 0.75);  // (2 · 1 + 1 · 4 + 5 · 0) / 8; the loss divides by 3
  const auto absolute = MeanAbsoluteError().make(For<Metric<double>>{});
  sums = {0, 0};
  absolute->update(c, sums);
  CHECK(absolute->name() == "mean_absolute_error");
  CHECK(absolute->result(sums) == 0.5);
}

TEST_CASE("every loss can be listed as a metric", "[metrics][loss_metric]") {
  const std::vector<MetricRecipe<float>> metrics = {BinaryCrossentropy(),
                                                    CategoricalCrossentropy(),
                                                    SparseCategoricalCrossentropy(),
                                                    MeanSquaredError(),
                                                    MeanAbsoluteError(),
                                                    Huber(),
                                                    LogCosh(),
                                                    Quantile(0.9),
                                                    Poisson(),
                                                    KLDivergence(),
                                                    Hinge(),
                                                    SquaredHinge(),
                                                    BinaryFocalCrossentropy(),
                                                    MeanAbsolutePercentageError()};
  const std::vector<std::string> names = {"binary_crossentropy",
                                          "categorical_crossentropy",
                                          "sparse_categorical_crossentropy",
                                          "mean_squared_error",
                                          "mean_absolute_error",
                                          "huber_loss",
                                          "log_cosh",
                                          "quantile",
                                          "poisson",
                                          "kl_divergence",
                                          "hinge",
                                          "squared_hinge",
                                          "binary_focal_crossentropy",
                                          "mean_absolute_percentage_error"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    CHECK(metrics[i].make()->name() == names[i]);
    CHECK(metrics[i].make()->target_kind() == (i == 2 ? TargetKind::classes : TargetKind::values));
  }
}

TEST_CASE("a metric of the user's own can be listed like any other", "[metrics][loss_metric]") {
  const MetricRecipe<double> recipe = LargestError();
  CHECK(recipe.to_string() == "largest_error");
  CHECK(recipe.make()->name() == "largest_error");
}
