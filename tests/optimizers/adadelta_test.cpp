#include "seqnn/optimizers/adadelta.hpp"

#include "support/catch.hpp"

#include <cmath>

using namespace seqnn;
using Catch::Matchers::WithinAbs;

TEST_CASE("two steps of Adadelta by hand", "[optimizers][adadelta]") {
  ParameterLayout layout;
  layout.declare("w", {1}, ones());
  layout.place<double>();
  Buffer<double> w(layout.trainable_extent()), g(layout.trainable_extent());
  const auto optimizer = Adadelta({.learning_rate = 0.5, .rho = 0.75, .epsilon = 0.25}).make(For<Optimizer<double>>{});
  optimizer->build(layout);
  w[0] = 1;
  g[0] = 2;
  optimizer->step(w, g);
  // a = 0.25 · 4 = 1; d = √0.25 / √1.25 · 2
  const double d = 1 / std::sqrt(1.25);
  CHECK_THAT(w[0], WithinAbs(1 - 0.5 * d, 1e-15));
  g[0] = -1;
  optimizer->step(w, g);
  // a = 0.75 + 0.25 = 1; b = 0.25 · d² = 0.2
  CHECK_THAT(w[0], WithinAbs(1 - 0.5 * d + 0.5 * std::sqrt(0.45) / std::sqrt(1.25), 1e-15));
}

TEST_CASE("Adadelta writes itself as in a program and compares by options", "[optimizers][adadelta]") {
  CHECK(Adadelta().to_string() == "Adadelta()");
  CHECK(Adadelta({.learning_rate = 1, .rho = 0.9, .epsilon = 1e-06, .weight_decay = 0.1, .global_clipnorm = 1})
            .to_string() ==
        "Adadelta({.learning_rate = 1, .rho = 0.9, .epsilon = 1e-06, .weight_decay = 0.1, .global_clipnorm = 1})");
  CHECK(Adadelta() == Adadelta());
  CHECK_FALSE(Adadelta() ==
              Adadelta({.learning_rate = 1, .rho = 0.9, .epsilon = 1e-06, .weight_decay = 0.1, .global_clipnorm = 1}));
}
