#include "seqnn/models/stream.hpp"

#include "seqnn/layers/activation.hpp"
#include "seqnn/layers/conv1d.hpp"
#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/dropout.hpp"
#include "seqnn/layers/embedding.hpp"
#include "seqnn/layers/flatten.hpp"
#include "seqnn/layers/gru.hpp"
#include "seqnn/layers/lstm.hpp"
#include "seqnn/layers/simple_rnn.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <thread>
#include <vector>

using namespace seqnn;
using Catch::Matchers::ContainsSubstring;

namespace {

template <class Real>
Tensor<Real, 3> sequence(std::size_t T, std::size_t D) {
  Tensor<Real, 3> x = Tensor<Real, 3>::from_shape({1, T, D});
  RandomStream random({.seed = 8});
  for (Real& v : x) v = static_cast<Real>(random.uniform(-1, 1));
  return x;
}

/// Largest difference between a stream's outputs and the model's on the whole sequence.
template <class Real>
double difference(const Sequential<Real>& model, const Tensor<Real, 3>& x) {
  const xt::xtensor<Real, 3> whole = model.predict(x);
  Stream<Real> stream(model);
  double worst = 0;
  for (int round = 0; round < 2; ++round) {
    stream.reset();
    for (std::size_t t = 0; t < x.shape()[1]; ++t) {
      const auto y = stream.step(&x(0, t, 0));
      for (std::size_t i = 0; i < y.size(); ++i) {
        worst = std::max(worst, std::fabs(static_cast<double>(y[i] - whole(0, t, i))));
      }
    }
  }
  return worst;
}

}  // namespace

TEMPLATE_TEST_CASE("A stream gives step by step what the model gives at once", "[models][stream]", float, double) {
  const double tolerance = sizeof(TestType) == 4 ? 1e-5 : 1e-13;
  for (const std::size_t units : {1U, 5U, 16U, 40U, 130U}) {
    CAPTURE(units);
    const LayerRecipe<TestType> recurrent[] = {
        LSTM(units, {.return_sequences = true}), GRU(units, {.return_sequences = true}),
        GRU(units, {.return_sequences = true, .reset_after = false}), SimpleRNN(units, {.return_sequences = true}),
        LSTM(units, {.activation = Activation::relu,
                     .recurrent_activation = Activation::hard_sigmoid,
                     .use_bias = false,
                     .return_sequences = true})};
    for (const auto& layer : recurrent) {
      Sequential<TestType> model({layer, Dense(2)});
      model.build({kAnyLength, 3}, units);
      CAPTURE(layer.to_string());
      CHECK(difference(model, sequence<TestType>(9, 3)) < tolerance);
    }
  }
  Sequential<TestType> deep(
      {Conv1D(6, 3, {.padding = Padding::causal, .dilation_rate = 2, .activation = Activation::relu}), Conv1D(4, 1),
       LSTM(7, {.return_sequences = true}), Dropout(0.5), GRU(33, {.return_sequences = true}),
       Activation(Activation::tanh), Dense(1, {.activation = Activation::sigmoid})});
  deep.build({20, 2}, 3);  // a stream may be longer or shorter
  CHECK(difference(deep, sequence<TestType>(20, 2)) < tolerance);
}

TEST_CASE("A stream of a model that returns its last output follows it", "[models][stream]") {
  Sequential<float> model({LSTM(6), Dense(1)});
  model.build({kAnyLength, 1}, 2);
  Stream<float> stream(model);
  CHECK(stream.input_size() == 1);
  CHECK(stream.output_size() == 1);
  const auto x = sequence<float>(5, 1);
  for (std::size_t t = 0; t < 5; ++t) {
    const float y = stream.step(&x(0, t, 0));
    Tensor<float, 3> prefix = Tensor<float, 3>::from_shape({1, t + 1, 1});
    std::copy_n(x.data(), t + 1, prefix.data());
    const xt::xtensor<float, 2> whole = model.predict(prefix);
    CHECK(std::fabs(y - whole(0, 0)) < 1e-6F);
  }
}

TEST_CASE("A stream reads token ids", "[models][stream]") {
  Sequential<float> model({Embedding(5, 3), GRU(4, {.return_sequences = true}), Dense(5)});
  model.build({kAnyLength});
  const Tensor<int, 2> ids = {{3, 1, 4, 1}};
  const xt::xtensor<float, 3> whole = model.predict(ids);
  Stream<float> stream(model);
  for (std::size_t t = 0; t < 4; ++t) CHECK(std::fabs(stream.step(ids(0, t))[2] - whole(0, t, 2)) < 1e-6F);
  CHECK_THROWS_WITH(stream.step(5), ContainsSubstring("id 5 at (0, 0) is outside the vocabulary of 5"));
}

TEST_CASE("A step of a stream allocates nothing and throws nothing", "[models][stream]") {
  Sequential<float> model({Conv1D(4, 3, {.padding = Padding::causal}), LSTM(20, {.return_sequences = true}), GRU(8),
                           Dense(3, {.activation = Activation::softmax})});
  model.build({kAnyLength, 2});
  Stream<float> stream(model);
  const float x[2] = {0.5F, -1};
  static_assert(noexcept(stream.step(x)));
  static_assert(noexcept(stream.reset()));
  const AllocationCount count;
  for (int i = 0; i < 10; ++i) stream.step(x);
  stream.reset();
  CHECK(count.so_far() == 0);
}

TEST_CASE("Streams of one const model run in threads of their own", "[models][stream][threads]") {
  Sequential<float> model({LSTM(12, {.return_sequences = true}), Dense(1)});
  model.build({kAnyLength, 1});
  const auto x = sequence<float>(50, 1);
  const auto last = [&] {
    Stream<float> stream(model);
    float y = 0;
    for (std::size_t t = 0; t < 50; ++t) y = stream.step(&x(0, t, 0));
    return y;
  };
  const float expected = last();
  std::vector<float> results(8);
  std::vector<std::thread> threads;
  for (float& result : results) threads.emplace_back([&] { result = last(); });
  for (auto& thread : threads) thread.join();
  CHECK(std::ranges::count(results, expected) == 8);
}

TEST_CASE("A stream takes new weights when told", "[models][stream]") {
  Sequential<float> model({GRU(3), Dense(1)});
  model.build({kAnyLength, 1});
  Stream<float> stream(model);
  const float x = 1;
  const float before = stream.step(&x);
  Tensor<float, 2> kernel = Tensor<float, 2>::from_shape({1, 9});
  kernel.fill(0.7F);
  model.set_weight("gru/kernel", kernel);
  stream.refresh();
  stream.reset();
  CHECK(static_cast<float>(stream.step(&x)) != before);
}

TEST_CASE("A stream refuses layers that look ahead", "[models][stream]") {
  const auto stream = [](std::vector<LayerRecipe<float>> layers) {
    Sequential<float> model(std::move(layers));
    model.build({8, 2});
    Stream<float> running(model);
  };
  CHECK_THROWS_WITH(stream({Conv1D(2, 3)}),
                    "Stream: Conv1D \"conv1d\" cannot run step by step; every layer must be recurrent (forwards), a "
                    "causal Conv1D with strides 1, or treat time steps alone");
  CHECK_THROWS_WITH(stream({LSTM(2, {.go_backwards = true})}),
                    ContainsSubstring("LSTM \"lstm\" cannot run step by step"));
  CHECK_THROWS_WITH(stream({Flatten(), Dense(1)}), ContainsSubstring("Flatten \"flatten\" cannot run step by step"));
  Sequential<float> masked({Embedding(5, 2, {.mask_zero = true}), LSTM(2)});
  masked.build({8});
  CHECK_THROWS_WITH(Stream<float>(masked), ContainsSubstring("Embedding \"embedding\" makes a mask"));
}
