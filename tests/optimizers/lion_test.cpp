#include "seqnn/optimizers/lion.hpp"

#include "support/catch.hpp"

using namespace seqnn;
using Catch::Matchers::WithinAbs;

TEST_CASE("steps of Lion by hand", "[optimizers][lion]") {
  ParameterLayout layout;
  layout.declare("w", {1}, ones());
  layout.place<double>();
  Buffer<double> w(layout.trainable_extent()), g(layout.trainable_extent());
  const auto optimizer = Lion({.learning_rate = 0.25, .beta_1 = 0.5, .beta_2 = 0.75}).make(For<Optimizer<double>>{});
  optimizer->build(layout);
  w[0] = 1;
  g[0] = 4;
  optimizer->step(w, g);
  CHECK(w[0] == 0.75);  // the sign of 2
  CHECK(optimizer->slots()[0].second[0] == 1);
  g[0] = -0.5;
  optimizer->step(w, g);
  CHECK(w[0] == 0.5);  // the sign of 0.5 · 1 - 0.5 · 0.5: the momentum is stronger
  CHECK(optimizer->slots()[0].second[0] == 0.625);
  g[0] = -0.625;
  optimizer->step(w, g);
  CHECK(w[0] == 0.5);  // 0.5 · 0.625 - 0.5 · 0.625 has no sign
}

TEST_CASE("Lion writes itself as in a program and compares by options", "[optimizers][lion]") {
  CHECK(Lion().to_string() == "Lion()");
  CHECK(
      Lion({.learning_rate = 0.0001, .beta_1 = 0.95, .beta_2 = 0.98, .weight_decay = 0.1, .clipnorm = 1}).to_string() ==
      "Lion({.learning_rate = 0.0001, .beta_1 = 0.95, .beta_2 = 0.98, .weight_decay = 0.1, .clipnorm = 1})");
  CHECK(Lion() == Lion());
  CHECK_FALSE(Lion() ==
              Lion({.learning_rate = 0.0001, .beta_1 = 0.95, .beta_2 = 0.98, .weight_decay = 0.1, .clipnorm = 1}));
}
