#include "seqnn/layers/dense.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/optimizers/adam.hpp"
#include "seqnn/optimizers/sgd.hpp"
#include "seqnn/training/lambda_callback.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"

#include <cstddef>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;

// Averaged weights and accumulated gradients in fit.

namespace {

std::vector<float> trained(const OptimizerRecipe<float>& optimizer, FitOptions options) {
  const Reviews data(96);
  auto model = small_convnet();
  model.compile(optimizer, BinaryCrossentropy({.from_logits = true}));
  options.verbose = Verbose::silent;
  model.fit(data.x, data.y, options);
  return all_weights(model);
}

}  // namespace

TEST_CASE("fit ends with the averaged weights, before the callbacks' end", "[training][optimizer_steps]") {
  // One sample y = 0 at x = 1: w += -η·2w alone.
  Sequential<float> model({Dense(1, {.use_bias = false, .kernel_initializer = ones()})});
  model.compile(SGD({.learning_rate = 0.25, .use_ema = true, .ema_momentum = 0.5}), MeanSquaredError());
  const Tensor<float, 2> x{{1}}, y{{0}};
  double last = 0, end = 0;
  const auto weight = [&] { return static_cast<double>(all_weights(model)[0]); };
  model.fit(
      x, y,
      {.epochs = 3,
       .callbacks = {LambdaCallback({.on_epoch_end = [&](Training&, std::size_t, const Logs&) { last = weight(); },
                                     .on_train_end = [&](Training&) { end = weight(); }})},
       .verbose = Verbose::silent});
  CHECK(last == 0.125);  // 1/2, 1/4, 1/8
  CHECK(end == (0.5 / 2 + 0.25 / 2) / 2 + 0.125 / 2);
  CHECK(weight() == end);
}

TEST_CASE("accumulated steps are one of a larger batch", "[training][optimizer_steps]") {
  const auto whole = trained(SGD({.learning_rate = 0.5}), {.epochs = 2, .batch_size = 48, .shuffle = false});
  const auto parts = trained(SGD({.learning_rate = 0.5, .gradient_accumulation_steps = 3}),
                             {.epochs = 2, .batch_size = 16, .shuffle = false});
  REQUIRE(whole.size() == parts.size());
  for (std::size_t i = 0; i < whole.size(); ++i) CHECK_THAT(parts[i], WithinAbs(whole[i], 1e-6));
}

TEST_CASE("averaging and accumulating are the same for any number of threads", "[training][optimizer_steps]") {
  const Adam optimizer({.clipnorm = 1,
                        .use_ema = true,
                        .ema_momentum = 0.9,
                        .ema_overwrite_frequency = 3,
                        .gradient_accumulation_steps = 2});
  const auto one = trained(optimizer, {.epochs = 2, .batch_size = 32, .shards = 3});
  CHECK(trained(optimizer, {.epochs = 2, .batch_size = 32, .threads = 2, .shards = 3}) == one);
}
