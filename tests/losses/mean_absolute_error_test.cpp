#include "seqnn/losses/mean_absolute_error.hpp"

#include "support/catch.hpp"
#include "support/loss_gradients.hpp"

#include <vector>

using namespace seqnn;

namespace {

const double kTargets[] = {1, -2, 0.5, 3, 0, 0, -1, 2};
const double kWeights[] = {0.5, 3};
const Comparison<double> kComparison{
    .samples = 2, .positions = 2, .width = 2, .values = kTargets, .sample_weights = kWeights};

}  // namespace

TEST_CASE("mean absolute error by hand", "[losses][mean_absolute_error]") {
  Comparison<double> c = kComparison;
  const double predicted[] = {2, -2, 0.5, 1, 0, 4, -1, 2};
  c.predicted = predicted;
  double gradient[8];
  // errors 1 0 0 -2 and 0 4 0 0: means 3/4 and 4/4; 0.5 · 0.75 + 3 · 1
  CHECK((*MeanAbsoluteError().make(For<Loss<double>>{}))(c, 1, gradient) == 3.375);
  // weight · sign / 4, and 0 where there is no error
  CHECK(std::vector<double>(gradient, gradient + 8) == std::vector<double>{0.125, 0, 0, -0.125, 0, 0.75, 0, 0});
}

TEST_CASE("the gradient of mean absolute error is its slope", "[losses][mean_absolute_error]") {
  check_loss_gradient(*MeanAbsoluteError().make(For<Loss<double>>{}), kComparison, {2, -1, 0.6, 1, 7, 4, -3, 0.1});
}

TEST_CASE("mean absolute error writes itself as in a program", "[losses][mean_absolute_error]") {
  CHECK(MeanAbsoluteError().to_string() == "MeanAbsoluteError()");
}
