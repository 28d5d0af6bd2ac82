#include "fixtures/training.hpp"
#include "seqnn/models/sequential.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

// Ten losses in a row and all weights after them, against PyTorch.

namespace {

namespace expected = fixtures::training;

constexpr std::size_t kSamples = std::size(expected::y);

Tensor<int, 2> ids() {
  auto x = Tensor<int, 2>::from_shape({kSamples, kTime});
  std::copy(std::begin(expected::ids), std::end(expected::ids), x.begin());
  return x;
}

Tensor<double, 1> vector(const double (&values)[kSamples]) {
  auto result = Tensor<double, 1>::from_shape({kSamples});
  std::copy(std::begin(values), std::end(values), result.begin());
  return result;
}

template <class Real>
Sequential<Real> model_of_fixture(const OptimizerRecipe<Real>& optimizer) {
  auto model = small_convnet<Real>();
  model.compile(optimizer, BinaryCrossentropy({.from_logits = true}));
  model.build({kTime});
  const double* next = expected::initial;
  for (const auto& weight : model.weights()) {
    auto values = Array<double>::from_shape(weight.shape);
    std::copy_n(next, values.size(), values.data());
    model.set_weight(weight.name, values);
    next += values.size();
  }
  REQUIRE(next == std::end(expected::initial));
  return model;
}

/// @param tolerance  relative for losses, and for weights relative to 1
template <class Real, std::size_t Count>
void check_trajectory(const OptimizerRecipe<Real>& optimizer, const AnyArray& sample_weight, const double (&losses)[10],
                      const double (&weights)[Count], double tolerance, std::size_t shards) {
  auto model = model_of_fixture<Real>(optimizer);
  const History history = model.fit(ids(), vector(expected::y),
                                    {.epochs = 10,
                                     .batch_size = 4,
                                     .steps_per_epoch = 1,
                                     .shuffle = false,
                                     .sample_weight = sample_weight,
                                     .verbose = Verbose::silent,
                                     .shards = shards});
  for (std::size_t i = 0; i < 10; ++i) CHECK_THAT(history["loss"][i], WithinRel(losses[i], tolerance));
  const auto end = all_weights(model);
  REQUIRE(end.size() == Count);
  for (std::size_t i = 0; i < Count; ++i) CHECK_THAT(double{end[i]}, WithinAbs(weights[i], tolerance));
}

}  // namespace

TEST_CASE("A convnet predicts what PyTorch's does", "[training][trajectory]") {
  const auto model = model_of_fixture<double>(SGD());
  const auto p = model.predict(ids());
  for (std::size_t i = 0; i < kSamples; ++i) CHECK_THAT(p.data()[i], WithinRel(expected::outputs[i], 1e-12));
}

TEST_CASE("A convnet learns as PyTorch's does by SGD with momentum", "[training][trajectory]") {
  const SGD optimizer({.learning_rate = 0.05, .momentum = 0.9});
  for (const std::size_t shards : {1U, 3U}) {
    CAPTURE(shards);
    check_trajectory<double>(optimizer, {}, expected::sgd_losses, expected::sgd_weights, 1e-9, shards);
    check_trajectory<float>(optimizer, {}, expected::sgd_losses, expected::sgd_weights, 1e-4, shards);
  }
}

TEST_CASE("A convnet learns as PyTorch's does by Adam with sample weights", "[training][trajectory]") {
  const Adam optimizer({.learning_rate = 0.01});
  const auto weight = vector(expected::sample_weight);
  for (const std::size_t shards : {1U, 3U}) {
    CAPTURE(shards);
    check_trajectory<double>(optimizer, weight, expected::adam_losses, expected::adam_weights, 1e-9, shards);
    check_trajectory<float>(optimizer, weight, expected::adam_losses, expected::adam_weights, 1e-4, shards);
  }
}
