#include "seqnn/layers/global_average_pool1d.hpp"

#include "fixtures/attention.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("GlobalAveragePool1D takes the mean of every feature", "[layers][global_average_pool1d]") {
  // Samples (1, 8) (5, 2) (6, -4) and (-1, -2) (-4, -1) (-7, -6).
  LayerRun<float> run(GlobalAveragePool1D(), {3, 2}, {.batch = 2});
  CHECK(run.output_shape() == Shape{2});
  const auto y = run.forward(std::vector<float>{1, 8, 5, 2, 6, -4, -1, -2, -4, -1, -7, -6});
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{4, 2, -4, -3});
  const auto dx = run.backward(std::vector<float>{3, 6, 9, 12});
  CHECK(std::vector<float>(dx.begin(), dx.end()) == std::vector<float>{1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4});
}

TEST_CASE("GlobalAveragePool1D agrees with a plain loop for every number of features",
          "[layers][global_average_pool1d]") {
  constexpr std::size_t T = 7;
  for (std::size_t C = 1; C <= 40; ++C) {
    LayerRun<double> run(GlobalAveragePool1D(), {T, C});
    std::vector<double> x(T * C);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>((i * i) % 23) - 9;
    const auto y = run.forward(x);
    for (std::size_t c = 0; c < C; ++c) {
      double sum = 0;
      for (std::size_t t = 0; t < T; ++t) sum += x[t * C + c];
      REQUIRE_THAT(y[c], Catch::Matchers::WithinAbs(sum / static_cast<double>(T), 1e-13));
    }
  }
}

TEST_CASE("GlobalAveragePool1D keeps the time axis if asked to", "[layers][global_average_pool1d]") {
  const GlobalAveragePool1DLayer<float> layer(GlobalAveragePool1D({.keepdims = true}));
  CHECK(layer.output_shape({98, 32}) == Shape{1, 32});
  CHECK(layer.output_shape({kAnyLength, 32}) == Shape{1, 32});
}

TEST_CASE("GlobalAveragePool1D's gradients agree with central differences", "[layers][global_average_pool1d]") {
  for (const bool keepdims : {false, true}) {
    const GradientReport report = check_gradients(GlobalAveragePool1D({.keepdims = keepdims}), {10, 5});
    INFO(report.to_string());
    CHECK(report.passed());
  }
}

TEST_CASE("GlobalAveragePool1D leaves masked steps out, as Keras does", "[layers][global_average_pool1d]") {
  namespace f = fixtures::attention::average_masked;
  LayerRun<double> run(GlobalAveragePool1D(), {5, 3}, {.batch = 2});
  run.set_mask(std::vector<std::uint8_t>(std::begin(f::mask), std::end(f::mask)));
  check_close(run.forward(f::x), f::y, 1e-14);
  check_close(run.backward(f::dy), f::dx, 1e-14);
  const GradientReport report =
      check_gradients(GlobalAveragePool1D(), {4, 3}, {.batch = 2, .mask = {1, 0, 1, 1, 0, 0, 0, 0}});
  INFO(report.to_string());
  CHECK(report.passed());

  LayerRun<float> empty(GlobalAveragePool1D(), {2, 2}, {.batch = 2});
  empty.set_mask(std::vector<std::uint8_t>{0, 0, 0, 1});
  const auto y = empty.forward(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{0, 0, 7, 8});
  CHECK(empty.layer().mask_use() == MaskUse::ends);
}

TEST_CASE("GlobalAveragePool1D refuses other than sequences", "[layers][global_average_pool1d]") {
  const GlobalAveragePool1DLayer<float> layer(GlobalAveragePool1D({.name = "top"}));
  CHECK_THROWS_MATCHES(
      layer.output_shape({3, 4, 5}), ShapeError,
      Message("GlobalAveragePool1D \"top\": input must be (batch, time, features), got (batch, 3, 4, 5); "
              "put it where the input still is a sequence"));
}

TEST_CASE("GlobalAveragePool1D is a value that prints as written", "[layers][global_average_pool1d]") {
  CHECK(GlobalAveragePool1D().to_string() == "GlobalAveragePool1D()");
  CHECK(GlobalAveragePool1D({.keepdims = true}).to_string() == "GlobalAveragePool1D({.keepdims = true})");
  CHECK_FALSE(GlobalAveragePool1D() == GlobalAveragePool1D({.name = "top"}));
}

TEST_CASE("GlobalAveragePool1D allocates nothing in steady state", "[layers][global_average_pool1d]") {
  LayerRun<float> run(GlobalAveragePool1D(), {11, 9}, {.batch = 3});
  const std::vector<float> x(3 * 11 * 9, 1.0F);
  const std::vector<float> dy(3 * 9, 1.0F);
  run.forward(x);
  run.backward(dy);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
