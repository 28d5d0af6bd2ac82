#include "seqnn/losses/mean_absolute_percentage_error.hpp"

#include "support/catch.hpp"
#include "support/loss_gradients.hpp"

using namespace seqnn;
using Catch::Matchers::WithinRel;

namespace {

struct Result {
  double value;
  double gradient;
};

Result of_one(const MeanAbsolutePercentageError& loss, double predicted, double target) {
  double gradient = 99;
  const double value =
      (*loss.make(For<Loss<double>>{}))({.samples = 1, .predicted = &predicted, .values = &target}, 1, &gradient);
  return {value, gradient};
}

}  // namespace

TEST_CASE("mean absolute percentage error by hand", "[losses][mean_absolute_percentage_error]") {
  CHECK(of_one(MeanAbsolutePercentageError(), 5, 4).value == 25);
  CHECK(of_one(MeanAbsolutePercentageError(), 5, 4).gradient == 25);
  CHECK(of_one(MeanAbsolutePercentageError(), -5, -4).value == 25);
  CHECK(of_one(MeanAbsolutePercentageError(), -5, -4).gradient == -25);
  CHECK(of_one(MeanAbsolutePercentageError(), 4, 4).gradient == 0);
  // 100 · 2 / 1e-7, where the target is 0
  CHECK_THAT(of_one(MeanAbsolutePercentageError(), 2, 0).value, WithinRel(2e9, 1e-15));
  CHECK(of_one(MeanAbsolutePercentageError(), 0, 0).value == 0);
}

TEST_CASE("the gradient of mean absolute percentage error is its slope", "[losses][mean_absolute_percentage_error]") {
  const double targets[] = {1, -2, 0.5, 3, 4, 4, -1, 2};
  const double weights[] = {0.5, 3};
  const Comparison<double> c{.samples = 2, .positions = 2, .width = 2, .values = targets, .sample_weights = weights};
  check_loss_gradient(*MeanAbsolutePercentageError().make(For<Loss<double>>{}), c, {2, -1, 0.6, 1, 7, 5, -3, 0.1},
                      1e-7);
}

TEST_CASE("mean absolute percentage error writes itself as in a program", "[losses][mean_absolute_percentage_error]") {
  CHECK(MeanAbsolutePercentageError().to_string() == "MeanAbsolutePercentageError()");
}
