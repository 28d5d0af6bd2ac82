#include "seqnn/layers/global_max_pool1d.hpp"

#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("GlobalMaxPool1D takes the largest value of every feature", "[layers][global_max_pool1d]") {
  // Samples (1, 8) (5, 2) (5, -3) and (-1, -2) (-4, -1) (-7, -6); the first 5 wins over the second.
  LayerRun<float> run(GlobalMaxPool1D(), {3, 2}, {.batch = 2});
  CHECK(run.output_shape() == Shape{2});
  const auto y = run.forward(std::vector<float>{1, 8, 5, 2, 5, -3, -1, -2, -4, -1, -7, -6});
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{5, 8, -1, -1});
  const auto dx = run.backward(std::vector<float>{10, 20, 30, 40});
  CHECK(std::vector<float>(dx.begin(), dx.end()) == std::vector<float>{0, 20, 10, 0, 0, 0, 30, 0, 0, 40, 0, 0});
}

TEST_CASE("GlobalMaxPool1D keeps the time axis if asked to", "[layers][global_max_pool1d]") {
  const GlobalMaxPool1DLayer<float> layer(GlobalMaxPool1D({.keepdims = true}));
  CHECK(layer.output_shape({98, 32}) == Shape{1, 32});
  CHECK(layer.output_shape({kAnyLength, 32}) == Shape{1, 32});
}

TEST_CASE("GlobalMaxPool1D's gradients agree with central differences", "[layers][global_max_pool1d]") {
  for (const bool keepdims : {false, true}) {
    const GradientReport report = check_gradients(GlobalMaxPool1D({.keepdims = keepdims}), {10, 5});
    INFO(report.to_string());
    CHECK(report.passed());
  }
}

TEST_CASE("GlobalMaxPool1D refuses other than sequences", "[layers][global_max_pool1d]") {
  const GlobalMaxPool1DLayer<float> layer(GlobalMaxPool1D({.name = "top"}));
  CHECK_THROWS_MATCHES(layer.output_shape({3, 4, 5}), ShapeError,
                       Message("GlobalMaxPool1D \"top\": input must be (batch, time, features), got (batch, 3, 4, 5); "
                               "put it where the input still is a sequence"));
  CHECK_THROWS_MATCHES(layer.output_shape({std::size_t{1} << 24, 1}), ShapeError,
                       Message("GlobalMaxPool1D \"top\": time must be below 2^24 steps, got (batch, 16777216, 1)"));
}

TEST_CASE("GlobalMaxPool1D is a value that prints as written", "[layers][global_max_pool1d]") {
  CHECK(GlobalMaxPool1D().to_string() == "GlobalMaxPool1D()");
  CHECK(GlobalMaxPool1D({.keepdims = true}).to_string() == "GlobalMaxPool1D({.keepdims = true})");
  CHECK_FALSE(GlobalMaxPool1D() == GlobalMaxPool1D({.name = "top"}));
}

TEST_CASE("GlobalMaxPool1D allocates nothing in steady state", "[layers][global_max_pool1d]") {
  LayerRun<float> run(GlobalMaxPool1D(), {11, 9}, {.batch = 3});
  const std::vector<float> x(3 * 11 * 9, 1.0F);
  const std::vector<float> dy(3 * 9, 1.0F);
  run.forward(x);
  run.backward(dy);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
