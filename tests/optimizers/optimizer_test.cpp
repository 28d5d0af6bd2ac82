#include "seqnn/optimizers/optimizer.hpp"

#include "fixtures/optimizers.hpp"
#include "seqnn/optimizers/adadelta.hpp"
#include "seqnn/optimizers/adagrad.hpp"
#include "seqnn/optimizers/adam.hpp"
#include "seqnn/optimizers/adamax.hpp"
#include "seqnn/optimizers/adamw.hpp"
#include "seqnn/optimizers/lion.hpp"
#include "seqnn/optimizers/nadam.hpp"
#include "seqnn/optimizers/rmsprop.hpp"
#include "seqnn/optimizers/sgd.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

// What all optimizers have in common: trajectories, clipping, slots, errors.

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Parameters and gradients of a model, with the gaps of the layout.
template <class Real>
struct Problem {
  ParameterLayout layout;
  Buffer<Real> parameters;
  Buffer<Real> gradients;

  explicit Problem(const std::vector<Shape>& shapes) {
    for (std::size_t i = 0; i < shapes.size(); ++i) layout.declare(text("p", i), shapes[i], zeros());
    layout.declare("statistics", {5}, zeros(), /*trainable=*/false);
    layout.place<Real>();
    parameters.assign(layout.trainable_extent(), Real(0));
    gradients.assign(layout.trainable_extent(), Real(0));
  }

  /// Places in the flat buffer of all trainable numbers, one after the other.
  std::vector<std::size_t> places() const {
    std::vector<std::size_t> result;
    for (const auto& info : layout.infos()) {
      for (std::size_t k = 0; k < info.size() && info.trainable; ++k) result.push_back(info.offset + k);
    }
    return result;
  }

  std::vector<Real> gaps(const Buffer<Real>& buffer) const {
    std::vector<bool> used(buffer.size(), false);
    for (const std::size_t place : places()) used[place] = true;
    std::vector<Real> result;
    for (std::size_t i = 0; i < buffer.size(); ++i) {
      if (!used[i]) result.push_back(buffer[i]);
    }
    return result;
  }
};

const std::vector<Shape> kFixtureShapes = {{3, 4}, {4}, {2, 3, 2}, {1}};

double number(std::size_t i) { return static_cast<double>(i); }

/// As in fixtures/optimizers.py.
double start(std::size_t i) { return (number(i * 7 % 13) - 6) / 4; }
double gradient(std::size_t i, double w, std::size_t step) {
  const double curvature = 0.25 + number(i % 7) / 8;
  const double target = (number(i * 5 % 11) - 5) / 4;
  const double wave = (number((step * 7 + i * 3) % 13) - 6) / 16 + 1.0 / 64;
  return (curvature * (w - target) + wave) * (i < 12 ? 4 : 1);
}

/// The optimizers of the fixture, in its order.
template <class Real>
std::vector<OptimizerRecipe<Real>> fixture_optimizers() {
  return {
      SGD({.learning_rate = 0.1}),
      SGD({.learning_rate = 0.1, .momentum = 0.9}),
      SGD({.learning_rate = 0.1, .momentum = 0.9, .nesterov = true}),
      RMSprop({.learning_rate = 0.01, .rho = 0.95, .epsilon = 0}),
      RMSprop({.learning_rate = 0.01, .momentum = 0.5, .epsilon = 0}),
      Adam({.learning_rate = 0.05, .beta_2 = 0.99, .epsilon = 0}),
      Adam({.learning_rate = 0.05, .beta_2 = 0.9, .epsilon = 0, .amsgrad = true}),
      SGD({.momentum = 0.5, .clipvalue = 0.5}),
      SGD({.learning_rate = 0.1, .clipnorm = 2}),
      SGD({.learning_rate = 0.1, .global_clipnorm = 5}),
      RMSprop(),
      RMSprop({.learning_rate = 0.01, .epsilon = 0.1}),
      RMSprop({.learning_rate = 0.01, .rho = 0.8, .momentum = 0.5, .epsilon = 0.01, .centered = true}),
      RMSprop({.learning_rate = 0.01, .epsilon = 0.01, .centered = true}),
      Adam(),
      Adam({.learning_rate = 0.01, .epsilon = 0.1, .amsgrad = true, .clipnorm = 3}),
      SGD({.learning_rate = 0.1, .weight_decay = 0.25}),
      RMSprop({.learning_rate = 0.01, .epsilon = 0.01, .weight_decay = 0.5}),
      AdamW(),
      AdamW({.learning_rate = 0.05, .weight_decay = 0.5, .beta_2 = 0.9, .amsgrad = true}),
      Nadam(),
      Nadam({.learning_rate = 0.05, .beta_1 = 0.8, .beta_2 = 0.9, .epsilon = 0.1}),
      Adamax(),
      Adamax({.learning_rate = 0.05, .beta_2 = 0.9, .epsilon = 0.01, .weight_decay = 0.5}),
      Adagrad(),
      Adagrad({.learning_rate = 0.2, .initial_accumulator_value = 0, .epsilon = 0.01, .clipnorm = 3}),
      Adadelta(),
      Adadelta({.learning_rate = 1, .rho = 0.8, .epsilon = 0.001}),
      Lion(),
      Lion({.learning_rate = 0.01, .beta_1 = 0.8, .beta_2 = 0.9, .weight_decay = 0.5}),
  };
}

/// An optimizer as a user writes it: moves against the sign.
class SignDescent final : public Optimizer<double> {
 public:
  explicit SignDescent(double rate, GradientClipping clipping = {}) : Optimizer(rate, clipping, {}) {}
  std::string type() const override { return "SignDescent"; }

 protected:
  void update_stretch(std::size_t, std::size_t count, const double* gradients, double* parameters,
                      std::size_t) override {
    for (std::size_t i = 0; i < count; ++i) {
      parameters[i] -= learning_rate() * (gradients[i] > 0 ? 1 : gradients[i] < 0 ? -1 : 0);
    }
  }
};

/// Gradients after clipping, in the first of two parameters of two numbers: SGD with rate 1 moves by exactly these.
std::vector<double> clipped(const SGDOptions& options, const std::vector<double>& gradients) {
  Problem<double> problem({{2}, {2, 1}});
  const auto optimizer = SGD(options).make(For<Optimizer<double>>{});
  optimizer->build(problem.layout);
  const auto places = problem.places();
  for (std::size_t i = 0; i < 4; ++i) problem.gradients[places[i]] = gradients[i];
  optimizer->step(problem.parameters, problem.gradients);
  std::vector<double> result;
  for (const std::size_t place : places) result.push_back(-problem.parameters[place]);
  for (const double gap : problem.gaps(problem.parameters)) CHECK(gap == 0);
  return result;
}

}  // namespace

TEMPLATE_TEST_CASE("a hundred steps agree with PyTorch, and with Keras where formulas differ", "[optimizers]", double,
                   float) {
  using namespace fixtures::optimizers;
  constexpr bool kDouble = std::is_same_v<TestType, double>;
  const auto recipes = fixture_optimizers<TestType>();
  REQUIRE(recipes.size() == std::size(kTrajectories));
  for (std::size_t k = 0; k < recipes.size(); ++k) {
    CAPTURE(kTrajectories[k].reference, kTrajectories[k].optimizer);
    CHECK(recipes[k].to_string() == kTrajectories[k].optimizer);
    Problem<TestType> problem(kFixtureShapes);
    const auto places = problem.places();
    REQUIRE(places.size() == kCount);
    for (std::size_t i = 0; i < kCount; ++i) problem.parameters[places[i]] = static_cast<TestType>(start(i));
    const auto optimizer = recipes[k].make();
    optimizer->build(problem.layout);
    for (std::size_t step = 1, point = 0; step <= 100; ++step) {
      for (std::size_t i = 0; i < kCount; ++i) {
        const double w = static_cast<double>(problem.parameters[places[i]]);
        problem.gradients[places[i]] = static_cast<TestType>(gradient(i, w, step));
      }
      optimizer->step(problem.parameters, problem.gradients);
      if (step != kSteps[point]) continue;
      for (std::size_t i = 0; i < kCount; ++i) {
        CAPTURE(step, i);
        // Rounding of a hundred steps of numbers around 1; a float adds up to 6e-8 at each.
        CHECK_THAT(static_cast<double>(problem.parameters[places[i]]),
                   WithinAbs(kTrajectories[k].parameters[point][i], kDouble ? 1e-13 : 5e-6));
      }
      ++point;
    }
    CHECK(optimizer->iterations() == 100);
    for (const TestType gap : problem.gaps(problem.parameters)) CHECK(gap == 0);
    for (const auto& [name, values] : optimizer->slots()) {
      CAPTURE(name);
      for (const TestType gap : problem.gaps(values)) CHECK(gap == 0);
    }
  }
}

TEST_CASE("optimizers own the slots their options need and no more", "[optimizers]") {
  const auto names = [](const OptimizerRecipe<float>& recipe) {
    std::vector<std::string> result;
    const auto optimizer = recipe.make();
    for (const auto& [name, values] : optimizer->slots()) result.push_back(name);
    return result;
  };
  using Names = std::vector<std::string>;
  CHECK(names(SGD()) == Names{});
  CHECK(names(SGD({.nesterov = true})) == Names{});
  CHECK(names(SGD({.momentum = 0.9})) == Names{"momentum"});
  CHECK(names(RMSprop()) == Names{"velocity"});
  CHECK(names(RMSprop({.centered = true})) == Names{"velocity", "average_gradient"});
  CHECK(names(RMSprop({.momentum = 0.1})) == Names{"velocity", "momentum"});
  CHECK(names(RMSprop({.momentum = 0.1, .centered = true})) == Names{"velocity", "average_gradient", "momentum"});
  CHECK(names(Adam()) == Names{"momentum", "velocity"});
  CHECK(names(Adam({.amsgrad = true})) == Names{"momentum", "velocity", "velocity_hat"});
  CHECK(names(AdamW()) == Names{"momentum", "velocity"});
  CHECK(names(AdamW({.amsgrad = true})) == Names{"momentum", "velocity", "velocity_hat"});
  CHECK(names(Nadam()) == Names{"momentum", "velocity"});
  CHECK(names(Adamax()) == Names{"momentum", "norm"});
  CHECK(names(Adagrad()) == Names{"accumulator"});
  CHECK(names(Adadelta()) == Names{"accumulated_grad", "accumulated_delta_var"});
  CHECK(names(Lion()) == Names{"momentum"});
}

TEST_CASE("clipvalue cuts each component", "[optimizers][clipping]") {
  CHECK(clipped({.learning_rate = 1, .clipvalue = 1.5}, {1, -2, 3, -1.5}) == std::vector<double>{1, -1.5, 1.5, -1.5});
}

TEST_CASE("clipnorm scales each parameter's gradient on its own", "[optimizers][clipping]") {
  // norms 5 and 1: the first is halved, the second within the limit
  CHECK(clipped({.learning_rate = 1, .clipnorm = 2.5}, {3, 4, 0.6, 0.8}) == std::vector<double>{1.5, 2, 0.6, 0.8});
  CHECK(clipped({.learning_rate = 1, .clipnorm = 2.5}, {0, 0, 3, -4}) == std::vector<double>{0, 0, 1.5, -2});
}

TEST_CASE("global_clipnorm scales all gradients by the norm of all", "[optimizers][clipping]") {
  // √(1 + 4 + 4 + 16) = 5
  CHECK(clipped({.learning_rate = 1, .global_clipnorm = 2.5}, {1, 2, 2, 4}) == std::vector<double>{0.5, 1, 1, 2});
  CHECK(clipped({.learning_rate = 1, .global_clipnorm = 5}, {1, 2, 2, 4}) == std::vector<double>{1, 2, 2, 4});
  CHECK(clipped({.learning_rate = 1, .global_clipnorm = 5}, {0, 0, 0, 0}) == std::vector<double>{0, 0, 0, 0});
}

TEST_CASE("a gradient that is not finite survives clipping by norm, in its parameter or in all",
          "[optimizers][clipping]") {
  for (const double bad : {kNaN, kInfinity, -kInfinity}) {
    CAPTURE(bad);
    const auto by_parameter = clipped({.learning_rate = 1, .clipnorm = 1}, {bad, 1, 0.6, 0.8});
    CHECK(std::isnan(by_parameter[0]));
    CHECK(by_parameter[2] == 0.6);
    CHECK(by_parameter[3] == 0.8);
    for (const double g : clipped({.learning_rate = 1, .global_clipnorm = 1}, {bad, 1, 0.6, 0.8})) {
      CHECK(std::isnan(g));
    }
  }
  CHECK(std::isnan(clipped({.learning_rate = 1, .clipvalue = 1}, {1, 1, kNaN, 1})[2]));
}

TEST_CASE("float gradients whose squares overflow are clipped and not lost", "[optimizers][clipping]") {
  Problem<float> problem({Shape{3}});
  const auto optimizer = SGD({.learning_rate = 1, .global_clipnorm = 1}).make(For<Optimizer<float>>{});
  optimizer->build(problem.layout);
  problem.gradients[1] = -1e30F;
  optimizer->step(problem.parameters, problem.gradients);
  CHECK_THAT(static_cast<double>(problem.parameters[1]), WithinRel(1, 1e-6));
}

TEST_CASE("build forgets earlier steps", "[optimizers]") {
  for (const auto& recipe : fixture_optimizers<double>()) {
    CAPTURE(recipe.to_string());
    const auto optimizer = recipe.make();
    std::vector<double> after_one;
    for (int round = 0; round < 2; ++round) {
      Problem<double> problem({Shape{3}});
      optimizer->build(problem.layout);
      CHECK(optimizer->iterations() == 0);
      for (std::size_t i = 0; i < 3; ++i) problem.gradients[i] = number(i) + 1;
      optimizer->step(problem.parameters, problem.gradients);
      if (round == 0) after_one.assign(problem.parameters.begin(), problem.parameters.end());
      CHECK(std::vector<double>(problem.parameters.begin(), problem.parameters.end()) == after_one);
      optimizer->step(problem.parameters, problem.gradients);
    }
  }
}

TEST_CASE("slots and iterations make an optimizer go on where another stopped", "[optimizers]") {
  const auto recipe = OptimizerRecipe<double>(Adam({.learning_rate = 0.1, .amsgrad = true}));
  Problem<double> problem({Shape{5}});
  const auto first = recipe.make();
  first->build(problem.layout);
  const auto step = [&](Optimizer<double>& optimizer, std::size_t t) {
    for (std::size_t i = 0; i < 5; ++i) problem.gradients[i] = gradient(i, problem.parameters[i], t);
    optimizer.step(problem.parameters, problem.gradients);
  };
  for (std::size_t t = 1; t <= 7; ++t) step(*first, t);
  const auto second = recipe.make();
  second->build(problem.layout);
  second->slots() = first->slots();
  second->set_iterations(first->iterations());
  const Buffer<double> stopped = problem.parameters;
  step(*first, 8);
  const Buffer<double> expected = problem.parameters;
  problem.parameters = stopped;
  step(*second, 8);
  CHECK(problem.parameters == expected);
}

TEST_CASE("the learning rate can change between steps", "[optimizers]") {
  Problem<double> problem({Shape{1}});
  const auto optimizer = SGD({.learning_rate = 0.5}).make(For<Optimizer<double>>{});
  optimizer->build(problem.layout);
  problem.gradients[0] = 2;
  optimizer->step(problem.parameters, problem.gradients);
  optimizer->set_learning_rate(0.25);
  CHECK(optimizer->learning_rate() == 0.25);
  optimizer->step(problem.parameters, problem.gradients);
  CHECK(problem.parameters[0] == -1.5);
  CHECK_THROWS_MATCHES(
      optimizer->set_learning_rate(-0.1), OptionError,
      Message("SGD: learning_rate must be a finite number not below 0, got -0.1; 0.001 is a usual start"));
  CHECK(optimizer->learning_rate() == 0.25);
}

TEST_CASE("a step allocates nothing", "[optimizers]") {
  for (const auto& recipe : fixture_optimizers<float>()) {
    CAPTURE(recipe.to_string());
    Problem<float> problem(kFixtureShapes);
    const auto optimizer = recipe.make();
    optimizer->build(problem.layout);
    for (const std::size_t place : problem.places()) problem.gradients[place] = 10;
    const AllocationCount allocations;
    optimizer->step(problem.parameters, problem.gradients);
    CHECK(allocations.so_far() == 0);
  }
}

TEMPLATE_TEST_CASE("a step in stretches, in any order, gives the bits of a whole step", "[optimizers]", float, double) {
  constexpr std::size_t kLine = kAlignment / sizeof(TestType);
  for (const auto& recipe : fixture_optimizers<TestType>()) {
    CAPTURE(recipe.to_string());
    Problem<TestType> whole({Shape{3, 7 * kLine}, Shape{5}});
    Problem<TestType> parts({Shape{3, 7 * kLine}, Shape{5}});
    const auto a = recipe.make();
    const auto b = recipe.make();
    CHECK(a->clips() == (recipe.to_string().find("clip") != std::string::npos));
    a->build(whole.layout);
    b->build(parts.layout);
    const std::size_t extent = whole.layout.trainable_extent();
    const std::size_t first = 2 * kLine, second = 9 * kLine;
    for (std::size_t step = 1; step <= 5; ++step) {
      for (const std::size_t place : whole.places()) {
        const double w = static_cast<double>(whole.parameters[place]);
        whole.gradients[place] = parts.gradients[place] = static_cast<TestType>(gradient(place, w, step));
      }
      a->step(whole.parameters, whole.gradients);
      b->begin_step(parts.gradients);
      b->update(second, extent - second, parts.parameters, parts.gradients);
      b->update(0, first, parts.parameters, parts.gradients);
      b->update(first, second - first, parts.parameters, parts.gradients);
      REQUIRE(parts.parameters == whole.parameters);
    }
    CHECK(b->slots() == a->slots());
    CHECK(b->iterations() == 5);
  }
}

TEST_CASE("a step with buffers of another model changes nothing", "[optimizers]") {
  const auto optimizer = RMSprop().make(For<Optimizer<double>>{});
  Problem<double> problem({Shape{8}});
  Problem<double> other({Shape{16}});
  optimizer->build(problem.layout);
  CHECK_THROWS_MATCHES(optimizer->step(problem.parameters, other.gradients), ShapeError,
                       Message("RMSprop: parameters and gradients must have the 8 values of the built layout, got 8 "
                               "and 16; call build with the layout of this model"));
  CHECK(optimizer->iterations() == 0);
}

TEST_CASE("options outside their range name optimizer, option and value", "[optimizers]") {
  CHECK_THROWS_MATCHES(
      SGD({.learning_rate = -1}), OptionError,
      Message("SGD: learning_rate must be a finite number not below 0, got -1; 0.001 is a usual start"));
  CHECK_THROWS_AS(RMSprop({.learning_rate = kNaN}), OptionError);
  CHECK_THROWS_AS(Adam({.learning_rate = kInfinity}), OptionError);
  CHECK_THROWS_MATCHES(SGD({.momentum = 1.1}), OptionError, Message("SGD: momentum must be in [0, 1], got 1.1"));
  CHECK_THROWS_MATCHES(RMSprop({.rho = 1}), OptionError, Message("RMSprop: rho must be in [0, 1), got 1"));
  CHECK_THROWS_MATCHES(RMSprop({.momentum = -0.5}), OptionError,
                       Message("RMSprop: momentum must be in [0, 1], got -0.5"));
  CHECK_THROWS_MATCHES(Adam({.beta_1 = 1}), OptionError, Message("Adam: beta_1 must be in [0, 1), got 1"));
  CHECK_THROWS_MATCHES(Adam({.beta_2 = kNaN}), OptionError, Message("Adam: beta_2 must be in [0, 1), got nan"));
  CHECK_THROWS_MATCHES(RMSprop({.epsilon = -1e-7}), OptionError,
                       Message("RMSprop: epsilon must be a finite number not below 0, got -1e-07"));
  CHECK_THROWS_AS(Adam({.epsilon = kNaN}), OptionError);
  CHECK_NOTHROW(SGD({.learning_rate = 0, .momentum = 1}));
  CHECK_THROWS_MATCHES(AdamW({.weight_decay = -1}), OptionError,
                       Message("AdamW: weight_decay must be a finite number not below 0, got -1; leave it at 0 for "
                               "none"));
  CHECK_THROWS_AS(SGD({.weight_decay = kNaN}), OptionError);
  CHECK_THROWS_AS(RMSprop({.weight_decay = kInfinity}), OptionError);
  CHECK_THROWS_AS(Adam({.weight_decay = -1}), OptionError);
  CHECK_THROWS_MATCHES(AdamW({.beta_1 = 1}), OptionError, Message("AdamW: beta_1 must be in [0, 1), got 1"));
  CHECK_THROWS_MATCHES(Nadam({.beta_2 = -1}), OptionError, Message("Nadam: beta_2 must be in [0, 1), got -1"));
  CHECK_THROWS_AS(Nadam({.weight_decay = -1}), OptionError);
  CHECK_THROWS_MATCHES(Adamax({.beta_1 = 1}), OptionError, Message("Adamax: beta_1 must be in [0, 1), got 1"));
  CHECK_THROWS_AS(Adamax({.epsilon = -1}), OptionError);
  CHECK_THROWS_MATCHES(Adagrad({.initial_accumulator_value = -1}), OptionError,
                       Message("Adagrad: initial_accumulator_value must be a finite number not below 0, got -1"));
  CHECK_THROWS_AS(Adagrad({.epsilon = kNaN}), OptionError);
  CHECK_THROWS_MATCHES(Adadelta({.rho = 1}), OptionError, Message("Adadelta: rho must be in [0, 1), got 1"));
  CHECK_THROWS_AS(Adadelta({.learning_rate = -1}), OptionError);
  CHECK_THROWS_MATCHES(Lion({.beta_1 = 1.5}), OptionError, Message("Lion: beta_1 must be in [0, 1], got 1.5"));
  CHECK_THROWS_MATCHES(Lion({.beta_2 = 1}), OptionError, Message("Lion: beta_2 must be in [0, 1), got 1"));
  CHECK_NOTHROW(Lion({.beta_1 = 1}));
}

TEST_CASE("limits of gradients are positive and at most one is set", "[optimizers][clipping]") {
  CHECK_THROWS_MATCHES(SGD({.clipnorm = -1}), OptionError,
                       Message("SGD: clipnorm must be a finite number not below 0, got -1; leave it at 0 for no "
                               "clipping"));
  CHECK_THROWS_AS(RMSprop({.clipvalue = kNaN}), OptionError);
  CHECK_THROWS_AS(Adam({.global_clipnorm = kInfinity}), OptionError);
  CHECK_THROWS_MATCHES(Adam({.clipnorm = 1, .global_clipnorm = 5}), OptionError,
                       Message("Adam: at most one of clipnorm, clipvalue and global_clipnorm may be set, got 1, 0 and "
                               "5; leave the others at 0"));
  CHECK_THROWS_AS(SGD({.clipnorm = 1, .clipvalue = 1}), OptionError);
  CHECK_THROWS_AS(RMSprop({.clipvalue = 1, .global_clipnorm = 1}), OptionError);
}

TEST_CASE("an optimizer of the user's own can be passed like any other", "[optimizers]") {
  const OptimizerRecipe<double> recipe = SignDescent(0.5, {.clipvalue = 1});
  CHECK(recipe.to_string() == "SignDescent");
  Problem<double> problem({Shape{3}});
  const auto optimizer = recipe.make();
  optimizer->build(problem.layout);
  problem.gradients[0] = 7;
  problem.gradients[2] = -0.1;
  optimizer->step(problem.parameters, problem.gradients);
  CHECK(std::vector<double>(problem.parameters.begin(), problem.parameters.begin() + 3) ==
        std::vector<double>{-0.5, 0, 0.5});
  CHECK(problem.gradients[0] == 1);  // clipped in place
  CHECK_THROWS_AS(SignDescent(-1), OptionError);
  CHECK_THROWS_AS(SignDescent(1, {.clipnorm = kNaN}), OptionError);
}
