#include "seqnn/losses/mean_squared_error.hpp"

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

TEST_CASE("mean squared error by hand", "[losses][mean_squared_error]") {
  Comparison<double> c = kComparison;
  const double predicted[] = {2, -2, 0.5, 1, 0, 4, -1, 2};
  c.predicted = predicted;
  double gradient[8];
  // errors 1 0 0 -2 and 0 4 0 0: means 5/4 and 16/4; 0.5 · 1.25 + 3 · 4
  CHECK((*MeanSquaredError().make(For<Loss<double>>{}))(c, 1, gradient) == 12.625);
  // weight · 2 · error / 4
  CHECK(std::vector<double>(gradient, gradient + 8) == std::vector<double>{0.25, 0, 0, -0.5, 0, 6, 0, 0});
}

TEST_CASE("the gradient of mean squared error is its slope", "[losses][mean_squared_error]") {
  check_loss_gradient(*MeanSquaredError().make(For<Loss<double>>{}), kComparison, {2, -1, 0.5, 1, 7, 4, -3, 0.1});
}

TEST_CASE("mean squared error writes itself as in a program", "[losses][mean_squared_error]") {
  CHECK(MeanSquaredError().to_string() == "MeanSquaredError()");
}
