#include "seqnn/optimizers/rmsprop.hpp"

#include "support/catch.hpp"

#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;

TEST_CASE("the first step of RMSprop by hand", "[optimizers][rmsprop]") {
  // v = 0.1 · 4 = 0.4; √(0.4 + 0.0225) = 0.65; the other form, √0.4 + 0.0225, would give 0.6550
  ParameterLayout layout;
  layout.declare("w", {1}, ones());
  layout.place<double>();
  Buffer<double> w(layout.trainable_extent()), g(layout.trainable_extent());
  const auto optimizer = RMSprop({.learning_rate = 0.13, .epsilon = 0.0225}).make(For<Optimizer<double>>{});
  optimizer->build(layout);
  w[0] = 1;
  g[0] = 2;
  optimizer->step(w, g);
  CHECK_THAT(w[0], WithinAbs(0.6, 1e-15));  // 1 - 0.13 · 2 / 0.65
  CHECK_THAT(optimizer->slots()[0].second[0], WithinAbs(0.4, 1e-15));
}

TEST_CASE("RMSprop writes itself as in a program and compares by options", "[optimizers][rmsprop]") {
  CHECK(RMSprop().to_string() == "RMSprop()");
  CHECK(RMSprop({.learning_rate = 1e-4}).to_string() == "RMSprop({.learning_rate = 0.0001})");
  CHECK(RMSprop({.rho = 0.5, .momentum = 0.1, .epsilon = 1e-3, .centered = true, .clipnorm = 1}).to_string() ==
        "RMSprop({.rho = 0.5, .momentum = 0.1, .epsilon = 0.001, .centered = true, .clipnorm = 1})");
  CHECK_FALSE(RMSprop() == RMSprop({.centered = true}));
}
