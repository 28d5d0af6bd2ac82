#include "seqnn/optimizers/adam.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;

TEST_CASE("two steps of Adam by hand", "[optimizers][adam]") {
  ParameterLayout layout;
  layout.declare("w", {1}, ones());
  layout.place<double>();
  Buffer<double> w(layout.trainable_extent()), g(layout.trainable_extent());
  const auto optimizer =
      Adam({.learning_rate = 0.1, .beta_1 = 0.5, .beta_2 = 0.75, .epsilon = 0.25}).make(For<Optimizer<double>>{});
  optimizer->build(layout);
  w[0] = 1;
  g[0] = 2;
  optimizer->step(w, g);
  // m = 0.5 · 2 = 1; v = 0.25 · 4 = 1; α = 0.1 · √0.25 / 0.5 = 0.1; w = 1 - 0.1 · 1 / (1 + 0.25). With v corrected
  // before epsilon is added it would be 1 - 0.1 · 2 / (2 + 0.25).
  CHECK_THAT(w[0], WithinAbs(0.92, 1e-15));
  g[0] = 0;
  optimizer->step(w, g);
  // m = 0.5; v = 0.75; α = 0.1 · √0.4375 / 0.75
  const double expected = 0.92 - 0.1 * std::sqrt(0.4375) / 0.75 * 0.5 / (std::sqrt(0.75) + 0.25);
  CHECK_THAT(w[0], WithinAbs(expected, 1e-15));
}

TEST_CASE("Adam writes itself as in a program and compares by options", "[optimizers][adam]") {
  CHECK(Adam().to_string() == "Adam()");
  CHECK(Adam({.beta_1 = 0.5, .beta_2 = 0.9, .epsilon = 1e-3, .amsgrad = true, .global_clipnorm = 1}).to_string() ==
        "Adam({.beta_1 = 0.5, .beta_2 = 0.9, .epsilon = 0.001, .amsgrad = true, .global_clipnorm = 1})");
  CHECK_FALSE(Adam() == Adam({.amsgrad = true}));
}
