#include "seqnn/layers/batch_normalization.hpp"
#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/lstm.hpp"
#include "seqnn/layers/time_distributed.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/optimizers/sgd.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

constexpr std::size_t kSamples = 70;  // batches of 32, 32 and 6

struct Problem {
  Tensor<double, 3> x = Tensor<double, 3>::from_shape({kSamples, 3, 2});
  Tensor<double, 3> y = Tensor<double, 3>::from_shape({kSamples, 3, 1});

  Problem() {
    RandomStream random({.seed = 1});
    for (double& v : x) v = 3 + 2 * random.normal();
    for (double& v : y) v = random.normal();
  }
};

Sequential<double> model() {
  Sequential<double> model({BatchNormalization({.momentum = 0.5}), TimeDistributed(Dense(4)),
                            TimeDistributed(BatchNormalization({.momentum = 0.5})), Dense(1)});
  model.build({3, 2}, 5);
  model.compile(SGD({.learning_rate = 0.1}), MeanSquaredError());
  return model;
}

/// Two processes that have not yet said anything to each other.
class SilentPair final : public ProcessGroup {
 public:
  std::size_t rank() const override { return 0; }
  std::size_t size() const override { return 2; }
  void all_to_all(std::span<const std::byte>, std::span<const std::size_t>, std::span<std::byte>,
                  std::span<const std::size_t>) override {
    throw StateError("not to be reached");
  }
  void all_gather(std::span<const std::byte>, std::span<std::byte>, std::span<const std::size_t>) override {
    throw StateError("not to be reached");
  }
  void abort(const std::string&) override {}
};

std::vector<double> weight(const Sequential<double>& model, const std::string& name) {
  const auto values = model.weight(name);
  return {values.begin(), values.end()};
}

}  // namespace

TEST_CASE("Statistics of a batch are over all its samples, whatever the threads", "[training][whole_batch][threads]") {
  const Problem problem;
  const auto train = [&](std::size_t threads) {
    auto m = model();
    const auto history =
        m.fit(problem.x, problem.y, {.epochs = 3, .batch_size = 32, .verbose = Verbose::silent, .threads = threads});
    auto all = weight(m, "dense/kernel");
    for (const char* name : {"batch_normalization/moving_mean", "batch_normalization/gamma"}) {
      for (const double v : weight(m, name)) all.push_back(v);
    }
    all.push_back(history["loss"].back());
    return all;
  };
  CHECK(train(1) == train(2));
}

TEST_CASE("Moving statistics move once a step, and prediction uses them", "[training][whole_batch]") {
  const Problem problem;
  auto m = model();
  double mean[2] = {};
  double variance[2] = {};
  for (std::size_t j = 0; j < 2; ++j) {
    for (std::size_t i = 0; i < kSamples * 3; ++i) mean[j] += problem.x.data()[2 * i + j] / (kSamples * 3);
    for (std::size_t i = 0; i < kSamples * 3; ++i) {
      const double d = problem.x.data()[2 * i + j] - mean[j];
      variance[j] += d * d / (kSamples * 3);
    }
  }
  const double before = m.evaluate(problem.x, problem.y)["loss"];
  CHECK(weight(m, "batch_normalization/moving_mean") == std::vector<double>{0, 0});  // evaluation changes nothing
  m.fit(problem.x, problem.y, {.epochs = 2, .batch_size = kSamples, .verbose = Verbose::silent});
  for (std::size_t j = 0; j < 2; ++j) {
    CHECK(std::fabs(weight(m, "batch_normalization/moving_mean")[j] - 0.75 * mean[j]) < 1e-12);
    CHECK(std::fabs(weight(m, "batch_normalization/moving_variance")[j] - 0.25 - 0.75 * variance[j]) < 1e-12);
  }
  CHECK(m.evaluate(problem.x, problem.y)["loss"] != before);
}

TEST_CASE("A batch with statistics cannot be cut into shards", "[training][whole_batch]") {
  const Problem problem;
  auto m = model();
  CHECK_THROWS_MATCHES(
      m.fit(problem.x, problem.y, {.batch_size = 32, .verbose = Verbose::silent, .shards = 2}), OptionError,
      Message("shards: must be 1, or 0 for the standard, as BatchNormalization \"batch_normalization\" takes "
              "statistics of the whole batch, got 2"));
  CHECK_NOTHROW(m.fit(problem.x, problem.y, {.batch_size = 32, .verbose = Verbose::silent, .shards = 1}));
}

TEST_CASE("A batch with statistics cannot be shared by processes", "[training][whole_batch]") {
  const Problem problem;
  SilentPair processes;
  auto m = model();
  CHECK_THROWS_MATCHES(
      m.fit(problem.x, problem.y, {.batch_size = 32, .verbose = Verbose::silent, .processes = &processes}), OptionError,
      Message("fit: must run in one process, as BatchNormalization \"batch_normalization\" takes statistics of the "
              "whole batch, got 2 processes"));
}

TEST_CASE("A fit that is refused leaves a model that is not built as it was", "[training][whole_batch]") {
  const Problem problem;
  SilentPair pair;
  const Sequential<double> unbuilt({LSTM(2, {.return_sequences = true}), BatchNormalization(), Dense(1)});
  auto model = unbuilt, never_refused = unbuilt;
  for (auto* either : {&model, &never_refused}) either->compile(SGD({.learning_rate = 0.1}), MeanSquaredError());
  CHECK_THROWS_AS(model.fit(problem.x, problem.y, {.verbose = Verbose::silent, .seed = 1, .shards = 2}), OptionError);
  CHECK_FALSE(model.built());
  CHECK_THROWS_AS(model.fit(problem.x, problem.y, {.verbose = Verbose::silent, .seed = 1, .processes = &pair}),
                  OptionError);
  CHECK_FALSE(model.built());
  for (auto* either : {&model, &never_refused}) {
    either->fit(problem.x, problem.y, {.verbose = Verbose::silent, .seed = 2});
  }
  CHECK(weight(model, "dense/kernel") == weight(never_refused, "dense/kernel"));
}

TEST_CASE("A fit that is refused fixes no batch size of a stateful model", "[training][whole_batch]") {
  const Problem problem;
  Sequential<double> model({LSTM(2, {.return_sequences = true, .stateful = true}), BatchNormalization(), Dense(1)});
  model.build({3, 2}, 5);
  model.compile(SGD(), MeanSquaredError());
  CHECK_THROWS_AS(
      model.fit(problem.x, problem.y, {.batch_size = 35, .shuffle = false, .verbose = Verbose::silent, .shards = 2}),
      OptionError);
  CHECK_NOTHROW(model.predict(problem.x, {.batch_size = 70}));
}
