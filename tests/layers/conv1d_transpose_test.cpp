#include "seqnn/layers/conv1d_transpose.hpp"

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

TEST_CASE("Conv1DTranspose adds the kernel around every step", "[layers][conv1d_transpose]") {
  // Steps 1 and 2, kernel (1, 10, 100), two steps apart: 1 10 100+2 20 200, and 0.5 more.
  LayerRun<double> run(Conv1DTranspose(1, 3, {.strides = 2}), {2, 1});
  const double kernel[] = {1, 10, 100};
  std::copy(std::begin(kernel), std::end(kernel), run.parameter("kernel").begin());
  run.parameter("bias")[0] = 0.5;
  check_close(run.forward(std::vector<double>{1, 2}), std::vector<double>{1.5, 10.5, 102.5, 20.5, 200.5}, 0);
  check_close(run.backward(std::vector<double>{1, 0, 2, 0, 0}), std::vector<double>{201, 2}, 0);
  check_close(run.gradient("kernel"), std::vector<double>{1 + 4, 0, 2}, 0);
  check_close(run.gradient("bias"), std::vector<double>{3}, 0);
}

TEST_CASE("Conv1DTranspose agrees with Keras", "[layers][conv1d_transpose]") {
  namespace f = fixtures::convolutions;
  const auto check = [](const Conv1DTranspose& conv, const auto& x, const auto& y, const auto& dy, const auto& dx,
                        std::initializer_list<KerasWeight> weights) {
    INFO(conv.to_string());
    check_against_keras(conv, {5, 3}, 2, x, y, dy, dx, weights);
  };
  namespace a = f::transpose_valid;
  check(Conv1DTranspose(4, 3, {.activation = Activation::tanh}), a::x, a::y, a::dy, a::dx,
        {{"kernel", a::kernel, a::dkernel}, {"bias", a::bias, a::dbias}});
  namespace b = f::transpose_same;
  check(Conv1DTranspose(4, 4, {.padding = Padding::same}), b::x, b::y, b::dy, b::dx,
        {{"kernel", b::kernel, b::dkernel}, {"bias", b::bias, b::dbias}});
  namespace c = f::transpose_strides;
  check(Conv1DTranspose(4, 4, {.strides = 2, .activation = Activation::gelu}), c::x, c::y, c::dy, c::dx,
        {{"kernel", c::kernel, c::dkernel}, {"bias", c::bias, c::dbias}});
  namespace d = f::transpose_strides_same;
  check(Conv1DTranspose(4, 5, {.strides = 2, .padding = Padding::same}), d::x, d::y, d::dy, d::dx,
        {{"kernel", d::kernel, d::dkernel}, {"bias", d::bias, d::dbias}});
  namespace e = f::transpose_gaps;
  check(Conv1DTranspose(4, 2, {.strides = 3}), e::x, e::y, e::dy, e::dx,
        {{"kernel", e::kernel, e::dkernel}, {"bias", e::bias, e::dbias}});
  namespace g = f::transpose_gaps_same;
  check(Conv1DTranspose(4, 2, {.strides = 3, .padding = Padding::same, .use_bias = false}), g::x, g::y, g::dy, g::dx,
        {{"kernel", g::kernel, g::dkernel}});
  namespace h = f::transpose_dilation;
  check(Conv1DTranspose(4, 3, {.dilation_rate = 2}), h::x, h::y, h::dy, h::dx,
        {{"kernel", h::kernel, h::dkernel}, {"bias", h::bias, h::dbias}});
  namespace i = f::transpose_dilation_same;
  check(Conv1DTranspose(4, 4, {.padding = Padding::same, .dilation_rate = 2}), i::x, i::y, i::dy, i::dx,
        {{"kernel", i::kernel, i::dkernel}, {"bias", i::bias, i::dbias}});
}

TEST_CASE("Conv1DTranspose's gradients agree with central differences", "[layers][conv1d_transpose]") {
  for (const auto& conv : {Conv1DTranspose(4, 3), Conv1DTranspose(2, 3, {.strides = 4, .padding = Padding::same}),
                           Conv1DTranspose(3, 2, {.dilation_rate = 3, .activation = Activation::softmax}),
                           Conv1DTranspose(5, 5, {.strides = 2, .activation = Activation::gelu, .use_bias = false})}) {
    const GradientReport report = check_gradients(conv, {5, 3});
    INFO(report.to_string());
    CHECK(report.passed());
  }
}

TEST_CASE("Conv1DTranspose gives the same values without training", "[layers][conv1d_transpose]") {
  const Conv1DTranspose conv(7, 4, {.strides = 2, .padding = Padding::same, .activation = Activation::silu});
  LayerRun<float> training(conv, {11, 9}, {.batch = 3});
  LayerRun<float> predicting(conv, {11, 9}, {.batch = 3, .training = false, .poison = true});
  const auto x = normal_values<float>(3 * 11 * 9, 1);
  const auto a = training.forward(x);
  const auto b = predicting.forward(x);
  CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
  CHECK(predicting.kept_bytes() == 0);
}

TEST_CASE("Conv1DTranspose refuses what does not fit", "[layers][conv1d_transpose]") {
  CHECK_THROWS_MATCHES(Conv1DTranspose(0, 3), OptionError,
                       Message("Conv1DTranspose: filters must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(Conv1DTranspose(3, 3, {.padding = Padding::causal, .name = "t"}), OptionError,
                       Message("Conv1DTranspose \"t\": padding must be Padding::valid or Padding::same, got "
                               "Padding::causal"));
  CHECK_THROWS_MATCHES(Conv1DTranspose(3, 3, {.strides = 2, .dilation_rate = 3}), OptionError,
                       Message("Conv1DTranspose: strides and dilation_rate cannot both be above 1, got 2 and 3"));
  Conv1DTransposeLayer<float> layer(Conv1DTranspose(2, 5, {.strides = 2, .name = "t"}));
  CHECK_THROWS_MATCHES(layer.output_shape({4}), ShapeError,
                       Message("Conv1DTranspose \"t\": input must be (batch, time, features), got (batch, 4)"));
  CHECK(layer.output_shape({kAnyLength, 7}) == Shape{kAnyLength, 2});
  CHECK(layer.output_shape({4, 7}) == Shape{11, 2});
}

TEST_CASE("Conv1DTranspose is a value that prints as written", "[layers][conv1d_transpose]") {
  CHECK(Conv1DTranspose(8, 3).to_string() == "Conv1DTranspose(8, 3)");
  CHECK(
      Conv1DTranspose(8, 3, {.strides = 2, .padding = Padding::same, .kernel_initializer = constant(1)}).to_string() ==
      "Conv1DTranspose(8, 3, {.strides = 2, .padding = Padding::same, .kernel_initializer = constant(1)})");
  CHECK(Conv1DTranspose(8, 3) == Conv1DTranspose(8, 3));
  CHECK_FALSE(Conv1DTranspose(8, 3) == Conv1DTranspose(8, 3, {.use_bias = false}));
}

TEST_CASE("Conv1DTranspose allocates nothing in steady state", "[layers][conv1d_transpose]") {
  LayerRun<float> run(Conv1DTranspose(5, 4, {.strides = 2, .padding = Padding::same}), {11, 9}, {.batch = 3});
  const auto x = normal_values<float>(3 * 11 * 9, 1);
  const auto dy = normal_values<float>(3 * 22 * 5, 2);
  run.forward(x);
  run.backward(dy);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
