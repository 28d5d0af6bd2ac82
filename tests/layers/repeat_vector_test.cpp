#include "seqnn/layers/repeat_vector.hpp"

#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/lstm.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/optimizers/sgd.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

TEMPLATE_TEST_CASE("RepeatVector gives the vector at every step, and adds their gradients", "[layers][repeat_vector]",
                   float, double) {
  using Values = std::vector<TestType>;
  LayerRun<TestType> run(RepeatVector(3), {2}, {.batch = 2, .poison = true});
  CHECK(run.output_shape() == Shape{3, 2});
  const auto y = run.forward(Values{1, 2, 3, 4});
  CHECK(Values(y.begin(), y.end()) == Values{1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4});
  const auto dx = run.backward(Values{1, 2, 10, 20, 100, 200, 3, 4, 30, 40, 300, 400});
  CHECK(Values(dx.begin(), dx.end()) == Values{111, 222, 333, 444});
}

TEST_CASE("RepeatVector's gradients agree with central differences", "[layers][repeat_vector]") {
  for (const std::size_t n : Sizes{1, 4}) {
    const GradientReport report = check_gradients(RepeatVector(n), {3});
    INFO(report.to_string());
    CHECK(report.passed());
  }
}

TEST_CASE("RepeatVector refuses sequences, and to repeat nothing", "[layers][repeat_vector]") {
  const RepeatVectorLayer<float> layer(RepeatVector(4, {.name = "r"}));
  CHECK(layer.output_shape({5}) == Shape{4, 5});
  CHECK_THROWS_MATCHES(layer.output_shape({3, 5}), ShapeError,
                       Message("RepeatVector \"r\": input must be (batch, features), got (batch, 3, 5); it repeats one "
                               "vector a sample"));
  CHECK_THROWS_MATCHES(layer.output_shape({0}), ShapeError,
                       Message("RepeatVector \"r\": no axis of the input may be empty, got (batch, 0)"));
  CHECK_THROWS_MATCHES(RepeatVector(0), OptionError, Message("RepeatVector: n must be at least 1, got 0"));
}

TEST_CASE("RepeatVector is a value that prints as written", "[layers][repeat_vector]") {
  CHECK(RepeatVector(3).to_string() == "RepeatVector(3)");
  CHECK(RepeatVector(3, {.name = "r"}).to_string() == "RepeatVector(3, {.name = \"r\"})");
  CHECK(RepeatVector(3) == RepeatVector(3));
  CHECK_FALSE(RepeatVector(3) == RepeatVector(4));
  CHECK(LayerRecipe<float>(RepeatVector(3, {.name = "r"})).make()->name() == "r");
}

TEST_CASE("RepeatVector stands between an encoder and a decoder", "[layers][repeat_vector]") {
  Sequential<float> model({LSTM(4), RepeatVector(3), LSTM(4, {.return_sequences = true}), Dense(1)});
  model.compile(SGD(), MeanSquaredError());
  model.build({5, 2});
  Tensor<float, 3> x = Tensor<float, 3>::from_shape({4, 5, 2});
  Tensor<float, 3> y = Tensor<float, 3>::from_shape({4, 3, 1});
  const std::vector<float> values = normal_values<float>(x.size(), 1);
  std::copy(values.begin(), values.end(), x.begin());
  y.fill(1);
  const double before = model.evaluate(x, y).at("loss");
  model.fit(x, y, {.epochs = 5, .verbose = Verbose::silent});
  CHECK(model.evaluate(x, y).at("loss") < before);
  CHECK(model.predict(x).shape() == Shape{4, 3, 1});
}

TEST_CASE("RepeatVector allocates nothing in steady state", "[layers][repeat_vector]") {
  LayerRun<float> run(RepeatVector(5), {3}, {.batch = 2});
  const std::vector<float> x = normal_values<float>(6, 1);
  const std::vector<float> dy = normal_values<float>(30, 2);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
