#include "seqnn/data/dataset.hpp"

#include "seqnn/layers/flatten.hpp"
#include "seqnn/layers/gru.hpp"
#include "seqnn/losses/mean_absolute_error.hpp"
#include "seqnn/losses/sparse_categorical_crossentropy.hpp"
#include "seqnn/metrics/sparse_categorical_accuracy.hpp"
#include "seqnn/training/fit.hpp"
#include "support/allocations.hpp"
#include "support/array_dataset.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

using namespace seqnn;

// Training, evaluation and prediction from data sets.

namespace {

Tensor<double, 3> series(std::size_t samples) {
  auto x = Tensor<double, 3>::from_shape({samples, 6, 2});
  RandomStream random({.seed = 21});
  for (double& v : x) v = random.normal();
  return x;
}

/// The first value of the third step, which a convolution can find.
Tensor<double, 1> targets(const Tensor<double, 3>& x) {
  auto y = Tensor<double, 1>::from_shape({x.shape()[0]});
  for (std::size_t i = 0; i < y.size(); ++i) y(i) = x(i, 2, 0);
  return y;
}

Tensor<int, 1> classes(const Tensor<double, 3>& x) {
  auto y = Tensor<int, 1>::from_shape({x.shape()[0]});
  for (std::size_t i = 0; i < y.size(); ++i) y(i) = (x(i, 2, 0) > 0) + (x(i, 4, 1) > 0);
  return y;
}

template <class Real>
Sequential<Real> conv(const LossRecipe<Real>& loss, std::size_t outputs,
                      const std::vector<MetricRecipe<Real>>& metrics = {}) {
  Sequential<Real> model({Conv1D(8, 3, {.activation = Activation::relu}), Flatten(), Dropout(0.2), Dense(outputs)});
  model.compile(Adam({.learning_rate = 0.01}), loss, metrics);
  return model;
}

/// Everything that a training, an evaluation and a prediction give.
template <class Real>
struct Outcome {
  std::vector<Real> weights;
  std::vector<double> losses;
  std::vector<double> validation_losses;
  double evaluated = 0;
  std::vector<Real> predicted;

  bool operator==(const Outcome&) const = default;
};

template <class Real, class... Source>
Outcome<Real> run(Sequential<Real> model, FitOptions options, const AnyArray& sample_weight, const Source&... source) {
  options.epochs = 3;
  options.batch_size = 24;
  options.verbose = Verbose::silent;
  options.seed = 5;
  if constexpr (sizeof...(Source) > 1) options.sample_weight = sample_weight;
  const History history = model.fit(source..., options);
  EvaluateOptions evaluate{.threads = options.threads};
  if constexpr (sizeof...(Source) > 1) evaluate.sample_weight = sample_weight;
  const Logs scores = model.evaluate(source..., evaluate);
  const auto predict = [&](const auto& first, const auto&...) {
    return model.predict(first, {.threads = options.threads});
  };
  const AnyRank<Real> outputs = predict(source...);
  Outcome<Real> outcome{all_weights(model), history["loss"], {}, scores["loss"], {outputs.begin(), outputs.end()}};
  if (!options.validation_data.empty()) outcome.validation_losses = history["val_loss"];
  return outcome;
}

/// Numbers its samples and remembers which were asked for, by step: samples of 1, so that a gather is for one batch's
/// part.
struct Counting {
  std::size_t size() const { return count; }
  Shape x_shape() const { return {1}; }
  Shape y_shape() const { return {}; }
  void gather(std::span<const std::size_t> indices, std::span<float> x, std::span<float> y) const {
    asked.insert(asked.end(), indices.begin(), indices.end());
    std::fill(x.begin(), x.end(), 0.0F);
    std::fill(y.begin(), y.end(), 0.0F);
  }

  std::size_t count;
  mutable std::vector<std::size_t> asked = {};
};

struct Reversed : Counting {
  void order(std::uint64_t seed, std::size_t pass, std::span<std::size_t> order) const {
    told.push_back(seed);
    told.push_back(pass);
    std::reverse(order.begin(), order.end());
  }
  mutable std::vector<std::size_t> told = {};
};

std::vector<std::size_t> asked(std::size_t count, FitOptions options) {
  options.verbose = Verbose::silent;
  options.shards = 1;
  const Counting data{count};
  line().fit(data, options);
  return data.asked;
}

}  // namespace

TEST_CASE("A data set of the rows of arrays trains as the arrays do", "[training][dataset][threads]") {
  const auto x = series(70);
  const auto y = targets(x);
  const auto x_val = series(31);
  const auto y_val = targets(x_val);
  const ArrayDataset<float, float> single(x, y), single_val(x_val, y_val);
  const ArrayDataset<double, double> twice(x, y), twice_val(x_val, y_val);
  const auto of_arrays = run<float>(conv<float>(MeanSquaredError(), 1), {.validation_data = {x_val, y_val}}, {}, x, y);
  const auto of_doubles =
      run<double>(conv<double>(MeanSquaredError(), 1), {.validation_data = {x_val, y_val}}, {}, x, y);
  CHECK(of_arrays.losses.back() < of_arrays.losses.front());
  CHECK(of_arrays.validation_losses.size() == 3);
  for (const std::size_t threads : {1U, 2U, 5U}) {
    CAPTURE(threads);
    CHECK(run<float>(conv<float>(MeanSquaredError(), 1), {.validation_data = &single_val, .threads = threads}, {},
                     single) == of_arrays);
    CHECK(run<double>(conv<double>(MeanSquaredError(), 1), {.validation_data = &twice_val, .threads = threads}, {},
                      twice) == of_doubles);
  }
  // Arrays may validate a data set, and the other way round.
  CHECK(run<float>(conv<float>(MeanSquaredError(), 1), {.validation_data = {x_val, y_val}}, {}, single) == of_arrays);
  CHECK(run<float>(conv<float>(MeanSquaredError(), 1), {.validation_data = &single_val}, {}, x, y) == of_arrays);
}

TEST_CASE("Token ids, classes and weights come from data sets as from arrays", "[training][dataset][threads]") {
  const Reviews reviews(60);
  const auto convnet = [] {
    auto model = small_convnet(0.2);
    model.compile(Adam(), BinaryCrossentropy({.from_logits = true}), {BinaryAccuracy()});
    return model;
  };
  const FitOptions by_class = {.class_weight = {{1, 3.0}}, .threads = 2};
  std::vector<float> given(60);
  for (std::size_t i = 0; i < given.size(); ++i) given[i] = 0.5F + 0.1F * static_cast<float>(i);
  Tensor<float, 1> weight = Tensor<float, 1>::from_shape({60});
  std::copy(given.begin(), given.end(), weight.begin());
  const ArrayDataset<std::int32_t, float> texts(reviews.x, reviews.y);
  const WeightedDataset<std::int32_t, float, float> weighted(reviews.x, reviews.y, given);
  const auto plain = run<float>(convnet(), {}, {}, reviews.x, reviews.y);
  CHECK(run<float>(convnet(), {}, {}, texts) == plain);
  CHECK(run<float>(convnet(), by_class, {}, texts) == run<float>(convnet(), by_class, {}, reviews.x, reviews.y));
  CHECK(run<float>(convnet(), by_class, {}, texts).weights != plain.weights);
  const auto with_weights = run<float>(convnet(), {}, weight, reviews.x, reviews.y);
  CHECK(run<float>(convnet(), {.threads = 3}, {}, weighted) == with_weights);
  CHECK(with_weights.evaluated != plain.evaluated);
  CHECK(run<float>(convnet(), by_class, {}, weighted) == run<float>(convnet(), by_class, weight, reviews.x, reviews.y));

  const auto x = series(50);
  const auto y = classes(x);
  const auto classifier = [] {
    return conv<float>(SparseCategoricalCrossentropy({.from_logits = true}), 3, {SparseCategoricalAccuracy()});
  };
  const ArrayDataset<float, std::int32_t> labelled(x, y);
  CHECK(run<float>(classifier(), {}, {}, labelled) == run<float>(classifier(), {}, {}, x, y));
  CHECK(run<float>(classifier(), by_class, {}, labelled) == run<float>(classifier(), by_class, {}, x, y));
}

TEST_CASE("A data set is gathered batch by batch in the order of the pass", "[training][dataset]") {
  using Indices = std::vector<std::size_t>;
  CHECK(asked(5, {.epochs = 2, .batch_size = 2, .shuffle = false}) == Indices{0, 1, 2, 3, 4, 0, 1, 2, 3, 4});
  CHECK(asked(5, {.epochs = 2, .batch_size = 2, .steps_per_epoch = 2, .shuffle = false}) ==
        Indices{0, 1, 2, 3, 4, 0, 1});
  Indices shuffled = asked(200, {.batch_size = 7});
  CHECK_FALSE(std::is_sorted(shuffled.begin(), shuffled.end()));
  std::sort(shuffled.begin(), shuffled.end());
  for (std::size_t i = 0; i < 200; ++i) CHECK(shuffled[i] == i);
}

TEST_CASE("Replacement draws every sample alike, by seed and step", "[training][dataset]") {
  const FitOptions options = {.epochs = 4, .batch_size = 50, .steps_per_epoch = 100, .replacement = true, .seed = 3};
  const auto drawn = asked(10, options);
  REQUIRE(drawn.size() == 20'000);  // full batches, larger than the data set
  std::vector<int> times(10);
  for (const std::size_t i : drawn) ++times.at(i);
  // 2,000 each, standard deviation sqrt(20,000 · 0.1 · 0.9) = 42.
  for (const int n : times) CHECK(std::abs(n - 2000) < 5 * 42);
  // Pairs of neighbours too: 200 each, deviation 14.
  std::vector<int> pairs(100);
  for (std::size_t i = 1; i < drawn.size(); ++i) ++pairs[10 * drawn[i - 1] + drawn[i]];
  for (const int n : pairs) CHECK(std::abs(n - 200) < 5 * 14);
  CHECK(asked(10, options) == drawn);
  FitOptions other = options;
  other.seed = 4;
  CHECK(asked(10, other) != drawn);
  // Training that goes on draws what one piece would have drawn.
  other = options;
  other.initial_epoch = 2;
  CHECK(asked(10, other) == std::vector<std::size_t>(drawn.begin() + 10'000, drawn.end()));
  // Without steps_per_epoch an epoch has as many steps as a pass.
  CHECK(asked(10, {.batch_size = 4, .replacement = true}).size() == 12);
}

TEST_CASE("Replacement gives the same training from arrays, data sets and threads", "[training][dataset][threads]") {
  const auto x = series(40);
  const auto y = targets(x);
  const ArrayDataset<float, float> data(x, y);
  const FitOptions options = {.replacement = true};
  FitOptions threads = options;
  threads.threads = 3;
  const auto one = run<float>(conv<float>(MeanSquaredError(), 1), options, {}, x, y);
  CHECK(run<float>(conv<float>(MeanSquaredError(), 1), threads, {}, data) == one);
  CHECK(run<float>(conv<float>(MeanSquaredError(), 1), {}, {}, x, y).weights != one.weights);
}

TEST_CASE("Replacement draws from the training share of a split only", "[training][dataset]") {
  // Targets of the last half are far away; a step on one of them would show in the loss.
  auto model = line(0);
  Tensor<float, 2> x = xt::zeros<float>({20, 1});
  Tensor<float, 1> y = xt::ones<float>({20});
  std::fill(y.begin() + 10, y.end(), 1000.0F);
  const History history = model.fit(
      x, y, {.steps_per_epoch = 50, .replacement = true, .validation_split = 0.5, .verbose = Verbose::silent});
  CHECK(history["loss"][0] == 0);
  CHECK(history["val_loss"][0] == 999.0 * 999);
}

TEST_CASE("validation_steps validates on the first batches only", "[training][dataset]") {
  auto model = line(0);
  model.compile(SGD({.learning_rate = 0}), MeanAbsoluteError());
  // The model gives 1; sample i misses by i.
  Tensor<float, 2> x = xt::zeros<float>({10, 1});
  Tensor<float, 1> y = xt::ones<float>({10});
  for (std::size_t i = 0; i < 10; ++i) y(i) += static_cast<float>(i);
  const ArrayDataset<float, float> data(x, y);
  const auto validated = [&](std::size_t steps, bool arrays) {
    FitOptions options = {.batch_size = 4, .validation_steps = steps, .verbose = Verbose::silent};
    options.validation_data = arrays ? ValidationData(x, y) : ValidationData(&data);
    return model.fit(x, y, options)["val_loss"][0];
  };
  for (const bool arrays : {true, false}) {
    CHECK(validated(1, arrays) == 6.0 / 4);
    CHECK(validated(2, arrays) == 28.0 / 8);
    CHECK(validated(3, arrays) == 4.5);
    CHECK(validated(0, arrays) == 4.5);
  }
  CHECK(model.fit(x, y,
                  {.batch_size = 2,
                   .validation_split = 0.5,
                   .validation_steps = 1,
                   .verbose = Verbose::silent})["val_loss"][0] == 5.5);
}

TEST_CASE("A data set may choose the order of each pass", "[training][dataset]") {
  const Reversed data{{4}};
  line().fit(data, {.epochs = 2, .batch_size = 3, .verbose = Verbose::silent, .seed = 9, .shards = 1});
  CHECK(data.asked == std::vector<std::size_t>{3, 2, 1, 0, 3, 2, 1, 0});
  CHECK(data.told == std::vector<std::size_t>{9, 0, 9, 1});
  line().fit(data, {.shuffle = false, .verbose = Verbose::silent, .shards = 1});
  line().fit(data, {.replacement = true, .verbose = Verbose::silent});
  CHECK(data.told.size() == 4);  // it is asked when fit shuffles only
}

TEST_CASE("A stateful model trains from a data set in order", "[training][dataset][threads]") {
  const auto x = series(64);
  const auto y = targets(x);
  const ArrayDataset<float, float> data(x, y);
  const auto trained = [&](auto&&... source) {
    Sequential<float> model({GRU(4, {.stateful = true}), Dense(1)});
    model.compile(SGD({.learning_rate = 0.1}), MeanSquaredError());
    const History history = model.fit(source..., {.epochs = 3,
                                                  .batch_size = 16,
                                                  .validation_data = &data,
                                                  .validation_steps = 2,
                                                  .shuffle = false,
                                                  .verbose = Verbose::silent,
                                                  .threads = 2});
    return history["loss"].back() + 1000 * history["val_loss"].back();
  };
  CHECK(trained(data) == trained(x, y));
}

TEST_CASE("A data set without targets predicts, and is refused otherwise", "[training][dataset]") {
  const Tensor<float, 2> x = {{1}, {2}, {3}};
  ArrayDataset<float, float> data(x, x);
  data.y_sample = {0};
  const auto model = line();
  CHECK(model.predict(data)(2, 0) == 7);  // 2 x + 1
  CHECK_THROWS_WITH(model.evaluate(data),
                    "dataset: y_shape() must be (1,) for loss mean_squared_error on outputs of (batch, 1), got (0,)");
}

TEST_CASE("Steps from a data set allocate nothing", "[training][dataset]") {
  const auto x = series(64);
  const WeightedDataset<float, std::int32_t, float> data(x, classes(x), std::vector<float>(64, 2.0F));
  auto model = conv<float>(SparseCategoricalCrossentropy({.from_logits = true}), 3);
  struct Count : Callback {
    void on_epoch_begin(Training&, std::size_t) override { counts.reserve(100); }
    void on_batch_end(Training&, std::size_t, const Logs&) override { counts.push_back(allocations.so_far()); }
    AllocationCount allocations;
    std::vector<std::size_t> counts;
  };
  for (const bool replacement : {false, true}) {
    Count count;
    model.fit(data, {.batch_size = 4,
                     .replacement = replacement,
                     .class_weight = {{1, 2.0}},
                     .callbacks = {std::ref(count)},
                     .verbose = Verbose::silent});
    REQUIRE(count.counts.size() == 16);
    CHECK(count.counts.back() == count.counts.front());
  }
}
