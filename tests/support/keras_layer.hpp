#pragma once

#include "seqnn/training/layer_run.hpp"
#include "support/close_to.hpp"

#include <algorithm>
#include <initializer_list>
#include <span>

/// A parameter of a fixture: its values, and the gradient that is expected.
struct KerasWeight {
  const char* name;
  std::span<const double> values;
  std::span<const double> gradient;
};

/// Checks a layer against a fixture that holds x, y, dy, dx and the weights with their gradients.
inline void check_against_keras(const seqnn::LayerRecipe<double>& recipe, seqnn::Shape input, std::size_t batch,
                                std::span<const double> x, std::span<const double> y, std::span<const double> dy,
                                std::span<const double> dx, std::initializer_list<KerasWeight> weights) {
  seqnn::LayerRun<double> run(recipe, std::move(input), {.batch = batch, .poison = true});
  for (const KerasWeight& w : weights) std::copy(w.values.begin(), w.values.end(), run.parameter(w.name).begin());
  check_close(run.forward(x), y, 1e-13);
  check_close(run.backward(dy), dx, 1e-13);
  for (const KerasWeight& w : weights) check_close(run.gradient(w.name), w.gradient, 1e-13);
}
