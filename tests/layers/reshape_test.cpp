#include "seqnn/layers/reshape.hpp"

#include "fixtures/keras_layers.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"

#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("Reshape leaves the numbers in their order", "[layers][reshape]") {
  LayerRun<float> run(Reshape({3, kAnyLength}), {2, 6});
  CHECK(run.output_shape() == Shape{3, 4});
  const auto y = run.forward(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  const auto dx = run.backward(std::vector<float>{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1});
  CHECK(std::vector<float>(dx.begin(), dx.end()) == std::vector<float>{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1});
}

TEST_CASE("Reshape agrees with Keras", "[layers][reshape]") {
  {
    namespace k = fixtures::keras_layers::reshape;
    LayerRun<double> run(Reshape({2, kAnyLength}), {6, 3}, {.batch = 2});
    check_close(run.forward(k::x), k::y, 0);
    check_close(run.backward(k::dy), k::dx, 1e-15);
  }
}

TEST_CASE("Reshape's gradients agree with central differences", "[layers][reshape]") {
  {
    const GradientReport report = check_gradients(Reshape({6}), {3, 2});
    INFO(report.to_string());
    CHECK(report.passed());
  }
  {
    const GradientReport report = check_gradients(Reshape({1, 2, 3, 1}), {3, 2});
    INFO(report.to_string());
    CHECK(report.passed());
  }
}

TEST_CASE("Reshape costs nothing: its output is its input", "[layers][reshape]") {
  const ReshapeLayer<float> layer(Reshape({4}));
  CHECK(layer.passes_through(true));
  CHECK(layer.passes_through(false));
  CHECK(layer.mask_use() == MaskUse::refuses);
  // Nor do the functions that nobody calls then do anything else.
  const Shape input{2, 2};
  const Shape output{4};
  const std::vector<float> x = {1, 2, 3, 4};
  std::vector<float> y(4);
  std::vector<float> dx(4);
  Pass<float> pass;
  pass.batch = 1;
  pass.input_shape = &input;
  pass.output_shape = &output;
  pass.x = x.data();
  pass.y = y.data();
  layer.forward(pass);
  CHECK(y == x);
  pass.dy = y.data();
  pass.dx = dx.data();
  layer.backward(pass);
  CHECK(dx == x);
}

TEST_CASE("Reshape works out one axis, and refuses what does not fit", "[layers][reshape]") {
  ReshapeLayer<float> layer(Reshape({4, kAnyLength}, {.name = "r"}));
  CHECK(layer.output_shape({6, 2}) == Shape{4, 3});
  CHECK(layer.output_shape({kAnyLength, 2}) == Shape{4, kAnyLength});
  CHECK_THROWS_MATCHES(layer.output_shape({3, 3}), ShapeError,
                       Message("Reshape \"r\": target_shape must hold the 9 values of input (batch, 3, 3), got (batch, "
                               "4, any); one axis may be kAnyLength, to be worked out"));
  CHECK_THROWS_MATCHES(layer.output_shape({0, 3}), ShapeError,
                       Message("Reshape \"r\": no axis of the input may be empty, got (batch, 0, 3)"));
  CHECK_THROWS_AS(ReshapeLayer<float>(Reshape({4, 2})).output_shape({3, 3}), ShapeError);
  CHECK_THROWS_MATCHES(Reshape({kAnyLength, 2, kAnyLength}), OptionError,
                       Message("Reshape: target_shape must have no axis of 0 and at most one of kAnyLength, got "
                               "{kAnyLength, 2, kAnyLength}"));
  CHECK_THROWS_MATCHES(Reshape({0}, {.name = "r"}), OptionError,
                       Message("Reshape \"r\": target_shape must have no axis of 0 and at most one of kAnyLength, got "
                               "{0}"));
}

TEST_CASE("Reshape is a value that prints as written", "[layers][reshape]") {
  CHECK(Reshape({4, kAnyLength}).to_string() == "Reshape({4, kAnyLength})");
  CHECK(Reshape({6}, {.name = "r"}).to_string() == "Reshape({6}, {.name = \"r\"})");
  CHECK(Reshape({2, 3}) == Reshape({2, 3}));
  CHECK_FALSE(Reshape({2, 3}) == Reshape({3, 2}));
}

TEST_CASE("Reshape allocates nothing in steady state", "[layers][reshape]") {
  LayerRun<float> run(Reshape({9, 11}), {11, 9}, {.batch = 3});
  const std::vector<float> x(3 * 11 * 9, 1.0F);
  const std::vector<float> dy(3 * 11 * 9, 1.0F);
  run.forward(x);
  run.backward(dy);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
