#include "seqnn/layers/leaky_relu.hpp"

#include "fixtures/keras_activations.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("LeakyReLU has a smaller slope below zero", "[layers][leaky_relu]") {
  LayerRun<float> run(LeakyReLU(0.25), {4});
  const auto y = run.forward(std::vector<float>{-8, 0, 3, -2});
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{-2, 0, 3, -0.5F});
  const auto dx = run.backward(std::vector<float>{4, 8, 5, -4});
  CHECK(std::vector<float>(dx.begin(), dx.end()) == std::vector<float>{1, 2, 5, -1});
}

TEST_CASE("LeakyReLU agrees with Keras", "[layers][leaky_relu]") {
  namespace k = fixtures::keras_activations::leaky_relu_layer;
  LayerRun<double> run(LeakyReLU(), {5}, {.batch = 4});
  check_close(run.forward(k::x), k::y, 1e-15);
  check_close(run.backward(k::dy), k::dx, 1e-15);
}

TEST_CASE("LeakyReLU's gradients agree with central differences", "[layers][leaky_relu]") {
  for (const double slope : {0.0, 0.3, 2.0}) {
    const GradientReport report = check_gradients(LeakyReLU(slope), {7, 5});
    INFO(report.to_string());
    CHECK(report.passed());
  }
}

TEST_CASE("LeakyReLU keeps NaN and masks", "[layers][leaky_relu]") {
  LayerRun<float> run(LeakyReLU(), {1});
  CHECK(std::isnan(run.forward(std::vector<float>{std::numeric_limits<float>::quiet_NaN()})[0]));
  CHECK(run.layer().mask_use() == MaskUse::keeps);
}

TEST_CASE("LeakyReLU refuses slopes below 0", "[layers][leaky_relu]") {
  CHECK_THROWS_MATCHES(LeakyReLU(-0.5, {.name = "leaky"}), OptionError,
                       Message("LeakyReLU \"leaky\": negative_slope must be a number of at least 0, got -0.5"));
  CHECK_THROWS_AS(LeakyReLU(std::numeric_limits<double>::quiet_NaN()), OptionError);
  CHECK_THROWS_AS(LeakyReLU(std::numeric_limits<double>::infinity()), OptionError);
}

TEST_CASE("LeakyReLU is a value that prints as written", "[layers][leaky_relu]") {
  CHECK(LeakyReLU().to_string() == "LeakyReLU(0.3)");
  CHECK(LeakyReLU(0.1, {.name = "l"}).to_string() == "LeakyReLU(0.1, {.name = \"l\"})");
  CHECK(LeakyReLU(0.1) == LeakyReLU(0.1));
  CHECK_FALSE(LeakyReLU(0.1) == LeakyReLU(0.2));
}

TEST_CASE("LeakyReLU allocates nothing in steady state", "[layers][leaky_relu]") {
  LayerRun<float> run(LeakyReLU(), {11, 9}, {.batch = 3});
  const std::vector<float> x(3 * 11 * 9, 1.0F);
  run.forward(x);
  run.backward(x);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(x);
  CHECK(allocations.so_far() == 0);
}
