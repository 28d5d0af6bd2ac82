#pragma once

#include "seqnn/seqnn.hpp"

#include <string>
#include <vector>

/// The networks of the walk-forward experiment, on 756 returns.
namespace walk_forward {

using Layers = std::vector<seqnn::LayerRecipe<float>>;

constexpr std::size_t kHistory = 3 * 252;  ///< returns that a forecast sees: three years

inline const std::vector<std::string>& model_names() {
  static const std::vector<std::string> names{"intended", "literal"};
  return names;
}

/// "intended": two convolutions over time, each with a pooling that leaves a third of the steps; 364,194 parameters.
///
/// "literal": what the published program computes. Its poolings were written for one axis more than there was: they
/// take the largest of three neighbouring channels, and every third step of time as it is. 125,538 parameters.
inline Layers layers(const std::string& name) {
  using namespace seqnn;
  const auto convolution = [] { return Conv1D(32, 3, {.padding = Padding::same, .activation = Activation::relu}); };
  Layers layers{Reshape({kHistory, 1})};
  for (int i = 0; i < 2; ++i) {
    layers.push_back(convolution());
    if (name == "literal") {
      const Layers over_channels{MaxPool1D(1, {.strides = 3}), Permute({2, 1}), MaxPool1D(3), Permute({2, 1})};
      layers.insert(layers.end(), over_channels.begin(), over_channels.end());
    } else {
      layers.push_back(MaxPool1D(3));
    }
  }
  const Dense hidden(128, {.activation = Activation::relu});
  layers.insert(layers.end(), {Flatten(), hidden, hidden, Dense(2)});
  return layers;
}

inline seqnn::Sequential<float> compiled(const std::string& name) {
  using namespace seqnn;
  Sequential<float> model(layers(name));
  model.compile(SGD({.learning_rate = 0.01}), SparseCategoricalCrossentropy({.from_logits = true}));
  return model;
}

}  // namespace walk_forward
