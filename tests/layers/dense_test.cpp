#include "seqnn/layers/dense.hpp"

#include "fixtures/layers.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

constexpr Activation::Function kActivations[] = {Activation::linear,  Activation::relu,         Activation::tanh,
                                                 Activation::sigmoid, Activation::hard_sigmoid, Activation::softmax,
                                                 Activation::gelu,    Activation::mish};

using Numbers = std::span<const double>;

/// Largest difference of two tensors; infinite if their sizes differ.
double distance(Numbers a, Numbers b) {
  if (a.size() != b.size()) return HUGE_VAL;
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::fabs(a[i] - b[i]));
  return largest;
}

void check_against(const Dense& dense, const Shape& input, std::size_t batch, Numbers x, Numbers kernel, Numbers bias,
                   Numbers y, Numbers dy, Numbers dx, Numbers dkernel, Numbers dbias) {
  CAPTURE(dense.to_string());
  LayerRun<double> run(dense, input, {.batch = batch, .poison = true});
  std::copy(kernel.begin(), kernel.end(), run.parameter("kernel").begin());
  std::copy(bias.begin(), bias.end(), run.parameter("bias").begin());
  CHECK(distance(run.forward(x), y) < 1e-14);
  CHECK(distance(run.backward(dy), dx) < 1e-14);
  CHECK(distance(run.gradient("kernel"), dkernel) < 1e-14);
  CHECK(distance(run.gradient("bias"), dbias) < 1e-14);
}

}  // namespace

TEST_CASE("Dense multiplies, adds its bias and goes back", "[layers][dense]") {
  // W = (1 2), (3 4), (0 1): x = (1, 2, 3) gives (1 + 6 + 0, 2 + 8 + 3) = (7, 13), with the bias (-8, 0.5) relu keeps
  // (0, 13.5). From dy = (5, 7) only 7 passes: dx = 7·(2, 4, 1), dW = (0, 7·x), db = (0, 7).
  LayerRun<float> run(Dense(2, {.activation = Activation::relu}), {3});
  const std::vector<float> kernel = {1, 2, 3, 4, 0, 1};
  std::copy(kernel.begin(), kernel.end(), run.parameter("kernel").begin());
  run.parameter("bias")[0] = -8;
  run.parameter("bias")[1] = 0.5F;
  const auto y = run.forward(std::vector<float>{1, 2, 3});
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{0, 13.5F});
  const auto dx = run.backward(std::vector<float>{5, 7});
  CHECK(std::vector<float>(dx.begin(), dx.end()) == std::vector<float>{14, 28, 7});
  const auto dkernel = run.gradient("kernel");
  CHECK(std::vector<float>(dkernel.begin(), dkernel.end()) == std::vector<float>{0, 7, 0, 14, 0, 21});
  const auto dbias = run.gradient("bias");
  CHECK(std::vector<float>(dbias.begin(), dbias.end()) == std::vector<float>{0, 7});
}

TEST_CASE("Dense agrees with PyTorch on inputs of every rank", "[layers][dense]") {
  namespace a = fixtures::layers::dense_vector;
  namespace b = fixtures::layers::dense_sequence;
  namespace c = fixtures::layers::dense_softmax;
  check_against(Dense(4, {.activation = Activation::relu}), {5}, 3, a::x, a::kernel, a::bias, a::y, a::dy, a::dx,
                a::dkernel, a::dbias);
  check_against(Dense(4, {.activation = Activation::tanh}), {3, 5}, 2, b::x, b::kernel, b::bias, b::y, b::dy, b::dx,
                b::dkernel, b::dbias);
  check_against(Dense(3, {.activation = Activation::softmax}), {2, 3, 2}, 2, c::x, c::kernel, c::bias, c::y, c::dy,
                c::dx, c::dkernel, c::dbias);
}

TEST_CASE("Dense's gradients agree with central differences", "[layers][dense]") {
  for (const auto activation : kActivations) {
    for (const bool use_bias : {true, false}) {
      for (const Shape& input : {Shape{5}, Shape{4, 3}, Shape{2, 2, 3}}) {
        // Softmax of one unit is 1 whatever comes.
        for (const std::size_t units : Sizes{1, kLanes<double> + 1}) {
          const Dense dense(units, {.activation = activation, .use_bias = use_bias});
          const GradientReport report = check_gradients(dense, input);
          INFO(dense.to_string() << '\n' << report.to_string());
          CHECK(report.passed());
        }
      }
    }
  }
}

TEST_CASE("Dense maps the last axis and passes the others on", "[layers][dense]") {
  const DenseLayer<float> layer(Dense(7));
  CHECK(layer.output_shape({5}) == Shape{7});
  CHECK(layer.output_shape({10, 5}) == Shape{10, 7});
  CHECK(layer.output_shape({2, 3, 5}) == Shape{2, 3, 7});
  CHECK(layer.output_shape({kAnyLength, 5}) == Shape{kAnyLength, 7});
}

TEST_CASE("Dense declares kernel and bias, and starts as Keras does", "[layers][dense]") {
  LayerRun<float> run(Dense(40, {.name = "head"}), {20});
  REQUIRE(run.layout().infos().size() == 2);
  CHECK(run.layout().infos()[0].name == "head/kernel");
  CHECK(run.layout().infos()[0].shape == Shape{20, 40});
  CHECK(run.layout().infos()[1].name == "head/bias");
  CHECK(run.layout().infos()[1].shape == Shape{40});
  // Glorot: uniform in ±√(6 / (20 + 40)) = ±0.316.
  const auto kernel = run.parameter("kernel");
  const float largest = *std::max_element(kernel.begin(), kernel.end());
  CHECK(largest <= 0.3163F);
  CHECK(largest > 0.30F);
  for (const float v : run.parameter("bias")) CHECK(v == 0);
  CHECK(LayerRun<float>(Dense(4, {.use_bias = false}), {3}).layout().infos().size() == 1);
  CHECK(LayerRun<float>(Dense(4, {.kernel_initializer = ones()}), {3}).parameter("kernel")[5] == 1);
}

TEST_CASE("Dense refuses inputs that do not fit", "[layers][dense]") {
  const DenseLayer<float> layer(Dense(4, {.name = "head"}));
  CHECK_THROWS_MATCHES(layer.output_shape({}), ShapeError,
                       Message("Dense \"head\": input must be (batch, …, features), got (batch); the last axis is the "
                               "number of features and must be fixed"));
  CHECK_THROWS_MATCHES(layer.output_shape({5, kAnyLength}), ShapeError,
                       Message("Dense \"head\": input must be (batch, …, features), got (batch, 5, any); the last axis "
                               "is the number of features and must be fixed"));
  CHECK_THROWS_MATCHES(layer.output_shape({0}), ShapeError,
                       Message("Dense \"head\": no axis of the input may be empty, got (batch, 0)"));
  DenseLayer<float> built(Dense(4, {.name = "head"}));
  ParameterLayout parameters;
  CHECK_THROWS_AS(built.build({kAnyLength}, parameters), ShapeError);
  CHECK(parameters.infos().empty());
  built.build({14}, parameters);
  CHECK_THROWS_MATCHES(built.output_shape({20, 15}), ShapeError,
                       Message("Dense \"head\": input must be (batch, …, 14), got (batch, 20, 15); the last axis is "
                               "the number of features and must be fixed"));
  CHECK_THROWS_MATCHES(Dense(0), OptionError, Message("Dense: units must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(Dense(0, {.name = "head"}), OptionError,
                       Message("Dense \"head\": units must be at least 1, got 0"));
}

TEST_CASE("Dense is a value that prints as written", "[layers][dense]") {
  CHECK(Dense(1).to_string() == "Dense(1)");
  CHECK(Dense(3, {.activation = Activation::softmax,
                  .use_bias = false,
                  .kernel_initializer = random_uniform(-1, 2),
                  .bias_initializer = constant(0.5),
                  .name = "head"})
            .to_string() ==
        "Dense(3, {.activation = Activation::softmax, .use_bias = false, .kernel_initializer = random_uniform(-1, 2), "
        ".bias_initializer = constant(0.5), .name = \"head\"})");
  CHECK(Dense(3) == Dense(3));
  CHECK_FALSE(Dense(3) == Dense(4));
  CHECK_FALSE(Dense(3) == Dense(3, {.activation = Activation::relu}));
  CHECK_FALSE(Dense(3) == Dense(3, {.use_bias = false}));
  CHECK_FALSE(Dense(3) == Dense(3, {.kernel_initializer = zeros()}));
}

TEST_CASE("Dense predicts a row of a batch and the row alone with the same bits", "[layers][dense]") {
  const Dense dense(33, {.activation = Activation::tanh});
  const std::size_t batch = 150;
  LayerRun<float> together(dense, {40}, {.batch = batch, .training = false});
  LayerRun<float> alone(dense, {40}, {.batch = 1, .training = false});
  const std::vector<float> x = normal_values<float>(batch * 40, 1);
  const auto y = together.forward(x);
  for (std::size_t b = 0; b < batch; ++b) {
    const auto row = alone.forward(std::span(x).subspan(b * 40, 40));
    CHECK(std::memcmp(row.data(), y.data() + b * 33, 33 * sizeof(float)) == 0);
  }
}

TEST_CASE("Dense learns without a gradient of its input", "[layers][dense]") {
  const Dense dense(5, {.activation = Activation::relu});
  LayerRun<double> with(dense, {4}, {.batch = 3});
  LayerRun<double> without(dense, {4}, {.batch = 3, .input_gradient = false, .poison = true});
  const std::vector<double> x = normal_values<double>(3 * 4, 1);
  const std::vector<double> dy = normal_values<double>(3 * 5, 2);
  CHECK(distance(with.forward(x), without.forward(x)) == 0);
  with.backward(dy);
  CHECK(without.backward(dy).empty());
  CHECK(distance(with.gradient("kernel"), without.gradient("kernel")) == 0);
  CHECK(distance(with.gradient("bias"), without.gradient("bias")) == 0);
}

TEST_CASE("Dense allocates nothing in steady state", "[layers][dense]") {
  for (const auto f : {Activation::softmax, Activation::silu}) {
    LayerRun<float> run(Dense(9, {.activation = f}), {6, 5}, {.batch = 3});
    const std::vector<float> x(3 * 6 * 5, 1.0F);
    const std::vector<float> dy(3 * 6 * 9, 1.0F);
    run.forward(x);
    run.backward(dy);
    const AllocationCount allocations;
    run.forward(x);
    run.backward(dy);
    CHECK(allocations.so_far() == 0);
  }
}
