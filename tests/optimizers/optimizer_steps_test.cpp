#include "fixtures/optimizer_steps.hpp"

#include "seqnn/optimizers/adadelta.hpp"
#include "seqnn/optimizers/adagrad.hpp"
#include "seqnn/optimizers/adam.hpp"
#include "seqnn/optimizers/adamax.hpp"
#include "seqnn/optimizers/adamw.hpp"
#include "seqnn/optimizers/lion.hpp"
#include "seqnn/optimizers/nadam.hpp"
#include "seqnn/optimizers/optimizer.hpp"
#include "seqnn/optimizers/rmsprop.hpp"
#include "seqnn/optimizers/sgd.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <vector>

// Moving averages of the weights, and gradients accumulated over steps.

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

constexpr std::size_t kSteps = 8, kNumbers = 6;

/// The problem of fixtures/optimizer_steps.py.
template <class Real>
struct Problem {
  ParameterLayout layout;
  Buffer<Real> parameters, gradients;
  std::vector<std::size_t> places;

  Problem() {
    layout.declare("p", {2, 2}, zeros());
    layout.declare("q", {2}, zeros());
    layout.place<Real>();
    parameters.assign(layout.trainable_extent(), Real(0));
    gradients.assign(layout.trainable_extent(), Real(0));
    for (const auto& info : layout.infos()) {
      for (std::size_t k = 0; k < info.size(); ++k) places.push_back(info.offset + k);
    }
    for (std::size_t i = 0; i < kNumbers; ++i) {
      parameters[places[i]] = static_cast<Real>((static_cast<double>(i * 5 % 7) - 3) / 2);
    }
  }

  void set_gradients(std::size_t step) {
    for (std::size_t i = 0; i < kNumbers; ++i) {
      const double wave = (static_cast<double>((step * 5 + i * 3) % 11) - 5) / 8;
      const double curvature = static_cast<double>(1 + i % 3) / 4;
      gradients[places[i]] = static_cast<Real>(curvature * static_cast<double>(parameters[places[i]]) + wave);
    }
  }
};

template <class Real>
void check_trajectory(const OptimizerRecipe<Real>& recipe, const double (&expected)[(kSteps + 1) * kNumbers],
                      double tolerance) {
  CAPTURE(recipe.to_string());
  Problem<Real> problem;
  const auto optimizer = recipe.make();
  optimizer->build(problem.layout);
  const double* next = expected;
  const auto check = [&] {
    for (const std::size_t place : problem.places) {
      CHECK_THAT(static_cast<double>(problem.parameters[place]), WithinAbs(*next++, tolerance));
    }
  };
  for (std::size_t step = 1; step <= kSteps; ++step) {
    CAPTURE(step);
    problem.set_gradients(step);
    optimizer->step(problem.parameters, problem.gradients);
    check();
  }
  optimizer->finalize(problem.parameters);
  check();
}

template <class Real>
void check_all(double tolerance) {
  namespace e = fixtures::optimizer_steps;
  check_trajectory<Real>(SGD({.learning_rate = 0.1, .use_ema = true, .ema_momentum = 0.75}), e::sgd_ema, tolerance);
  check_trajectory<Real>(
      Adam({.learning_rate = 0.05, .use_ema = true, .ema_momentum = 0.9, .ema_overwrite_frequency = 3}),
      e::adam_ema_overwrite, tolerance);
  check_trajectory<Real>(SGD({.learning_rate = 0.1, .momentum = 0.9, .gradient_accumulation_steps = 3}),
                         e::momentum_accumulated, tolerance);
  check_trajectory<Real>(
      AdamW({.learning_rate = 0.05, .weight_decay = 0.1, .clipnorm = 0.5, .gradient_accumulation_steps = 2}),
      e::adamw_accumulated, tolerance);
  check_trajectory<Real>(RMSprop({.learning_rate = 0.05,
                                  .use_ema = true,
                                  .ema_momentum = 0.5,
                                  .ema_overwrite_frequency = 2,
                                  .gradient_accumulation_steps = 2}),
                         e::rmsprop_both, tolerance);
}

/// One recipe of each kind, with these options.
template <bool kAverage>
std::vector<OptimizerRecipe<float>> all_kinds() {
  const auto with = [](auto options) {
    if (kAverage) {
      options.use_ema = true;
      options.ema_momentum = 0.5;
    } else {
      options.gradient_accumulation_steps = 2;
    }
    return options;
  };
  return {Adadelta(with(AdadeltaOptions())), Adagrad(with(AdagradOptions())), Adam(with(AdamOptions())),
          Adamax(with(AdamaxOptions())),     AdamW(with(AdamWOptions())),     Lion(with(LionOptions())),
          Nadam(with(NadamOptions())),       RMSprop(with(RMSpropOptions())), SGD(with(SGDOptions()))};
}

std::vector<float> weights_after(const OptimizerRecipe<float>& recipe, std::size_t steps, bool end) {
  Problem<float> problem;
  const auto optimizer = recipe.make();
  optimizer->build(problem.layout);
  for (std::size_t step = 1; step <= steps; ++step) {
    problem.set_gradients(1);
    optimizer->step(problem.parameters, problem.gradients);
  }
  if (end) optimizer->finalize(problem.parameters);
  std::vector<float> result;
  for (const std::size_t place : problem.places) result.push_back(problem.parameters[place]);
  return result;
}

}  // namespace

TEST_CASE("averaged weights and accumulated gradients agree with Keras", "[optimizers][optimizer_steps]") {
  check_all<double>(1e-12);
  check_all<float>(1e-5);
}

TEST_CASE("a moving average by hand", "[optimizers][optimizer_steps]") {
  Problem<double> problem;
  const auto optimizer =
      SGD({.learning_rate = 1, .use_ema = true, .ema_momentum = 0.75}).make(For<Optimizer<double>>{});
  optimizer->build(problem.layout);
  const std::size_t place = problem.places[0];
  optimizer->finalize(problem.parameters);  // no step, no average
  CHECK(problem.parameters[place] == -1.5);
  for (const double gradient : {1.0, 2.0}) {
    problem.gradients[place] = gradient;
    optimizer->step(problem.parameters, problem.gradients);
  }
  CHECK(problem.parameters[place] == -4.5);
  optimizer->finalize(problem.parameters);
  CHECK(problem.parameters[place] == 0.75 * -2.5 + 0.25 * -4.5);
}

TEST_CASE("every optimizer averages and accumulates", "[optimizers][optimizer_steps]") {
  const std::vector<OptimizerRecipe<float>> plain = {Adadelta(), Adagrad(), Adam(),    Adamax(), AdamW(),
                                                     Lion(),     Nadam(),   RMSprop(), SGD()};
  const auto averaging = all_kinds<true>();
  const auto accumulating = all_kinds<false>();
  for (std::size_t i = 0; i < plain.size(); ++i) {
    CAPTURE(plain[i].to_string());
    CHECK(weights_after(averaging[i], 2, false) == weights_after(plain[i], 2, false));
    CHECK_FALSE(weights_after(averaging[i], 2, true) == weights_after(plain[i], 2, true));
    CHECK(weights_after(accumulating[i], 1, true) == weights_after(plain[i], 0, true));
    CHECK(weights_after(accumulating[i], 2, true) == weights_after(plain[i], 1, true));
    CHECK(averaging[i].to_string().find("{.use_ema = true, .ema_momentum = 0.5})") != std::string::npos);
    CHECK(accumulating[i].to_string().find("{.gradient_accumulation_steps = 2})") != std::string::npos);
  }
}

TEST_CASE("averages and accumulators are slots, only where they are used", "[optimizers][optimizer_steps]") {
  const auto names = [](const OptimizerRecipe<double>& recipe) {
    const auto optimizer = recipe.make();
    std::vector<std::string> result;
    for (const auto& [name, values] : optimizer->slots()) result.push_back(name);
    return result;
  };
  CHECK(names(SGD()).empty());
  CHECK(names(Adam({.use_ema = true, .gradient_accumulation_steps = 2})) ==
        std::vector<std::string>{"momentum", "velocity", "gradient_accumulator", "moving_average"});
  CHECK_FALSE(SGD().make(For<Optimizer<double>>{})->needs_all_gradients());
  CHECK(SGD({.gradient_accumulation_steps = 2}).make(For<Optimizer<double>>{})->needs_all_gradients());
}

TEST_CASE("set_iterations drops the gradients accumulated so far", "[optimizers][optimizer_steps]") {
  Problem<double> problem;
  const auto make = [&] {
    auto optimizer = SGD({.learning_rate = 1, .gradient_accumulation_steps = 2}).make(For<Optimizer<double>>{});
    optimizer->build(problem.layout);
    return optimizer;
  };
  const auto first = make(), second = make();
  const std::size_t place = problem.places[0];
  const auto step = [&](Optimizer<double>& optimizer, double gradient) {
    problem.gradients[place] = gradient;
    optimizer.step(problem.parameters, problem.gradients);
  };
  step(*first, 8);
  second->slots() = first->slots();  // with half of an update
  for (auto* optimizer : {first.get(), second.get()}) {
    problem.parameters[place] = 0;
    optimizer->set_iterations(5);
    step(*optimizer, 1);
    CHECK(problem.parameters[place] == 0);
    step(*optimizer, 3);
    CHECK(problem.parameters[place] == -2);
    CHECK(optimizer->iterations() == 6);
  }
}

TEST_CASE("averaging and accumulating allocate nothing", "[optimizers][optimizer_steps]") {
  Problem<float> problem;
  const auto optimizer = SGD({.use_ema = true, .ema_overwrite_frequency = 2, .gradient_accumulation_steps = 2})
                             .make(For<Optimizer<float>>{});
  optimizer->build(problem.layout);
  const AllocationCount allocations;
  for (std::size_t step = 1; step <= 4; ++step) optimizer->step(problem.parameters, problem.gradients);
  optimizer->finalize(problem.parameters);
  CHECK(allocations.so_far() == 0);
}

TEST_CASE("wrong options of averages and accumulation", "[optimizers][optimizer_steps]") {
  CHECK_THROWS_MATCHES(Adam({.use_ema = true, .ema_momentum = 1.5}), OptionError,
                       Message("Adam: ema_momentum must be in [0, 1], got 1.5"));
  CHECK_THROWS_MATCHES(SGD({.ema_overwrite_frequency = 5}), OptionError,
                       Message("SGD: use_ema must be true with ema_momentum and ema_overwrite_frequency, got false, "
                               "0.99 and 5; set it, or leave them out"));
  CHECK_THROWS_MATCHES(Lion({.gradient_accumulation_steps = 1}), OptionError,
                       Message("Lion: gradient_accumulation_steps must be at least 2, got 1; leave it at 0 for an "
                               "update a step"));
}
