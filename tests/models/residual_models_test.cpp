#include "seqnn/layers/activation.hpp"
#include "seqnn/layers/batch_normalization.hpp"
#include "seqnn/layers/conv1d.hpp"
#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/dropout.hpp"
#include "seqnn/layers/embedding.hpp"
#include "seqnn/layers/global_max_pool1d.hpp"
#include "seqnn/layers/layer_normalization.hpp"
#include "seqnn/layers/lstm.hpp"
#include "seqnn/layers/residual.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/models/stream.hpp"
#include "seqnn/optimizers/adam.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

Tensor<float, 3> noise(std::size_t samples, std::size_t T, std::size_t D) {
  Tensor<float, 3> x = Tensor<float, 3>::from_shape({samples, T, D});
  RandomStream random({.seed = 3});
  for (float& v : x) v = static_cast<float>(random.uniform(-1, 1));
  return x;
}

/// Two dilated convolutions that see the past only, added to what they read (Bai, Kolter & Koltun 2018).
Residual<float> tcn_block(std::size_t dilation, std::vector<LayerRecipe<float>> shortcut = {}) {
  const Conv1DOptions options{.padding = Padding::causal, .dilation_rate = dilation, .activation = Activation::relu};
  return Residual({Conv1D(8, 3, options), Dropout(0.1), Conv1D(8, 3, options)}, {.shortcut = std::move(shortcut)});
}

Sequential<float> tcn() { return {tcn_block(1, {Conv1D(8, 1)}), tcn_block(2), tcn_block(4), Dense(1)}; }

}  // namespace

TEST_CASE("A network of residual blocks learns, the same on any number of threads", "[models][residual]") {
  // The sum of the last five values of the second feature.
  const Tensor<float, 3> x = noise(64, 20, 2);
  Tensor<float, 3> y = Tensor<float, 3>::from_shape({64, 20, 1});
  y.fill(0);
  for (std::size_t n = 0; n < 64; ++n) {
    for (std::size_t t = 0; t < 20; ++t) {
      for (std::size_t k = 0; k <= std::min<std::size_t>(t, 4); ++k) y(n, t, 0) += x(n, t - k, 1);
    }
  }
  std::vector<double> losses[2];
  for (const std::size_t threads : {1U, 2U}) {
    auto model = tcn();
    model.compile(Adam({.learning_rate = 0.01}), MeanSquaredError());
    losses[threads - 1] =
        model.fit(x, y, {.epochs = 15, .batch_size = 16, .verbose = Verbose::silent, .threads = threads})["loss"];
  }
  CHECK(losses[0] == losses[1]);
  CHECK(losses[0].back() < 0.2 * losses[0].front());
}

TEST_CASE("A network of causal residual blocks takes any length, and one step at a time", "[models][residual]") {
  auto model = tcn();
  model.build({kAnyLength, 2}, 7);
  const Tensor<float, 3> x = noise(1, 40, 2);
  const xt::xtensor<float, 3> whole = model.predict(x);
  Tensor<float, 3> part = Tensor<float, 3>::from_shape({1, 11, 2});
  std::copy_n(x.begin(), part.size(), part.begin());
  const xt::xtensor<float, 3> y = model.predict(part);
  for (std::size_t t = 0; t < 11; ++t) CHECK_THAT(double{y(0, t, 0)}, WithinAbs(double{whole(0, t, 0)}, 1e-5));
  Stream<float> stream(model);
  for (std::size_t t = 0; t < 40; ++t) {
    CHECK_THAT(double{stream.step(&x(0, t, 0))}, WithinAbs(double{whole(0, t, 0)}, 1e-5));
  }
}

TEST_CASE("A residual block hands a mask to its layers and on", "[models][residual]") {
  const LSTMOptions sequences{.return_sequences = true};
  Sequential<float> model({Embedding(9, 4, {.mask_zero = true}), Residual({LayerNormalization(), LSTM(4, sequences)}),
                           Residual({LSTM(4)}, {.shortcut = {Dense(4), LSTM(4)}}), Dense(1)});
  model.build({kAnyLength}, 3);
  const Tensor<std::int32_t, 2> x = {{3, 1, 8}};
  const Tensor<std::int32_t, 2> padded = {{3, 1, 8, 0, 0}};
  const xt::xtensor<float, 2> y = model.predict(x);
  const xt::xtensor<float, 2> z = model.predict(padded);
  CHECK_THAT(double{z(0, 0)}, WithinAbs(double{y(0, 0)}, 1e-6));

  Sequential<float> mixing({Embedding(9, 4, {.mask_zero = true}), Residual({Conv1D(4, 1)}), GlobalMaxPool1D()});
  CHECK_THROWS_MATCHES(mixing.build({5}), ShapeError,
                       Message("Residual \"residual\": must not get a mask, which it would ignore, got one from "
                               "Embedding \"embedding\"; put a layer that uses masks before it, or make none"));
}

TEST_CASE("Batch normalization in a residual block moves its averages as it does outside", "[models][residual]") {
  // 22 samples in batches of 8: the last one is smaller. The averages are those of x, whatever the layers behind learn.
  const Tensor<float, 3> x = noise(22, 3, 4);
  Tensor<float, 3> y = Tensor<float, 3>::from_shape({22, 3, 4});
  y.fill(1);
  const auto averages = [&](Sequential<float> model, const std::string& name) {
    model.compile(Adam(), MeanSquaredError());
    model.fit(x, y, {.epochs = 2, .batch_size = 8, .verbose = Verbose::silent, .seed = 4});
    std::vector<float> values;
    for (const char* what : {"/moving_mean", "/moving_variance"}) {
      const xt::xtensor<float, 1> weight = model.weight(name + what);
      values.insert(values.end(), weight.begin(), weight.end());
    }
    return values;
  };
  CHECK(averages({Residual({BatchNormalization(), Dense(4)})}, "residual/batch_normalization") ==
        averages({BatchNormalization(), Dense(4)}, "batch_normalization"));
  CHECK(
      averages({Residual({Dense(4)}, {.shortcut = {BatchNormalization()}})}, "residual/shortcut/batch_normalization") ==
      averages({BatchNormalization(), Dense(4)}, "batch_normalization"));
}

TEST_CASE("A residual block counts as one layer of the summary", "[models][residual]") {
  Sequential<float> model({Residual({Dense(3), Dense(3)}), Residual({Dense(3)})});
  model.build({3});
  CHECK(model.parameter_count() == 36);
  CHECK(model.summary().find("residual_1 (Residual)") != std::string::npos);
  CHECK(model.weights()[2].name == "residual/dense_1/kernel");
  CHECK(model.weights()[4].name == "residual_1/dense/kernel");
}
