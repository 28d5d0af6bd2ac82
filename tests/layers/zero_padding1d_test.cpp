#include "seqnn/layers/zero_padding1d.hpp"

#include "fixtures/keras_layers.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"

#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("ZeroPadding1D puts zeros at both ends", "[layers][zero_padding1d]") {
  LayerRun<float> run(ZeroPadding1D({2, 1}), {2, 1});
  CHECK(run.output_shape() == Shape{5, 1});
  const auto y = run.forward(std::vector<float>{7, 8});
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{0, 0, 7, 8, 0});
  const auto dx = run.backward(std::vector<float>{1, 2, 3, 4, 5});
  CHECK(std::vector<float>(dx.begin(), dx.end()) == std::vector<float>{3, 4});
}

TEST_CASE("ZeroPadding1D agrees with Keras", "[layers][zero_padding1d]") {
  {
    namespace k = fixtures::keras_layers::zero_padding;
    LayerRun<double> run(ZeroPadding1D({2, 1}), {4, 3}, {.batch = 2});
    check_close(run.forward(k::x), k::y, 0);
    check_close(run.backward(k::dy), k::dx, 1e-15);
  }
}

TEST_CASE("ZeroPadding1D's gradients agree with central differences", "[layers][zero_padding1d]") {
  {
    const GradientReport report = check_gradients(ZeroPadding1D(), {3, 2});
    INFO(report.to_string());
    CHECK(report.passed());
  }
  {
    const GradientReport report = check_gradients(ZeroPadding1D({0, 3}), {2, 5});
    INFO(report.to_string());
    CHECK(report.passed());
  }
  {
    const GradientReport report = check_gradients(ZeroPadding1D(0), {2, 2});
    INFO(report.to_string());
    CHECK(report.passed());
  }
}

TEST_CASE("ZeroPadding1D says its output length, and refuses what is no sequence", "[layers][zero_padding1d]") {
  ZeroPadding1DLayer<float> layer(ZeroPadding1D(2, {.name = "pad"}));
  CHECK(layer.output_shape({5, 3}) == Shape{9, 3});
  CHECK(layer.output_shape({kAnyLength, 2}) == Shape{kAnyLength, 2});
  CHECK(layer.mask_use() == MaskUse::refuses);
  CHECK_THROWS_MATCHES(layer.output_shape({10}), ShapeError,
                       Message("ZeroPadding1D \"pad\": input must be (batch, time, features), got (batch, 10)"));
}

TEST_CASE("ZeroPadding1D is a value that prints as written", "[layers][zero_padding1d]") {
  CHECK(ZeroPadding1D().to_string() == "ZeroPadding1D(1)");
  CHECK(ZeroPadding1D({2, 1}, {.name = "p"}).to_string() == "ZeroPadding1D({2, 1}, {.name = \"p\"})");
  CHECK(ZeroPadding1D(2) == ZeroPadding1D({2, 2}));
  CHECK_FALSE(ZeroPadding1D(2) == ZeroPadding1D({2, 1}));
}

TEST_CASE("ZeroPadding1D allocates nothing in steady state", "[layers][zero_padding1d]") {
  LayerRun<float> run(ZeroPadding1D(1), {11, 9}, {.batch = 3});
  const std::vector<float> x(3 * 11 * 9, 1.0F);
  const std::vector<float> dy(3 * 13 * 9, 1.0F);
  run.forward(x);
  run.backward(dy);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
