#include "seqnn/layers/lstm.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/optimizers/sgd.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <string>
#include <vector>

using namespace seqnn;

namespace {

struct Problem {
  Tensor<double, 3> x = Tensor<double, 3>::from_shape({4, 3, 2});
  Tensor<double, 2> y = Tensor<double, 2>::from_shape({4, 3});

  Problem() {
    RandomStream random({.seed = 1});
    for (double& v : x) v = random.normal();
    for (double& v : y) v = random.normal();
  }
};

Sequential<double> model_with(Regularizer kernel, Regularizer recurrent, Regularizer bias) {
  Sequential<double> model(
      {LSTM(3, {.kernel_regularizer = kernel, .recurrent_regularizer = recurrent, .bias_regularizer = bias})});
  model.build({3, 2}, 5);
  model.compile(SGD({.learning_rate = 0.1}), MeanSquaredError());
  return model;
}

std::vector<double> weight(const Sequential<double>& model, const std::string& name) {
  const auto values = model.weight("lstm/" + name);
  return {values.begin(), values.end()};
}

}  // namespace

TEST_CASE("Regularizers add their penalty to the loss and its gradient", "[training][regularizer]") {
  const Problem problem;
  auto plain = model_with({}, {}, {});
  auto penalized = model_with(L2(0.03), L1(0.02), L1L2(0.01, 0.04));
  double penalty = 0;
  for (const double w : weight(plain, "kernel")) penalty += 0.03 * w * w;
  for (const double w : weight(plain, "recurrent_kernel")) penalty += 0.02 * std::fabs(w);
  for (const double w : weight(plain, "bias")) penalty += 0.01 * std::fabs(w) + 0.04 * w * w;
  const double loss = plain.evaluate(problem.x, problem.y)["loss"];
  CHECK(std::fabs(penalized.evaluate(problem.x, problem.y)["loss"] - loss - penalty) < 1e-12);

  const auto before = weight(plain, "kernel");
  const auto recurrent_before = weight(plain, "recurrent_kernel");
  const auto bias_before = weight(plain, "bias");
  const FitOptions options = {.batch_size = 4, .verbose = Verbose::silent};
  CHECK(std::fabs(penalized.fit(problem.x, problem.y, options)["loss"][0] - loss - penalty) < 1e-12);
  plain.fit(problem.x, problem.y, options);
  const auto check = [&](const std::string& name, const std::vector<double>& w, auto slope) {
    const auto with = weight(penalized, name);
    const auto without = weight(plain, name);
    for (std::size_t i = 0; i < w.size(); ++i) {
      CAPTURE(name, i);
      CHECK(std::fabs(without[i] - with[i] - 0.1 * slope(w[i])) < 1e-12);
    }
  };
  const auto sign = [](double w) { return w > 0 ? 1.0 : w < 0 ? -1.0 : 0.0; };
  check("kernel", before, [](double w) { return 2 * 0.03 * w; });
  check("recurrent_kernel", recurrent_before, [&](double w) { return 0.02 * sign(w); });
  check("bias", bias_before, [&](double w) { return 0.01 * sign(w) + 2 * 0.04 * w; });
}

TEST_CASE("A penalty does not depend on shards or threads", "[training][regularizer][threads]") {
  const Problem problem;
  const auto train = [&](std::size_t shards, std::size_t threads) {
    auto model = model_with(L2(0.03), L1(0.02), {});
    model.fit(problem.x, problem.y,
              {.epochs = 3, .batch_size = 4, .verbose = Verbose::silent, .threads = threads, .shards = shards});
    return weight(model, "kernel");
  };
  CHECK(train(2, 1) == train(2, 2));
}
