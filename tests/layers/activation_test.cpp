#include "seqnn/layers/activation.hpp"

#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinRel;

namespace {
constexpr Activation::Function kAll[] = {
    Activation::linear,   Activation::relu,        Activation::tanh, Activation::sigmoid,   Activation::hard_sigmoid,
    Activation::softmax,  Activation::leaky_relu,  Activation::elu,  Activation::selu,      Activation::softplus,
    Activation::softsign, Activation::exponential, Activation::gelu, Activation::gelu_tanh, Activation::silu,
    Activation::mish,     Activation::hard_silu};
}  // namespace

TEST_CASE("Activation applies softmax to every row", "[layers][activation]") {
  // Rows (0, ln 3) and (ln 4, 0): 1/4 3/4 and 4/5 1/5. With dy = (1, 0): dx = y·(dy - y_0) = (3/16, -3/16), (4/25,
  // -4/25).
  LayerRun<double> run(Activation(Activation::softmax), {2, 2});
  const auto y = run.forward(std::vector<double>{0, std::log(3.0), std::log(4.0), 0});
  const double expected[] = {0.25, 0.75, 0.8, 0.2};
  for (std::size_t i = 0; i < 4; ++i) CHECK_THAT(y[i], WithinRel(expected[i], 1e-15));
  const auto dx = run.backward(std::vector<double>{1, 0, 1, 0});
  const double gradient[] = {0.1875, -0.1875, 0.16, -0.16};
  for (std::size_t i = 0; i < 4; ++i) CHECK_THAT(dx[i], WithinRel(gradient[i], 1e-14));
}

TEST_CASE("Activation's gradients agree with central differences", "[layers][activation]") {
  for (const auto f : kAll) {
    const GradientReport report = check_gradients(Activation(f), {3, 5});
    INFO(Activation(f).to_string() + '\n' + report.to_string());
    CHECK(report.passed());
  }
}

TEST_CASE("Activation prints as written", "[layers][activation]") {
  CHECK(Activation(Activation::softmax).to_string() == "Activation::softmax");
  CHECK(Activation(Activation::leaky_relu).to_string() == "Activation::leaky_relu");
  CHECK(Activation(Activation::elu).to_string() == "Activation::elu");
  CHECK(Activation(Activation::selu).to_string() == "Activation::selu");
  CHECK(Activation(Activation::softplus).to_string() == "Activation::softplus");
  CHECK(Activation(Activation::softsign).to_string() == "Activation::softsign");
  CHECK(Activation(Activation::exponential).to_string() == "Activation::exponential");
  CHECK(Activation(Activation::gelu).to_string() == "Activation::gelu");
  CHECK(Activation(Activation::gelu_tanh).to_string() == "Activation::gelu_tanh");
  CHECK(Activation(Activation::swish).to_string() == "Activation::silu");
  CHECK(Activation(Activation::mish).to_string() == "Activation::mish");
  CHECK(Activation(Activation::hard_swish).to_string() == "Activation::hard_silu");
}

TEST_CASE("Activation keeps the shape, and linear passes through", "[layers][activation]") {
  for (const auto f : kAll) {
    const ActivationLayer<float> layer{Activation(f)};
    CHECK(layer.output_shape({kAnyLength, 3}) == Shape{kAnyLength, 3});
    CHECK(layer.passes_through(true) == (f == Activation::linear));
  }
}

TEST_CASE("Activation refuses softmax over an axis of open length", "[layers][activation]") {
  const auto layer = LayerRecipe<float>(Activation(Activation::softmax)).make();
  layer->set_name("probabilities");
  CHECK_THROWS_MATCHES(
      layer->output_shape({3, kAnyLength}), ShapeError,
      Message("Activation \"probabilities\": softmax needs a last axis of fixed length, got (batch, 3, any)"));
  CHECK_THROWS_MATCHES(layer->output_shape({3, 0}), ShapeError,
                       Message("Activation \"probabilities\": no axis of the input may be empty, got (batch, 3, 0)"));
}

TEST_CASE("Activation allocates nothing in steady state", "[layers][activation]") {
  for (const auto f : kAll) {
    LayerRun<float> run(Activation(f), {11, 9}, {.batch = 3});
    const std::vector<float> x(3 * 11 * 9, 1.0F);
    run.forward(x);
    run.backward(x);
    const AllocationCount allocations;
    run.forward(x);
    run.backward(x);
    CHECK(allocations.so_far() == 0);
  }
}
