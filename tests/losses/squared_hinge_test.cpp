#include "seqnn/losses/squared_hinge.hpp"

#include "support/catch.hpp"
#include "support/loss_gradients.hpp"

using namespace seqnn;

namespace {

struct Result {
  double value;
  double gradient;
};

Result of_one(const SquaredHinge& loss, double predicted, double target) {
  double gradient = 99;
  const double value =
      (*loss.make(For<Loss<double>>{}))({.samples = 1, .predicted = &predicted, .values = &target}, 1, &gradient);
  return {value, gradient};
}

}  // namespace

TEST_CASE("squared hinge by hand", "[losses][squared_hinge]") {
  CHECK(of_one(SquaredHinge(), 0.25, 1).value == 0.5625);  // 1 - 0.25, squared
  CHECK(of_one(SquaredHinge(), 0.25, 1).gradient == -1.5);
  for (const double no : {-1.0, 0.0}) {  // 0 means -1
    CHECK(of_one(SquaredHinge(), 0.5, no).value == 2.25);
    CHECK(of_one(SquaredHinge(), 0.5, no).gradient == 3);
    CHECK(of_one(SquaredHinge(), -1.5, no).value == 0);
    CHECK(of_one(SquaredHinge(), -1.5, no).gradient == 0);
  }
  CHECK(of_one(SquaredHinge(), 1, 1).value == 0);  // at the margin
  CHECK(of_one(SquaredHinge(), 1, 1).gradient == 0);
}

TEST_CASE("the gradient of squared hinge is its slope", "[losses][squared_hinge]") {
  const double targets[] = {1, -1, 0, 1, 1, 0, -1, 1};
  const double weights[] = {0.5, 3};
  const Comparison<double> c{.samples = 2, .positions = 2, .width = 2, .values = targets, .sample_weights = weights};
  check_loss_gradient(*SquaredHinge().make(For<Loss<double>>{}), c, {2, -0.8, 0.6, 0.9, 7, 4, -3, 0.1});
}

TEST_CASE("squared hinge writes itself as in a program", "[losses][squared_hinge]") {
  CHECK(SquaredHinge().to_string() == "SquaredHinge()");
}
