#include "seqnn/optimizers/adagrad.hpp"

#include "support/catch.hpp"

#include <cmath>

using namespace seqnn;
using Catch::Matchers::WithinAbs;

TEST_CASE("two steps of Adagrad by hand", "[optimizers][adagrad]") {
  ParameterLayout layout;
  layout.declare("w", {1}, ones());
  layout.place<double>();
  Buffer<double> w(layout.trainable_extent()), g(layout.trainable_extent());
  const auto optimizer = Adagrad({.learning_rate = 0.1, .initial_accumulator_value = 0.75, .epsilon = 0.25})
                             .make(For<Optimizer<double>>{});
  optimizer->build(layout);
  w[0] = 1;
  g[0] = 2;
  optimizer->step(w, g);
  CHECK_THAT(w[0], WithinAbs(1 - 0.2 / std::sqrt(5.0), 1e-15));  // 0.75 + 4 + 0.25
  const double first = w[0];
  g[0] = -2;
  optimizer->step(w, g);
  CHECK_THAT(w[0], WithinAbs(first + 0.2 / 3, 1e-15));  // 0.75 + 8 + 0.25
}

TEST_CASE("Adagrad writes itself as in a program and compares by options", "[optimizers][adagrad]") {
  CHECK(Adagrad().to_string() == "Adagrad()");
  CHECK(
      Adagrad(
          {.learning_rate = 0.1, .initial_accumulator_value = 0, .epsilon = 0.001, .weight_decay = 0.1, .clipnorm = 1})
          .to_string() ==
      "Adagrad({.learning_rate = 0.1, .initial_accumulator_value = 0, .epsilon = 0.001, .weight_decay = 0.1, .clipnorm "
      "= 1})");
  CHECK(Adagrad() == Adagrad());
  CHECK_FALSE(Adagrad() == Adagrad({.learning_rate = 0.1,
                                    .initial_accumulator_value = 0,
                                    .epsilon = 0.001,
                                    .weight_decay = 0.1,
                                    .clipnorm = 1}));
}
