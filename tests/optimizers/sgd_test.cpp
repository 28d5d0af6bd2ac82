#include "seqnn/optimizers/sgd.hpp"

#include "support/catch.hpp"

#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;

namespace {

/// One parameter of one number, starting at 1, with the gradient 2 at both of two steps.
std::vector<double> two_steps(const SGD& sgd) {
  ParameterLayout layout;
  layout.declare("w", {1}, ones());
  layout.place<double>();
  Buffer<double> w(layout.trainable_extent()), g(layout.trainable_extent());
  w[0] = 1;
  const auto optimizer = sgd.make(For<Optimizer<double>>{});
  optimizer->build(layout);
  std::vector<double> result;
  for (int step = 0; step < 2; ++step) {
    g[0] = 2;
    optimizer->step(w, g);
    result.push_back(w[0]);
  }
  return result;
}

}  // namespace

TEST_CASE("two steps of SGD by hand", "[optimizers][sgd]") {
  const auto plain = two_steps(SGD({.learning_rate = 0.1}));  // 1 - 0.2 - 0.2
  CHECK_THAT(plain[0], WithinAbs(0.8, 1e-15));
  CHECK_THAT(plain[1], WithinAbs(0.6, 1e-15));
  const auto momentum = two_steps(SGD({.learning_rate = 0.1, .momentum = 0.5}));  // m = -0.2, -0.3
  CHECK_THAT(momentum[0], WithinAbs(0.8, 1e-15));
  CHECK_THAT(momentum[1], WithinAbs(0.5, 1e-15));
  // steps 0.5 · -0.2 - 0.2 = -0.3 and 0.5 · -0.3 - 0.2 = -0.35
  const auto nesterov = two_steps(SGD({.learning_rate = 0.1, .momentum = 0.5, .nesterov = true}));
  CHECK_THAT(nesterov[0], WithinAbs(0.7, 1e-15));
  CHECK_THAT(nesterov[1], WithinAbs(0.35, 1e-15));
}

TEST_CASE("SGD writes itself as in a program and compares by options", "[optimizers][sgd]") {
  CHECK(SGD().to_string() == "SGD()");
  CHECK(SGD({.learning_rate = 0.5, .momentum = 0.9, .nesterov = true, .clipvalue = 2}).to_string() ==
        "SGD({.learning_rate = 0.5, .momentum = 0.9, .nesterov = true, .clipvalue = 2})");
  CHECK(SGD() == SGD({.learning_rate = 0.01}));
  CHECK_FALSE(SGD() == SGD({.momentum = 0.1}));
}
