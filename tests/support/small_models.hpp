#pragma once

#include "seqnn/core/random.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/layers/conv1d.hpp"
#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/dropout.hpp"
#include "seqnn/layers/embedding.hpp"
#include "seqnn/layers/global_max_pool1d.hpp"
#include "seqnn/layers/max_pool1d.hpp"
#include "seqnn/losses/binary_crossentropy.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/metrics/binary_accuracy.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/optimizers/adam.hpp"
#include "seqnn/optimizers/sgd.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

// Small models and data for the tests of models and training.

constexpr std::size_t kTime = 14;
constexpr std::size_t kWords = 12;

/// The convnet of fixtures/training.py, with Dropout before the last layer if the rate is not 0.
template <class Real = float>
seqnn::Sequential<Real> small_convnet(double dropout = 0) {
  using namespace seqnn;
  Sequential<Real> model({Embedding(kWords, 4), Conv1D(5, 3, {.activation = Activation::relu}), MaxPool1D(2),
                          Conv1D(6, 3, {.activation = Activation::relu}), GlobalMaxPool1D()});
  if (dropout > 0) model.add(Dropout(dropout));
  model.add(Dense(1));
  return model;
}

/// y = w·x + b for one number, at w = 2 and b = 1 unless trained: simple enough to follow by hand.
inline seqnn::Sequential<float> line(double learning_rate = 0.1) {
  using namespace seqnn;
  Sequential<float> model({Dense(1, {.kernel_initializer = constant(2), .bias_initializer = ones()})});
  model.compile(SGD({.learning_rate = learning_rate}), MeanSquaredError());
  model.build({1});
  return model;
}

/// Token ids (samples, kTime), and for each sample whether the id 3 is among them.
struct Reviews {
  explicit Reviews(std::size_t samples, std::uint64_t seed = 1)
      : x(seqnn::Tensor<std::int32_t, 2>::from_shape({samples, kTime})),
        y(seqnn::Tensor<float, 1>::from_shape({samples})) {
    seqnn::RandomStream random({.seed = seed});
    for (std::size_t i = 0; i < samples; ++i) {
      y(i) = 0;
      for (std::size_t t = 0; t < kTime; ++t) {
        x(i, t) = static_cast<std::int32_t>(random.below(kWords));
        if (x(i, t) == 3) y(i) = 1;
      }
    }
  }

  seqnn::Tensor<std::int32_t, 2> x;
  seqnn::Tensor<float, 1> y;
};

/// All weights of a model, one behind the other.
template <class Real>
std::vector<Real> all_weights(const seqnn::Sequential<Real>& model) {
  std::vector<Real> result;
  for (const auto& weight : model.weights()) result.insert(result.end(), weight.values.begin(), weight.values.end());
  return result;
}
