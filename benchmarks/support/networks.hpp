#pragma once

#include "seqnn/seqnn.hpp"

#include <cstddef>
#include <vector>

/// The networks that benchmarks train, each as published (docs/benchmarks.md names the sources).
namespace networks {

using namespace seqnn;

/// A network and how it learns.
struct Experiment {
  std::vector<LayerRecipe<float>> layers;
  Shape input_shape;  ///< of one sample
  OptimizerRecipe<float> optimizer;
  LossRecipe<float> loss;
  double products;  ///< multiplications a sample in the forward products of the layers, dense
  double first;     ///< those of the first layer that learns from data which needs no gradient; 0: none
};

/// Film reviews, 500 words -> positive or not. Chollet 2017, listing 6.46.
inline Experiment imdb_conv() {
  return {{
              Embedding(10'000, 128),
              Conv1D(32, 7, {.activation = Activation::relu}),
              MaxPool1D(5),
              Conv1D(32, 7, {.activation = Activation::relu}),
              GlobalMaxPool1D(),
              Dense(1),
          },
          {500},
          RMSprop({.learning_rate = 1e-4}),
          BinaryCrossentropy({.from_logits = true}),
          494.0 * 896 * 32 + 92.0 * 224 * 32 + 32,
          0};
}

/// Ten days of weather, 240 × 14 -> temperature a day later. Chollet 2017, listing 6.47.
inline Experiment jena_conv() {
  return {{
              Conv1D(32, 5, {.activation = Activation::relu}),
              MaxPool1D(3),
              Conv1D(32, 5, {.activation = Activation::relu}),
              MaxPool1D(3),
              Conv1D(32, 5, {.activation = Activation::relu}),
              GlobalMaxPool1D(),
              Dense(1),
          },
          {240, 14},
          RMSprop(),
          MeanAbsoluteError(),
          236.0 * 70 * 32 + 74.0 * 160 * 32 + 20.0 * 160 * 32 + 32,
          236.0 * 70 * 32};
}

/// Twenty returns -> up or down; the network of the walk-forward experiment on a short window.
inline Experiment walk_forward() {
  return {{
              Conv1D(32, 3, {.padding = Padding::same, .activation = Activation::relu}),
              MaxPool1D(3),
              Conv1D(32, 3, {.padding = Padding::same, .activation = Activation::relu}),
              MaxPool1D(3),
              Flatten(),
              Dense(128, {.activation = Activation::relu}),
              Dense(128, {.activation = Activation::relu}),
              Dense(2),
          },
          {20, 1},
          SGD({.learning_rate = 0.01}),
          SparseCategoricalCrossentropy({.from_logits = true}),
          20.0 * 3 * 32 + 6.0 * 96 * 32 + 64 * 128 + 128 * 128 + 256,
          20.0 * 3 * 32};
}

}  // namespace networks
