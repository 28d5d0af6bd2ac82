#include "seqnn/layers/flatten.hpp"

#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <vector>

using namespace seqnn;

TEST_CASE("Flatten joins the axes and leaves the numbers", "[layers][flatten]") {
  LayerRun<float> run(Flatten(), {2, 3}, {.batch = 2});
  CHECK(run.output_shape() == Shape{6});
  const std::vector<float> x = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const auto y = run.forward(x);
  CHECK(std::equal(y.begin(), y.end(), x.begin(), x.end()));
  const auto dx = run.backward(x);
  CHECK(std::equal(dx.begin(), dx.end(), x.begin(), x.end()));
}

TEST_CASE("Flatten costs nothing: its output is its input", "[layers][flatten]") {
  const FlattenLayer<float> layer(Flatten{});
  CHECK(layer.passes_through(true));
  CHECK(layer.passes_through(false));
}

TEST_CASE("Flatten also works where memory is not shared", "[layers][flatten]") {
  const FlattenLayer<double> layer(Flatten{});
  const Shape input{2, 2};
  std::vector<double> x = {1, 2, 3, 4};
  std::vector<double> y(4);
  std::vector<double> dx(4);
  Pass<double> pass;
  pass.batch = 1;
  pass.input_shape = &input;
  pass.x = x.data();
  pass.y = y.data();
  pass.dy = y.data();
  pass.dx = dx.data();
  layer.forward(pass);
  layer.backward(pass);
  CHECK(y == x);
  CHECK(dx == x);
}

TEST_CASE("Flatten's output length is open if an axis is", "[layers][flatten]") {
  const FlattenLayer<float> layer(Flatten{});
  CHECK(layer.output_shape({kAnyLength, 14}) == Shape{kAnyLength});
  CHECK(layer.output_shape({5}) == Shape{5});
  CHECK(layer.output_shape({}) == Shape{1});
}

TEST_CASE("Flatten's gradients agree with central differences", "[layers][flatten]") {
  const GradientReport report = check_gradients(Flatten(), {3, 2, 2});
  INFO(report.to_string());
  CHECK(report.passed());
}

TEST_CASE("Flatten is a value that prints as written", "[layers][flatten]") {
  CHECK(Flatten().to_string() == "Flatten()");
  CHECK(Flatten({.name = "f"}).to_string() == "Flatten({.name = \"f\"})");
  CHECK(LayerRecipe<float>(Flatten({.name = "f"})).make()->name() == "f");
}
