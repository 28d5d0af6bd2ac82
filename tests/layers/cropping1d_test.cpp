#include "seqnn/layers/cropping1d.hpp"

#include "fixtures/keras_layers.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"

#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("Cropping1D leaves out steps at both ends", "[layers][cropping1d]") {
  LayerRun<float> run(Cropping1D({2, 1}), {5, 1});
  CHECK(run.output_shape() == Shape{2, 1});
  const auto y = run.forward(std::vector<float>{1, 2, 3, 4, 5});
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{3, 4});
  const auto dx = run.backward(std::vector<float>{7, 8});
  CHECK(std::vector<float>(dx.begin(), dx.end()) == std::vector<float>{0, 0, 7, 8, 0});
}

TEST_CASE("Cropping1D agrees with Keras", "[layers][cropping1d]") {
  {
    namespace k = fixtures::keras_layers::cropping;
    LayerRun<double> run(Cropping1D({1, 2}), {6, 3}, {.batch = 2});
    check_close(run.forward(k::x), k::y, 0);
    check_close(run.backward(k::dy), k::dx, 1e-15);
  }
}

TEST_CASE("Cropping1D's gradients agree with central differences", "[layers][cropping1d]") {
  {
    const GradientReport report = check_gradients(Cropping1D(), {3, 2});
    INFO(report.to_string());
    CHECK(report.passed());
  }
  {
    const GradientReport report = check_gradients(Cropping1D({0, 3}), {5, 5});
    INFO(report.to_string());
    CHECK(report.passed());
  }
  {
    const GradientReport report = check_gradients(Cropping1D(0), {2, 2});
    INFO(report.to_string());
    CHECK(report.passed());
  }
}

TEST_CASE("Cropping1D says its output length, and refuses to leave nothing", "[layers][cropping1d]") {
  Cropping1DLayer<float> layer(Cropping1D({2, 3}, {.name = "crop"}));
  CHECK(layer.output_shape({6, 3}) == Shape{1, 3});
  CHECK(layer.output_shape({kAnyLength, 2}) == Shape{kAnyLength, 2});
  CHECK(layer.mask_use() == MaskUse::refuses);
  CHECK_THROWS_MATCHES(layer.output_shape({5, 3}), ShapeError,
                       Message("Cropping1D \"crop\": cropping must leave a time step of input (batch, 5, 3), got "
                               "{2, 3}; crop less, or give longer sequences"));
  CHECK_THROWS_MATCHES(layer.output_shape({10}), ShapeError,
                       Message("Cropping1D \"crop\": input must be (batch, time, features), got (batch, 10)"));
}

TEST_CASE("Cropping1D is a value that prints as written", "[layers][cropping1d]") {
  CHECK(Cropping1D().to_string() == "Cropping1D(1)");
  CHECK(Cropping1D({2, 1}, {.name = "c"}).to_string() == "Cropping1D({2, 1}, {.name = \"c\"})");
  CHECK(Cropping1D(2) == Cropping1D({2, 2}));
  CHECK_FALSE(Cropping1D(2) == Cropping1D({2, 1}));
}

TEST_CASE("Cropping1D allocates nothing in steady state", "[layers][cropping1d]") {
  LayerRun<float> run(Cropping1D(1), {11, 9}, {.batch = 3});
  const std::vector<float> x(3 * 11 * 9, 1.0F);
  const std::vector<float> dy(3 * 9 * 9, 1.0F);
  run.forward(x);
  run.backward(dy);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
