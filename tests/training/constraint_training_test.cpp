#include "seqnn/layers/batch_normalization.hpp"
#include "seqnn/layers/conv1d.hpp"
#include "seqnn/layers/conv1d_transpose.hpp"
#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/depthwise_conv1d.hpp"
#include "seqnn/layers/embedding.hpp"
#include "seqnn/layers/gru.hpp"
#include "seqnn/layers/layer_normalization.hpp"
#include "seqnn/layers/lstm.hpp"
#include "seqnn/layers/multi_head_attention.hpp"
#include "seqnn/layers/projected_lstm.hpp"
#include "seqnn/layers/separable_conv1d.hpp"
#include "seqnn/layers/simple_rnn.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/optimizers/sgd.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <map>
#include <string>
#include <vector>

using namespace seqnn;

namespace {

struct Problem {
  Tensor<double, 3> x = Tensor<double, 3>::from_shape({64, 3, 2});
  Tensor<double, 2> y = Tensor<double, 2>::from_shape({64, 2});

  Problem() {
    RandomStream random({.seed = 1});
    for (double& v : x) v = random.normal();
    for (double& v : y) v = 5 * random.normal();
  }
};

Sequential<double> model() {
  Sequential<double> model({GRU(3, {.kernel_constraint = MaxNorm(0.4), .recurrent_constraint = UnitNorm({1})}),
                            Dense(2, {.kernel_constraint = NonNeg(), .bias_constraint = MaxNorm(0.01)})});
  model.build({3, 2}, 5);
  model.compile(SGD({.learning_rate = 0.1}), MeanSquaredError());
  return model;
}

std::vector<double> weight(const Sequential<double>& model, const std::string& name) {
  const auto values = model.weight(name);
  return {values.begin(), values.end()};
}

/// Name, regularizer and constraint of every trained parameter of a layer.
std::map<std::string, std::string> rules(const LayerRecipe<float>& recipe, const Shape& input) {
  const auto layer = recipe.make();
  ParameterLayout layout;
  layer->set_name("l");
  layer->build(input, layout);
  std::map<std::string, std::string> result;
  for (const auto& info : layout.infos()) {
    if (!info.trainable) continue;
    result[info.name.substr(2)] = info.regularizer.to_string() + ' ' + info.constraint.to_string();
  }
  return result;
}

using Rules = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("Weights meet their constraints after every step", "[training][constraint]") {
  const Problem problem;
  auto m = model();
  for (int step = 0; step < 3; ++step) {
    m.fit(problem.x, problem.y, {.batch_size = 64, .verbose = Verbose::silent});
    const auto kernel = weight(m, "gru/kernel");               // [2, 9]
    const auto recurrent = weight(m, "gru/recurrent_kernel");  // [3, 9]
    bool bounded = false;
    for (std::size_t j = 0; j < 9; ++j) {
      const double norm = std::hypot(kernel[j], kernel[9 + j]);
      CHECK(norm <= 0.4);
      bounded = bounded || norm > 0.4 - 1e-6;
    }
    CHECK(bounded);
    for (std::size_t i = 0; i < 3; ++i) {
      double squares = 0;
      for (std::size_t j = 0; j < 9; ++j) squares += recurrent[i * 9 + j] * recurrent[i * 9 + j];
      CHECK(std::fabs(std::sqrt(squares) - 1) < 1e-6);
    }
    std::size_t zeros = 0;
    for (const double w : weight(m, "dense/kernel")) {
      CHECK(w >= 0);
      zeros += w == 0 ? 1 : 0;
    }
    CHECK(zeros > 0);
    const auto bias = weight(m, "dense/bias");
    CHECK(std::hypot(bias[0], bias[1]) <= 0.01);
  }
}

TEST_CASE("A constraint is applied to what the update gives", "[training][constraint]") {
  const Problem problem;
  auto m = model();
  Sequential<double> plain({GRU(3), Dense(2)});
  plain.build({3, 2}, 5);
  plain.compile(SGD({.learning_rate = 0.1}), MeanSquaredError());
  m.fit(problem.x, problem.y, {.batch_size = 64, .verbose = Verbose::silent});
  plain.fit(problem.x, problem.y, {.batch_size = 64, .verbose = Verbose::silent});
  const auto free = weight(plain, "dense/kernel");
  const auto kernel = weight(m, "dense/kernel");
  for (std::size_t i = 0; i < free.size(); ++i) CHECK(kernel[i] == (free[i] < 0 ? 0 : free[i]));
}

TEST_CASE("Constraints do not depend on threads", "[training][constraint][threads]") {
  const Problem problem;
  const auto train = [&](std::size_t threads) {
    auto m = model();
    m.fit(problem.x, problem.y, {.epochs = 3, .batch_size = 32, .verbose = Verbose::silent, .threads = threads});
    auto all = weight(m, "gru/kernel");
    for (const char* name : {"gru/recurrent_kernel", "dense/kernel", "dense/bias"}) {
      for (const double v : weight(m, name)) all.push_back(v);
    }
    return all;
  };
  CHECK(train(1) == train(2));
}

TEST_CASE("Every layer gives its weights the regularizers and constraints of its options", "[training][constraint]") {
  const Constraint a = MaxNorm(3);
  const Constraint b = NonNeg();
  const Constraint c = UnitNorm();
  const Regularizer r = L1(0.5);
  const Regularizer s = L2(0.25);
  const Regularizer t = L1L2(1, 2);
  const std::string first = "L1(0.5) MaxNorm(3)";
  const std::string second = "L2(0.25) NonNeg()";
  const std::string third = "L1L2(1, 2) UnitNorm()";
  const Rules kernel_and_bias = {{"kernel", first}, {"bias", second}};
  CHECK(rules(Dense(3, {.kernel_regularizer = r, .bias_regularizer = s, .kernel_constraint = a, .bias_constraint = b}),
              {4}) == kernel_and_bias);
  CHECK(rules(Conv1D(3, 2,
                     {.kernel_regularizer = r, .bias_regularizer = s, .kernel_constraint = a, .bias_constraint = b}),
              {4, 2}) == kernel_and_bias);
  CHECK(rules(Conv1DTranspose(
                  3, 2, {.kernel_regularizer = r, .bias_regularizer = s, .kernel_constraint = a, .bias_constraint = b}),
              {4, 2}) == kernel_and_bias);
  CHECK(rules(DepthwiseConv1D(
                  2,
                  {.depthwise_regularizer = r, .bias_regularizer = s, .depthwise_constraint = a, .bias_constraint = b}),
              {4, 2}) == kernel_and_bias);
  CHECK(rules(SeparableConv1D(3, 2,
                              {.depthwise_regularizer = r,
                               .pointwise_regularizer = s,
                               .bias_regularizer = t,
                               .depthwise_constraint = a,
                               .pointwise_constraint = b,
                               .bias_constraint = c}),
              {4, 2}) == Rules{{"depthwise_kernel", first}, {"pointwise_kernel", second}, {"bias", third}});
  CHECK(rules(Embedding(9, 3, {.embeddings_regularizer = r, .embeddings_constraint = a}), {4}) ==
        Rules{{"embeddings", first}});
  const Rules beta_and_gamma = {{"beta", first}, {"gamma", second}};
  CHECK(rules(LayerNormalization(
                  {.beta_regularizer = r, .gamma_regularizer = s, .beta_constraint = a, .gamma_constraint = b}),
              {4}) == beta_and_gamma);
  CHECK(rules(BatchNormalization(
                  {.beta_regularizer = r, .gamma_regularizer = s, .beta_constraint = a, .gamma_constraint = b}),
              {4}) == beta_and_gamma);
  const Rules recurrent = {{"kernel", first}, {"recurrent_kernel", second}, {"bias", third}};
  const auto check_recurrent_layer = [&]<class Options>(Options options, auto make) {
    options.kernel_regularizer = r;
    options.recurrent_regularizer = s;
    options.bias_regularizer = t;
    options.kernel_constraint = a;
    options.recurrent_constraint = b;
    options.bias_constraint = c;
    CHECK(rules(make(options), {4, 2}) == recurrent);
  };
  check_recurrent_layer(LSTMOptions{}, [](const LSTMOptions& o) { return LSTM(3, o); });
  check_recurrent_layer(GRUOptions{}, [](const GRUOptions& o) { return GRU(3, o); });
  check_recurrent_layer(SimpleRNNOptions{}, [](const SimpleRNNOptions& o) { return SimpleRNN(3, o); });
  CHECK(rules(ProjectedLSTM(4, 2,
                            {.rank = 2,
                             .kernel_regularizer = r,
                             .recurrent_regularizer = s,
                             .expansion_regularizer = t,
                             .projection_regularizer = r,
                             .bias_regularizer = s,
                             .kernel_constraint = a,
                             .recurrent_constraint = b,
                             .expansion_constraint = c,
                             .projection_constraint = a,
                             .bias_constraint = b}),
              {4, 2}) == Rules{{"kernel", first},
                               {"recurrent_kernel", second},
                               {"expansion_kernel", third},
                               {"projection_kernel", first},
                               {"bias", second}});
  for (const auto& [name, rule] :
       rules(MultiHeadAttention(
                 2, 3, {.kernel_regularizer = r, .bias_regularizer = s, .kernel_constraint = a, .bias_constraint = b}),
             {4, 2})) {
    CAPTURE(name);
    CHECK(rule == (name.ends_with("kernel") ? first : second));
  }
}

TEST_CASE("Layers print their constraints", "[training][constraint]") {
  CHECK(Dense(3, {.kernel_constraint = MaxNorm(3)}).to_string() == "Dense(3, {.kernel_constraint = MaxNorm(3)})");
  CHECK(Conv1D(3, 2, {.kernel_regularizer = L2(), .kernel_constraint = UnitNorm({0, 1})}).to_string() ==
        "Conv1D(3, 2, {.kernel_regularizer = L2(0.01), .kernel_constraint = UnitNorm({0, 1})})");
  CHECK(LSTM(3, {.recurrent_constraint = NonNeg()}).to_string() == "LSTM(3, {.recurrent_constraint = NonNeg()})");
  CHECK(Embedding(9, 3, {.embeddings_constraint = UnitNorm({1})}).to_string() ==
        "Embedding(9, 3, {.embeddings_constraint = UnitNorm({1})})");
}
