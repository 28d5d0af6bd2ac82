#include "seqnn/layers/attention_pooling1d.hpp"

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
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

template <std::size_t n>
void fill(std::span<double> parameter, const double (&values)[n]) {
  REQUIRE(parameter.size() == n);
  std::copy(std::begin(values), std::end(values), parameter.begin());
}

}  // namespace

TEST_CASE("AttentionPooling1D weighs time steps by what it has learnt to look for", "[layers][attention_pooling1d]") {
  // Scores 2·tanh(0) = 0 and 2·tanh(1): weights 1 : e^(2·tanh 1).
  LayerRun<double> run(AttentionPooling1D(1), {2, 2});
  run.parameter("kernel")[0] = 1;
  run.parameter("kernel")[1] = 0;
  run.parameter("scale")[0] = 2;
  const double loud = std::exp(2 * std::tanh(1.0));
  check_close(run.forward(std::vector<double>{0, 10, 1, 20}),
              std::vector<double>{loud / (1 + loud), (10 + 20 * loud) / (1 + loud)}, 1e-15);
}

TEST_CASE("AttentionPooling1D agrees with Keras' AdditiveAttention of one query", "[layers][attention_pooling1d]") {
  {
    namespace f = fixtures::attention::pooling;
    LayerRun<double> run(AttentionPooling1D(4), {5, 6}, {.batch = 2});
    fill(run.parameter("kernel"), f::kernel);
    fill(run.parameter("bias"), f::bias);
    fill(run.parameter("scale"), f::inner_scale);
    check_close(run.forward(f::x), f::y, 1e-13);
    check_close(run.backward(f::dy), f::dx, 1e-13);
    check_close(run.gradient("kernel"), f::d_kernel, 1e-13);
    check_close(run.gradient("bias"), f::d_bias, 1e-13);
    check_close(run.gradient("scale"), f::d_inner_scale, 1e-13);
  }
  {
    namespace f = fixtures::attention::pooling_masked;
    LayerRun<double> run(AttentionPooling1D(4), {5, 6}, {.batch = 2});
    fill(run.parameter("kernel"), f::kernel);
    fill(run.parameter("bias"), f::bias);
    fill(run.parameter("scale"), f::inner_scale);
    run.set_mask(std::vector<std::uint8_t>(std::begin(f::mask), std::end(f::mask)));
    check_close(run.forward(f::x), f::y, 1e-13);
    check_close(run.backward(f::dy), f::dx, 1e-13);
    check_close(run.gradient("kernel"), f::d_kernel, 1e-13);
    check_close(run.gradient("bias"), f::d_bias, 1e-13);
    check_close(run.gradient("scale"), f::d_inner_scale, 1e-13);
  }
}

TEST_CASE("AttentionPooling1D's gradients agree with central differences", "[layers][attention_pooling1d]") {
  for (const std::vector<std::uint8_t>& mask :
       {std::vector<std::uint8_t>{}, {1, 0, 1, 1, 0, 1, 1, 1}, {1, 0, 0, 0, 0, 0, 0, 0}}) {
    for (const std::size_t units : {1U, 5U, 19U}) {
      const GradientReport report = check_gradients(AttentionPooling1D(units), {4, 3}, {.batch = 2, .mask = mask});
      INFO(report.to_string());
      CHECK(report.passed());
    }
  }
}

TEST_CASE("AttentionPooling1D gives 0 for a sequence of which no step counts", "[layers][attention_pooling1d]") {
  LayerRun<float> run(AttentionPooling1D(3), {2, 2}, {.batch = 2});
  run.set_mask(std::vector<std::uint8_t>{0, 0, 0, 1});
  const auto y = run.forward(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{0, 0, 7, 8});
}

TEST_CASE("AttentionPooling1D computes the same in prediction, and keeps nothing", "[layers][attention_pooling1d]") {
  LayerRun<double> training(AttentionPooling1D(3), {6, 4}, {.batch = 2});
  LayerRun<double> predicting(AttentionPooling1D(3), {6, 4}, {.batch = 2, .training = false, .poison = true});
  const std::vector<double> x = normal_values<double>(48, 1);
  const auto a = training.forward(x);
  const auto b = predicting.forward(x);
  CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
  CHECK(predicting.kept_bytes() == 0);
}

TEST_CASE("AttentionPooling1D refuses what is no sequence", "[layers][attention_pooling1d]") {
  CHECK_THROWS_MATCHES(AttentionPooling1D(0, {.name = "pool"}), OptionError,
                       Message("AttentionPooling1D \"pool\": units must be at least 1, got 0"));
  AttentionPooling1DLayer<float> layer(AttentionPooling1D(3, {.name = "pool"}));
  CHECK(layer.mask_use() == MaskUse::ends);
  CHECK(layer.output_shape({kAnyLength, 4}) == Shape{4});
  CHECK_THROWS_MATCHES(layer.output_shape({4}), ShapeError,
                       Message("AttentionPooling1D \"pool\": input must be (batch, time, features), got (batch, 4); "
                               "put it where the input still is a sequence"));
  CHECK_THROWS_MATCHES(layer.output_shape({4, kAnyLength}), ShapeError,
                       Message("AttentionPooling1D \"pool\": input must be (batch, time, features), got (batch, 4, "
                               "any); the last axis is the number of features and must be fixed"));
  ParameterLayout parameters;
  layer.build({5, 4}, parameters);
  CHECK_THROWS_MATCHES(layer.output_shape({5, 3}), ShapeError,
                       Message("AttentionPooling1D \"pool\": input must be (batch, time, 4), got (batch, 5, 3); the "
                               "last axis is the number of features and must be fixed"));
}

TEST_CASE("AttentionPooling1D's weights can be penalized and constrained", "[layers][attention_pooling1d]") {
  const LayerRun<float> run(AttentionPooling1D(3, {.kernel_regularizer = L2(1),
                                                   .bias_regularizer = L2(2),
                                                   .scale_regularizer = L2(3),
                                                   .kernel_constraint = MaxNorm(1),
                                                   .bias_constraint = MaxNorm(2),
                                                   .scale_constraint = MaxNorm(3)}),
                            {5, 4});
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(run.layout().infos()[i].regularizer == L2(static_cast<double>(i) + 1));
    CHECK(run.layout().infos()[i].constraint == MaxNorm(static_cast<double>(i) + 1));
  }
}

TEST_CASE("AttentionPooling1D is a value that prints as written", "[layers][attention_pooling1d]") {
  CHECK(AttentionPooling1D(3).to_string() == "AttentionPooling1D(3)");
  CHECK(AttentionPooling1D(
            3, {.kernel_initializer = zeros(), .bias_initializer = ones(), .scale_initializer = ones(), .name = "p"})
            .to_string() ==
        "AttentionPooling1D(3, {.kernel_initializer = zeros, .bias_initializer = ones, .scale_initializer = ones, "
        ".name = \"p\"})");
  CHECK(AttentionPooling1D(3, {.kernel_regularizer = L2(0.1),
                               .bias_regularizer = L1(0.1),
                               .scale_regularizer = L2(0.2),
                               .kernel_constraint = MaxNorm(3),
                               .bias_constraint = NonNeg(),
                               .scale_constraint = UnitNorm()})
            .to_string() ==
        "AttentionPooling1D(3, {.kernel_regularizer = L2(0.1), .bias_regularizer = L1(0.1), .scale_regularizer = "
        "L2(0.2), .kernel_constraint = MaxNorm(3), .bias_constraint = NonNeg(), .scale_constraint = UnitNorm()})");
  CHECK(AttentionPooling1D(3) == AttentionPooling1D(3));
  CHECK_FALSE(AttentionPooling1D(3) == AttentionPooling1D(4));
}

TEST_CASE("AttentionPooling1D allocates nothing in steady state", "[layers][attention_pooling1d]") {
  LayerRun<float> run(AttentionPooling1D(5), {11, 9}, {.batch = 3});
  const std::vector<float> x = normal_values<float>(3 * 11 * 9, 1);
  const std::vector<float> dy = normal_values<float>(3 * 9, 2);
  run.forward(x);
  run.backward(dy);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
