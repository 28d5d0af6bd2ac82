#include "seqnn/layers/conv1d.hpp"

#include "fixtures/layers.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/reference/conv1d.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

constexpr Padding kPaddings[] = {Padding::valid, Padding::same, Padding::causal};

using Numbers = std::span<const double>;

/// Largest difference of two tensors; infinite if their sizes differ.
double distance(Numbers a, Numbers b) {
  if (a.size() != b.size()) return HUGE_VAL;
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::fabs(a[i] - b[i]));
  return largest;
}

/// What a fixture holds; `bias` and `dbias` are empty without one.
struct Expected {
  Numbers x, kernel, bias, y, dy, dx, dkernel, dbias;
};

/// Input (2, 9, 4).
void check_against(const Conv1D& conv, const Expected& e) {
  CAPTURE(conv.to_string());
  LayerRun<double> run(conv, {9, 4}, {.batch = 2, .poison = true});
  std::copy(e.kernel.begin(), e.kernel.end(), run.parameter("kernel").begin());
  if (!e.bias.empty()) std::copy(e.bias.begin(), e.bias.end(), run.parameter("bias").begin());
  CHECK(distance(run.forward(e.x), e.y) < 1e-14);
  CHECK(distance(run.backward(e.dy), e.dx) < 1e-14);
  CHECK(distance(run.gradient("kernel"), e.dkernel) < 1e-13);
  if (!e.bias.empty()) CHECK(distance(run.gradient("bias"), e.dbias) < 1e-13);
}

/// The twin's sizes, with the padding counted from the definition in Keras.
reference::Conv1D plain_sizes(const Conv1D& conv, std::size_t T, std::size_t C) {
  const Conv1DOptions& o = conv.options();
  reference::Conv1D s{.T = T,
                      .C = C,
                      .K = conv.kernel_size(),
                      .F = conv.filters(),
                      .stride = o.strides,
                      .dilation = o.dilation_rate,
                      .groups = o.groups};
  const std::size_t covered = ((T + o.strides - 1) / o.strides - 1) * o.strides + s.span();
  const std::size_t missing = covered > T ? covered - T : 0;
  if (o.padding == Padding::causal) s.left = s.span() - 1;
  if (o.padding == Padding::same) s.left = missing / 2;
  if (o.padding == Padding::same) s.right = missing - missing / 2;
  return s;
}

/// Runs a linear layer on whole numbers, with a share of nonzero gradients for each of its samples, and compares
/// exactly with the twin.
void check_exact(const Conv1D& conv, std::size_t T, std::size_t C, const std::vector<double>& nonzero) {
  const reference::Conv1D s = plain_sizes(conv, T, C);
  CAPTURE(conv.to_string(), T, C, nonzero);
  LayerRun<float> run(conv, {T, C}, {.batch = nonzero.size(), .poison = true});
  REQUIRE(run.output_shape() == Shape{s.outputs(), s.F});
  const std::vector<float> w = whole_values<float>(s.kernel_size(), 1);
  const std::vector<float> bias = whole_values<float>(s.F, 2);
  std::copy(w.begin(), w.end(), run.parameter("kernel").begin());
  std::copy(bias.begin(), bias.end(), run.parameter("bias").begin());
  const std::size_t x_size = T * C;
  const std::size_t y_size = s.outputs() * s.F;
  const std::vector<float> x = whole_values<float>(nonzero.size() * x_size, 3);
  std::vector<float> dy, y, dx, dw(s.kernel_size()), db(s.F);
  for (std::size_t b = 0; b < nonzero.size(); ++b) {
    const float* xb = x.data() + b * x_size;
    const auto dyb = sparse_values<float>(y_size, nonzero[b], static_cast<std::uint32_t>(4 + b));
    const auto yb = reference::conv1d_forward(s, xb, w.data(), bias);
    const auto dxb = reference::conv1d_backward_input(s, dyb.data(), w.data());
    const auto dwb = reference::conv1d_backward_kernel(s, xb, dyb.data());
    dy.insert(dy.end(), dyb.begin(), dyb.end());
    y.insert(y.end(), yb.begin(), yb.end());
    dx.insert(dx.end(), dxb.begin(), dxb.end());
    for (std::size_t i = 0; i < dw.size(); ++i) dw[i] += dwb[i];
    for (std::size_t i = 0; i < y_size; ++i) db[i % s.F] += dyb[i];
  }
  CHECK(first_difference(run.forward(x), y) == -1);
  CHECK(first_difference(run.backward(dy), dx) == -1);
  CHECK(first_difference(run.gradient("kernel"), dw) == -1);
  CHECK(first_difference(run.gradient("bias"), db) == -1);
}

}  // namespace

// Everything of a fixture.
#define EXPECTED(f) \
  { f::x, f::kernel, f::bias, f::y, f::dy, f::dx, f::dkernel, f::dbias }

TEST_CASE("Conv1D slides its kernel over time, unflipped", "[layers][conv1d]") {
  // x = 1 2 3 4, W = (10, 1), b = 0.5: y = 10·1 + 2 + 0.5 … = 12.5 23.5 34.5. From dy = 1 0 2: dW = (1·1 + 2·3,
  // 1·2 + 2·4) = (7, 10), db = 3, dx = 10 1 20 2.
  LayerRun<float> run(Conv1D(1, 2), {4, 1});
  run.parameter("kernel")[0] = 10;
  run.parameter("kernel")[1] = 1;
  run.parameter("bias")[0] = 0.5F;
  const auto y = run.forward(std::vector<float>{1, 2, 3, 4});
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{12.5F, 23.5F, 34.5F});
  const auto dx = run.backward(std::vector<float>{1, 0, 2});
  CHECK(std::vector<float>(dx.begin(), dx.end()) == std::vector<float>{10, 1, 20, 2});
  CHECK(run.gradient("kernel")[0] == 7);
  CHECK(run.gradient("kernel")[1] == 10);
  CHECK(run.gradient("bias")[0] == 3);

  // Causal: nothing before the beginning, and no output sees later steps. 1, 10·1 + 2, …
  LayerRun<float> causal(Conv1D(1, 2, {.padding = Padding::causal, .use_bias = false}), {4, 1});
  causal.parameter("kernel")[0] = 10;
  causal.parameter("kernel")[1] = 1;
  const auto z = causal.forward(std::vector<float>{1, 2, 3, 4});
  CHECK(std::vector<float>(z.begin(), z.end()) == std::vector<float>{1, 12, 23, 34});
}

TEST_CASE("Conv1D agrees with PyTorch, values and all gradients", "[layers][conv1d]") {
  namespace f = fixtures::layers;
  check_against(Conv1D(6, 3, {.activation = Activation::relu}), EXPECTED(f::conv_valid));
  check_against(Conv1D(6, 4, {.padding = Padding::same, .activation = Activation::sigmoid}), EXPECTED(f::conv_same));
  check_against(Conv1D(6, 4, {.strides = 2, .padding = Padding::same, .activation = Activation::tanh}),
                EXPECTED(f::conv_same_2));
  check_against(Conv1D(6, 2, {.strides = 3, .padding = Padding::causal}), EXPECTED(f::conv_causal_3));
  check_against(Conv1D(6, 3, {.padding = Padding::causal, .dilation_rate = 2, .activation = Activation::tanh}),
                EXPECTED(f::conv_causal_dilated));
  check_against(Conv1D(6, 4, {.padding = Padding::same, .dilation_rate = 2}), EXPECTED(f::conv_same_dilated));
  check_against(Conv1D(6, 2, {.padding = Padding::same, .groups = 2, .activation = Activation::relu}),
                EXPECTED(f::conv_groups));
  namespace s = fixtures::layers::conv_softmax;
  check_against(Conv1D(6, 5, {.strides = 2, .activation = Activation::softmax, .use_bias = false}),
                {s::x, s::kernel, {}, s::y, s::dy, s::dx, s::dkernel, {}});
}

TEST_CASE("Conv1D is exact on whole numbers for every padding, stride, dilation and group", "[layers][conv1d]") {
  for (const Padding padding : kPaddings) {
    for (const std::size_t K : Sizes{1, 2, 5}) {
      for (const std::size_t strides : Sizes{1, 2, 3, 7}) {
        for (const std::size_t dilation : Sizes{1, 3}) {
          for (const std::size_t groups : Sizes{1, 2}) {
            if (strides > 1 && dilation > 1) continue;
            const Conv1D conv(6, K,
                              {.strides = strides, .padding = padding, .dilation_rate = dilation, .groups = groups});
            for (const std::size_t T : Sizes{1, 4, 13, 20}) {
              if (padding == Padding::valid && T < (K - 1) * dilation + 1) continue;
              check_exact(conv, T, 4, {1.0, 0.5});
            }
          }
        }
      }
    }
  }
}

TEST_CASE("Conv1D takes dense and sparse gradients, together in one batch", "[layers][conv1d]") {
  // Wide rows: the sparse pass is taken for the samples with few nonzero gradients.
  for (const Padding padding : kPaddings) {
    for (const std::size_t strides : Sizes{1, 2}) {
      const Conv1D conv(9, 7, {.strides = strides, .padding = padding});
      REQUIRE(conv1d_sparse_pays<float>({.T = 50, .C = 33, .K = 7, .F = 9, .T_out = 44}, 20));
      check_exact(conv, 50, 33, {0.02, 1.0, 0.0, 0.05});
      check_exact(conv, 50, 33, {0.03});
    }
  }
}

TEST_CASE("Conv1D's gradients agree with central differences", "[layers][conv1d]") {
  for (const Padding padding : kPaddings) {
    for (const std::size_t strides : Sizes{1, 2, 3}) {
      for (const std::size_t dilation : Sizes{1, 2}) {
        for (const std::size_t groups : Sizes{1, 2}) {
          if (strides > 1 && dilation > 1) continue;
          const Conv1D conv(4, 3,
                            {.strides = strides,
                             .padding = padding,
                             .dilation_rate = dilation,
                             .groups = groups,
                             .activation = Activation::tanh});
          const GradientReport report = check_gradients(conv, {8, 2}, {.batch = 2});
          INFO(conv.to_string() << '\n' << report.to_string());
          CHECK(report.passed());
        }
      }
    }
  }
  for (const auto activation : {Activation::linear, Activation::relu, Activation::sigmoid, Activation::hard_sigmoid,
                                Activation::softmax, Activation::gelu, Activation::hard_silu}) {
    for (const bool use_bias : {true, false}) {
      const Conv1D conv(3, 2, {.padding = Padding::same, .activation = activation, .use_bias = use_bias});
      const GradientReport report = check_gradients(conv, {6, 3}, {.batch = 2});
      INFO(conv.to_string() << '\n' << report.to_string());
      CHECK(report.passed());
    }
  }
}

TEST_CASE("Conv1D's gradients agree with central differences where relu cuts most of them", "[layers][conv1d]") {
  for (const std::size_t strides : Sizes{1, 2}) {
    const Conv1D conv(5, 2,
                      {.strides = strides,
                       .padding = Padding::same,
                       .activation = Activation::relu,
                       .bias_initializer = constant(-1.3)});
    const GradientReport report = check_gradients(conv, {40, 2}, {.batch = 1, .seed = 3});
    INFO(report.to_string());
    CHECK(report.passed());
    CHECK(report.arguments[0].error > 0);  // some are not zero
    // The values come from other random numbers, but as few of them are positive.
    LayerRun<double> run(conv, {40, 2});
    const auto y = run.forward(normal_values<double>(80, 1));
    const auto positive = static_cast<std::size_t>(std::count_if(y.begin(), y.end(), [](double v) { return v > 0; }));
    CHECK(positive > 0);
    CHECK(conv1d_sparse_pays<double>({.T = 41, .C = 2, .K = 2, .F = 5, .T_out = y.size() / 5}, positive));
  }
}

TEST_CASE("Conv1D says its output length", "[layers][conv1d]") {
  const Conv1DLayer<float> valid(Conv1D(32, 7));
  CHECK(valid.output_shape({500, 128}) == Shape{494, 32});
  CHECK(valid.output_shape({7, 128}) == Shape{1, 32});
  CHECK(valid.output_shape({kAnyLength, 14}) == Shape{kAnyLength, 32});
  CHECK(Conv1DLayer<float>(Conv1D(2, 3, {.strides = 4})).output_shape({15, 1}) == Shape{4, 2});
  CHECK(Conv1DLayer<float>(Conv1D(2, 3, {.dilation_rate = 4})).output_shape({15, 1}) == Shape{7, 2});
  for (const Padding padding : {Padding::same, Padding::causal}) {
    CHECK(Conv1DLayer<float>(Conv1D(2, 7, {.padding = padding})).output_shape({3, 1}) == Shape{3, 2});
    CHECK(Conv1DLayer<float>(Conv1D(2, 7, {.strides = 4, .padding = padding})).output_shape({15, 1}) == Shape{4, 2});
    CHECK(Conv1DLayer<float>(Conv1D(2, 1, {.strides = 4, .padding = padding})).output_shape({16, 1}) == Shape{4, 2});
  }
}

TEST_CASE("Conv1D declares kernel and bias, and starts as Keras does", "[layers][conv1d]") {
  LayerRun<float> run(Conv1D(10, 5, {.groups = 2, .name = "conv_1"}), {30, 8});
  REQUIRE(run.layout().infos().size() == 2);
  CHECK(run.layout().infos()[0].name == "conv_1/kernel");
  CHECK(run.layout().infos()[0].shape == Shape{5, 4, 10});
  CHECK(run.layout().infos()[1].name == "conv_1/bias");
  CHECK(run.layout().infos()[1].shape == Shape{10});
  // Glorot with 5·4 inputs and 5·10 outputs: uniform in ±√(6 / 70) = ±0.2928.
  const auto kernel = run.parameter("kernel");
  const float largest = *std::max_element(kernel.begin(), kernel.end());
  CHECK(largest <= 0.2928F);
  CHECK(largest > 0.28F);
  for (const float v : run.parameter("bias")) CHECK(v == 0);
  CHECK(LayerRun<float>(Conv1D(4, 2, {.use_bias = false}), {5, 3}).layout().infos().size() == 1);
}

TEST_CASE("Conv1D refuses inputs that do not fit", "[layers][conv1d]") {
  Conv1DLayer<float> layer(Conv1D(4, 7, {.name = "conv_1"}));
  CHECK_THROWS_MATCHES(layer.output_shape({10}), ShapeError,
                       Message("Conv1D \"conv_1\": input must be (batch, time, features), got (batch, 10)"));
  CHECK_THROWS_MATCHES(layer.output_shape({2, 10, 4}), ShapeError,
                       Message("Conv1D \"conv_1\": input must be (batch, time, features), got (batch, 2, 10, 4)"));
  CHECK_THROWS_MATCHES(layer.output_shape({10, kAnyLength}), ShapeError,
                       Message("Conv1D \"conv_1\": input must be (batch, time, features), got (batch, 10, any); the "
                               "last axis is the number of features and must be fixed"));
  CHECK_THROWS_MATCHES(layer.output_shape({10, 0}), ShapeError,
                       Message("Conv1D \"conv_1\": no axis of the input may be empty, got (batch, 10, 0)"));
  CHECK_THROWS_MATCHES(layer.output_shape({5, 64}), ShapeError,
                       Message("Conv1D \"conv_1\": kernel_size 7 exceeds the 5 time steps of input (batch, 5, 64); "
                               "pad, or use a shorter kernel"));
  const Conv1DLayer<float> dilated(Conv1D(4, 3, {.dilation_rate = 4, .name = "conv_1"}));
  CHECK_THROWS_MATCHES(dilated.output_shape({8, 64}), ShapeError,
                       Message("Conv1D \"conv_1\": kernel_size 3 exceeds the 8 time steps of input (batch, 8, 64) at "
                               "dilation_rate 4; pad, or use a shorter kernel"));
  ParameterLayout parameters;
  CHECK_THROWS_AS(layer.build({5, 64}, parameters), ShapeError);
  CHECK(parameters.infos().empty());
  layer.build({kAnyLength, 14}, parameters);
  CHECK_THROWS_MATCHES(layer.output_shape({20, 15}), ShapeError,
                       Message("Conv1D \"conv_1\": input must be (batch, time, 14), got (batch, 20, 15); the last axis "
                               "is the number of features and must be fixed"));
  CHECK_THROWS_MATCHES(layer.output_shape({5, 14}), ShapeError,
                       Message("Conv1D \"conv_1\": kernel_size 7 exceeds the 5 time steps of input (batch, 5, 14); "
                               "pad, or use a shorter kernel"));
}

TEST_CASE("Conv1D refuses options that do not go together", "[layers][conv1d]") {
  CHECK_THROWS_MATCHES(Conv1D(0, 3), OptionError, Message("Conv1D: filters must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(Conv1D(3, 0, {.name = "conv_1"}), OptionError,
                       Message("Conv1D \"conv_1\": kernel_size must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(Conv1D(3, 3, {.strides = 0}), OptionError, Message("Conv1D: strides must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(Conv1D(3, 3, {.dilation_rate = 0}), OptionError,
                       Message("Conv1D: dilation_rate must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(Conv1D(3, 3, {.groups = 0}), OptionError, Message("Conv1D: groups must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(Conv1D(3, 3, {.strides = 2, .dilation_rate = 4, .name = "conv_1"}), OptionError,
                       Message("Conv1D \"conv_1\": strides and dilation_rate cannot both be above 1, got 2 and 4"));
  CHECK_THROWS_MATCHES(Conv1D(32, 3, {.groups = 5}), OptionError,
                       Message("Conv1D: filters must be a multiple of groups, got 32 filters in 5 groups"));
  Conv1DLayer<float> layer(Conv1D(32, 3, {.groups = 4, .name = "conv_1"}));
  ParameterLayout parameters;
  CHECK_THROWS_MATCHES(
      layer.build({20, 14}, parameters), OptionError,
      Message("Conv1D \"conv_1\": the number of features must be a multiple of groups, got 14 features in 4 groups"));
  CHECK(parameters.infos().empty());
}

TEST_CASE("Conv1D is a value that prints as written", "[layers][conv1d]") {
  CHECK(Conv1D(32, 7).to_string() == "Conv1D(32, 7)");
  CHECK(Conv1D(32, 7, {.activation = Activation::relu}).to_string() ==
        "Conv1D(32, 7, {.activation = Activation::relu})");
  CHECK(Conv1D(8, 3, {.strides = 2, .padding = Padding::same, .groups = 2, .use_bias = false}).to_string() ==
        "Conv1D(8, 3, {.strides = 2, .padding = Padding::same, .groups = 2, .use_bias = false})");
  CHECK(Conv1D(8, 3,
               {.padding = Padding::causal,
                .dilation_rate = 4,
                .kernel_initializer = random_uniform(-1, 2),
                .bias_initializer = constant(0.5),
                .name = "c"})
            .to_string() ==
        "Conv1D(8, 3, {.padding = Padding::causal, .dilation_rate = 4, .kernel_initializer = random_uniform(-1, 2), "
        ".bias_initializer = constant(0.5), .name = \"c\"})");
  CHECK(Conv1D(8, 3) == Conv1D(8, 3));
  CHECK_FALSE(Conv1D(8, 3) == Conv1D(3, 8));
  CHECK_FALSE(Conv1D(8, 3) == Conv1D(8, 3, {.strides = 2}));
  CHECK_FALSE(Conv1D(8, 3) == Conv1D(8, 3, {.padding = Padding::same}));
  CHECK_FALSE(Conv1D(8, 3) == Conv1D(8, 3, {.name = "c"}));
}

TEST_CASE("A causal Conv1D of a sequence in two parts gives what it gives at once", "[layers][conv1d]") {
  for (const std::size_t first : {1U, 3U, 9U}) {
    const Conv1D conv(4, 3, {.padding = Padding::causal, .dilation_rate = 3});
    LayerRun<double> whole(conv, {10, 2}, {.batch = 2, .training = false});
    LayerRun<double> before(conv, {first, 2}, {.batch = 2, .training = false});
    LayerRun<double> after(conv, {10 - first, 2}, {.batch = 2, .training = false});
    const std::vector<double> x = normal_values<double>(2 * 10 * 2, 1);
    const std::size_t cut = 2 * first;
    std::vector<double> head;
    std::vector<double> tail;
    for (std::size_t b = 0; b < 2; ++b) {
      head.insert(head.end(), x.begin() + static_cast<long>(20 * b), x.begin() + static_cast<long>(20 * b + cut));
      tail.insert(tail.end(), x.begin() + static_cast<long>(20 * b + cut), x.begin() + static_cast<long>(20 * b + 20));
    }
    const auto y = whole.forward(x);
    before.forward(head);
    std::ranges::copy(before.state(), after.state().begin());
    const auto rest = after.forward(tail);
    const std::size_t steps = 10 - first;
    for (std::size_t b = 0; b < 2; ++b) {
      for (std::size_t i = 0; i < steps * 4; ++i) CHECK(rest[b * steps * 4 + i] == y[b * 40 + first * 4 + i]);
    }
  }
}

TEST_CASE("Conv1D gives the same bits without training, alone and in a batch, and keeps only padded inputs",
          "[layers][conv1d]") {
  for (const Padding padding : kPaddings) {
    const Conv1D conv(19, 4, {.padding = padding, .activation = Activation::tanh});
    LayerRun<float> training(conv, {30, 6}, {.batch = 5});
    LayerRun<float> alone(conv, {30, 6}, {.batch = 1, .training = false, .poison = true});
    const std::vector<float> x = normal_values<float>(5 * 30 * 6, 1);
    const auto y = training.forward(x);
    for (std::size_t b = 0; b < 5; ++b) {
      std::ranges::fill(alone.state(), 0.0F);  // else it would go on where the sample before ended
      const auto one = alone.forward(std::span(x).subspan(b * 180, 180));
      CHECK(std::memcmp(one.data(), y.data() + b * one.size(), one.size_bytes()) == 0);
    }
    CHECK((training.kept_bytes() > 0) == (padding != Padding::valid));
    CHECK(alone.kept_bytes() == 0);
  }
}

TEST_CASE("Conv1D learns without a gradient of its input", "[layers][conv1d]") {
  for (const Padding padding : kPaddings) {
    for (const double nonzero : {0.03, 1.0}) {
      const Conv1D conv(5, 6, {.padding = padding});
      LayerRun<double> with(conv, {40, 30}, {.batch = 2});
      LayerRun<double> without(conv, {40, 30}, {.batch = 2, .input_gradient = false, .poison = true});
      const std::vector<double> x = normal_values<double>(2 * 40 * 30, 1);
      const auto y = with.forward(x);
      CHECK(distance(y, without.forward(x)) == 0);
      const std::vector<double> dy = sparse_values<double>(y.size(), nonzero, 2);
      with.backward(dy);
      CHECK(without.backward(dy).empty());
      CHECK(distance(with.gradient("kernel"), without.gradient("kernel")) == 0);
      CHECK(distance(with.gradient("bias"), without.gradient("bias")) == 0);
    }
  }
}

TEST_CASE("Conv1D allocates nothing in steady state", "[layers][conv1d]") {
  for (const std::size_t groups : Sizes{1, 3}) {
    LayerRun<float> run(Conv1D(9, 4, {.padding = Padding::same, .groups = groups, .activation = Activation::relu}),
                        {20, 6}, {.batch = 3});
    const std::vector<float> x = normal_values<float>(3 * 20 * 6, 1);
    const std::vector<float> dense = normal_values<float>(3 * 20 * 9, 2);
    const std::vector<float> sparse = sparse_values<float>(3 * 20 * 9, 0.02, 3);
    run.forward(x);
    run.backward(dense);
    const AllocationCount allocations;
    run.forward(x);
    run.backward(dense);
    run.forward(x);
    run.backward(sparse);
    CHECK(allocations.so_far() == 0);
  }
}
