#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/gru.hpp"
#include "seqnn/layers/lstm.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/optimizers/sgd.hpp"
#include "support/catch.hpp"

#include <xtensor/xview.hpp>

#include <algorithm>
#include <cmath>

using namespace seqnn;

namespace {

Tensor<float, 3> sequences(std::size_t batch, std::size_t T) {
  Tensor<float, 3> x = Tensor<float, 3>::from_shape({batch, T, 2});
  RandomStream random({.seed = 4});
  for (float& v : x) v = static_cast<float>(random.uniform(-1, 1));
  return x;
}

Sequential<float> network(bool stateful) {
  Sequential<float> model(
      {LSTM(5, {.return_sequences = true, .stateful = stateful}), GRU(4, {.stateful = stateful}), Dense(1)});
  model.build({kAnyLength, 2}, 7);
  model.compile(SGD({.learning_rate = 0.1}), MeanSquaredError());
  return model;
}

}  // namespace

TEST_CASE("A stateful model continues sequences from call to call", "[models][stateful]") {
  const auto x = sequences(6, 9);
  const Tensor<float, 3> first = xt::view(x, xt::all(), xt::range(0, 4), xt::all());
  const Tensor<float, 3> second = xt::view(x, xt::all(), xt::range(4, 9), xt::all());
  const xt::xtensor<float, 2> whole = network(false).predict(x);
  auto model = network(true);
  for (int round = 0; round < 2; ++round) {
    model.predict(first);
    const xt::xtensor<float, 2> parts = model.predict(second, {.threads = 2});
    for (std::size_t b = 0; b < 6; ++b) CHECK(parts(b, 0) == whole(b, 0));
    model.reset_states();
  }
}

TEST_CASE("Batches of a stateful model continue the samples in their places", "[models][stateful]") {
  // Two sequences of three parts each, part after part: samples 0 and 1 are the first parts.
  const auto whole = sequences(2, 6);
  Tensor<float, 3> parts = Tensor<float, 3>::from_shape({6, 2, 2});
  for (std::size_t p = 0; p < 3; ++p) {
    for (std::size_t b = 0; b < 2; ++b) std::copy_n(&whole(b, 2 * p, 0), 4, &parts(2 * p + b, 0, 0));
  }
  const xt::xtensor<float, 2> expected = network(false).predict(whole);
  const xt::xtensor<float, 2> predicted = network(true).predict(parts, {.batch_size = 2});
  CHECK(predicted(4, 0) == expected(0, 0));
  CHECK(predicted(5, 0) == expected(1, 0));
}

TEST_CASE("Training a stateful model continues states, whatever the threads", "[models][stateful][threads]") {
  const auto x = sequences(64, 5);
  Tensor<float, 2> y = Tensor<float, 2>::from_shape({64, 1});
  for (std::size_t i = 0; i < 64; ++i) y(i, 0) = x(i, 4, 0);
  const auto train = [&](bool stateful, std::size_t threads) {
    auto model = network(stateful);
    const History history = model.fit(x, y,
                                      {.epochs = 3,
                                       .batch_size = 32,
                                       .validation_data = {x, y},
                                       .shuffle = false,
                                       .verbose = Verbose::silent,
                                       .threads = threads});
    return history["loss"].back() + 1000 * history["val_loss"].back();
  };
  CHECK(train(true, 1) == train(true, 2));
  CHECK(train(true, 1) != train(false, 1));
}

TEST_CASE("Validation of a stateful model begins at zero and leaves the states alone", "[models][stateful]") {
  const auto x = sequences(4, 5);
  Tensor<float, 2> y = Tensor<float, 2>::from_shape({4, 1});
  y.fill(0.5F);
  auto model = network(true);
  model.compile(SGD({.learning_rate = 1e-30}), MeanSquaredError());
  const FitOptions options = {
      .epochs = 2, .batch_size = 4, .validation_data = {x, y}, .shuffle = false, .verbose = Verbose::silent};
  const History history = model.fit(x, y, options);
  CHECK(history["val_loss"][0] == history["val_loss"][1]);
  CHECK(history["loss"][0] != history["loss"][1]);
  CHECK(std::fabs(history["val_loss"][0] - history["loss"][0]) < 1e-6);
}

TEST_CASE("A stateful model refuses batches that cannot continue each other", "[models][stateful]") {
  const auto x = sequences(8, 5);
  const Tensor<float, 2> y = xt::zeros<float>({8, 1});
  auto model = network(true);
  FitOptions options;
  options.batch_size = 4;
  options.verbose = Verbose::silent;
  CHECK_THROWS_WITH(model.fit(x, y, options),
                    "fit: a stateful model needs .shuffle = false, so that each sample continues the one in its place "
                    "of the batch before, got shuffle = true");
  options.shuffle = false;
  options.batch_size = 3;
  CHECK_THROWS_WITH(model.fit(x, y, options),
                    "fit: a stateful model needs whole batches, got 8 samples in batches of 3; leave out 2 or choose "
                    "another batch_size");
  options.batch_size = 4;
  model.fit(x, y, options);
  CHECK_THROWS_WITH(model.predict(x),
                    "predict: the states are of batches of 4 samples, got batches of 8; set .batch_size = 4, or call "
                    "reset_states() first");
  CHECK_NOTHROW(model.predict(x, {.batch_size = 4}));
  model.reset_states();
  CHECK_NOTHROW(model.predict(x));
}

TEST_CASE("A copy of a stateful model begins at zero", "[models][stateful]") {
  const auto x = sequences(2, 5);
  auto model = network(true);
  const xt::xtensor<float, 2> first = model.predict(x);
  Sequential<float> copy = model;
  const xt::xtensor<float, 2> again = copy.predict(x);
  CHECK(again(1, 0) == first(1, 0));
}
