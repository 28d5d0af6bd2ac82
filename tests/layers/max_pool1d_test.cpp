#include "seqnn/layers/max_pool1d.hpp"

#include "fixtures/pooling.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

void check_against(const MaxPool1D& pool, std::span<const double> x, std::span<const double> y,
                   std::span<const double> dy, std::span<const double> dx) {
  CAPTURE(pool.to_string());
  LayerRun<double> run(pool, {11, 3}, {.batch = 2});
  const auto out = run.forward(x);
  CHECK(std::equal(out.begin(), out.end(), y.begin(), y.end()));
  const auto grad = run.backward(dy);
  REQUIRE(grad.size() == dx.size());
  for (std::size_t i = 0; i < dx.size(); ++i) CHECK_THAT(grad[i], WithinAbs(dx[i], 1e-15));
}

}  // namespace

TEST_CASE("MaxPool1D takes the largest of every two steps by default", "[layers][max_pool1d]") {
  // Two features; steps (1, 8) (5, 2) | (3, 3) (4, 9), and a fifth step that fills no window.
  LayerRun<float> run(MaxPool1D(), {5, 2});
  CHECK(run.output_shape() == Shape{2, 2});
  const auto y = run.forward(std::vector<float>{1, 8, 5, 2, 3, 3, 4, 9, 7, 7});
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{5, 8, 4, 9});
  const auto dx = run.backward(std::vector<float>{10, 20, 30, 40});
  CHECK(std::vector<float>(dx.begin(), dx.end()) == std::vector<float>{0, 20, 10, 0, 0, 0, 30, 40, 0, 0});
}

TEST_CASE("MaxPool1D gives the gradient of equal values to the first", "[layers][max_pool1d]") {
  LayerRun<float> run(MaxPool1D(3), {3, 1});
  run.forward(std::vector<float>{0, 0, 0});
  const auto dx = run.backward(std::vector<float>{5});
  CHECK(std::vector<float>(dx.begin(), dx.end()) == std::vector<float>{5, 0, 0});
}

TEST_CASE("MaxPool1D agrees with PyTorch", "[layers][max_pool1d]") {
  namespace a = fixtures::pooling::pool_3_2_valid;
  namespace b = fixtures::pooling::pool_4_2_same;
  namespace c = fixtures::pooling::pool_2_3_valid;
  namespace d = fixtures::pooling::pool_3_1_same;
  check_against(MaxPool1D(3, {.strides = 2}), a::x, a::y, a::dy, a::dx);
  check_against(MaxPool1D(4, {.strides = 2, .padding = Padding::same}), b::x, b::y, b::dy, b::dx);
  check_against(MaxPool1D(2, {.strides = 3}), c::x, c::y, c::dy, c::dx);
  check_against(MaxPool1D(3, {.strides = 1, .padding = Padding::same}), d::x, d::y, d::dy, d::dx);
}

TEST_CASE("MaxPool1D's gradients agree with central differences", "[layers][max_pool1d]") {
  for (const Padding padding : {Padding::valid, Padding::same}) {
    for (const std::size_t strides : {0U, 1U, 2U, 5U}) {
      const GradientReport report = check_gradients(MaxPool1D(3, {.strides = strides, .padding = padding}), {10, 3});
      INFO(report.to_string());
      CHECK(report.passed());
    }
  }
}

TEST_CASE("MaxPool1D says its output length", "[layers][max_pool1d]") {
  const MaxPool1DLayer<float> five(MaxPool1D(5));
  CHECK(five.output_shape({494, 32}) == Shape{98, 32});
  CHECK(five.output_shape({5, 1}) == Shape{1, 1});
  CHECK(five.output_shape({kAnyLength, 14}) == Shape{kAnyLength, 14});
  const MaxPool1DLayer<float> same(MaxPool1D(4, {.padding = Padding::same}));
  CHECK(same.output_shape({10, 2}) == Shape{3, 2});
  CHECK(same.output_shape({1, 2}) == Shape{1, 2});
}

TEST_CASE("MaxPool1D refuses what it cannot pool", "[layers][max_pool1d]") {
  MaxPool1DLayer<float> layer(MaxPool1D(7, {.name = "pool_1"}));
  CHECK_THROWS_MATCHES(layer.output_shape({10}), ShapeError,
                       Message("MaxPool1D \"pool_1\": input must be (batch, time, features), got (batch, 10); put it "
                               "where the input still is a sequence"));
  CHECK_THROWS_MATCHES(layer.output_shape({5, 64}), ShapeError,
                       Message("MaxPool1D \"pool_1\": pool_size 7 exceeds the 5 time steps of input (batch, 5, 64); "
                               "pad, or use a shorter window"));
  CHECK_THROWS_MATCHES(layer.output_shape({0, 64}), ShapeError,
                       Message("MaxPool1D \"pool_1\": no axis of the input may be empty, got (batch, 0, 64)"));
  ParameterLayout parameters;
  CHECK_THROWS_AS(layer.build({5, 64}, parameters), ShapeError);
  CHECK_THROWS_MATCHES(MaxPool1D(0), OptionError, Message("MaxPool1D: pool_size must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(MaxPool1D(std::size_t{1} << 24), OptionError,
                       Message("MaxPool1D: pool_size must be below 2^24, got 16777216"));
  CHECK_THROWS_MATCHES(
      MaxPool1D(2, {.padding = Padding::causal, .name = "p"}), OptionError,
      Message("MaxPool1D \"p\": padding must be valid or same, got causal; causal is for convolutions"));
}

TEST_CASE("MaxPool1D is a value that prints as written", "[layers][max_pool1d]") {
  CHECK(MaxPool1D().to_string() == "MaxPool1D(2)");
  CHECK(MaxPool1D(3, {.strides = 2, .padding = Padding::same, .name = "p"}).to_string() ==
        "MaxPool1D(3, {.strides = 2, .padding = Padding::same, .name = \"p\"})");
  CHECK(MaxPool1D(3) == MaxPool1D(3));
  CHECK_FALSE(MaxPool1D(3) == MaxPool1D(3, {.strides = 1}));
}

TEST_CASE("MaxPool1D gives the same values without training, and keeps nothing", "[layers][max_pool1d]") {
  LayerRun<double> training(MaxPool1D(3), {11, 3}, {.batch = 2});
  LayerRun<double> predicting(MaxPool1D(3), {11, 3}, {.batch = 2, .training = false});
  const auto a = training.forward(fixtures::pooling::pool_3_2_valid::x);
  const auto b = predicting.forward(fixtures::pooling::pool_3_2_valid::x);
  CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
  CHECK(training.kept_bytes() > 0);
  CHECK(predicting.kept_bytes() == 0);
}

TEST_CASE("MaxPool1D allocates nothing in steady state", "[layers][max_pool1d]") {
  LayerRun<float> run(MaxPool1D(3, {.strides = 2}), {11, 9}, {.batch = 3});
  const std::vector<float> x(3 * 11 * 9, 1.0F);
  const std::vector<float> dy(3 * 5 * 9, 1.0F);
  run.forward(x);
  run.backward(dy);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
