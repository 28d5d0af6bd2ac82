#pragma once

#include "seqnn/core/random.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

/// What `streaming` and the peers timed beside it share.
namespace streaming {

/// Weights of a recurrent layer on one feature, and of Dense(1) behind it; as in Keras, gates side by side.
struct Weights {
  std::vector<float> kernel, recurrent, bias, dense, dense_bias;

  Weights(std::size_t units, std::size_t gates, std::size_t bias_rows)
      : kernel(gates * units),
        recurrent(units * gates * units),
        bias(bias_rows * gates * units),
        dense(units),
        dense_bias(1) {
    seqnn::RandomStream random({.seed = 1});
    const double bound = 1 / std::sqrt(static_cast<double>(units));
    for (auto* values : {&kernel, &recurrent, &bias, &dense, &dense_bias}) {
      for (float& v : *values) v = static_cast<float>(random.uniform(-bound, bound));
    }
  }
};

constexpr std::size_t kInputs = 64;  // time steps, in turn

inline std::vector<float> inputs() {
  std::vector<float> x(kInputs);
  seqnn::RandomStream random({.seed = 2});
  for (float& v : x) v = static_cast<float>(random.uniform(-1, 1));
  return x;
}

/// Our output after the first `kInputs` steps, for peers to be checked against.
float expected_output(bool gru, std::size_t units);

}  // namespace streaming
