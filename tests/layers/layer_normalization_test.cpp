#include "seqnn/layers/layer_normalization.hpp"

#include "fixtures/keras_layers.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

TEST_CASE("LayerNormalization brings every position to mean 0 and variance 1", "[layers][layer_normalization]") {
  // Rows 1 3: mean 2, variance 1; 10 30: mean 20, variance 100. With epsilon 0.21: 1/sqrt(1.21) = 1/1.1.
  LayerRun<double> run(LayerNormalization({.epsilon = 0.21}), {2, 2});
  run.parameter("gamma")[0] = 2.2;
  run.parameter("gamma")[1] = 1.1;
  run.parameter("beta")[0] = 5;
  const double large = 10 / std::sqrt(100.21);
  check_close(run.forward(std::vector<double>{1, 3, 10, 30}),
              std::vector<double>{5 - 2, 1, 5 - 2.2 * large, 1.1 * large}, 1e-15);
}

TEST_CASE("LayerNormalization agrees with Keras", "[layers][layer_normalization]") {
  namespace a = fixtures::keras_layers::layer_normalization;
  LayerRun<double> run(LayerNormalization(), {3, 5}, {.batch = 2});
  std::copy(std::begin(a::gamma), std::end(a::gamma), run.parameter("gamma").begin());
  std::copy(std::begin(a::beta), std::end(a::beta), run.parameter("beta").begin());
  check_close(run.forward(a::x), a::y, 1e-14);
  check_close(run.backward(a::dy), a::dx, 1e-14);
  check_close(run.gradient("gamma"), a::dgamma, 1e-14);
  check_close(run.gradient("beta"), a::dbeta, 1e-14);

  namespace b = fixtures::keras_layers::layer_normalization_plain;
  LayerRun<double> plain(LayerNormalization({.epsilon = 0.1, .center = false, .scale = false}), {4}, {.batch = 3});
  CHECK(plain.layout().infos().empty());
  check_close(plain.forward(b::x), b::y, 1e-14);
  check_close(plain.backward(b::dy), b::dx, 1e-14);
}

TEST_CASE("LayerNormalization's gradients agree with central differences", "[layers][layer_normalization]") {
  for (const bool center : {true, false}) {
    for (const bool scale : {true, false}) {
      for (const Shape& shape : {Shape{4, 3}, Shape{19}, Shape{2, 2, 8}}) {
        const GradientReport report = check_gradients(LayerNormalization({.center = center, .scale = scale}), shape);
        INFO(report.to_string());
        CHECK(report.passed());
      }
    }
  }
}

TEST_CASE("LayerNormalization in float loses nothing beside a large mean, at every width",
          "[layers][layer_normalization]") {
  for (const std::size_t width : Sizes{2, 7, 16, 17, 67}) {
    CAPTURE(width);
    LayerRun<float> run(LayerNormalization(), {width}, {.batch = 2});
    std::vector<float> x(2 * width);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = (i < width ? 0.0F : 4096.0F) + static_cast<float>(i % width % 5);
    const auto y = run.forward(x);
    for (std::size_t i = 0; i < width; ++i) CHECK_THAT(y[width + i], WithinAbs(double{y[i]}, 2e-3));
  }
}

TEST_CASE("LayerNormalization makes a row with a NaN all NaN, and no other", "[layers][layer_normalization]") {
  LayerRun<float> run(LayerNormalization(), {2, 5});
  std::vector<float> x(10, 1.0F);
  x[2] = std::numeric_limits<float>::quiet_NaN();
  const auto y = run.forward(x);
  CHECK(std::all_of(y.begin(), y.begin() + 5, [](float v) { return std::isnan(v); }));
  CHECK(std::all_of(y.begin() + 5, y.end(), [](float v) { return v == 0; }));
}

TEST_CASE("LayerNormalization refuses what it cannot normalize", "[layers][layer_normalization]") {
  LayerNormalizationLayer<float> layer(LayerNormalization({.name = "norm"}));
  CHECK_THROWS_MATCHES(layer.output_shape({3, kAnyLength}), ShapeError,
                       Message("LayerNormalization \"norm\": input must be (batch, …, features), got (batch, 3, any); "
                               "the last axis is the number of features and must be fixed"));
  CHECK_THROWS_MATCHES(layer.output_shape({0, 4}), ShapeError,
                       Message("LayerNormalization \"norm\": no axis of the input may be empty, got (batch, 0, 4)"));
  CHECK(layer.output_shape({kAnyLength, 4}) == Shape{kAnyLength, 4});
  ParameterLayout parameters;
  layer.build({3, 4}, parameters);
  CHECK_THROWS_MATCHES(layer.output_shape({3, 5}), ShapeError,
                       Message("LayerNormalization \"norm\": input must be (batch, …, 4), got (batch, 3, 5); the last "
                               "axis is the number of features and must be fixed"));
  CHECK_THROWS_MATCHES(LayerNormalization({.epsilon = 0, .name = "n"}), OptionError,
                       Message("LayerNormalization \"n\": epsilon must be a positive number, got 0"));
  CHECK_THROWS_AS(LayerNormalization({.epsilon = std::numeric_limits<double>::quiet_NaN()}), OptionError);
}

TEST_CASE("LayerNormalization is a value that prints as written", "[layers][layer_normalization]") {
  CHECK(LayerNormalization().to_string() == "LayerNormalization()");
  CHECK(LayerNormalization({.epsilon = 1e-6, .center = false, .gamma_initializer = constant(2), .name = "n"})
            .to_string() ==
        "LayerNormalization({.epsilon = 1e-06, .center = false, .gamma_initializer = constant(2), .name = \"n\"})");
  CHECK(LayerNormalization() == LayerNormalization());
  CHECK_FALSE(LayerNormalization() == LayerNormalization({.scale = false}));
}

TEST_CASE("LayerNormalization keeps masks, and nothing in prediction", "[layers][layer_normalization]") {
  CHECK(LayerNormalizationLayer<float>(LayerNormalization()).mask_use() == MaskUse::keeps);
  LayerRun<double> training(LayerNormalization(), {3, 4});
  LayerRun<double> predicting(LayerNormalization(), {3, 4}, {.training = false});
  CHECK(training.kept_bytes() > 0);
  CHECK(predicting.kept_bytes() == 0);
  const std::vector<double> x = normal_values<double>(12, 1);
  const auto a = training.forward(x);
  const auto b = predicting.forward(x);
  CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
}

TEST_CASE("LayerNormalization allocates nothing in steady state", "[layers][layer_normalization]") {
  LayerRun<float> run(LayerNormalization(), {11, 9}, {.batch = 3});
  const std::vector<float> x = normal_values<float>(3 * 11 * 9, 1);
  run.forward(x);
  run.backward(x);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(x);
  CHECK(allocations.so_far() == 0);
}
