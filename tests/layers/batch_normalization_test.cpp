#include "seqnn/layers/batch_normalization.hpp"

#include "fixtures/batch_normalization.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

void set(LayerRun<double>& run, const char* name, std::span<const double> values) {
  std::copy(values.begin(), values.end(), run.parameter(name).begin());
}

}  // namespace

TEST_CASE("BatchNormalization normalizes features over the batch, and moves towards its statistics",
          "[layers][batch_normalization]") {
  // Features 1 3 and 10 30: means 2 and 20, variances 1 and 100. With epsilon 0.21: 1/sqrt(1.21) = 1/1.1.
  LayerRun<double> run(BatchNormalization({.momentum = 0.75, .epsilon = 0.21}), {2}, {.batch = 2});
  set(run, "gamma", std::vector<double>{2.2, 1.1});
  set(run, "beta", std::vector<double>{5, 0});
  const double large = 10 / std::sqrt(100.21);
  check_close(run.forward(std::vector<double>{1, 10, 3, 30}),
              std::vector<double>{5 - 2, -1.1 * large, 5 + 2, 1.1 * large}, 1e-15);
  run.backward(std::vector<double>{0, 0, 0, 0});
  check_close(run.parameter("moving_mean"), std::vector<double>{0.25 * 2, 0.25 * 20}, 1e-15);
  check_close(run.parameter("moving_variance"), std::vector<double>{0.75 + 0.25 * 1, 0.75 + 0.25 * 100}, 1e-15);
}

TEST_CASE("BatchNormalization agrees with Keras", "[layers][batch_normalization]") {
  namespace a = fixtures::batch_normalization::sequence;
  for (const bool training : {true, false}) {
    LayerRun<double> run(BatchNormalization(), {3, 5}, {.batch = 4, .training = training});
    set(run, "gamma", a::gamma);
    set(run, "beta", a::beta);
    if (training) {
      set(run, "moving_mean", a::mean);
      set(run, "moving_variance", a::variance);
      check_close(run.forward(a::x), a::y, 1e-14);
      check_close(run.backward(a::dy), a::dx, 1e-14);
      check_close(run.gradient("gamma"), a::dgamma, 1e-14);
      check_close(run.gradient("beta"), a::dbeta, 1e-14);
      check_close(run.parameter("moving_mean"), a::moved_mean, 1e-14);
      check_close(run.parameter("moving_variance"), a::moved_variance, 1e-14);
    } else {
      set(run, "moving_mean", a::moved_mean);
      set(run, "moving_variance", a::moved_variance);
      check_close(run.forward(a::x), a::predicted, 1e-14);
    }
  }
}

TEST_CASE("BatchNormalization without gamma and beta agrees with Keras", "[layers][batch_normalization]") {
  namespace a = fixtures::batch_normalization::plain;
  const BatchNormalization plain({.momentum = 0.5, .epsilon = 0.1, .center = false, .scale = false});
  LayerRun<double> run(plain, {3}, {.batch = 7});
  CHECK(run.layout().infos().size() == 2);
  set(run, "moving_mean", a::mean);
  set(run, "moving_variance", a::variance);
  check_close(run.forward(a::x), a::y, 1e-14);
  check_close(run.backward(a::dy), a::dx, 1e-14);
  check_close(run.parameter("moving_mean"), a::moved_mean, 1e-14);
  check_close(run.parameter("moving_variance"), a::moved_variance, 1e-14);
}

TEST_CASE("BatchNormalization leaves masked steps out of its statistics, as Keras does",
          "[layers][batch_normalization]") {
  namespace a = fixtures::batch_normalization::masked;
  LayerRun<double> run(BatchNormalization(), {4, 2}, {.batch = 3});
  set(run, "gamma", a::gamma);
  set(run, "beta", a::beta);
  set(run, "moving_mean", a::mean);
  set(run, "moving_variance", a::variance);
  run.set_mask(std::vector<std::uint8_t>(std::begin(a::mask), std::end(a::mask)));
  check_close(run.forward(a::x), a::y, 1e-14);
  check_close(run.backward(a::dy), a::dx, 1e-13);
  check_close(run.gradient("gamma"), a::dgamma, 1e-14);
  check_close(run.gradient("beta"), a::dbeta, 1e-14);
  check_close(run.parameter("moving_mean"), a::moved_mean, 1e-14);
  check_close(run.parameter("moving_variance"), a::moved_variance, 1e-14);
}

TEST_CASE("BatchNormalization leaves out all rows of a masked step", "[layers][batch_normalization]") {
  // By hand, means divided by 4 + 1e-7: the rows of the first sample's step 0 and the second's step 1.
  LayerRun<double> small(BatchNormalization({.momentum = 0, .epsilon = 1}), {2, 2, 1}, {.batch = 2});
  small.set_mask(std::vector<std::uint8_t>{1, 0, 0, 1});
  const auto y = small.forward(std::vector<double>{1, 3, 70, 80, 90, 60, 5, 7});
  const double scale = 1 / std::sqrt(5.0 + 1);
  const std::vector<double> expected = {-3, -1, 66, 76, 86, 56, 1, 3};
  for (std::size_t i = 0; i < y.size(); ++i) CHECK_THAT(y[i], WithinAbs(expected[i] * scale, 1e-5));

  // The same as rows that are steps of their own; more than one of the kernels' blocks.
  constexpr std::size_t kBatch = 9, T = 5, R = 3, C = 17;
  LayerRun<double> run(BatchNormalization(), {T, R, C}, {.batch = kBatch});
  LayerRun<double> flat(BatchNormalization(), {T * R, C}, {.batch = kBatch});
  std::vector<std::uint8_t> mask(kBatch * T);
  std::vector<std::uint8_t> rows(kBatch * T * R);
  for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = i * i % 7 < 3 ? 0 : 1;
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = mask[i / R];
  run.set_mask(mask);
  flat.set_mask(rows);
  const std::vector<double> x = normal_values<double>(rows.size() * C, 1);
  const std::vector<double> dy = normal_values<double>(rows.size() * C, 2);
  check_close(run.forward(x), flat.forward(x), 0);
  check_close(run.backward(dy), flat.backward(dy), 0);
  for (const char* name : {"gamma", "beta"}) check_close(run.gradient(name), flat.gradient(name), 0);
  for (const char* name : {"moving_mean", "moving_variance"}) check_close(run.parameter(name), flat.parameter(name), 0);
}

TEST_CASE("BatchNormalization's gradients agree with central differences", "[layers][batch_normalization]") {
  for (const bool center : {true, false}) {
    for (const bool scale : {true, false}) {
      for (const Shape& shape : {Shape{4, 3}, Shape{19}, Shape{2, 2, 8}}) {
        const GradientReport report = check_gradients(BatchNormalization({.center = center, .scale = scale}), shape);
        INFO(report.to_string());
        CHECK(report.passed());
      }
    }
  }
  for (const Shape& shape : {Shape{3, 4}, Shape{3, 2, 4}}) {
    const GradientReport masked = check_gradients(BatchNormalization(), shape, {.mask = {1, 0, 1, 1, 1, 0, 0, 0, 1}});
    INFO(masked.to_string());
    CHECK(masked.passed());
  }
}

TEST_CASE("BatchNormalization in float loses nothing beside a large mean, or over many rows",
          "[layers][batch_normalization]") {
  for (const std::size_t width : Sizes{1, 7, 16, 17, 67}) {
    CAPTURE(width);
    const std::size_t batch = 1000;
    LayerRun<float> run(BatchNormalization({.momentum = 0}), {width}, {.batch = batch});
    std::vector<float> x(batch * width);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = 4096.0F + static_cast<float>(i / width % 5);
    const auto y = run.forward(x);
    for (std::size_t j = 0; j < width; ++j) CHECK_THAT(y[j], WithinAbs(-2 / std::sqrt(2.001), 1e-6));
    run.backward(x);
    CHECK(run.parameter("moving_mean")[width - 1] == 4098);
    CHECK_THAT(run.parameter("moving_variance")[width - 1], WithinAbs(2.0, 1e-6));
  }
}

TEST_CASE("BatchNormalization does not let a batch with NaN into its moving statistics",
          "[layers][batch_normalization]") {
  LayerRun<float> run(BatchNormalization(), {2}, {.batch = 2});
  const std::vector<float> x = {1, std::numeric_limits<float>::quiet_NaN(), 2, 3};
  const auto y = run.forward(x);
  CHECK(std::isnan(y[1]));
  CHECK_FALSE(std::isnan(y[0]));
  run.backward(x);
  CHECK(run.parameter("moving_mean")[0] == 0);
  CHECK(run.parameter("moving_variance")[1] == 1);
}

TEST_CASE("BatchNormalization refuses what it cannot normalize", "[layers][batch_normalization]") {
  BatchNormalizationLayer<float> layer(BatchNormalization({.name = "norm"}));
  CHECK_THROWS_MATCHES(layer.output_shape({3, kAnyLength}), ShapeError,
                       Message("BatchNormalization \"norm\": input must be (batch, …, features), got (batch, 3, any); "
                               "the last axis is the number of features and must be fixed"));
  CHECK_THROWS_MATCHES(layer.output_shape({0, 4}), ShapeError,
                       Message("BatchNormalization \"norm\": no axis of the input may be empty, got (batch, 0, 4)"));
  CHECK(layer.output_shape({kAnyLength, 4}) == Shape{kAnyLength, 4});
  ParameterLayout parameters;
  layer.build({3, 4}, parameters);
  CHECK_THROWS_MATCHES(layer.output_shape({3, 5}), ShapeError,
                       Message("BatchNormalization \"norm\": input must be (batch, …, 4), got (batch, 3, 5); the last "
                               "axis is the number of features and must be fixed"));
  CHECK_THROWS_MATCHES(BatchNormalization({.epsilon = 0, .name = "n"}), OptionError,
                       Message("BatchNormalization \"n\": epsilon must be a positive number, got 0"));
  CHECK_THROWS_MATCHES(BatchNormalization({.momentum = 1.5}), OptionError,
                       Message("BatchNormalization: momentum must be in [0, 1], got 1.5"));
  CHECK_THROWS_AS(BatchNormalization({.momentum = std::numeric_limits<double>::quiet_NaN()}), OptionError);
}

TEST_CASE("BatchNormalization is a value that prints as written", "[layers][batch_normalization]") {
  CHECK(BatchNormalization().to_string() == "BatchNormalization()");
  CHECK(BatchNormalization({.momentum = 0.9,
                            .epsilon = 1e-6,
                            .center = false,
                            .scale = false,
                            .moving_mean_initializer = constant(2),
                            .name = "n"})
            .to_string() ==
        "BatchNormalization({.momentum = 0.9, .epsilon = 1e-06, .center = false, .scale = false, "
        ".moving_mean_initializer = constant(2), .name = \"n\"})");
  CHECK(BatchNormalization() == BatchNormalization());
  CHECK_FALSE(BatchNormalization() == BatchNormalization({.momentum = 0.9}));
}

TEST_CASE("BatchNormalization allocates nothing in steady state", "[layers][batch_normalization]") {
  LayerRun<float> run(BatchNormalization(), {11, 9}, {.batch = 3});
  const std::vector<float> x = normal_values<float>(3 * 11 * 9, 1);
  run.forward(x);
  run.backward(x);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(x);
  CHECK(allocations.so_far() == 0);
}
