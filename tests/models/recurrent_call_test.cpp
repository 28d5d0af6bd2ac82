#include "seqnn/models/recurrent_call.hpp"

#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/gru.hpp"
#include "seqnn/layers/lstm.hpp"
#include "support/catch.hpp"

#include <xtensor/xview.hpp>

#include <algorithm>
#include <cmath>
#include <thread>
#include <vector>

using namespace seqnn;
using Catch::Matchers::ContainsSubstring;

namespace {

Tensor<float, 3> sequences(std::size_t batch, std::size_t T, std::size_t D) {
  Tensor<float, 3> x = Tensor<float, 3>::from_shape({batch, T, D});
  RandomStream random({.seed = 4});
  for (float& v : x) v = static_cast<float>(random.uniform(-1, 1));
  return x;
}

}  // namespace

TEST_CASE("A recurrent layer called in two parts gives what it gives at once", "[models][recurrent_call]") {
  const auto x = sequences(3, 7, 2);
  const Tensor<float, 3> first = xt::view(x, xt::all(), xt::range(0, 3), xt::all());
  const Tensor<float, 3> second = xt::view(x, xt::all(), xt::range(3, 7), xt::all());

  const RecurrentCall<float> lstm(LSTM(5, {.return_sequences = true, .return_state = true}), {kAnyLength, 2}, 9);
  const auto [y, h, c] = lstm(x);
  CHECK(shape_of(y) == Shape{3, 7, 5});
  const auto begun = lstm(first);
  const auto ended = lstm(second, {.initial_state = {begun.h, begun.c}});
  CHECK(std::equal(h.begin(), h.end(), ended.h.begin()));
  CHECK(std::equal(c.begin(), c.end(), ended.c.begin()));
  CHECK(y(1, 6, 4) == ended.y(1, 3, 4));
  CHECK(h(2, 3) == y(2, 6, 3));

  const RecurrentCall<float> gru(GRU(4), {kAnyLength, 2});
  const auto whole = gru(x);
  CHECK(shape_of(whole.y) == Shape{3, 4});
  CHECK(whole.c.size() == 0);
  const auto half = gru(second, {.initial_state = {gru(first).h}});
  CHECK(std::equal(whole.h.begin(), whole.h.end(), half.h.begin()));
}

TEST_CASE("A mask leaves steps out of a call", "[models][recurrent_call]") {
  const auto x = sequences(2, 4, 3);
  Tensor<int, 2> mask = {{1, 0, 1, 1}, {0, 0, 0, 0}};
  const RecurrentCall<float> layer(LSTM(3), {kAnyLength, 3});
  const auto masked = layer(x, {.mask = mask});
  Tensor<float, 3> seen = Tensor<float, 3>::from_shape({1, 3, 3});
  for (std::size_t k = 0; k < 3; ++k) {
    std::copy_n(&x(0, k == 0 ? 0 : k + 1, 0), 3, &seen(0, k, 0));
  }
  const auto short_one = layer(seen);
  for (std::size_t u = 0; u < 3; ++u) {
    CHECK(masked.y(0, u) == short_one.y(0, u));
    CHECK(masked.y(1, u) == 0);
  }
}

TEST_CASE("Threads share one recurrent layer", "[models][recurrent_call][threads]") {
  const auto x = sequences(4, 6, 3);
  const RecurrentCall<float> layer(GRU(6), {kAnyLength, 3});
  const auto alone = layer(x);
  std::vector<RecurrentOutput<float>> results(8);
  std::vector<std::thread> threads;
  for (auto& result : results) threads.emplace_back([&] { result = layer(x); });
  for (auto& thread : threads) thread.join();
  for (const auto& result : results) CHECK(std::equal(alone.h.begin(), alone.h.end(), result.h.begin()));
}

TEST_CASE("Weights of a recurrent layer called alone", "[models][recurrent_call]") {
  RecurrentCall<float> layer(LSTM(2), {kAnyLength, 1});
  for (const char* name : {"kernel", "recurrent_kernel", "bias"}) std::ranges::fill(layer.weight(name), 0.0F);
  const auto result = layer(sequences(1, 3, 1));
  CHECK(result.h(0, 0) == 0);  // c = 0.5 c + 0.5 tanh 0
  CHECK(layer.weight("recurrent_kernel").size() == 16);
  CHECK_THROWS_WITH(layer.weight("gamma"),
                    R"(LSTM "layer": weight "gamma": must be one of kernel, recurrent_kernel, bias)");
}

TEST_CASE("A recurrent layer called alone refuses what does not fit", "[models][recurrent_call]") {
  const auto x = sequences(2, 4, 3);
  const RecurrentCall<float> layer(LSTM(3), {kAnyLength, 3});
  Tensor<float, 2> h = Tensor<float, 2>::from_shape({2, 4});
  Tensor<int, 2> mask = {{1, 0, 1}};
  CHECK_THROWS_WITH(layer(sequences(2, 4, 2)), ContainsSubstring("x must be (batch, any, 3), got (2, 4, 2)"));
  CHECK_THROWS_WITH(layer(x, {.initial_state = {h}}), ContainsSubstring("initial_state must be h and c, got 1 tensor"));
  CHECK_THROWS_WITH(layer(x, {.initial_state = {h, h}}), ContainsSubstring("initial_state must be (2, 3), got (2, 4)"));
  CHECK_THROWS_WITH(layer(x, {.mask = mask}), ContainsSubstring("mask must be (2, 4), got (1, 3)"));
  CHECK_THROWS_WITH(RecurrentCall<float>(Dense(3), {5, 3}),
                    ContainsSubstring("must be an LSTM, GRU or SimpleRNN, got Dense \"layer\""));
}
