#include "seqnn/layers/residual.hpp"

#include "fixtures/attention.hpp"
#include "seqnn/layers/batch_normalization.hpp"
#include "seqnn/layers/conv1d.hpp"
#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/dropout.hpp"
#include "seqnn/layers/embedding.hpp"
#include "seqnn/layers/global_max_pool1d.hpp"
#include "seqnn/layers/layer_normalization.hpp"
#include "seqnn/layers/lstm.hpp"
#include "seqnn/layers/masking.hpp"
#include "seqnn/layers/reshape.hpp"
#include "seqnn/layers/time_distributed.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"
#include "support/values.hpp"

#include <algorithm>
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

template <std::size_t n>
void fill(std::span<double> parameter, const double (&values)[n]) {
  REQUIRE(parameter.size() == n);
  std::copy(std::begin(values), std::end(values), parameter.begin());
}

void check_block(const LayerRecipe<double>& block, const Shape& input, std::vector<std::uint8_t> mask = {}) {
  const GradientReport report = check_gradients(block, input, {.batch = 2, .mask = std::move(mask)});
  INFO(block.to_string() << '\n' << report.to_string());
  CHECK(report.passed());
}

}  // namespace

TEST_CASE("Residual adds what its layers make of the input to the input", "[layers][residual]") {
  // x = 1 2, twice and then three times: y = x + 6x; dx = 7·dy; the first factor's gradient is Σ 3·dy·x.
  LayerRun<float> run(
      Residual({Dense(1, {.use_bias = false, .name = "a"}), Dense(1, {.use_bias = false, .name = "b"})}), {1},
      {.batch = 2});
  run.parameter("layer/a/kernel")[0] = 2;
  run.parameter("layer/b/kernel")[0] = 3;
  CHECK(copy_of(run.forward(std::vector<float>{1, 2})) == std::vector<float>{7, 14});
  CHECK(copy_of(run.backward(std::vector<float>{1, 10})) == std::vector<float>{7, 70});
  CHECK(run.gradient("layer/a/kernel")[0] == 3 * (1 * 1 + 10 * 2));
  CHECK(run.gradient("layer/b/kernel")[0] == 2 * (1 * 1 + 10 * 2));
}

TEST_CASE("Residual agrees with Keras", "[layers][residual]") {
  namespace f = fixtures::attention::residual;
  LayerRun<double> run(
      Residual<double>({Conv1D(3, 2, {.padding = Padding::causal, .dilation_rate = 2, .activation = Activation::tanh}),
                        LayerNormalization()},
                       {.shortcut = {Conv1D(3, 1)}}),
      {6, 4}, {.batch = 2});
  fill(run.parameter("layer/conv1d/kernel"), f::conv1d_kernel);
  fill(run.parameter("layer/conv1d/bias"), f::conv1d_bias);
  fill(run.parameter("gamma"), f::norm_gamma);
  fill(run.parameter("beta"), f::norm_beta);
  fill(run.parameter("layer/shortcut/conv1d/kernel"), f::skip_kernel);
  fill(run.parameter("layer/shortcut/conv1d/bias"), f::skip_bias);
  check_close(run.forward(f::x), f::y, 1e-13);
  check_close(run.backward(f::dy), f::dx, 1e-13);
  check_close(run.gradient("layer/conv1d/kernel"), f::d_conv1d_kernel, 1e-13);
  check_close(run.gradient("layer/conv1d/bias"), f::d_conv1d_bias, 1e-13);
  check_close(run.gradient("gamma"), f::d_norm_gamma, 1e-13);
  check_close(run.gradient("beta"), f::d_norm_beta, 1e-13);
  check_close(run.gradient("layer/shortcut/conv1d/kernel"), f::d_skip_kernel, 1e-13);
  check_close(run.gradient("layer/shortcut/conv1d/bias"), f::d_skip_bias, 1e-13);
}

TEST_CASE("Residual's gradients agree with central differences", "[layers][residual]") {
  using Block = Residual<double>;
  const LayerRecipe<double> causal = Conv1D(3, 2, {.padding = Padding::causal, .activation = Activation::tanh});
  check_block(Block({Dense(3)}), {3});
  check_block(Block({Dense(4, {.activation = Activation::tanh}), Dropout(0.3), LayerNormalization(), Dense(3)}),
              {2, 3});
  check_block(Block({Dense(5)}, {.shortcut = {Dense(4), Dense(5)}}), {2, 3});
  check_block(Block({Dropout(0.4)}), {4});                                   // nothing to learn
  check_block(Block({Reshape({3, 2}), Dense(2), Reshape({2, 3})}), {2, 3});  // values that pass through
  check_block(Block({Reshape({6})}, {.shortcut = {Reshape({6})}}), {2, 3});
  check_block(Block({causal}, {.shortcut = {Dense(3)}}), {4, 2});  // with states
  check_block(Block({causal, Dropout(0.2), causal}, {.shortcut = {Conv1D(3, 3, {.padding = Padding::causal})}}),
              {4, 2});
  check_block(Block({LSTM(3, {.return_sequences = true}), causal}), {4, 3});
  check_block(Block({LSTM(3)}, {.shortcut = {GlobalMaxPool1D()}}), {4, 3});
  check_block(Block({Block({Dense(3), Dropout(0.3)}), causal, Block({causal}, {.shortcut = {causal}})}), {4, 3});
  check_block(TimeDistributed(Block({Block({Dense(3)}), Dense(3)})), {2, 3});
  check_block(Block({BatchNormalization(), Dense(3, {.activation = Activation::gelu})}), {2, 3});
  check_block(Block({Dense(4), LSTM(3, {.return_sequences = true})}), {3, 3}, {1, 0, 1, 1, 1, 0});
  check_block(Block({LSTM(4), Dense(3)}, {.shortcut = {LSTM(3)}}), {3, 2}, {1, 0, 1, 1, 1, 0});
}

TEST_CASE("Residual's layers draw random numbers of their own", "[layers][residual]") {
  // Of each value the copies of four dropouts in a row: were two of them the same, one of them would do nothing.
  const auto kept = [](const LayerRecipe<float>& layer, std::size_t drops) {
    LayerRun<float> run(layer, {4000}, {.batch = 1});
    const auto y = run.forward(std::vector<float>(4000, 1.0F));
    return static_cast<double>(std::count_if(y.begin(), y.end(), [](float v) { return v > 1; })) * (1U << drops) /
           4000.0;
  };
  CHECK_THAT(kept(Residual({Dropout(0.5), Dropout(0.5)}), 2), WithinAbs(1, 0.2));
  CHECK_THAT(kept(Residual({Dropout(0.5), Dropout(0.5), Dropout(0.5)}), 3), WithinAbs(1, 0.3));
  // Where the inner sum is above its input and the outer dropout keeps it.
  LayerRun<float> run(Residual({Residual({Dropout(0.5)}), Dropout(0.5)}), {4000});
  const auto y = run.forward(std::vector<float>(4000, 1.0F));
  CHECK_THAT(static_cast<double>(std::count(y.begin(), y.end(), 7.0F)), WithinAbs(1000, 120));  // 1 + 2·(1 + 2)
  CHECK_THAT(static_cast<double>(std::count(y.begin(), y.end(), 3.0F)), WithinAbs(1000, 120));  // 1 + 2·1
  CHECK_THAT(static_cast<double>(std::count(y.begin(), y.end(), 1.0F)), WithinAbs(2000, 160));
}

TEST_CASE("Residual computes the same with and without training", "[layers][residual]") {
  const LayerRecipe<double> block = Residual<double>({LayerNormalization(), Dense(7, {.activation = Activation::relu}),
                                                      Dense(6), Residual<double>({Dropout(0.4), Dense(6)}), Dense(4)},
                                                     {.shortcut = {Dense(5), Dense(4)}});
  LayerRun<double> training(block, {3, 6}, {.batch = 2, .seed = 5});
  LayerRun<double> without(Residual<double>({LayerNormalization(), Dense(7, {.activation = Activation::relu}), Dense(6),
                                             Residual<double>({Dense(6)}), Dense(4)},
                                            {.shortcut = {Dense(5), Dense(4)}}),
                           {3, 6}, {.batch = 2, .seed = 5});
  LayerRun<double> predicting(block, {3, 6}, {.batch = 2, .training = false, .seed = 5, .poison = true});
  const std::vector<double> x = normal_values<double>(36, 1);
  CHECK(copy_of(without.forward(x)) == copy_of(predicting.forward(x)));
  CHECK(copy_of(without.forward(x)) != copy_of(training.forward(x)));
  CHECK(predicting.kept_bytes() == 0);
}

TEST_CASE("Residual's parameters carry its name", "[layers][residual]") {
  const LayerRun<float> run(
      Residual({Dense(3), Dense(3, {.use_bias = false}), Residual({Dense(3, {.name = "in"})}, {.name = "deep"})},
               {.shortcut = {Dense(3)}, .name = "block"}),
      {3});
  std::vector<std::string> names;
  for (const ParameterInfo& info : run.layout().infos()) names.push_back(info.name);
  CHECK(names == std::vector<std::string>{"block/dense/kernel", "block/dense/bias", "block/dense_1/kernel",
                                          "block/deep/in/kernel", "block/deep/in/bias", "block/shortcut/dense/kernel",
                                          "block/shortcut/dense/bias"});
}

TEST_CASE("Residual says what its layers need", "[layers][residual]") {
  const auto made = [](const LayerRecipe<float>& recipe, const Shape& input) {
    ParameterLayout parameters;
    auto layer = recipe.make();
    layer->set_name("r");
    layer->build(input, parameters);
    return layer;
  };
  const LayerRecipe<float> sequences = LSTM(3, {.return_sequences = true});
  CHECK(made(Residual({Dense(3)}), {5, 3})->mask_use() == MaskUse::keeps);
  CHECK(made(Residual({LSTM(3)}, {.shortcut = {LSTM(3)}}), {5, 3})->mask_use() == MaskUse::ends);
  CHECK(made(Residual({LSTM(3)}, {.shortcut = {GlobalMaxPool1D()}}), {5, 3})->mask_use() == MaskUse::refuses);
  CHECK(made(Residual({Conv1D(3, 1)}), {5, 3})->mask_use() == MaskUse::refuses);
  CHECK(made(Residual({Dense(3), Conv1D(3, 1)}), {5, 3})->mask_use() == MaskUse::refuses);

  CHECK(made(Residual({sequences}, {.shortcut = {sequences}}), {5, 3})->state_size({5, 3}) == 12);
  CHECK(made(Residual({Dense(3)}), {5, 3})->state_size({5, 3}) == 0);
  CHECK(made(Residual({Dense(3)}), {5, 3})->steps_alone());
  CHECK_FALSE(made(Residual({Conv1D(3, 3, {.padding = Padding::same})}), {5, 3})->steps_alone());

  CHECK_FALSE(made(Residual({Dense(3)}), {5, 3})->whole_batch());
  CHECK(made(Residual({Dense(3), BatchNormalization()}), {5, 3})->whole_batch());
  CHECK(made(Residual({Dense(3)}, {.shortcut = {BatchNormalization()}}), {5, 3})->whole_batch());

  const auto wide = made(Residual({Dense(2000), Dense(3)}), {3});
  const auto narrow = made(Residual({Dense(3)}, {.shortcut = {Dense(2000), Dense(3)}}), {3});
  CHECK(wide->preferred_tile({3}) == made(Dense(3), {2000})->preferred_tile({2000}));
  CHECK(narrow->preferred_tile({3}) == wide->preferred_tile({3}));
  CHECK(wide->preferred_tile({3}) > 1);
}

TEST_CASE("Residual refuses layers that have no place in it", "[layers][residual]") {
  CHECK_THROWS_MATCHES(Residual(std::vector<LayerRecipe<float>>{}, {.name = "r"}), OptionError,
                       Message("Residual \"r\": must have at least one layer, got none"));
  const auto build = [](const LayerRecipe<float>& recipe) { LayerRun<float>(recipe, {5, 3}); };
  CHECK_THROWS_MATCHES(build(Residual({Dense(4)}, {.name = "r"})), ShapeError,
                       Message("Residual \"r\": the layers must give what they are added to, (batch, 5, 3), got "
                               "(batch, 5, 4); give a .shortcut that makes the one of the other"));
  CHECK_THROWS_MATCHES(build(Residual({Dense(4)}, {.shortcut = {Dense(2)}, .name = "r"})), ShapeError,
                       Message("Residual \"r\": the layers must give what they are added to, (batch, 5, 2), got "
                               "(batch, 5, 4); give a .shortcut that makes the one of the other"));
  CHECK_THROWS_MATCHES(build(Residual({Embedding(5, 3)}, {.name = "r"})), OptionError,
                       Message("Residual \"r\": the layers inside must read numbers, not token ids, got Embedding "
                               "\"r/embedding\""));
  CHECK_THROWS_MATCHES(build(Residual({LSTM(3, {.stateful = true})}, {.name = "r"})), OptionError,
                       Message("Residual \"r\": the layers inside must not be stateful, got LSTM \"r/lstm\""));
  CHECK_THROWS_MATCHES(build(Residual({LSTM(3, {.return_state = true})}, {.name = "r"})), OptionError,
                       Message("Residual \"r\": the layers inside must return one tensor, got LSTM \"r/lstm\""));
  CHECK_THROWS_MATCHES(build(Residual({Dense(3)}, {.shortcut = {Masking()}, .name = "r"})), OptionError,
                       Message("Residual \"r\": the layers inside must not make a mask; put that layer before, got "
                               "Masking \"r/shortcut/masking\""));
  CHECK_THROWS_MATCHES(build(Residual({Conv1D(3, 9)}, {.name = "r"})), ShapeError,
                       Message("Conv1D \"r/conv1d\": kernel_size 9 exceeds the 5 time steps of input (batch, 5, 3); "
                               "pad, or use a shorter kernel"));
}

TEST_CASE("Residual is a value that prints as written", "[layers][residual]") {
  CHECK(Residual({Dense(3), Dropout(0.5)}).to_string() == "Residual({Dense(3), Dropout(0.5)})");
  CHECK(Residual({Dense(3)}, {.shortcut = {Dense(3, {.use_bias = false})}, .name = "r"}).to_string() ==
        "Residual({Dense(3)}, {.shortcut = {Dense(3, {.use_bias = false})}, .name = \"r\"})");
  CHECK(Residual({Residual({Dense(3)})}).to_string() == "Residual({Residual({Dense(3)})})");
  CHECK(Residual({Residual({Dense(3)}), Residual({Dense(4)})}).layers().size() == 2);
  CHECK(Residual<double>({Dense(3)}).to_string() == "Residual<double>({Dense(3)})");
  CHECK(Residual<double>({Residual<double>({Dense(3)})}).to_string() ==
        "Residual<double>({Residual<double>({Dense(3)})})");
  CHECK(Residual({Dense(3)}) == Residual({Dense(3)}));
  CHECK_FALSE(Residual({Dense(3)}) == Residual({Dense(4)}));
  CHECK_FALSE(Residual({Dense(3)}) == Residual({Dense(3)}, {.shortcut = {Dense(3)}}));
  CHECK(Residual({Dense(3), Dense(4)}).layers().size() == 2);
  STATIC_REQUIRE(RecipeFor<Residual<float>, Layer<float>>);
  STATIC_REQUIRE_FALSE(RecipeFor<Residual<float>, Layer<double>>);
}

TEST_CASE("Residual allocates nothing in steady state", "[layers][residual]") {
  const LayerRecipe<float> causal = Conv1D(3, 2, {.padding = Padding::causal});
  LayerRun<float> run(
      Residual({Residual({causal, Dropout(0.2)}), LSTM(3, {.return_sequences = true})}, {.shortcut = {Dense(3)}}),
      {5, 3}, {.batch = 2});
  const std::vector<float> x = normal_values<float>(30, 1);
  run.forward(x);
  run.backward(x);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(x);
  CHECK(allocations.so_far() == 0);
}
