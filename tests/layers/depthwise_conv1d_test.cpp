#include "seqnn/layers/depthwise_conv1d.hpp"

#include "fixtures/convolutions.hpp"
#include "seqnn/layers/conv1d.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/keras_layer.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <utility>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("DepthwiseConv1D slides a kernel over each feature", "[layers][depthwise_conv1d]") {
  // Feature 0: 1 2 3 with kernel (1, 10); feature 1: 4 5 6 with (2, -1); biases 100 and 0.
  LayerRun<double> run(DepthwiseConv1D(2), {3, 2});
  const double kernel[] = {1, 2, 10, -1};
  std::copy(std::begin(kernel), std::end(kernel), run.parameter("kernel").begin());
  run.parameter("bias")[0] = 100;
  check_close(run.forward(std::vector<double>{1, 4, 2, 5, 3, 6}), std::vector<double>{121, 3, 132, 4}, 0);
  check_close(run.backward(std::vector<double>{1, 0, 0, 1}), std::vector<double>{1, 0, 10, 2, 0, -1}, 0);
  check_close(run.gradient("kernel"), std::vector<double>{1, 5, 2, 6}, 0);
  check_close(run.gradient("bias"), std::vector<double>{1, 1}, 0);
}

TEST_CASE("DepthwiseConv1D agrees with Keras", "[layers][depthwise_conv1d]") {
  namespace f = fixtures::convolutions;
  const auto check = [](const DepthwiseConv1D& conv, const auto& x, const auto& y, const auto& dy, const auto& dx,
                        std::initializer_list<KerasWeight> weights) {
    check_against_keras(conv, {9, 3}, 2, x, y, dy, dx, weights);
  };
  namespace a = f::depthwise_valid;
  check(DepthwiseConv1D(3, {.activation = Activation::tanh}), a::x, a::y, a::dy, a::dx,
        {{"kernel", a::kernel, a::dkernel}, {"bias", a::bias, a::dbias}});
  namespace b = f::depthwise_same;
  check(DepthwiseConv1D(4, {.padding = Padding::same, .depth_multiplier = 2, .activation = Activation::gelu}), b::x,
        b::y, b::dy, b::dx, {{"kernel", b::kernel, b::dkernel}, {"bias", b::bias, b::dbias}});
  namespace c = f::depthwise_strides;
  check(DepthwiseConv1D(3, {.strides = 2, .padding = Padding::same}), c::x, c::y, c::dy, c::dx,
        {{"kernel", c::kernel, c::dkernel}, {"bias", c::bias, c::dbias}});
  namespace d = f::depthwise_dilation;
  check(DepthwiseConv1D(3, {.dilation_rate = 2, .use_bias = false}), d::x, d::y, d::dy, d::dx,
        {{"kernel", d::kernel, d::dkernel}});
}

TEST_CASE("DepthwiseConv1D is Conv1D with a group a feature, for all sizes", "[layers][depthwise_conv1d]") {
  for (const Padding padding : {Padding::valid, Padding::same, Padding::causal}) {
    for (const std::size_t channels : Sizes{1, 5, 19}) {
      for (const std::size_t M : Sizes{1, 3}) {
        for (const std::size_t K : Sizes{1, 2, 5, 9}) {
          for (const auto& [strides, dilation] : {std::pair<std::size_t, std::size_t>{1, 1}, {3, 1}, {1, 2}}) {
            CAPTURE(to_string(padding), channels, M, K, strides, dilation);
            LayerRun<double> depthwise(
                DepthwiseConv1D(
                    K, {.strides = strides, .padding = padding, .depth_multiplier = M, .dilation_rate = dilation}),
                {20, channels}, {.batch = 2, .poison = true});
            LayerRun<double> grouped(
                Conv1D(channels * M, K,
                       {.strides = strides, .padding = padding, .dilation_rate = dilation, .groups = channels}),
                {20, channels}, {.batch = 2});
            REQUIRE(depthwise.output_shape() == grouped.output_shape());
            const auto kernel = normal_values<double>(K * channels * M, 1);
            std::copy(kernel.begin(), kernel.end(), depthwise.parameter("kernel").begin());
            std::copy(kernel.begin(), kernel.end(), grouped.parameter("kernel").begin());
            const auto x = normal_values<double>(2 * 20 * channels, 2);
            const auto dy = normal_values<double>(2 * element_count(grouped.output_shape()), 3);
            check_close(depthwise.forward(x), grouped.forward(x), 1e-13);
            check_close(depthwise.backward(dy), grouped.backward(dy), 1e-13);
            check_close(depthwise.gradient("kernel"), grouped.gradient("kernel"), 1e-13);
            check_close(depthwise.gradient("bias"), grouped.gradient("bias"), 1e-13);
          }
        }
      }
    }
  }
}

TEST_CASE("DepthwiseConv1D's gradients agree with central differences", "[layers][depthwise_conv1d]") {
  for (const auto& conv :
       {DepthwiseConv1D(3), DepthwiseConv1D(3, {.strides = 2, .padding = Padding::same}),
        DepthwiseConv1D(
            2,
            {.padding = Padding::causal, .depth_multiplier = 2, .dilation_rate = 3, .activation = Activation::softmax}),
        DepthwiseConv1D(5, {.activation = Activation::mish, .use_bias = false})}) {
    const GradientReport report = check_gradients(conv, {8, 3});
    INFO(report.to_string());
    CHECK(report.passed());
  }
}

TEST_CASE("DepthwiseConv1D gives the same values without training", "[layers][depthwise_conv1d]") {
  for (const std::size_t M : Sizes{1, 2}) {
    const DepthwiseConv1D conv(4, {.padding = Padding::same, .depth_multiplier = M, .activation = Activation::gelu});
    LayerRun<float> training(conv, {11, 9}, {.batch = 3});
    LayerRun<float> predicting(conv, {11, 9}, {.batch = 3, .training = false, .poison = true});
    const auto x = normal_values<float>(3 * 11 * 9, 1);
    const auto a = training.forward(x);
    const auto b = predicting.forward(x);
    CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
    CHECK(predicting.kept_bytes() == 0);
  }
}

TEST_CASE("DepthwiseConv1D refuses what does not fit", "[layers][depthwise_conv1d]") {
  CHECK_THROWS_MATCHES(DepthwiseConv1D(0, {.name = "d"}), OptionError,
                       Message("DepthwiseConv1D \"d\": kernel_size must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(DepthwiseConv1D(3, {.strides = 0}), OptionError,
                       Message("DepthwiseConv1D: strides must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(DepthwiseConv1D(3, {.depth_multiplier = 0}), OptionError,
                       Message("DepthwiseConv1D: depth_multiplier must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(DepthwiseConv1D(3, {.strides = 2, .dilation_rate = 3}), OptionError,
                       Message("DepthwiseConv1D: strides and dilation_rate cannot both be above 1, got 2 and 3"));
  DepthwiseConv1DLayer<float> layer(DepthwiseConv1D(5, {.name = "d"}));
  CHECK_THROWS_MATCHES(layer.output_shape({4}), ShapeError,
                       Message("DepthwiseConv1D \"d\": input must be (batch, time, features), got (batch, 4)"));
  CHECK_THROWS_MATCHES(layer.output_shape({4, 2}), ShapeError,
                       Message("DepthwiseConv1D \"d\": kernel_size 5 exceeds the 4 time steps of input (batch, 4, 2); "
                               "pad, or use a shorter kernel"));
  CHECK_THROWS_MATCHES(layer.output_shape({9, kAnyLength}), ShapeError,
                       Message("DepthwiseConv1D \"d\": input must be (batch, time, features), got (batch, 9, any); "
                               "the last axis is the number of features and must be fixed"));
  CHECK(layer.output_shape({kAnyLength, 2}) == Shape{kAnyLength, 2});
}

TEST_CASE("DepthwiseConv1D is a value that prints as written", "[layers][depthwise_conv1d]") {
  CHECK(DepthwiseConv1D(3).to_string() == "DepthwiseConv1D(3)");
  CHECK(DepthwiseConv1D(3, {.strides = 2,
                            .padding = Padding::same,
                            .depth_multiplier = 2,
                            .activation = Activation::relu,
                            .use_bias = false,
                            .depthwise_initializer = constant(1),
                            .name = "d"})
            .to_string() ==
        "DepthwiseConv1D(3, {.strides = 2, .padding = Padding::same, .depth_multiplier = 2, .activation = "
        "Activation::relu, .use_bias = false, .depthwise_initializer = constant(1), .name = \"d\"})");
  CHECK(DepthwiseConv1D(3) == DepthwiseConv1D(3));
  CHECK_FALSE(DepthwiseConv1D(3) == DepthwiseConv1D(3, {.dilation_rate = 2}));
}

TEST_CASE("DepthwiseConv1D allocates nothing in steady state", "[layers][depthwise_conv1d]") {
  LayerRun<float> run(DepthwiseConv1D(4, {.padding = Padding::same, .depth_multiplier = 2}), {11, 9}, {.batch = 3});
  const auto x = normal_values<float>(3 * 11 * 9, 1);
  const auto dy = normal_values<float>(3 * 11 * 18, 2);
  run.forward(x);
  run.backward(dy);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
