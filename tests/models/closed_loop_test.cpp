#include "seqnn/models/closed_loop.hpp"

#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/flatten.hpp"
#include "seqnn/layers/lstm.hpp"
#include "support/catch.hpp"

#include <array>
#include <cmath>
#include <vector>

using namespace seqnn;

TEST_CASE("A model that adds two steps makes Fibonacci numbers in a closed loop", "[models][closed_loop]") {
  Sequential<double> model({Flatten(), Dense(1, {.use_bias = false, .kernel_initializer = ones()})});
  model.build({2, 1});
  const Tensor<double, 3> x = {{{1}, {1}}, {{2}, {0}}};
  const auto y = closed_loop(model, x, 5);
  const double expected[2][5] = {{2, 3, 5, 8, 13}, {2, 2, 4, 6, 10}};
  for (std::size_t b = 0; b < 2; ++b) {
    for (std::size_t k = 0; k < 5; ++k) CHECK(y(b, k, 0) == expected[b][k]);
  }
}

TEST_CASE("A model of sequences feeds its last step back", "[models][closed_loop]") {
  Sequential<float> model({LSTM(4, {.return_sequences = true}), Dense(2)});
  model.build({kAnyLength, 2});
  Tensor<float, 3> x = Tensor<float, 3>::from_shape({1, 3, 2});
  for (std::size_t i = 0; i < 6; ++i) x.data()[i] = static_cast<float>(i) / 6;
  const auto y = closed_loop(model, x, 2);
  const xt::xtensor<float, 3> first = model.predict(x);
  CHECK(y(0, 0, 1) == first(0, 2, 1));
  Tensor<float, 3> next = x;
  std::copy(x.data() + 2, x.data() + 6, next.data());
  std::copy_n(&first(0, 2, 0), 2, next.data() + 4);
  const xt::xtensor<float, 3> second = model.predict(next);
  CHECK(y(0, 1, 0) == second(0, 2, 0));
}

TEST_CASE("A closed loop needs a model that predicts what it reads", "[models][closed_loop]") {
  Sequential<float> model({LSTM(4), Dense(1)});
  model.build({kAnyLength, 2});
  const Tensor<float, 3> x = Tensor<float, 3>::from_shape({1, 3, 2});
  CHECK_THROWS_WITH(closed_loop(model, x, 2),
                    "closed_loop: the model must predict the 2 features it reads, got outputs (batch, 1)");
  const Tensor<float, 2> flat = Tensor<float, 2>::from_shape({3, 2});
  CHECK_THROWS_WITH(closed_loop(model, flat, 2), "closed_loop: x must be (batch, time, features), got (3, 2)");
}

TEST_CASE("Indices are drawn by probability and temperature", "[models][closed_loop]") {
  const std::array<float, 4> p = {0.1F, 0.2F, 0.0F, 0.7F};
  const auto shares = [&](double temperature) {
    RandomStream random({.seed = 3});
    std::vector<double> counts(4);
    for (int i = 0; i < 20'000; ++i) counts[sample_index(std::span<const float>(p), temperature, random)] += 1 / 2e4;
    return counts;
  };
  const auto plain = shares(1);
  CHECK(std::fabs(plain[0] - 0.1) < 0.01);
  CHECK(std::fabs(plain[3] - 0.7) < 0.01);
  CHECK(plain[2] == 0);
  CHECK(shares(0.1)[3] > 0.999);
  const auto hot = shares(100);
  CHECK(std::fabs(hot[0] - 1.0 / 3) < 0.02);
  CHECK(hot[2] == 0);

  RandomStream random({.seed = 3});
  const std::array<float, 2> none = {0, 0};
  CHECK_THROWS_WITH(sample_index(std::span<const float>(p), 0, random),
                    "sample_index: temperature must be above 0, got 0");
  CHECK_THROWS_WITH(sample_index(std::span<const float>(none), 1, random),
                    "sample_index: some probability must be above 0, got none");
}
