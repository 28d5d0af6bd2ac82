#include "seqnn/models/network.hpp"

#include "seqnn/layers/activation.hpp"
#include "seqnn/layers/conv1d.hpp"
#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/dropout.hpp"
#include "seqnn/layers/embedding.hpp"
#include "seqnn/layers/flatten.hpp"
#include "seqnn/layers/global_max_pool1d.hpp"
#include "seqnn/layers/lstm.hpp"
#include "seqnn/layers/masking.hpp"
#include "seqnn/layers/max_pool1d.hpp"
#include "seqnn/layers/repeat_vector.hpp"
#include "seqnn/layers/residual.hpp"
#include "seqnn/layers/time_distributed.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

using Layers = std::vector<LayerRecipe<float>>;

/// A layer whose parameter does not learn, as those of a layer that only keeps statistics.
struct Fixed final : Layer<float> {
  std::string type() const override { return "MyFixedLayer"; }
  void build(const Shape&, ParameterLayout& parameters) override {
    parameters.declare(name() + "/offset", {3}, ones(), false);
  }
  Shape output_shape(const Shape& input) const override { return input; }
  void forward(Pass<float>&) const override {}
  void backward(Pass<float>&) const override {}
};

/// A layer that says it keeps the mask, and loses the first step.
struct Shorter final : Layer<float> {
  std::string type() const override { return "Shorter"; }
  MaskUse mask_use() const override { return MaskUse::keeps; }
  Shape output_shape(const Shape& input) const override {
    return {input[0] == kAnyLength ? kAnyLength : input[0] - 1, input[1]};
  }
  void forward(Pass<float>&) const override {}
  void backward(Pass<float>&) const override {}
};

std::vector<std::string> names(const Network<float>& network) {
  std::vector<std::string> result;
  for (const auto& layer : network.layers()) result.push_back(layer->name());
  return result;
}

}  // namespace

TEST_CASE("Network gives layers without a name Keras' names", "[models][network]") {
  const Network<float> network(Layers{Conv1D(4, 3), MaxPool1D(2), Conv1D(4, 3, {.name = "second"}), Conv1D(4, 2),
                                      Conv1D(4, 2), GlobalMaxPool1D(), Fixed(), Dense(1)},
                               {20, 3}, 0);
  CHECK(names(network) == std::vector<std::string>{"conv1d", "max_pool1d", "second", "conv1d_1", "conv1d_2",
                                                   "global_max_pool1d", "my_fixed_layer", "dense"});
  CHECK(network.layout().infos()[0].name == "conv1d/kernel");
  CHECK(network.layout().infos()[2].name == "second/kernel");
}

TEST_CASE("Network knows the shapes between its layers", "[models][network]") {
  const Network<float> network(Layers{Embedding(10, 8), Conv1D(4, 3), Flatten(), Dense(2)}, {7}, 0);
  CHECK(network.shapes({7}) == std::vector<Shape>{{7}, {7, 8}, {5, 4}, {20}, {2}});
  CHECK(network.input_kind() == InputKind::ids);
  const Network<float> open(Layers{Conv1D(4, 3), GlobalMaxPool1D()}, {kAnyLength, 2}, 0);
  CHECK(open.shapes({9, 2}) == std::vector<Shape>{{9, 2}, {7, 4}, {4}});
  CHECK(open.shapes({kAnyLength, 2}) == std::vector<Shape>{{kAnyLength, 2}, {kAnyLength, 4}, {4}});
}

TEST_CASE("Network lays out parameters layer by layer, those that do not learn at the end", "[models][network]") {
  const Network<float> network(Layers{Dense(2), Fixed(), Dense(1)}, {3}, 0);
  CHECK(network.parameters_of(0).size() == 2);
  CHECK(network.parameters_of(1).size() == 1);
  CHECK(network.parameters_of(1)[0].offset == network.layout().trainable_extent());
  CHECK(network.parameters_of(2)[0].name == "dense_1/kernel");
  CHECK(network.parameters()[network.layout().trainable_extent()] == 1);
  CHECK(network.layout().count(true) == 3 * 2 + 2 + 2 + 1);
  CHECK(network.layout().count(false) == 3);
}

TEST_CASE("Network asks for a gradient by a layer's input only where something below learns", "[models][network]") {
  const Network<float> network(Layers{Fixed(), Dropout(0.5), Dense(2), Activation(Activation::relu), Dense(1)}, {3}, 0);
  const std::vector<bool> wanted = {false, false, false, true, true};
  for (std::size_t l = 0; l < wanted.size(); ++l) CHECK(network.needs_input_gradient(l) == wanted[l]);
}

TEST_CASE("Network draws the same first weights for the same seed", "[models][network]") {
  const auto draw = [](std::uint64_t seed) {
    const Network<float> network(Layers{Dense(4), Dense(2)}, {3}, seed);
    return std::vector<float>(network.parameters().begin(), network.parameters().end());
  };
  CHECK(draw(1) == draw(1));
  CHECK(draw(1) != draw(2));
}

TEST_CASE("Network refuses layers that do not fit together", "[models][network]") {
  const auto build = [](Layers layers, Shape input) { Network<float>(layers, std::move(input), 0); };
  CHECK_THROWS_MATCHES(build({}, {3}), StateError,
                       Message("Sequential: must have at least one layer, got none; list some or add() them"));
  CHECK_THROWS_MATCHES(build({Dense(3), Embedding(5, 2)}, {3}), ShapeError,
                       Message("Embedding \"embedding\": reads token ids, so it must be the first layer, got Dense "
                               "\"dense\" before it"));
  CHECK_THROWS_MATCHES(build({Dense(3, {.name = "a"}), Dense(3, {.name = "a"})}, {3}), OptionError,
                       Message("parameter \"a/kernel\" exists twice; give the layers names of their own"));
  CHECK_THROWS_MATCHES(build({Conv1D(4, 7)}, {5, 64}), ShapeError,
                       Message("Conv1D \"conv1d\": kernel_size 7 exceeds the 5 time steps of input (batch, 5, 64); "
                               "pad, or use a shorter kernel"));
  CHECK_THROWS_AS(build({Flatten(), Dense(1)}, {kAnyLength, 2}), ShapeError);
}

TEST_CASE("Network refuses samples of another shape than it was built for", "[models][network]") {
  const Network<float> open(Layers{Conv1D(4, 3)}, {kAnyLength, 14}, 0);
  CHECK_THROWS_MATCHES(open.shapes({120, 15}), ShapeError,
                       Message("Sequential: input must be (batch, any, 14), got (batch, 120, 15); layer Conv1D "
                               "\"conv1d\" was built for it (kAnyLength in build leaves an axis open)"));
  CHECK_THROWS_AS(open.shapes({14}), ShapeError);
  CHECK_THROWS_MATCHES(open.shapes({2, 14}), ShapeError,
                       Message("Conv1D \"conv1d\": kernel_size 3 exceeds the 2 time steps of input (batch, 2, 14); "
                               "pad, or use a shorter kernel"));
}

TEST_CASE("Network refuses layers that lose the steps of a mask", "[models][network]") {
  const auto build = [](Layers layers, Shape input) { Network<float>(layers, std::move(input), 0); };
  const Embedding words(9, 6, {.mask_zero = true});  // a mask of (sentences, words)
  // A vector a sentence, even if it is as long as the sentence.
  CHECK_THROWS_MATCHES(
      build({words, TimeDistributed(LSTM(8)), Dense(1)}, {3, 4}), ShapeError,
      Message("TimeDistributed \"time_distributed\": output must be (batch, 3, 4, …), with the steps of the mask from "
              "Embedding \"embedding\", got (batch, 3, 8); keep the time axes, or make no mask"));
  CHECK_THROWS_AS(build({words, TimeDistributed(LSTM(4)), Dense(1)}, {3, 4}), ShapeError);
  CHECK_THROWS_AS(build({words, TimeDistributed(LSTM(8)), LSTM(16), Dense(1)}, {3, 4}), ShapeError);
  CHECK_THROWS_MATCHES(
      build({words, Dense(2), TimeDistributed(Conv1D(2, 3), {.name = "td"}), Dense(1)}, {kAnyLength, 4}), ShapeError,
      Message("TimeDistributed \"td\": output must be (batch, any, 4, …), with the steps of the mask from Embedding "
              "\"embedding\", got (batch, any, 2, 2); keep the time axes, or make no mask"));
  // Also where the mask goes no further than a block.
  CHECK_THROWS_MATCHES(
      build({words, Residual({TimeDistributed(LSTM(6)), LSTM(6)},
                             {.shortcut = {TimeDistributed(LSTM(6)), LSTM(6)}, .name = "r"})},
            {3, 4}),
      ShapeError,
      Message(
          "TimeDistributed \"r/time_distributed\": output must be (batch, 3, 4, …), with the steps of the mask from "
          "Embedding \"embedding\", got (batch, 3, 6); keep the time axes, or make no mask"));
  CHECK_THROWS_MATCHES(build({Masking(), Shorter()}, {5, 2}), ShapeError,
                       Message("Shorter \"shorter\": output must be (batch, 5, …), with the steps of the mask from "
                               "Masking \"masking\", got (batch, 4, 2); keep the time axes, or make no mask"));
}

TEST_CASE("Network lets a mask pass where its steps stay", "[models][network]") {
  const auto has_mask = [](Layers layers, Shape input) {
    const Network<float> network(layers, std::move(input), 0);
    return network.has_mask(layers.size() - 1);
  };
  const Embedding words(9, 6, {.mask_zero = true});
  const auto sequences = LSTM(4, {.return_sequences = true});
  CHECK(has_mask({words, Dense(3), TimeDistributed(sequences)}, {3, 4}));
  CHECK(has_mask({words, Dense(3), TimeDistributed(sequences)}, {kAnyLength, 4}));
  CHECK(has_mask({words, Dense(3)}, {kAnyLength, kAnyLength}));
  CHECK(has_mask({words, Dense(3)}, {}));  // a mask of samples
  CHECK(has_mask({Masking(), TimeDistributed(RepeatVector(3)), TimeDistributed(sequences), Dense(2)}, {kAnyLength, 6}));
  CHECK(has_mask({Masking(), TimeDistributed(RepeatVector(3)), TimeDistributed(LSTM(8)), sequences}, {5, 6}));
  CHECK(has_mask({Masking(), LSTM(4, {.return_sequences = true, .go_backwards = true}), sequences}, {5, 6}));
  CHECK(has_mask({Masking(), Residual({Dense(6)}), Residual({TimeDistributed(Dense(6))})}, {5, 6}));
  CHECK_FALSE(has_mask({Masking(), Residual({LSTM(2), Dense(6)}, {.shortcut = {LSTM(6)}})}, {5, 6}));
  CHECK_FALSE(has_mask({Embedding(9, 6), TimeDistributed(LSTM(8)), LSTM(16)}, {3, 4}));
}

TEST_CASE("Network refuses lengths at which a layer loses the steps of a mask", "[models][network]") {
  const Network<float> network(Layers{Masking(), Shorter()}, {kAnyLength, 2}, 0);
  CHECK(network.shapes({kAnyLength, 2}).back() == Shape{kAnyLength, 2});
  CHECK_THROWS_MATCHES(network.shapes({5, 2}), ShapeError,
                       Message("Shorter \"shorter\": output must be (batch, 5, …), with the steps of the mask from "
                               "Masking \"masking\", got (batch, 4, 2); keep the time axes, or make no mask"));
}
