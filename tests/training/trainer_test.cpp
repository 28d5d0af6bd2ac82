#include "seqnn/training/trainer.hpp"

#include "seqnn/metrics/binary_accuracy.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

using Floats = std::vector<float>;

/// Everything a Trainer refers to.
struct Parts {
  Parts(std::vector<LayerRecipe<float>> layers, Shape input, const OptimizerRecipe<float>& with,
        const LossRecipe<float>& by)
      : network(layers, std::move(input), 3), optimizer(with.make()), loss(by.make()) {
    optimizer->build(network.layout());
    metrics.push_back(BinaryAccuracy().make(For<Metric<float>>{}));
  }

  Objective<float> objective() const { return {loss.get(), metrics}; }
  Floats weights() const { return {network.parameters().begin(), network.parameters().end()}; }

  Network<float> network;
  std::unique_ptr<Optimizer<float>> optimizer;
  std::unique_ptr<Loss<float>> loss;
  std::vector<std::unique_ptr<Metric<float>>> metrics;
};

Parts line_parts() {
  return {{Dense(1, {.kernel_initializer = constant(2), .bias_initializer = ones()})},
          {1},
          SGD({.learning_rate = 0.1}),
          MeanSquaredError()};
}

Parts convnet_parts(const OptimizerRecipe<float>& optimizer, double dropout = 0.3) {
  return {small_convnet(dropout).layers(), {kTime}, optimizer, BinaryCrossentropy({.from_logits = true})};
}

std::vector<std::size_t> indices(std::size_t n) {
  std::vector<std::size_t> result(n);
  std::iota(result.begin(), result.end(), std::size_t{0});
  return result;
}

/// Weights and losses of five steps on 40 samples, the last with 7 of them.
struct Outcome {
  Floats weights;
  std::vector<double> losses;

  bool operator==(const Outcome&) const = default;
};

Outcome five_steps(std::size_t threads, std::size_t shards, const OptimizerRecipe<float>& optimizer,
                   double dropout = 0.3) {
  Parts parts = convnet_parts(optimizer, dropout);
  const Reviews data(40);
  const Samples<float> samples(parts.network, *parts.loss, data.x, data.y, {});
  ThreadTeam team(threads);
  Trainer<float> trainer(parts.network, parts.objective(), *parts.optimizer, team, samples, 40, shards, 11);
  Outcome outcome;
  const auto batch = indices(40);
  for (std::uint32_t step = 0; step < 5; ++step) {
    outcome.losses.push_back(trainer.step(std::span(batch).last(step == 4 ? 7 : 40), step).loss);
  }
  outcome.weights = parts.weights();
  return outcome;
}

}  // namespace

TEST_CASE("A step goes down the gradient of the batch's mean loss", "[training][trainer]") {
  // y = 2x + 1, x = 1, 2 gives 3, 5 against 0, 0: losses 9, 25; slopes 2·3, 2·5.
  // dw = (6·1 + 10·2) / 2 = 13, db = (6 + 10) / 2 = 8; w = 2 - 0.1·13 = 0.7, b = 1 - 0.8 = 0.2
  Parts parts = line_parts();
  const Tensor<float, 2> x = {{9}, {1}, {2}};
  const Tensor<float, 1> y = {9, 0, 0};
  const Samples<float> samples(parts.network, *parts.loss, x, y, {});
  ThreadTeam team;
  Trainer<float> trainer(parts.network, parts.objective(), *parts.optimizer, team, samples, 3, 0, 0);
  const std::vector<std::size_t> batch = {2, 1};
  const Score& score = trainer.step(batch, 0);
  CHECK(score.loss == 34);
  CHECK(score.samples == 2);
  CHECK(score.metrics == std::vector<double>{0, 2});  // 3 and 5 are above the threshold, the targets are 0
  CHECK_THAT(parts.network.parameters()[0], WithinRel(0.7F, 1e-6F));
  CHECK_THAT(parts.network.parameters()[parts.network.layout().infos()[1].offset], WithinRel(0.2F, 1e-6F));
}

TEST_CASE("Sample weights scale loss and gradient, not the metrics", "[training][trainer]") {
  // As above with weights 1 and 0.5: loss 9 + 12.5; dw = (6 + 10) / 2 = 8, db = (6 + 5) / 2 = 5.5
  Parts parts = line_parts();
  const Tensor<float, 2> x = {{1}, {2}};
  const Tensor<float, 1> y = {0, 0};
  const Tensor<float, 1> weights = {1, 0.5F};
  const Samples<float> samples(parts.network, *parts.loss, x, y, weights);
  ThreadTeam team;
  Trainer<float> trainer(parts.network, parts.objective(), *parts.optimizer, team, samples, 2, 2, 0);
  const Score& score = trainer.step(indices(2), 0);
  CHECK(score.loss == 21.5);
  CHECK(score.metrics == std::vector<double>{0, 2});
  CHECK_THAT(parts.network.parameters()[0], WithinRel(1.2F, 1e-6F));
  CHECK_THAT(parts.network.parameters()[parts.network.layout().infos()[1].offset], WithinRel(0.45F, 1e-6F));
}

TEST_CASE("Training gives the same bits on 1, 2 and 8 threads", "[training][trainer][threads]") {
  const std::vector<OptimizerRecipe<float>> optimizers = {Adam({.learning_rate = 0.05}),
                                                          SGD({.learning_rate = 0.1, .global_clipnorm = 0.5})};
  for (const auto& optimizer : optimizers) {
    for (const std::size_t shards : {0U, 1U, 3U, 8U}) {
      CAPTURE(optimizer.to_string(), shards);
      const Outcome one = five_steps(1, shards, optimizer);
      CHECK(one.losses[0] > 0);
      CHECK(five_steps(1, shards, optimizer) == one);
      CHECK(five_steps(2, shards, optimizer) == one);
      CHECK(five_steps(8, shards, optimizer) == one);
    }
  }
}

TEST_CASE("Training differs by rounding only between numbers of shards", "[training][trainer]") {
  const OptimizerRecipe<float> optimizer = SGD({.learning_rate = 0.1, .momentum = 0.9});
  const Outcome one = five_steps(1, 1, optimizer);
  for (const std::size_t shards : {3U, 8U}) {
    const Outcome other = five_steps(1, shards, optimizer);
    for (std::size_t i = 0; i < one.losses.size(); ++i) CHECK_THAT(other.losses[i], WithinRel(one.losses[i], 1e-5));
    for (std::size_t i = 0; i < one.weights.size(); ++i) {
      CHECK_THAT(other.weights[i], WithinAbs(one.weights[i], 1e-5));
    }
  }
}

TEST_CASE("A batch may have fewer samples than there are shards", "[training][trainer]") {
  Parts parts = line_parts();
  const Tensor<float, 2> x = {{1}, {2}, {3}, {4}, {5}};
  const Tensor<float, 1> y = {0, 0, 0, 0, 0};
  const Samples<float> samples(parts.network, *parts.loss, x, y, {});
  ThreadTeam team;
  Trainer<float> trainer(parts.network, parts.objective(), *parts.optimizer, team, samples, 5, 64, 0);
  trainer.step(indices(5), 0);
  const float w = parts.network.parameters()[0];
  const float b = parts.network.parameters()[parts.network.layout().infos()[1].offset];
  const Score& score = trainer.step(indices(1), 1);  // four shards have none, and must not repeat the step before
  CHECK(score.samples == 1);
  CHECK_THAT(score.loss, WithinRel(double{(w + b) * (w + b)}, 1e-5));
  CHECK_THAT(parts.network.parameters()[0], WithinRel(w - 0.1F * 2 * (w + b), 1e-5F));
}

TEST_CASE("The number of shards follows from the model and the batch", "[training][trainer]") {
  const Network<float> small(std::vector<LayerRecipe<float>>{Dense(1)}, {1}, 0);
  CHECK(default_shards(small, 1) == 1);
  CHECK(default_shards(small, 32) == 2);
  CHECK(default_shards(small, 128) == 4);
  CHECK(default_shards(small, 4096) == 4);
  const Network<float> large(std::vector<LayerRecipe<float>>{Embedding(10'000, 32)}, {1}, 0);
  CHECK(default_shards(large, 128) == 2);
}

TEST_CASE("A training step allocates nothing", "[training][trainer]") {
  for (const bool clips : {false, true}) {
    Parts parts = convnet_parts(Adam({.global_clipnorm = clips ? 1.0 : 0.0}));
    const Reviews data(50);
    const auto weights = xt::ones<float>({50});
    const Samples<float> samples(parts.network, *parts.loss, data.x, data.y, weights);
    ThreadTeam team;
    Trainer<float> trainer(parts.network, parts.objective(), *parts.optimizer, team, samples, 50, 3, 0);
    const auto batch = indices(50);
    trainer.step(batch, 0);
    const AllocationCount allocations;
    trainer.step(batch, 1);
    trainer.step(std::span(batch).first(9), 2);
    CHECK(allocations.so_far() == 0);
  }
}

TEST_CASE("Evaluation gives the same bits on any number of threads", "[training][trainer][threads]") {
  Parts parts = convnet_parts(SGD());
  const Reviews data(900);
  const Samples<float> samples(parts.network, *parts.loss, data.x, data.y, {});
  std::vector<Score> scores;
  std::vector<Floats> outputs;
  for (const std::size_t threads : {1U, 2U, 8U}) {
    ThreadTeam team(threads);
    Evaluator<float> evaluator(parts.network, parts.objective(), team, samples, threads == 2 ? 17 : 128);
    scores.push_back(evaluator.evaluate());
    outputs.emplace_back(900);
    evaluator.predict(outputs.back().data(), 1);
  }
  CHECK(scores[0].samples == 900);
  CHECK(scores[0].metrics[1] == 900);
  CHECK(outputs[1] == outputs[0]);
  CHECK(outputs[2] == outputs[0]);
  CHECK(scores[2].loss == scores[0].loss);
  CHECK_THAT(scores[1].loss, WithinRel(scores[0].loss, 1e-12));  // other tiles add losses in another order
}
