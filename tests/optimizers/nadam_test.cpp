#include "seqnn/optimizers/nadam.hpp"

#include "support/catch.hpp"

#include <cmath>

using namespace seqnn;
using Catch::Matchers::WithinAbs;

TEST_CASE("two steps of Nadam by hand", "[optimizers][nadam]") {
  ParameterLayout layout;
  layout.declare("w", {1}, ones());
  layout.place<double>();
  Buffer<double> w(layout.trainable_extent()), g(layout.trainable_extent());
  const auto optimizer =
      Nadam({.learning_rate = 0.1, .beta_1 = 0.5, .beta_2 = 0.75, .epsilon = 0.25}).make(For<Optimizer<double>>{});
  optimizer->build(layout);
  w[0] = 1;
  const double u1 = 0.5 * (1 - 0.5 * 0.96);
  const double u2 = 0.5 * (1 - 0.5 * 0.96 * 0.96);
  g[0] = 2;
  optimizer->step(w, g);
  // m = 1; v = 1, corrected 1 / 0.25 = 4, its root 2
  const double first = 1 - 0.1 * (u2 * 1 / (1 - u1 * u2) + (1 - u1) * 2 / (1 - u1)) / (2 + 0.25);
  CHECK_THAT(w[0], WithinAbs(first, 1e-15));
  g[0] = -1;
  optimizer->step(w, g);
  // m = 1 - 0.5 · 2 = 0, so that u₃ has no part; v = 1 + 0.25 · 0 = 1, corrected 1 / 0.4375
  const double second = first + 0.1 * (1 - u2) * 1 / (1 - u1 * u2) / (std::sqrt(1 / 0.4375) + 0.25);
  CHECK_THAT(w[0], WithinAbs(second, 1e-15));
}

TEST_CASE("Nadam writes itself as in a program and compares by options", "[optimizers][nadam]") {
  CHECK(Nadam().to_string() == "Nadam()");
  CHECK(Nadam({.beta_1 = 0.5, .beta_2 = 0.9, .epsilon = 0.001, .weight_decay = 0.1, .clipvalue = 1}).to_string() ==
        "Nadam({.beta_1 = 0.5, .beta_2 = 0.9, .epsilon = 0.001, .weight_decay = 0.1, .clipvalue = 1})");
  CHECK(Nadam() == Nadam());
  CHECK_FALSE(Nadam() == Nadam({.beta_1 = 0.5, .beta_2 = 0.9, .epsilon = 0.001, .weight_decay = 0.1, .clipvalue = 1}));
}
