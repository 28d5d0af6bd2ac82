#include "seqnn/layers/multi_head_attention.hpp"

#include "fixtures/attention.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

template <class Real>
std::vector<Real> copy_of(std::span<const Real> values) {
  return {values.begin(), values.end()};
}

/// The outputs at the steps that count; 0 at the others, whose outputs mean nothing.
std::vector<double> counted(std::span<const double> y, std::span<const int> mask) {
  std::vector<double> result(y.begin(), y.end());
  for (std::size_t i = 0; i < y.size(); ++i) result[i] *= mask[i / (y.size() / mask.size())];
  return result;
}

/// One weight in Keras, and its gradient.
struct KerasWeight {
  const char* name;
  std::span<const double> values;
  std::span<const double> gradient;
};

/// The layer on a batch of two sequences of five steps with six features.
void check_keras(const MultiHeadAttention& layer, std::span<const double> x, std::span<const double> y,
                 std::span<const double> dy, std::span<const double> dx, const std::vector<KerasWeight>& weights,
                 std::span<const int> mask = {}) {
  CAPTURE(layer.to_string(), mask.size());
  LayerRun<double> run(layer, {5, 6}, {.batch = 2});
  REQUIRE(run.layout().infos().size() == weights.size());
  for (const KerasWeight& weight : weights) {
    const auto values = run.parameter(text("layer/", weight.name));
    REQUIRE(values.size() == weight.values.size());
    std::copy(weight.values.begin(), weight.values.end(), values.begin());
  }
  run.set_mask(std::vector<std::uint8_t>(mask.begin(), mask.end()));
  const auto outputs = run.forward(x);
  check_close(mask.empty() ? copy_of(outputs) : counted(outputs, mask), y, 1e-12);
  check_close(run.backward(dy), dx, 1e-12);
  for (const KerasWeight& weight : weights) {
    CAPTURE(weight.name);
    check_close(run.gradient(text("layer/", weight.name)), weight.gradient, 1e-12);
  }
}

/// y [T,O] of one sample by plain loops, with one query after the other; the kernels stand in `run`.
std::vector<double> plain_attention(LayerRun<double>& run, std::span<const double> x, std::size_t H, std::size_t K,
                                    std::size_t V, bool causal, std::span<const std::uint8_t> mask) {
  const std::size_t T = run.input_shape()[0];
  const std::size_t D = run.input_shape()[1];
  const std::size_t O = run.output_shape()[1];
  const auto project = [&](const char* name, std::size_t t, std::size_t i, std::size_t width) {
    double sum = run.parameter(std::string("layer/") + name + "/bias")[i];
    for (std::size_t d = 0; d < D; ++d) {
      sum += x[t * D + d] * run.parameter(std::string("layer/") + name + "/kernel")[d * width + i];
    }
    return sum;
  };
  std::vector<double> q, k, v;
  for (std::size_t t = 0; t < T; ++t) {
    for (std::size_t i = 0; i < H * K; ++i) q.push_back(project("query", t, i, H * K));
    for (std::size_t i = 0; i < H * K; ++i) k.push_back(project("key", t, i, H * K));
    for (std::size_t i = 0; i < H * V; ++i) v.push_back(project("value", t, i, H * V));
  }
  std::vector<double> y(T * O);
  for (std::size_t t = 0; t < T; ++t) {
    for (std::size_t o = 0; o < O; ++o) y[t * O + o] = run.parameter("layer/attention_output/bias")[o];
    if (!mask.empty() && mask[t] == 0) continue;
    for (std::size_t h = 0; h < H; ++h) {
      std::vector<double> a(T, 0.0);
      double total = 0;
      for (std::size_t s = 0; s < T; ++s) {
        if ((causal && s > t) || (!mask.empty() && mask[s] == 0)) continue;
        double product = 0;
        for (std::size_t i = 0; i < K; ++i) product += q[(t * H + h) * K + i] * k[(s * H + h) * K + i];
        total += a[s] = std::exp(product / std::sqrt(static_cast<double>(K)));
      }
      for (std::size_t i = 0; i < V; ++i) {
        double c = 0;
        for (std::size_t s = 0; s < T; ++s) c += a[s] / total * v[(s * H + h) * V + i];
        for (std::size_t o = 0; o < O; ++o) {
          y[t * O + o] += c * run.parameter("layer/attention_output/kernel")[(h * V + i) * O + o];
        }
      }
    }
  }
  return y;
}

}  // namespace

TEST_CASE("MultiHeadAttention takes means of the values of similar steps", "[layers][multi_head_attention]") {
  // One head of one number, all kernels 1: the step with x = 0 asks all alike, that with ln 3 asks itself
  // e^(ln 3 · ln 3) times as loud as the other.
  LayerRun<double> run(MultiHeadAttention(1, 1), {2, 1});
  for (const char* name : {"query", "key", "value", "attention_output"}) {
    run.parameter(std::string("layer/") + name + "/kernel")[0] = 1;
  }
  const double x = std::log(3.0);
  const double loud = std::exp(x * x);
  check_close(run.forward(std::vector<double>{0, x}), std::vector<double>{x / 2, x * loud / (1 + loud)}, 1e-15);
  LayerRun<double> causal(MultiHeadAttention(1, 1, {.use_causal_mask = true}), {2, 1});
  for (const ParameterInfo& info : causal.layout().infos())
    causal.parameter(info.name)[0] = run.parameter(info.name)[0];
  check_close(causal.forward(std::vector<double>{0, x}), std::vector<double>{0, x * loud / (1 + loud)}, 1e-15);
}

TEST_CASE("MultiHeadAttention agrees with Keras", "[layers][multi_head_attention]") {
  {
    namespace f = fixtures::attention::plain;
    check_keras(MultiHeadAttention(2, 3), f::x, f::y, f::dy, f::dx,
                {{"query/kernel", f::mha_query_kernel, f::d_mha_query_kernel},
                 {"query/bias", f::mha_query_bias, f::d_mha_query_bias},
                 {"key/kernel", f::mha_key_kernel, f::d_mha_key_kernel},
                 {"key/bias", f::mha_key_bias, f::d_mha_key_bias},
                 {"value/kernel", f::mha_value_kernel, f::d_mha_value_kernel},
                 {"value/bias", f::mha_value_bias, f::d_mha_value_bias},
                 {"attention_output/kernel", f::mha_attention_output_kernel, f::d_mha_attention_output_kernel},
                 {"attention_output/bias", f::mha_attention_output_bias, f::d_mha_attention_output_bias}});
  }
  {
    namespace f = fixtures::attention::wide;
    check_keras(MultiHeadAttention(3, 2, {.value_dim = 4, .use_bias = false, .output_shape = 5}), f::x, f::y, f::dy,
                f::dx,
                {{"query/kernel", f::mha_query_kernel, f::d_mha_query_kernel},
                 {"key/kernel", f::mha_key_kernel, f::d_mha_key_kernel},
                 {"value/kernel", f::mha_value_kernel, f::d_mha_value_kernel},
                 {"attention_output/kernel", f::mha_attention_output_kernel, f::d_mha_attention_output_kernel}});
  }
  {
    namespace f = fixtures::attention::causal;
    check_keras(MultiHeadAttention(2, 3, {.use_causal_mask = true}), f::x, f::y, f::dy, f::dx,
                {{"query/kernel", f::mha_query_kernel, f::d_mha_query_kernel},
                 {"query/bias", f::mha_query_bias, f::d_mha_query_bias},
                 {"key/kernel", f::mha_key_kernel, f::d_mha_key_kernel},
                 {"key/bias", f::mha_key_bias, f::d_mha_key_bias},
                 {"value/kernel", f::mha_value_kernel, f::d_mha_value_kernel},
                 {"value/bias", f::mha_value_bias, f::d_mha_value_bias},
                 {"attention_output/kernel", f::mha_attention_output_kernel, f::d_mha_attention_output_kernel},
                 {"attention_output/bias", f::mha_attention_output_bias, f::d_mha_attention_output_bias}});
  }
  {
    namespace f = fixtures::attention::masked;
    check_keras(MultiHeadAttention(2, 3), f::x, f::y, f::dy, f::dx,
                {{"query/kernel", f::mha_query_kernel, f::d_mha_query_kernel},
                 {"query/bias", f::mha_query_bias, f::d_mha_query_bias},
                 {"key/kernel", f::mha_key_kernel, f::d_mha_key_kernel},
                 {"key/bias", f::mha_key_bias, f::d_mha_key_bias},
                 {"value/kernel", f::mha_value_kernel, f::d_mha_value_kernel},
                 {"value/bias", f::mha_value_bias, f::d_mha_value_bias},
                 {"attention_output/kernel", f::mha_attention_output_kernel, f::d_mha_attention_output_kernel},
                 {"attention_output/bias", f::mha_attention_output_bias, f::d_mha_attention_output_bias}},
                f::mask);
  }
  {
    namespace f = fixtures::attention::masked_causal;
    check_keras(MultiHeadAttention(2, 3, {.use_causal_mask = true}), f::x, f::y, f::dy, f::dx,
                {{"query/kernel", f::mha_query_kernel, f::d_mha_query_kernel},
                 {"query/bias", f::mha_query_bias, f::d_mha_query_bias},
                 {"key/kernel", f::mha_key_kernel, f::d_mha_key_kernel},
                 {"key/bias", f::mha_key_bias, f::d_mha_key_bias},
                 {"value/kernel", f::mha_value_kernel, f::d_mha_value_kernel},
                 {"value/bias", f::mha_value_bias, f::d_mha_value_bias},
                 {"attention_output/kernel", f::mha_attention_output_kernel, f::d_mha_attention_output_kernel},
                 {"attention_output/bias", f::mha_attention_output_bias, f::d_mha_attention_output_bias}},
                f::mask);
  }
}

TEST_CASE("MultiHeadAttention agrees with plain loops over many blocks of steps", "[layers][multi_head_attention]") {
  for (const std::size_t T : Sizes{1, 63, 64, 65, 150}) {
    for (const bool causal : {false, true}) {
      for (const bool masked : {false, true}) {
        CAPTURE(T, causal, masked);
        LayerRun<double> run(
            MultiHeadAttention(
                3, 5,
                {.value_dim = 4, .output_shape = 7, .bias_initializer = random_normal(), .use_causal_mask = causal}),
            {T, 6}, {.poison = true});
        std::vector<std::uint8_t> mask;
        for (std::size_t t = 0; masked && t < T; ++t) mask.push_back(t % 5 != 1 && t < 140);
        run.set_mask(mask);
        const std::vector<double> x = normal_values<double>(T * 6, 1);
        check_close(run.forward(x), plain_attention(run, x, 3, 5, 4, causal, mask), 1e-12);
      }
    }
  }
}

TEST_CASE("MultiHeadAttention's gradients agree with central differences", "[layers][multi_head_attention]") {
  const auto check = [](const MultiHeadAttentionOptions& options, const Shape& input, std::vector<std::uint8_t> mask) {
    const GradientReport report =
        check_gradients(MultiHeadAttention(2, 3, options), input, {.batch = 2, .mask = std::move(mask)});
    INFO(report.to_string());
    CHECK(report.passed());
  };
  const std::vector<std::uint8_t> mask = {1, 1, 0, 1, 0, 1, 1, 1, 0, 0};
  for (const bool causal : {false, true}) {
    check({.use_causal_mask = causal}, {5, 4}, {});
    check({.use_causal_mask = causal}, {5, 4}, mask);
    check({.use_causal_mask = causal}, {5, 4}, std::vector<std::uint8_t>(10, 0));
    check({.value_dim = 2, .dropout = 0.4, .use_bias = false, .output_shape = 3, .use_causal_mask = causal}, {5, 4},
          {});
    check({.dropout = 0.4, .use_causal_mask = causal}, {5, 4}, mask);
    check({.dropout = 0.2, .use_causal_mask = causal, .seed = 3}, {70, 2}, {});
  }
}

TEST_CASE("MultiHeadAttention keeps padding out of the steps that count", "[layers][multi_head_attention]") {
  LayerRun<float> whole(MultiHeadAttention(2, 4), {6, 3});
  LayerRun<float> part(MultiHeadAttention(2, 4), {4, 3});
  const std::vector<float> x = normal_values<float>(18, 1);
  whole.set_mask(std::vector<std::uint8_t>{1, 1, 1, 1, 0, 0});
  const auto y = whole.forward(x);
  const auto z = part.forward(std::span(x).first(12));
  for (std::size_t i = 0; i < 12; ++i) CHECK_THAT(double{y[i]}, WithinAbs(double{z[i]}, 1e-6));
  for (std::size_t i = 12; i < 18; ++i) CHECK(y[i] == 0);  // the output's bias
}

TEST_CASE("MultiHeadAttention drops weights while training, others of every step, head and sample",
          "[layers][multi_head_attention]") {
  // Queries of 0 ask all steps alike, and with values of 1 the output is the share of the weights that stay, doubled.
  constexpr std::size_t T = 100;
  const LayerRecipe<double> layer = MultiHeadAttention(2, 1, {.dropout = 0.5, .use_bias = false, .output_shape = 2});
  const auto set = [](LayerRun<double>& run) {
    std::fill(run.parameter("layer/query/kernel").begin(), run.parameter("layer/query/kernel").end(), 0.0);
    std::fill(run.parameter("layer/value/kernel").begin(), run.parameter("layer/value/kernel").end(), 1.0);
    const double output[] = {1, 0, 0, 1};  // each head apart
    std::copy(std::begin(output), std::end(output), run.parameter("layer/attention_output/kernel").begin());
  };
  const std::vector<double> ones(2 * T, 1.0);
  LayerRun<double> run(layer, {T, 1}, {.batch = 2});
  set(run);
  const std::vector<double> y = copy_of(run.forward(ones));
  double mean = 0;
  for (const double v : y) mean += v / static_cast<double>(y.size());
  CHECK_THAT(mean, WithinAbs(1, 0.02));
  const auto agree = [&](std::size_t a, std::size_t b) {  // of 100 sums of 100 coins, some 6 agree by chance
    std::size_t count = 0;
    for (std::size_t t = 0; t < T; ++t) count += y[a + 2 * t] == y[b + 2 * t] ? 1U : 0U;
    return count;
  };
  CHECK(agree(0, 1) < 30);      // heads
  CHECK(agree(0, 2 * T) < 30);  // samples
  CHECK(y[2 * 0] + y[2 * 1] != y[2 * 64] + y[2 * 65]);
  run.set_step(1);
  CHECK(copy_of(run.forward(ones)) != y);

  LayerRun<double> second(layer, {T, 1}, {.first_sample = 1});
  set(second);
  const auto alone = second.forward(std::span(ones).first(T));
  CHECK(std::equal(alone.begin(), alone.end(), y.begin() + 2 * T));
  LayerRun<double> predicting(layer, {T, 1}, {.training = false});
  set(predicting);
  for (const double v : predicting.forward(std::span(ones).first(T))) CHECK_THAT(v, WithinAbs(1, 1e-12));
  CHECK(predicting.kept_bytes() == 0);
}

TEST_CASE("MultiHeadAttention names its parameters as Keras does", "[layers][multi_head_attention]") {
  const LayerRun<float> run(MultiHeadAttention(2, 3, {.value_dim = 4, .name = "mha"}), {5, 6});
  std::vector<std::string> names;
  for (const ParameterInfo& info : run.layout().infos()) names.push_back(text(info.name, ' ', info.shape));
  CHECK(names == std::vector<std::string>{"mha/query/kernel (6, 2, 3)", "mha/query/bias (2, 3)",
                                          "mha/key/kernel (6, 2, 3)", "mha/key/bias (2, 3)",
                                          "mha/value/kernel (6, 2, 4)", "mha/value/bias (2, 4)",
                                          "mha/attention_output/kernel (2, 4, 6)", "mha/attention_output/bias (6,)"});
  const LayerRun<float> penalized(
      MultiHeadAttention(2, 3, {.kernel_regularizer = L2(0.1), .bias_regularizer = L1(0.2)}), {5, 6});
  for (const ParameterInfo& info : penalized.layout().infos()) {
    CHECK(info.regularizer == (info.name.ends_with("kernel") ? L2(0.1) : L1(0.2)));
  }
}

TEST_CASE("MultiHeadAttention refuses what it cannot attend to", "[layers][multi_head_attention]") {
  CHECK_THROWS_MATCHES(MultiHeadAttention(0, 3, {.name = "m"}), OptionError,
                       Message("MultiHeadAttention \"m\": num_heads must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(MultiHeadAttention(2, 0), OptionError,
                       Message("MultiHeadAttention: key_dim must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(MultiHeadAttention(2, 3, {.dropout = 1}), OptionError,
                       Message("MultiHeadAttention: dropout must be in [0, 1), got 1"));
  MultiHeadAttentionLayer<float> layer(MultiHeadAttention(2, 3, {.name = "m"}));
  CHECK(layer.output_shape({kAnyLength, 6}) == Shape{kAnyLength, 6});
  CHECK_THROWS_MATCHES(layer.output_shape({5}), ShapeError,
                       Message("MultiHeadAttention \"m\": input must be (batch, time, features), got (batch, 5)"));
  CHECK_THROWS_MATCHES(layer.output_shape({5, kAnyLength}), ShapeError,
                       Message("MultiHeadAttention \"m\": input must be (batch, time, features), got (batch, 5, any); "
                               "the last axis is the number of features and must be fixed"));
  CHECK_THROWS_MATCHES(layer.output_shape({0, 6}), ShapeError,
                       Message("MultiHeadAttention \"m\": no axis of the input may be empty, got (batch, 0, 6)"));
  ParameterLayout parameters;
  layer.build({5, 6}, parameters);
  CHECK_THROWS_MATCHES(layer.output_shape({5, 7}), ShapeError,
                       Message("MultiHeadAttention \"m\": input must be (batch, time, 6), got (batch, 5, 7); the last "
                               "axis is the number of features and must be fixed"));
  CHECK(layer.mask_use() == MaskUse::keeps);
  CHECK_FALSE(layer.steps_alone());
  CHECK(layer.preferred_tile({10, 6}) == 7);
  CHECK(layer.preferred_tile({64, 6}) == 1);
}

TEST_CASE("MultiHeadAttention is a value that prints as written", "[layers][multi_head_attention]") {
  CHECK(MultiHeadAttention(2, 3).to_string() == "MultiHeadAttention(2, 3)");
  CHECK(MultiHeadAttention(2, 3,
                           {.value_dim = 4,
                            .dropout = 0.1,
                            .use_bias = false,
                            .output_shape = 5,
                            .kernel_initializer = he_normal(),
                            .bias_initializer = ones(),
                            .kernel_regularizer = L2(),
                            .bias_regularizer = L1(),
                            .use_causal_mask = true,
                            .seed = 6,
                            .name = "m"})
            .to_string() ==
        "MultiHeadAttention(2, 3, {.value_dim = 4, .dropout = 0.1, .use_bias = false, .output_shape = 5, "
        ".kernel_initializer = he_normal, .bias_initializer = ones, .kernel_regularizer = L2(0.01), "
        ".bias_regularizer = L1(0.01), .use_causal_mask = true, .seed = 6, .name = \"m\"})");
  CHECK(MultiHeadAttention(2, 3) == MultiHeadAttention(2, 3));
  CHECK_FALSE(MultiHeadAttention(2, 3) == MultiHeadAttention(3, 2));
  CHECK_FALSE(MultiHeadAttention(2, 3) == MultiHeadAttention(2, 3, {.use_causal_mask = true}));
}

TEST_CASE("MultiHeadAttention allocates nothing in steady state", "[layers][multi_head_attention]") {
  LayerRun<float> run(MultiHeadAttention(2, 3, {.dropout = 0.1}), {70, 4}, {.batch = 2});
  const std::vector<float> x = normal_values<float>(560, 1);
  run.set_mask(std::vector<std::uint8_t>(140, 1));
  run.forward(x);
  run.backward(x);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(x);
  CHECK(allocations.so_far() == 0);
}
