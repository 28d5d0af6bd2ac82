#include "seqnn/layers/separable_conv1d.hpp"

#include "fixtures/convolutions.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/keras_layer.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("SeparableConv1D slides over each feature, then mixes them", "[layers][separable_conv1d]") {
  // h as in DepthwiseConv1D: feature 0: 1 2 3 with (1, 10) is 21 32, feature 1: 4 5 6 with (2, -1) is 3 4.
  // y = 2·h0 - h1 + 1.
  LayerRun<double> run(SeparableConv1D(1, 2), {3, 2});
  const double kernel[] = {1, 2, 10, -1};
  std::copy(std::begin(kernel), std::end(kernel), run.parameter("depthwise_kernel").begin());
  run.parameter("pointwise_kernel")[0] = 2;
  run.parameter("pointwise_kernel")[1] = -1;
  run.parameter("bias")[0] = 1;
  check_close(run.forward(std::vector<double>{1, 4, 2, 5, 3, 6}), std::vector<double>{40, 61}, 0);
  check_close(run.backward(std::vector<double>{1, 0}), std::vector<double>{2, -2, 20, 1, 0, 0}, 0);
  check_close(run.gradient("pointwise_kernel"), std::vector<double>{21, 3}, 0);
  check_close(run.gradient("depthwise_kernel"), std::vector<double>{2, -4, 4, -5}, 0);
  check_close(run.gradient("bias"), std::vector<double>{1}, 0);
}

TEST_CASE("SeparableConv1D agrees with Keras", "[layers][separable_conv1d]") {
  namespace f = fixtures::convolutions;
  const auto check = [](const SeparableConv1D& conv, const auto& x, const auto& y, const auto& dy, const auto& dx,
                        std::initializer_list<KerasWeight> weights) {
    check_against_keras(conv, {9, 3}, 2, x, y, dy, dx, weights);
  };
  namespace a = f::separable_valid;
  check(SeparableConv1D(4, 3, {.activation = Activation::relu}), a::x, a::y, a::dy, a::dx,
        {{"depthwise_kernel", a::depthwise_kernel, a::ddepthwise_kernel},
         {"pointwise_kernel", a::pointwise_kernel, a::dpointwise_kernel},
         {"bias", a::bias, a::dbias}});
  namespace b = f::separable_same;
  check(SeparableConv1D(4, 4, {.padding = Padding::same, .depth_multiplier = 2, .activation = Activation::silu}), b::x,
        b::y, b::dy, b::dx,
        {{"depthwise_kernel", b::depthwise_kernel, b::ddepthwise_kernel},
         {"pointwise_kernel", b::pointwise_kernel, b::dpointwise_kernel},
         {"bias", b::bias, b::dbias}});
  namespace c = f::separable_strides;
  check(SeparableConv1D(4, 2, {.strides = 3, .use_bias = false}), c::x, c::y, c::dy, c::dx,
        {{"depthwise_kernel", c::depthwise_kernel, c::ddepthwise_kernel},
         {"pointwise_kernel", c::pointwise_kernel, c::dpointwise_kernel}});
  namespace d = f::separable_dilation;
  check(SeparableConv1D(4, 3, {.padding = Padding::same, .dilation_rate = 2}), d::x, d::y, d::dy, d::dx,
        {{"depthwise_kernel", d::depthwise_kernel, d::ddepthwise_kernel},
         {"pointwise_kernel", d::pointwise_kernel, d::dpointwise_kernel},
         {"bias", d::bias, d::dbias}});
}

TEST_CASE("SeparableConv1D's gradients agree with central differences", "[layers][separable_conv1d]") {
  for (const auto& conv :
       {SeparableConv1D(4, 3), SeparableConv1D(2, 3, {.strides = 2, .padding = Padding::same}),
        SeparableConv1D(
            3, 2,
            {.padding = Padding::causal, .dilation_rate = 3, .depth_multiplier = 2, .activation = Activation::softmax}),
        SeparableConv1D(5, 5, {.activation = Activation::gelu, .use_bias = false})}) {
    const GradientReport report = check_gradients(conv, {8, 3});
    INFO(report.to_string());
    CHECK(report.passed());
  }
}

TEST_CASE("SeparableConv1D gives the same values without training", "[layers][separable_conv1d]") {
  const SeparableConv1D conv(7, 4, {.padding = Padding::same, .activation = Activation::tanh});
  LayerRun<float> training(conv, {11, 9}, {.batch = 3});
  LayerRun<float> predicting(conv, {11, 9}, {.batch = 3, .training = false, .poison = true});
  const auto x = normal_values<float>(3 * 11 * 9, 1);
  const auto a = training.forward(x);
  const auto b = predicting.forward(x);
  CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
  CHECK(predicting.kept_bytes() == 0);
}

TEST_CASE("SeparableConv1D refuses what does not fit", "[layers][separable_conv1d]") {
  CHECK_THROWS_MATCHES(SeparableConv1D(0, 3), OptionError,
                       Message("SeparableConv1D: filters must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(SeparableConv1D(3, 0, {.name = "s"}), OptionError,
                       Message("SeparableConv1D \"s\": kernel_size must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(SeparableConv1D(3, 3, {.depth_multiplier = 0}), OptionError,
                       Message("SeparableConv1D: depth_multiplier must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(SeparableConv1D(3, 3, {.strides = 2, .dilation_rate = 3}), OptionError,
                       Message("SeparableConv1D: strides and dilation_rate cannot both be above 1, got 2 and 3"));
  SeparableConv1DLayer<float> layer(SeparableConv1D(2, 5, {.name = "s"}));
  CHECK_THROWS_MATCHES(layer.output_shape({4, 2}), ShapeError,
                       Message("SeparableConv1D \"s\": kernel_size 5 exceeds the 4 time steps of input (batch, 4, 2); "
                               "pad, or use a shorter kernel"));
  CHECK(layer.output_shape({kAnyLength, 7}) == Shape{kAnyLength, 2});
}

TEST_CASE("SeparableConv1D is a value that prints as written", "[layers][separable_conv1d]") {
  CHECK(SeparableConv1D(8, 3).to_string() == "SeparableConv1D(8, 3)");
  CHECK(SeparableConv1D(8, 3, {.dilation_rate = 2, .depth_multiplier = 2, .pointwise_initializer = constant(1)})
            .to_string() ==
        "SeparableConv1D(8, 3, {.dilation_rate = 2, .depth_multiplier = 2, .pointwise_initializer = constant(1)})");
  CHECK(SeparableConv1D(8, 3) == SeparableConv1D(8, 3));
  CHECK_FALSE(SeparableConv1D(8, 3) == SeparableConv1D(8, 3, {.use_bias = false}));
}

TEST_CASE("SeparableConv1D allocates nothing in steady state", "[layers][separable_conv1d]") {
  LayerRun<float> run(SeparableConv1D(5, 4, {.padding = Padding::same}), {11, 9}, {.batch = 3});
  const auto x = normal_values<float>(3 * 11 * 9, 1);
  const auto dy = normal_values<float>(3 * 11 * 5, 2);
  run.forward(x);
  run.backward(dy);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
