#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/random.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/any_array.hpp"
#include "seqnn/models/predictor.hpp"
#include "seqnn/models/sequential.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace seqnn::inline SEQNN_ABI {

/// Forecasts several steps with a model of one step, by feeding its outputs back: each prediction is appended to the
/// window and the oldest step leaves it.
///
///   w_0 = x,  p_k = model(w_k),  w_k+1 = (w_k without its first step, p_k)
///
/// @param model  from (time, features) to (features), or to (time, features), of which the last step counts
/// @param x      (batch, time, features)
/// @return (batch, steps, features)
/// @throws ShapeError if the model predicts another number of features than it reads; what predict throws
template <class Real>
SEQNN_COLD Tensor<Real, 3> closed_loop(const Sequential<Real>& model, const AnyArray& x, std::size_t steps) {
  const Shape& shape = x.shape();
  if (shape.size() != 3) throw ShapeError(text("closed_loop: x must be (batch, time, features), got ", shape));
  const std::size_t batch = shape[0];
  const std::size_t T = shape[1];
  const std::size_t D = shape[2];
  Predictor<Real> predict(model, {.max_batch = std::max<std::size_t>(1, batch), .input_shape = {T, D}});
  const Shape& output = predict.output_shape();
  if (output.empty() || output.size() > 2 || output.back() != D) {
    throw ShapeError(
        text("closed_loop: the model must predict the ", D, " features it reads, got outputs ", with_batch(output)));
  }
  const std::size_t size = element_count(output);
  Buffer<Real> window(batch * T * D);
  x.copy_to(window.data());
  Buffer<Real> predicted(batch * size);
  Tensor<Real, 3> result = Tensor<Real, 3>::from_shape({batch, steps, D});
  for (std::size_t k = 0; k < steps; ++k) {
    predict(window.data(), batch, predicted.data());
    for (std::size_t b = 0; b < batch; ++b) {
      const Real* last = predicted.data() + (b + 1) * size - D;
      Real* row = window.data() + b * T * D;
      std::copy(row + D, row + T * D, row);
      std::copy_n(last, D, row + (T - 1) * D);
      std::copy_n(last, D, result.data() + (b * steps + k) * D);
    }
  }
  return result;
}

/// Draws an index with probabilities p_i^(1 / temperature), brought to a sum of 1: a low temperature takes the
/// likeliest almost always, a high one anything. For text that a model writes letter by letter.
/// @param probabilities  not negative, not all 0; need not sum to 1  @param temperature  above 0
/// @throws OptionError if the temperature is not above 0; DataError if no probability is above 0
template <class Real>
SEQNN_COLD std::size_t sample_index(std::span<const Real> probabilities, double temperature, RandomStream& random) {
  if (!(temperature > 0)) throw OptionError(text("sample_index: temperature must be above 0, got ", temperature));
  double largest = 0;
  for (const Real p : probabilities) largest = std::max(largest, static_cast<double>(p));
  if (!(largest > 0)) throw DataError("sample_index: some probability must be above 0, got none");
  const auto weight = [&](Real p) { return std::pow(static_cast<double>(p) / largest, 1 / temperature); };
  double total = 0;
  for (const Real p : probabilities) total += weight(p);
  double left = random.uniform() * total;
  std::size_t chosen = 0;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if (!(weight(probabilities[i]) > 0)) continue;
    chosen = i;
    left -= weight(probabilities[i]);
    if (left < 0) break;
  }
  return chosen;
}

}  // namespace seqnn::inline SEQNN_ABI
