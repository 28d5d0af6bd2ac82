#include "seqnn/losses/poisson.hpp"

#include "support/catch.hpp"
#include "support/loss_gradients.hpp"

#include <cmath>

using namespace seqnn;
using Catch::Matchers::WithinAbs;

namespace {

struct Result {
  double value;
  double gradient;
};

Result of_one(const Poisson& loss, double predicted, double target) {
  double gradient = 99;
  const double value =
      (*loss.make(For<Loss<double>>{}))({.samples = 1, .predicted = &predicted, .values = &target}, 1, &gradient);
  return {value, gradient};
}

}  // namespace

TEST_CASE("the poisson loss by hand", "[losses][poisson]") {
  // p - t·log(p + 1e-7) at p = 2, t = 3: 2 - 3 · 0.693147 = -0.079442; slope 1 - 3/2
  CHECK_THAT(of_one(Poisson(), 2, 3).value, WithinAbs(2 - 3 * std::log(2 + 1e-7), 1e-15));
  CHECK_THAT(of_one(Poisson(), 2, 3).value, WithinAbs(-0.0794415416798357, 1e-6));
  CHECK_THAT(of_one(Poisson(), 2, 3).gradient, WithinAbs(-0.5, 1e-6));
  // The constant keeps 0 from being infinitely wrong: 3 · 16.118.
  CHECK_THAT(of_one(Poisson(), 0, 3).value, WithinAbs(48.35428695287496, 1e-12));
  CHECK(of_one(Poisson(), 0, 0).value == 0);
  CHECK(std::isnan(of_one(Poisson(), -1, 3).value));
}

TEST_CASE("the gradient of the poisson loss is its slope", "[losses][poisson]") {
  const double targets[] = {1, 2, 0.5, 3, 0, 0, 1, 2};
  const double weights[] = {0.5, 3};
  const Comparison<double> c{.samples = 2, .positions = 2, .width = 2, .values = targets, .sample_weights = weights};
  check_loss_gradient(*Poisson().make(For<Loss<double>>{}), c, {2, 1, 0.6, 1, 7, 4, 3, 0.1}, 1e-7);
}

TEST_CASE("the poisson loss writes itself as in a program", "[losses][poisson]") {
  CHECK(Poisson().to_string() == "Poisson()");
}
