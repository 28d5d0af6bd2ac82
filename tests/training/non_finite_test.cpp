#include "seqnn/training/non_finite.hpp"

#include "seqnn/layers/batch_normalization.hpp"
#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/lstm.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/optimizers/adam.hpp"
#include "seqnn/optimizers/sgd.hpp"
#include "seqnn/training/terminate_on_nan.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <limits>
#include <string>

using namespace seqnn;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// y = second · (first · x), of single numbers without noise from elsewhere.
Sequential<float> product(double first, double second, OptimizerRecipe<float> optimizer = SGD()) {
  Sequential<float> model(
      {Dense(1, {.kernel_initializer = constant(first)}), Dense(1, {.kernel_initializer = constant(second)})});
  model.compile(std::move(optimizer), MeanSquaredError());
  model.build({1});
  return model;
}

/// What TerminateOnNaN says was first.
std::string first_of(Sequential<float>& model, const Tensor<float, 2>& x, const Tensor<float, 2>& y,
                     FitOptions options = {}) {
  options.epochs = 3;
  options.shuffle = false;
  options.callbacks = {TerminateOnNaN()};
  options.verbose = Verbose::silent;
  const std::string reason = model.fit(x, y, options).stop_reason();
  const std::string before = "first not finite: ";
  const std::size_t at = reason.find(before);
  if (at == std::string::npos) return reason;
  const std::size_t end = reason.find("; take", at);
  return reason.substr(at + before.size(), end - at - before.size());
}

const Tensor<float, 2> kZero = xt::zeros<float>({1, 1});
const Tensor<float, 2> kOne = xt::ones<float>({1, 1});

}  // namespace

TEST_CASE("A parameter that is not finite before the first step is named", "[training][non_finite]") {
  auto model = product(1, 1);
  model.set_weight("dense_1/kernel", Tensor<float, 2>{{kNaN}});
  CHECK(first_of(model, kOne, kZero) == "parameter dense_1/kernel of Dense \"dense_1\", NaN before the first step");
  // Both are wrong: values pass from the first layer on.
  auto both = product(1, 1);
  both.set_weight("dense_1/kernel", Tensor<float, 2>{{kNaN}});
  both.set_weight("dense/bias", Tensor<float, 1>{std::numeric_limits<float>::infinity()});
  CHECK(first_of(both, kOne, kZero) == "parameter dense/bias of Dense \"dense\", infinite before the first step");
}

TEST_CASE("The first layer whose output is not finite is named, with its sample", "[training][non_finite]") {
  // Twice x and twice that again: 1e38 leaves the range of float in the second layer, 3e38 in the first.
  Tensor<float, 2> x = xt::ones<float>({40, 1});
  const Tensor<float, 2> y = xt::zeros<float>({40, 1});
  x(3, 0) = 1e38F;
  auto model = product(2, 2);
  CHECK(first_of(model, x, y, {.batch_size = 40}) == "output of Dense \"dense_1\", infinite for sample 3");
  x(30, 0) = 3e38F;  // in another shard
  for (const std::size_t threads : {1U, 2U}) {
    auto other = product(2, 2);
    CHECK(first_of(other, x, y, {.batch_size = 40, .threads = threads, .shards = 2}) ==
          "output of Dense \"dense\", infinite for sample 30");
  }
  auto late = product(2, 2, SGD({.learning_rate = 0}));  // sample 30 is in the fourth batch
  CHECK(first_of(late, x, y, {.batch_size = 8, .shards = 1}) == "output of Dense \"dense_1\", infinite for sample 3");
}

TEST_CASE("Moving averages that follow an output are not named", "[training][non_finite]") {
  Sequential<float> model({Dense(1, {.kernel_initializer = constant(3e38)}), BatchNormalization(), Dense(1)});
  model.compile(SGD(), MeanSquaredError());
  model.build({1});
  const Tensor<float, 2> x = {{1}, {2}};
  const Tensor<float, 2> y = xt::zeros<float>({2, 1});
  CHECK(first_of(model, x, y) == "output of Dense \"dense\", infinite for sample 1");
}

TEST_CASE("The loss is named when all layers are finite", "[training][non_finite]") {
  Sequential<double> model({Dense(1, {.kernel_initializer = constant(1e200)})});  // whose square is no double
  model.compile(SGD(), MeanSquaredError());
  model.build({1});
  const Tensor<double, 2> x = xt::ones<double>({1, 1});
  const Tensor<double, 2> y = xt::zeros<double>({1, 1});
  const History history = model.fit(x, y, {.callbacks = {TerminateOnNaN()}, .verbose = Verbose::silent});
  CHECK(history.stop_reason().find("first not finite: the loss itself, with finite outputs of all layers;") !=
        std::string::npos);
}

TEST_CASE("A gradient that is not finite is named in the step that cannot use it", "[training][non_finite]") {
  // The second layer reads 1e20 and gives 1e19, whose square is a float; its kernel's gradient 2e19 · 1e20 is none.
  // That of the first layer's kernel is 2e19 · 0.1.
  auto model = product(1e20, 0.1, Adam());
  CHECK(first_of(model, kOne, kZero) == "gradient of dense_1/kernel of Dense \"dense_1\", in an earlier step");
  auto plain = product(1e20, 0.1, SGD());  // a step of infinite length leaves no NaN
  CHECK(first_of(plain, kOne, kZero) ==
        "parameter dense_1/kernel of Dense \"dense_1\", infinite after an earlier step");
}

TEST_CASE("Layers with states that stay are searched too", "[training][non_finite]") {
  Sequential<float> model({LSTM(2, {.stateful = true}), Dense(1, {.kernel_initializer = constant(3e38)})});
  model.compile(SGD(), MeanSquaredError());
  model.build({4, 1});
  Tensor<float, 3> x = xt::ones<float>({2, 4, 1});
  x *= 100.F;
  const Tensor<float, 2> y = xt::zeros<float>({2, 1});
  model.set_weight("lstm/bias", Tensor<float, 1>{9, 9, 9, 9, 9, 9, 9, 9});
  model.set_weight("lstm/kernel", Tensor<float, 2>{{1, 1, 1, 1, 1, 1, 1, 1}});
  const History history =
      model.fit(x, y, {.batch_size = 2, .shuffle = false, .callbacks = {TerminateOnNaN()}, .verbose = Verbose::silent});
  CHECK(history.stop_reason().find("first not finite: output of Dense \"dense\", infinite for sample 0;") !=
        std::string::npos);
}
