#include "seqnn/layers/average_pool1d.hpp"

#include "fixtures/keras_layers.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"

#include <span>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

void check_against(const AveragePool1D& pool, std::span<const double> x, std::span<const double> y,
                   std::span<const double> dy, std::span<const double> dx) {
  CAPTURE(pool.to_string());
  LayerRun<double> run(pool, {11, 3}, {.batch = 2});
  check_close(run.forward(x), y, 1e-15);
  check_close(run.backward(dy), dx, 1e-15);
}

}  // namespace

TEST_CASE("AveragePool1D takes the mean of every two steps by default", "[layers][average_pool1d]") {
  // Two features; steps (1, 8) (5, 2) | (3, 3) (4, 9), and a fifth step that fills no window.
  LayerRun<float> run(AveragePool1D(), {5, 2});
  CHECK(run.output_shape() == Shape{2, 2});
  const auto y = run.forward(std::vector<float>{1, 8, 5, 2, 3, 3, 4, 9, 7, 7});
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{3, 5, 3.5, 6});
  const auto dx = run.backward(std::vector<float>{10, 20, 30, 40});
  CHECK(std::vector<float>(dx.begin(), dx.end()) == std::vector<float>{5, 10, 5, 10, 15, 20, 15, 20, 0, 0});
}

TEST_CASE("AveragePool1D with padding same counts only the steps there are", "[layers][average_pool1d]") {
  // Windows of 3 around every step of 1 2 6: (1 2), (1 2 6), (2 6).
  LayerRun<double> run(AveragePool1D(3, {.strides = 1, .padding = Padding::same}), {3, 1});
  const auto y = run.forward(std::vector<double>{1, 2, 6});
  CHECK(std::vector<double>(y.begin(), y.end()) == std::vector<double>{1.5, 3, 4});
  // dy = 2 6 2: the first step gets 2/2 + 6/3, the middle one 2/2 + 6/3 + 2/2.
  check_close(run.backward(std::vector<double>{2, 6, 2}), std::vector<double>{3, 4, 3}, 1e-15);
}

TEST_CASE("AveragePool1D agrees with Keras", "[layers][average_pool1d]") {
  namespace a = fixtures::keras_layers::average_pool_3_2_valid;
  namespace b = fixtures::keras_layers::average_pool_4_2_same;
  namespace c = fixtures::keras_layers::average_pool_2_3_valid;
  namespace d = fixtures::keras_layers::average_pool_3_1_same;
  check_against(AveragePool1D(3, {.strides = 2}), a::x, a::y, a::dy, a::dx);
  check_against(AveragePool1D(4, {.strides = 2, .padding = Padding::same}), b::x, b::y, b::dy, b::dx);
  check_against(AveragePool1D(2, {.strides = 3}), c::x, c::y, c::dy, c::dx);
  check_against(AveragePool1D(3, {.strides = 1, .padding = Padding::same}), d::x, d::y, d::dy, d::dx);
}

TEST_CASE("AveragePool1D's gradients agree with central differences", "[layers][average_pool1d]") {
  for (const Padding padding : {Padding::valid, Padding::same}) {
    for (const std::size_t strides : {0U, 1U, 2U, 5U}) {
      for (const std::size_t features : {3U, 9U}) {
        const AveragePool1D pool(3, {.strides = strides, .padding = padding});
        const GradientReport report = check_gradients(pool, {10, features});
        INFO(pool.to_string() + '\n' + report.to_string());
        CHECK(report.passed());
      }
    }
  }
}

TEST_CASE("AveragePool1D says its output length", "[layers][average_pool1d]") {
  const AveragePool1DLayer<float> five(AveragePool1D(5));
  CHECK(five.output_shape({494, 32}) == Shape{98, 32});
  CHECK(five.output_shape({kAnyLength, 14}) == Shape{kAnyLength, 14});
  const AveragePool1DLayer<float> same(AveragePool1D(4, {.padding = Padding::same}));
  CHECK(same.output_shape({10, 2}) == Shape{3, 2});
}

TEST_CASE("AveragePool1D refuses what it cannot pool", "[layers][average_pool1d]") {
  AveragePool1DLayer<float> layer(AveragePool1D(7, {.name = "pool_1"}));
  CHECK_THROWS_MATCHES(layer.output_shape({10}), ShapeError,
                       Message("AveragePool1D \"pool_1\": input must be (batch, time, features), got (batch, 10); put "
                               "it where the input still is a sequence"));
  CHECK_THROWS_MATCHES(layer.output_shape({5, 64}), ShapeError,
                       Message("AveragePool1D \"pool_1\": pool_size 7 exceeds the 5 time steps of input (batch, 5, "
                               "64); pad, or use a shorter window"));
  CHECK_THROWS_MATCHES(AveragePool1D(0), OptionError, Message("AveragePool1D: pool_size must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(
      AveragePool1D(2, {.padding = Padding::causal, .name = "p"}), OptionError,
      Message("AveragePool1D \"p\": padding must be valid or same, got causal; causal is for convolutions"));
}

TEST_CASE("AveragePool1D is a value that prints as written", "[layers][average_pool1d]") {
  CHECK(AveragePool1D().to_string() == "AveragePool1D(2)");
  CHECK(AveragePool1D(3, {.strides = 2, .padding = Padding::same, .name = "p"}).to_string() ==
        "AveragePool1D(3, {.strides = 2, .padding = Padding::same, .name = \"p\"})");
  CHECK(AveragePool1D(3) == AveragePool1D(3));
  CHECK_FALSE(AveragePool1D(3) == AveragePool1D(3, {.strides = 1}));
}

TEST_CASE("AveragePool1D allocates nothing in steady state", "[layers][average_pool1d]") {
  LayerRun<float> run(AveragePool1D(3, {.strides = 2}), {11, 9}, {.batch = 3});
  const std::vector<float> x(3 * 11 * 9, 1.0F);
  const std::vector<float> dy(3 * 5 * 9, 1.0F);
  run.forward(x);
  run.backward(dy);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
