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

/// 756 scaled returns, three years of days -> up or down: the network of the walk-forward experiment.
inline Experiment walk_forward_days() {
  Experiment experiment = walk_forward();
  experiment.input_shape = {756, 1};
  experiment.products = 756.0 * 3 * 32 + 252.0 * 96 * 32 + 2688 * 128 + 128 * 128 + 256;
  experiment.first = 756.0 * 3 * 32;
  return experiment;
}

/// Multiplications of a recurrent layer in the products of one sample with its input and with its state.
inline double input_products(double steps, double gates, double inputs, double units) {
  return steps * gates * inputs * units;
}
inline double recurrent_products(double steps, double gates, double inputs, double units) {
  return steps * gates * (inputs + units) * units;
}

/// The same weather with one recurrent layer. Chollet 2017, listing 6.39 (GRU).
inline Experiment jena_gru() {
  return {
      {GRU(32), Dense(1)},           {240, 14}, RMSprop(), MeanAbsoluteError(), recurrent_products(240, 3, 14, 32) + 32,
      input_products(240, 3, 14, 32)};
}

inline Experiment jena_lstm() {
  return {
      {LSTM(32), Dense(1)},          {240, 14}, RMSprop(), MeanAbsoluteError(), recurrent_products(240, 4, 14, 32) + 32,
      input_products(240, 4, 14, 32)};
}

/// Convolutions that shorten the weather, and a GRU over what is left. Chollet 2017, listing 6.49, without dropout.
inline Experiment jena_conv_gru() {
  return {{
              Conv1D(32, 5, {.activation = Activation::relu}),
              MaxPool1D(3),
              Conv1D(32, 5, {.activation = Activation::relu}),
              GRU(32),
              Dense(1),
          },
          {240, 14},
          RMSprop(),
          MeanAbsoluteError(),
          236.0 * 70 * 32 + 74.0 * 160 * 32 + recurrent_products(74, 3, 32, 32) + 32,
          236.0 * 70 * 32};
}

/// Forty-nine prices and volumes -> the next price. Aungiers 2018, "LSTM Neural Network for Time Series Prediction".
inline Experiment aungiers_lstm() {
  return {{
              LSTM(100, {.return_sequences = true}),
              Dropout(0.2),
              LSTM(100, {.return_sequences = true}),
              LSTM(100),
              Dropout(0.2),
              Dense(1),
          },
          {49, 2},
          Adam(),
          MeanSquaredError(),
          recurrent_products(49, 4, 2, 100) + 2 * recurrent_products(49, 4, 100, 100) + 100,
          input_products(49, 4, 2, 100)};
}

/// Six LSTMs of 512 units over words -> the next of 400 words.
inline Experiment word_lstm(std::size_t steps) {
  std::vector<LayerRecipe<float>> layers = {Embedding(400, 512)};
  for (int i = 0; i < 5; ++i) layers.push_back(LSTM(512, {.return_sequences = true}));
  layers.push_back(LSTM(512));
  layers.push_back(Dense(400));
  return {layers,
          {steps},
          Adam(),
          SparseCategoricalCrossentropy({.from_logits = true}),
          6 * recurrent_products(static_cast<double>(steps), 4, 512, 512) + 512 * 400,
          0};
}

}  // namespace networks
