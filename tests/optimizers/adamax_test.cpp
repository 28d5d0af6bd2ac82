#include "seqnn/optimizers/adamax.hpp"

#include "support/catch.hpp"

using namespace seqnn;
using Catch::Matchers::WithinAbs;

TEST_CASE("two steps of Adamax by hand", "[optimizers][adamax]") {
  ParameterLayout layout;
  layout.declare("w", {1}, ones());
  layout.place<double>();
  Buffer<double> w(layout.trainable_extent()), g(layout.trainable_extent());
  const auto optimizer =
      Adamax({.learning_rate = 0.1, .beta_1 = 0.5, .beta_2 = 0.75, .epsilon = 0.5}).make(For<Optimizer<double>>{});
  optimizer->build(layout);
  w[0] = 1;
  g[0] = -2;
  optimizer->step(w, g);
  // m = -1; u = 2; w = 1 + 0.1 / 0.5 · 1 / 2.5
  CHECK_THAT(w[0], WithinAbs(1.08, 1e-15));
  g[0] = 1;
  optimizer->step(w, g);
  // m = 0; u = max(0.75 · 2, 1) = 1.5
  CHECK_THAT(w[0], WithinAbs(1.08, 1e-15));
  CHECK(optimizer->slots()[1].second[0] == 1.5);
  g[0] = 6;
  optimizer->step(w, g);
  // m = 3; u = 6; w -= 0.1 / 0.875 · 3 / 6.5
  CHECK_THAT(w[0], WithinAbs(1.08 - 0.1 / 0.875 * 3 / 6.5, 1e-15));
}

TEST_CASE("Adamax writes itself as in a program and compares by options", "[optimizers][adamax]") {
  CHECK(Adamax().to_string() == "Adamax()");
  CHECK(Adamax({.beta_1 = 0.5, .beta_2 = 0.9, .epsilon = 0.001, .weight_decay = 0.1, .clipvalue = 1}).to_string() ==
        "Adamax({.beta_1 = 0.5, .beta_2 = 0.9, .epsilon = 0.001, .weight_decay = 0.1, .clipvalue = 1})");
  CHECK(Adamax() == Adamax());
  CHECK_FALSE(Adamax() ==
              Adamax({.beta_1 = 0.5, .beta_2 = 0.9, .epsilon = 0.001, .weight_decay = 0.1, .clipvalue = 1}));
}
