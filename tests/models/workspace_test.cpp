#include "seqnn/models/workspace.hpp"

#include "seqnn/layers/activation.hpp"
#include "seqnn/layers/average_pool1d.hpp"
#include "seqnn/layers/conv1d.hpp"
#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/dropout.hpp"
#include "seqnn/layers/embedding.hpp"
#include "seqnn/layers/flatten.hpp"
#include "seqnn/layers/max_pool1d.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;

namespace {

using Layers = std::vector<LayerRecipe<float>>;
using Numbers = std::vector<float>;

/// Outputs of `samples` samples in tiles of `tile`, and the gradient of the sum of all outputs.
struct Result {
  Numbers outputs;
  Numbers gradients;
};

Result run(const Network<float>& network, const Numbers& x, std::size_t samples, std::size_t tile, bool training,
           std::uint32_t step = 0) {
  const Shape input = network.input_shape();
  Workspace<float> workspace(network, input, tile, training);
  const std::size_t width = element_count(workspace.output_shape());
  Result result{{}, Numbers(network.layout().trainable_extent())};
  workspace.begin(network.parameters().data(), result.gradients.data(), 7, step);
  for (std::size_t at = 0; at < samples; at += tile) {
    const std::size_t count = std::min(tile, samples - at);
    const float* y = workspace.forward(count, x.data() + at * element_count(input), nullptr, at);
    result.outputs.insert(result.outputs.end(), y, y + count * width);
    if (!training) continue;
    std::fill_n(workspace.output_gradient(), count * width, 1.0F);
    workspace.backward();
  }
  if (training) workspace.finish();
  return result;
}

Numbers counting(std::size_t n) {
  Numbers values(n);
  std::iota(values.begin(), values.end(), 1.0F);
  return values;
}

}  // namespace

TEST_CASE("Workspace passes samples forward and gradients back", "[models][workspace]") {
  // a = 2x + 1, y = relu(a)·3: x = 1, -2 gives a = 3, -3, y = 9, 0. By W₂: relu(a), by W₁: 3x where a > 0, by b₁: 3.
  const Network<float> network(
      Layers{Dense(1, {.kernel_initializer = constant(2), .bias_initializer = ones()}), Activation(Activation::relu),
             Dense(1, {.use_bias = false, .kernel_initializer = constant(3)})},
      {1}, 0);
  const Result result = run(network, {1, -2}, 2, 2, true);
  CHECK(result.outputs == Numbers{9, 0});
  const auto gradient = [&](std::size_t p) { return result.gradients[network.layout().infos()[p].offset]; };
  CHECK(gradient(0) == 3);  // 3·1
  CHECK(gradient(1) == 3);
  CHECK(gradient(2) == 3);  // relu(3) + relu(-3)
  CHECK(run(network, {1, -2}, 2, 2, false).outputs == Numbers{9, 0});
}

TEST_CASE("Workspace gives the same outputs whatever the tile", "[models][workspace]") {
  const Network<float> network(
      Layers{Conv1D(5, 3, {.padding = Padding::same, .activation = Activation::tanh}), Flatten(), Dense(4)}, {6, 2}, 3);
  const Numbers x = [] {
    Numbers values = counting(7 * 12);
    for (float& v : values) v /= 84;
    return values;
  }();
  const auto whole = run(network, x, 7, 7, true);
  for (const std::size_t tile : {1U, 2U, 3U, 5U, 6U}) {
    CAPTURE(tile);
    const auto tiled = run(network, x, 7, tile, true);
    CHECK(tiled.outputs == whole.outputs);
    CHECK(run(network, x, 7, tile, false).outputs == whole.outputs);
    for (std::size_t i = 0; i < whole.gradients.size(); ++i) {
      CHECK_THAT(tiled.gradients[i], WithinAbs(whole.gradients[i], 1e-4));
    }
  }
}

TEST_CASE("Dropout's masks do not depend on tiles, but on the step", "[models][workspace]") {
  const Network<float> network(Layers{Dropout(0.5), Activation(Activation::linear), Dropout(0.2)}, {33}, 0);
  const Numbers x = counting(10 * 33);
  const auto whole = run(network, x, 10, 10, true).outputs;
  CHECK(std::count(whole.begin(), whole.end(), 0.0F) > 100);
  CHECK(whole[0] != whole[33]);  // samples differ
  for (const std::size_t tile : {1U, 3U, 7U}) CHECK(run(network, x, 10, tile, true).outputs == whole);
  CHECK(run(network, x, 10, 10, true, 1).outputs != whole);
  CHECK(run(network, x, 10, 4, false).outputs == x);  // in prediction both pass through
}

TEST_CASE("Workspace keeps room for the input of a tile", "[models][workspace]") {
  const Network<float> values(Layers{Dense(1)}, {4}, 0);
  const Network<float> ids(Layers{Embedding(5, 2)}, {4}, 0);
  Workspace<float> of_values(values, {4}, 3, true);
  Workspace<float> of_ids(ids, {4}, 3, true);
  CHECK(of_values.input_ids() == nullptr);
  CHECK(of_ids.input_values() == nullptr);
  std::fill_n(of_values.input_values(), 12, 1.0F);
  std::fill_n(of_ids.input_ids(), 12, 4);
  CHECK(of_values.bytes() > 12 * sizeof(float));
  CHECK(of_ids.output_shape() == Shape{4, 2});
}

TEST_CASE("Workspace allocates nothing after it is made", "[models][workspace]") {
  const Network<float> network(Layers{Conv1D(5, 3), Dropout(0.1), Flatten(), Dense(4)}, {9, 2}, 0);
  const Numbers x = counting(4 * 18);
  Workspace<float> workspace(network, {9, 2}, 4, true);
  Numbers gradients(network.layout().trainable_extent());
  const AllocationCount allocations;
  for (std::uint32_t step = 0; step < 3; ++step) {
    workspace.begin(network.parameters().data(), gradients.data(), 0, step);
    workspace.forward(4, x.data(), nullptr, 0);
    std::fill_n(workspace.output_gradient(), 16, 1.0F);
    workspace.backward();
    workspace.finish();
  }
  CHECK(allocations.so_far() == 0);
}

TEST_CASE("A tile stays in the cache, but not below what layers need", "[models][workspace]") {
  // 1000 floats a sample: 2^20 / 4000 = 262, half of it in training.
  const Network<float> network(Layers{Conv1D(10, 1)}, {100, 1}, 0);
  CHECK(tile_size(network, {100, 1}, 10'000, false) == 262);
  CHECK(tile_size(network, {100, 1}, 10'000, true) == 131);
  CHECK(tile_size(network, {100, 1}, 20, true) == 20);
  // 25 samples would stay in the cache, but the 16 MB of weights are read once a tile.
  const Network<float> wide(Layers{Dense(4096), Dense(1024)}, {1024}, 0);
  CHECK(tile_size(wide, {1024}, 10'000, true) == 48);
  // What a max pool takes from a convolution is never written, but which maximum it was: 1000 floats again.
  const Network<float> pooled(Layers{Conv1D(10, 1), MaxPool1D(2)}, {100, 1}, 0);
  CHECK(tile_size(pooled, {100, 1}, 10'000, true) == 131);
}

TEST_CASE("A convolution and the max pool behind it compute as one", "[models][workspace]") {
  // An Activation between them keeps the two apart.
  const auto agree = [](Shape input, const Layers& together, const Layers& apart) {
    CAPTURE(together[0].to_string());
    const Network<float> one(together, input, 5);
    Network<float> two(apart, input, 5);
    REQUIRE(one.pool_taken_by(0, one.shapes(input)));
    REQUIRE_FALSE(two.pool_taken_by(0, two.shapes(input)));
    std::copy(one.parameters().begin(), one.parameters().end(), two.parameters().begin());
    const Numbers x = normal_values<float>(5 * element_count(input), 3);
    const Result expected = run(two, x, 5, 5, true);
    for (const std::size_t tile : {1U, 2U, 5U}) {
      const Result found = run(one, x, 5, tile, true);
      CHECK(found.outputs == expected.outputs);
      CHECK(run(one, x, 5, tile, false).outputs == expected.outputs);
      for (std::size_t i = 0; i < found.gradients.size(); ++i) {
        CHECK_THAT(found.gradients[i], WithinAbs(expected.gradients[i], 1e-3));
      }
    }
  };
  const Conv1DOptions same{.padding = Padding::same, .activation = Activation::relu};
  const Conv1DOptions linear_same{.padding = Padding::same};
  // Narrow, then of few products a window: the walk-forward network.
  agree({60, 1}, {Conv1D(32, 3, same), MaxPool1D(3), Conv1D(32, 3, same), MaxPool1D(3), Flatten(), Dense(2)},
        {Conv1D(32, 3, linear_same), Activation(Activation::relu), MaxPool1D(3), Conv1D(32, 3, linear_same),
         Activation(Activation::relu), MaxPool1D(3), Flatten(), Dense(2)});
  // Wide enough for the sparse pass, windows that the sequence's end cuts.
  agree({41, 40}, {Conv1D(4, 1), MaxPool1D(4, {.padding = Padding::same}), Conv1D(17, 7), Flatten(), Dense(1)},
        {Conv1D(4, 1), Activation(Activation::linear), MaxPool1D(4, {.padding = Padding::same}), Conv1D(17, 7),
         Flatten(), Dense(1)});
  agree(
      {50, 3},
      {Conv1D(6, 2), MaxPool1D(1), Conv1D(9, 40, {.activation = Activation::relu}), MaxPool1D(5), Flatten(), Dense(1)},
      {Conv1D(6, 2), Activation(Activation::linear), MaxPool1D(1), Conv1D(9, 40), Activation(Activation::relu),
       MaxPool1D(5), Flatten(), Dense(1)});
  // Dense passes: windows of 2 of a dilated, of a strided and of a grouped convolution.
  for (const Conv1DOptions& options : {Conv1DOptions{.dilation_rate = 3}, Conv1DOptions{.strides = 2},
                                       Conv1DOptions{.padding = Padding::causal, .groups = 2}}) {
    agree({30, 8}, {Conv1D(8, 3, options), MaxPool1D(2), Conv1D(4, 3, options), MaxPool1D(2), Flatten(), Dense(1)},
          {Conv1D(8, 3, options), Activation(Activation::linear), MaxPool1D(2), Conv1D(4, 3, options),
           Activation(Activation::linear), MaxPool1D(2), Flatten(), Dense(1)});
  }
}

TEST_CASE("A max pool that overlaps, or behind an activation that bends back, stays a layer", "[models][workspace]") {
  const Shape input{20, 2};
  const auto taken = [&](const Layers& layers) {
    const Network<float> network(layers, input, 0);
    return network.pool_taken_by(0, network.shapes(input)).has_value();
  };
  CHECK(taken({Conv1D(2, 3), MaxPool1D(3)}));
  CHECK_FALSE(taken({Conv1D(2, 3), MaxPool1D(3, {.strides = 1})}));
  CHECK_FALSE(taken({Conv1D(2, 3), MaxPool1D(2, {.strides = 4})}));
  CHECK_FALSE(taken({Conv1D(2, 3, {.activation = Activation::softmax}), MaxPool1D(3)}));
  CHECK_FALSE(taken({Conv1D(2, 3), AveragePool1D(3)}));
  CHECK_FALSE(taken({Dense(2), MaxPool1D(3)}));
  CHECK_FALSE(taken({Conv1D(2, 3)}));
}
