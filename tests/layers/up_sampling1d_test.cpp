#include "seqnn/layers/up_sampling1d.hpp"

#include "fixtures/keras_layers.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"

#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("UpSampling1D repeats every step, twice by default", "[layers][up_sampling1d]") {
  // Steps (1, 2) and (3, 4); the gradient of a step is the sum over its copies.
  LayerRun<float> run(UpSampling1D(), {2, 2});
  CHECK(run.output_shape() == Shape{4, 2});
  const auto y = run.forward(std::vector<float>{1, 2, 3, 4});
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{1, 2, 1, 2, 3, 4, 3, 4});
  const auto dx = run.backward(std::vector<float>{1, 2, 10, 20, 3, 4, 30, 40});
  CHECK(std::vector<float>(dx.begin(), dx.end()) == std::vector<float>{11, 22, 33, 44});
}

TEST_CASE("UpSampling1D agrees with Keras", "[layers][up_sampling1d]") {
  {
    namespace k = fixtures::keras_layers::up_sampling;
    LayerRun<double> run(UpSampling1D(3), {4, 3}, {.batch = 2});
    check_close(run.forward(k::x), k::y, 0);
    check_close(run.backward(k::dy), k::dx, 1e-15);
  }
}

TEST_CASE("UpSampling1D's gradients agree with central differences", "[layers][up_sampling1d]") {
  {
    const GradientReport report = check_gradients(UpSampling1D(1), {3, 2});
    INFO(report.to_string());
    CHECK(report.passed());
  }
  {
    const GradientReport report = check_gradients(UpSampling1D(4), {3, 17});
    INFO(report.to_string());
    CHECK(report.passed());
  }
}

TEST_CASE("UpSampling1D refuses what it cannot repeat", "[layers][up_sampling1d]") {
  UpSampling1DLayer<float> layer(UpSampling1D(3, {.name = "up"}));
  CHECK(layer.output_shape({kAnyLength, 2}) == Shape{kAnyLength, 2});
  CHECK(layer.mask_use() == MaskUse::refuses);
  CHECK_THROWS_MATCHES(layer.output_shape({10}), ShapeError,
                       Message("UpSampling1D \"up\": input must be (batch, time, features), got (batch, 10)"));
  CHECK_THROWS_MATCHES(UpSampling1D(0), OptionError, Message("UpSampling1D: size must be at least 1, got 0"));
}

TEST_CASE("UpSampling1D is a value that prints as written", "[layers][up_sampling1d]") {
  CHECK(UpSampling1D().to_string() == "UpSampling1D(2)");
  CHECK(UpSampling1D(3, {.name = "up"}).to_string() == "UpSampling1D(3, {.name = \"up\"})");
  CHECK(UpSampling1D(3) == UpSampling1D(3));
  CHECK_FALSE(UpSampling1D(3) == UpSampling1D(2));
}

TEST_CASE("UpSampling1D allocates nothing in steady state", "[layers][up_sampling1d]") {
  LayerRun<float> run(UpSampling1D(2), {11, 9}, {.batch = 3});
  const std::vector<float> x(3 * 11 * 9, 1.0F);
  const std::vector<float> dy(3 * 22 * 9, 1.0F);
  run.forward(x);
  run.backward(dy);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
