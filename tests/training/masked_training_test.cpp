#include "fixtures/masked_training.hpp"

#include "seqnn/layers/batch_normalization.hpp"
#include "seqnn/layers/conv1d.hpp"
#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/embedding.hpp"
#include "seqnn/layers/masking.hpp"
#include "seqnn/layers/repeat_vector.hpp"
#include "seqnn/layers/simple_rnn.hpp"
#include "seqnn/layers/time_distributed.hpp"
#include "seqnn/losses/mean_absolute_error.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/losses/sparse_categorical_crossentropy.hpp"
#include "seqnn/metrics/lambda_metric.hpp"
#include "seqnn/metrics/precision.hpp"
#include "seqnn/metrics/sparse_categorical_accuracy.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/optimizers/sgd.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"
#include "support/thread_group.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

// A loss a time step: masks and weights of steps.

namespace {

namespace expected = fixtures::masked_training;

constexpr std::size_t kSamples = 10, kSteps = 6;

template <class T, class From>
Tensor<T, 2> sequences(const From& from) {
  auto result = Tensor<T, 2>::from_shape({kSamples, kSteps});
  std::transform(std::begin(from), std::end(from), result.begin(), [](auto v) { return static_cast<T>(v); });
  return result;
}

template <class From>
void set(Sequential<double>& model, const char* name, Shape shape, const From& from) {
  auto values = Array<double>::from_shape(shape);
  std::copy(std::begin(from), std::end(from), values.begin());
  model.set_weight(name, values);
}

template <class Kernel>
Sequential<double> model_of_fixture(bool mask_zero, std::size_t units, const Kernel& kernel) {
  Sequential<double> model({Embedding(7, 4, {.mask_zero = mask_zero}), Dense(units)});
  model.build({kSteps});
  set(model, "embedding/embeddings", {7, 4}, expected::embeddings);
  set(model, "dense/kernel", {4, units}, kernel);
  return model;
}

template <std::size_t Weights>
void check(Sequential<double>& model, const AnyArray& y, const AnyArray& sample_weight, const char* metric,
           const double (&losses)[3], const double (&score)[2], const double (&weights)[Weights], std::size_t shards,
           std::size_t threads) {
  constexpr double kTolerance = 1e-6;  // Keras rounds to float on the way
  const auto x = sequences<int>(expected::ids);
  const History history = model.fit(x, y,
                                    {.epochs = 3,
                                     .batch_size = 4,
                                     .shuffle = false,
                                     .sample_weight = sample_weight,
                                     .verbose = Verbose::silent,
                                     .threads = threads,
                                     .shards = shards});
  for (std::size_t epoch = 0; epoch < 3; ++epoch) {
    CHECK_THAT(history["loss"][epoch], WithinRel(losses[epoch], kTolerance));
  }
  const auto end = all_weights(model);
  REQUIRE(end.size() == Weights);
  for (std::size_t i = 0; i < Weights; ++i) CHECK_THAT(end[i], WithinAbs(weights[i], kTolerance));
  for (const std::size_t batch_size : {3U, 128U}) {
    const Logs logs = model.evaluate(x, y, {.batch_size = batch_size, .sample_weight = sample_weight});
    CHECK_THAT(logs["loss"], WithinRel(score[0], kTolerance));
    CHECK_THAT(logs[metric], WithinRel(score[1], kTolerance));
  }
}

}  // namespace

TEST_CASE("masked and weighted time steps are learnt from as in Keras", "[training][masked]") {
  const auto values = sequences<double>(expected::values);
  const auto step_weight = sequences<double>(expected::step_weight);
  for (const std::size_t shards : {1U, 3U}) {
    CAPTURE(shards);
    {
      auto model = model_of_fixture(true, 3, expected::class_kernel);
      model.compile(SGD({.learning_rate = 0.1}), SparseCategoricalCrossentropy({.from_logits = true}),
                    {SparseCategoricalAccuracy()});
      namespace e = expected::classes_masked;
      check(model, sequences<int>(expected::classes), {}, "sparse_categorical_accuracy", e::losses, e::score,
            e::weights, shards, 1);
    }
    {
      auto model = model_of_fixture(true, 1, expected::value_kernel);
      model.compile(SGD({.learning_rate = 0.1}), MeanSquaredError(), {MeanAbsoluteError()});
      namespace e = expected::values_masked;
      check(model, values, {}, "mean_absolute_error", e::losses, e::score, e::weights, shards, 2);
    }
    {
      auto model = model_of_fixture(false, 1, expected::value_kernel);
      model.compile(SGD({.learning_rate = 0.1}), MeanSquaredError(), {MeanAbsoluteError()});
      namespace e = expected::values_weighted;
      check(model, values, step_weight, "mean_absolute_error", e::losses, e::score, e::weights, shards, 2);
    }
    {
      auto model = model_of_fixture(true, 1, expected::value_kernel);
      model.compile(SGD({.learning_rate = 0.1}), MeanSquaredError(), {MeanAbsoluteError()});
      namespace e = expected::values_both;
      check(model, values, step_weight, "mean_absolute_error", e::losses, e::score, e::weights, shards, 1);
    }
  }
}

TEST_CASE("masked steps count for no loss and no metric, by hand", "[training][masked]") {
  // y = x; steps that are 0 are masked.
  Sequential<float> model({Masking(), Dense(1, {.kernel_initializer = ones()})});
  model.compile(SGD({.learning_rate = 0}), MeanSquaredError(),
                {Precision(), LambdaMetric("seen", [](auto y_true, auto) { return y_true[0]; })});
  const Tensor<float, 3> x{{{1}, {2}, {0}}, {{3}, {0}, {0}}};
  const Tensor<float, 2> y{{2, 2, 7}, {5, 9, 9}};
  const auto scores = [&](const AnyArray& weights) { return model.evaluate(x, y, {.sample_weight = weights}); };
  model.build({3, 1});
  CHECK(scores({})["loss"] == Approx((1.0 + 0 + 4) / 3));
  CHECK(scores({})["seen"] == Approx((2.0 + 2 + 5) / 3));
  CHECK(scores({})["precision"] == 1);
  CHECK(scores(Tensor<float, 1>{1, 3})["loss"] == Approx((1.0 + 0 + 3 * 4) / 3));
  CHECK(scores(Tensor<float, 2>{{2, 5, 100}, {0.5F, 100, 100}})["loss"] == Approx((2.0 + 0 + 0.5 * 4) / 3));
  CHECK(scores(Tensor<float, 1>{1, 3})["seen"] == Approx(3));  // weights count for the loss only

  const Tensor<float, 3> nothing = xt::zeros<float>({2, 3, 1});
  CHECK(model.evaluate(nothing, y)["loss"] == 0);
  const History history = model.fit(nothing, y, {.verbose = Verbose::silent});
  CHECK(history["loss"][0] == 0);
}

TEST_CASE("a masked step takes all its rows with it", "[training][masked]") {
  // Padding at the end of every sequence changes nothing, also where a step has three rows.
  const std::vector<LayerRecipe<double>> layers = {Masking(), TimeDistributed(RepeatVector(3)), BatchNormalization(),
                                                   Dense(1)};
  constexpr std::size_t kBatch = 6, T = 2, kPadded = 5;
  auto x = Tensor<double, 3>::from_shape({kBatch, T, 2});
  auto y = Tensor<double, 3>::from_shape({kBatch, T, 3});
  Tensor<double, 3> x_padded = xt::zeros<double>({kBatch, kPadded, std::size_t{2}});
  Tensor<double, 3> y_padded = xt::ones<double>({kBatch, kPadded, std::size_t{3}});
  RandomStream random({.seed = 3});
  for (std::size_t b = 0; b < kBatch; ++b) {
    for (std::size_t t = 0; t < T; ++t) {
      for (std::size_t j = 0; j < 2; ++j) x(b, t, j) = x_padded(b, t, j) = random.normal();
      for (std::size_t r = 0; r < 3; ++r) y(b, t, r) = y_padded(b, t, r) = random.normal();
    }
  }
  const auto learn = [&](const AnyArray& input, const AnyArray& target) {
    Sequential<double> model(layers);
    model.build({kAnyLength, 2}, 1);
    model.compile(SGD({.learning_rate = 0.1}), MeanSquaredError(), {MeanAbsoluteError()});
    const History history = model.fit(input, target, {.epochs = 4, .batch_size = 3, .verbose = Verbose::silent});
    const auto score = model.evaluate(input, target);
    auto numbers = all_weights(model);
    numbers.insert(numbers.end(), {history["loss"][3], score.at("loss"), score.at("mean_absolute_error")});
    return numbers;
  };
  const auto plain = learn(x, y);
  const auto padded = learn(x_padded, y_padded);
  REQUIRE(padded.size() == plain.size());
  for (std::size_t i = 0; i < plain.size(); ++i) CHECK_THAT(padded[i], WithinAbs(plain[i], 1e-6));
  CHECK(plain.end()[-2] > 0.1);
}

TEST_CASE("a mask may speak of words in sentences", "[training][masked]") {
  // As many words in one row: the mask of (sentences, words) counts each of them once.
  const auto learn = [](const AnyArray& x, const AnyArray& y, const Shape& shape) {
    Sequential<double> model({Embedding(5, 4, {.mask_zero = true}), BatchNormalization(), Dense(1)});
    model.build(shape, 1);
    model.compile(SGD({.learning_rate = 0.1}), MeanSquaredError());
    const History history = model.fit(x, y, {.epochs = 3, .batch_size = 2, .verbose = Verbose::silent});
    auto numbers = all_weights(model);
    numbers.push_back(history["loss"][2]);
    return numbers;
  };
  const Tensor<std::int32_t, 3> sentences{{{1, 2, 0}, {3, 0, 0}}, {{4, 4, 1}, {0, 0, 0}}, {{2, 0, 0}, {3, 1, 0}}};
  const Tensor<float, 3> targets{{{1, 2, 9}, {3, 9, 9}}, {{4, 4, 1}, {9, 9, 9}}, {{-2, 9, 9}, {3, 1, 9}}};
  const Tensor<std::int32_t, 2> row{{1, 2, 0, 3, 0, 0}, {4, 4, 1, 0, 0, 0}, {2, 0, 0, 3, 1, 0}};
  const Tensor<float, 2> row_targets{{1, 2, 9, 3, 9, 9}, {4, 4, 1, 9, 9, 9}, {-2, 9, 9, 3, 1, 9}};
  CHECK(learn(sentences, targets, {2, 3}) == learn(row, row_targets, {6}));
}

TEST_CASE("weights of samples and of their steps are the same where steps have one", "[training][masked]") {
  const auto run = [](const AnyArray& weights, std::size_t threads) {
    Sequential<float> model({Dense(3), SimpleRNN(2, {.return_sequences = true}), Dense(1)});
    model.compile(SGD(), MeanSquaredError());
    RandomStream random({.seed = 3});
    auto x = Tensor<float, 3>::from_shape({40, 5, 2});
    auto y = Tensor<float, 2>::from_shape({40, 5});
    for (auto& value : x) value = static_cast<float>(random.normal());
    for (auto& value : y) value = static_cast<float>(random.normal());
    model.fit(x, y,
              {.epochs = 2,
               .batch_size = 16,
               .sample_weight = weights,
               .verbose = Verbose::silent,
               .threads = threads,
               .shards = 4});
    return all_weights(model);
  };
  auto samples = Tensor<float, 1>::from_shape({40});
  auto steps = Tensor<float, 2>::from_shape({40, 5});
  for (std::size_t i = 0; i < 40; ++i) {
    samples(i) = static_cast<float>(i % 4);
    for (std::size_t t = 0; t < 5; ++t) steps(i, t) = samples(i);
  }
  const auto by_sample = run(samples, 1);
  const auto by_step = run(steps, 1);
  CHECK(run(steps, 2) == by_step);
  for (std::size_t i = 0; i < by_step.size(); ++i) CHECK_THAT(by_step[i], WithinAbs(by_sample[i], 1e-6));
}

TEST_CASE("masked trainings are the same for any number of threads and processes", "[training][masked]") {
  const auto run = [](std::size_t threads, ProcessGroup* processes = nullptr) {
    Sequential<float> model({Embedding(9, 4, {.mask_zero = true}), SimpleRNN(5, {.return_sequences = true}), Dense(9)});
    model.compile(SGD({.learning_rate = 0.5}), SparseCategoricalCrossentropy({.from_logits = true}));
    RandomStream random({.seed = 4});
    auto x = Tensor<std::int32_t, 2>::from_shape({64, 7});
    for (auto& id : x) id = static_cast<std::int32_t>(random.below(9));
    auto weights = Tensor<float, 1>::from_shape({64});
    for (auto& weight : weights) weight = static_cast<float>(random.below(3));
    const History history = model.fit(x, x,
                                      {.epochs = 3,
                                       .validation_split = 0.25,
                                       .sample_weight = weights,
                                       .verbose = Verbose::silent,
                                       .threads = threads,
                                       .shards = 3,
                                       .processes = processes});
    if (history["loss"].back() >= history["loss"].front()) throw Error("the loss does not fall");
    if (history["val_loss"].back() >= history["val_loss"].front()) throw Error("the validation loss does not fall");
    return all_weights(model);
  };
  const auto one = run(1);
  CHECK(run(2) == one);
  CHECK(run(3) == one);
  std::vector<std::vector<float>> weights(2);
  ThreadGroup::run(2, [&](ProcessGroup& member) { weights[member.rank()] = run(1, &member); });
  CHECK(weights[0] == one);
  CHECK(weights[1] == one);
}

TEST_CASE("what a masked step predicts is not looked at", "[training][masked]") {
  // The loss of a masked step would be infinite.
  Sequential<float> model({Masking(), Dense(1, {.kernel_initializer = ones()})});
  model.compile(SGD({.learning_rate = 0}), MeanSquaredError());
  model.build({2, 1});
  const Tensor<float, 3> x{{{1}, {0}}};
  const Tensor<float, 2> y{{2, std::numeric_limits<float>::max()}};
  CHECK(model.evaluate(x, y)["loss"] == 1);
}

TEST_CASE("a wrong shape of weights is an error that names both that fit", "[training][masked]") {
  Sequential<float> model({Dense(1)});
  model.compile(SGD(), MeanSquaredError());
  const Tensor<float, 3> x = xt::ones<float>({4, 3, 2});
  const Tensor<float, 2> y = xt::ones<float>({4, 3});
  const Tensor<float, 2> wrong = xt::ones<float>({3, 4});
  CHECK_THROWS_MATCHES(model.fit(x, y, {.sample_weight = wrong, .verbose = Verbose::silent}), ShapeError,
                       Message("sample_weight: must be (4,), one a sample, or (4, 3), one a time step, got (3, 4)"));
  const Tensor<float, 2> row = xt::ones<float>({1, 4});
  CHECK_THROWS_AS(model.fit(x, y, {.sample_weight = row, .verbose = Verbose::silent}), ShapeError);
  const Array<float> scalar = xt::ones<float>(std::vector<std::size_t>{});
  const Tensor<float, 3> one = xt::ones<float>({1, 1, 2});
  model.build({kAnyLength, 2});
  CHECK_THROWS_MATCHES(model.evaluate(one, Tensor<float, 2>{{1}}, {.sample_weight = scalar}), ShapeError,
                       Message("sample_weight: must be (1,), one a sample, got ()"));
}
