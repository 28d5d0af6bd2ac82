#include "seqnn/optimizers/adamw.hpp"

#include "support/catch.hpp"

#include <cmath>

using namespace seqnn;
using Catch::Matchers::WithinAbs;

TEST_CASE("a step of AdamW by hand, with the rate of the moment", "[optimizers][adamw]") {
  ParameterLayout layout;
  layout.declare("w", {1}, ones());
  layout.place<double>();
  Buffer<double> w(layout.trainable_extent()), g(layout.trainable_extent());
  const auto optimizer =
      AdamW({.learning_rate = 0.1, .weight_decay = 0.5, .beta_1 = 0.5, .beta_2 = 0.75, .epsilon = 0.25})
          .make(For<Optimizer<double>>{});
  optimizer->build(layout);
  w[0] = 1;
  g[0] = 2;
  optimizer->step(w, g);
  // w = 1 - 0.5 · 0.1 · 1 = 0.95; then as Adam: m = 1, v = 1, α = 0.1 · √0.25 / 0.5 = 0.1, w -= 0.1 · 1 / (1 + 0.25)
  CHECK_THAT(w[0], WithinAbs(0.87, 1e-15));
  CHECK(optimizer->type() == "AdamW");
  optimizer->set_learning_rate(0.2);
  g[0] = 0;
  optimizer->step(w, g);
  // m = 0.5; v = 0.75; α = 0.2 · √0.4375 / 0.75; the decay is 0.5 · 0.2
  const double expected = 0.87 * 0.9 - 0.2 * std::sqrt(0.4375) / 0.75 * 0.5 / (std::sqrt(0.75) + 0.25);
  CHECK_THAT(w[0], WithinAbs(expected, 1e-15));
}

TEST_CASE("AdamW writes itself as in a program and compares by options", "[optimizers][adamw]") {
  CHECK(AdamW().to_string() == "AdamW()");
  CHECK(
      AdamW({.learning_rate = 0.01, .weight_decay = 0.1, .beta_1 = 0.5, .amsgrad = true, .clipnorm = 1}).to_string() ==
      "AdamW({.learning_rate = 0.01, .weight_decay = 0.1, .beta_1 = 0.5, .amsgrad = true, .clipnorm = 1})");
  CHECK(AdamW() == AdamW());
  CHECK_FALSE(AdamW() ==
              AdamW({.learning_rate = 0.01, .weight_decay = 0.1, .beta_1 = 0.5, .amsgrad = true, .clipnorm = 1}));
}
