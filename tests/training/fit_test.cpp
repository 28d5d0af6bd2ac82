#include "seqnn/training/fit.hpp"

#include "seqnn/losses/mean_absolute_error.hpp"
#include "seqnn/losses/sparse_categorical_crossentropy.hpp"
#include "seqnn/metrics/sparse_categorical_accuracy.hpp"
#include "seqnn/training/early_stopping.hpp"
#include "seqnn/training/lambda_callback.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

using Floats = std::vector<float>;

/// Predicts 1 for everything and never learns. Sample i is given a target that misses by 2^i, so that a sum of losses
/// tells which samples are in it.
struct Marked {
  explicit Marked(std::size_t samples)
      : x(Tensor<float, 2>::from_shape({samples, 1})), y(Tensor<float, 1>::from_shape({samples})) {
    model.compile(SGD({.learning_rate = 0}), MeanAbsoluteError());
    for (std::size_t i = 0; i < samples; ++i) {
      x(i, 0) = 0;
      y(i) = 1.0F - std::ldexp(1.0F, static_cast<int>(i));
    }
  }

  /// The samples of each step, as sums of 2^i.
  std::vector<double> steps(FitOptions options) {
    const std::size_t count = y.size();
    const std::size_t batch_size = options.batch_size;
    const std::size_t last = count % batch_size == 0 ? batch_size : count % batch_size;
    const std::size_t per_pass = (count + batch_size - 1) / batch_size;
    options.steps_per_epoch = 1;
    options.verbose = Verbose::silent;
    auto sums = model.fit(x, y, options)["loss"];
    for (std::size_t s = 0; s < sums.size(); ++s) {
      const bool ends_pass = (options.initial_epoch + s + 1) % per_pass == 0;
      sums[s] *= static_cast<double>(ends_pass ? last : batch_size);
    }
    return sums;
  }

  Sequential<float> model = line();
  Tensor<float, 2> x;
  Tensor<float, 1> y;
};

struct Compiled {
  static Sequential<float> convnet(double dropout = 0) {
    auto model = small_convnet(dropout);
    model.compile(Adam({.learning_rate = 0.02}), BinaryCrossentropy({.from_logits = true}), {BinaryAccuracy()});
    return model;
  }
};

/// Writes down what it is told, with its name before it.
struct Recorder : Callback {
  Recorder(std::string of, std::vector<std::string>& to) : name(std::move(of)), events(&to) {}
  void on_train_begin(Training&) override { events->push_back(name + " begin"); }
  void on_epoch_begin(Training&, std::size_t epoch) override { events->push_back(text(name, " epoch ", epoch)); }
  void on_batch_end(Training&, std::size_t batch, const Logs& logs) override {
    events->push_back(text(name, " batch ", batch, ' ', logs.names()));
  }
  void on_epoch_end(Training&, std::size_t epoch, const Logs& logs) override {
    events->push_back(text(name, " end of ", epoch, ' ', logs.names()));
  }
  void on_train_end(Training&) override { events->push_back(name + " end"); }

  std::string name;
  std::vector<std::string>* events;
};

}  // namespace

TEST_CASE("fit takes a step for every batch, and tells the loss before the step", "[training][fit]") {
  // y = 2x + 1 at x = 1 gives 3 against 2: loss 1, slope 2; w = 2 - 0.25·2 = 1.5, b = 1 - 0.25·2 = 0.5; then it is 2.
  auto model = line(0.25);
  const History history =
      model.fit(Tensor<float, 2>{{1}}, Tensor<float, 1>{2}, {.epochs = 2, .verbose = Verbose::silent});
  CHECK(history["loss"] == std::vector<double>{1, 0});
  CHECK(all_weights(model) == Floats{1.5F, 0.5F});
}

TEST_CASE("fit builds the model from the data, with its seed", "[training][fit]") {
  const Reviews data(20);
  auto model = Compiled::convnet();
  const History history = model.fit(data.x, data.y, {.epochs = 0, .verbose = Verbose::silent, .seed = 77});
  CHECK(history.epochs() == 0);
  auto other = Compiled::convnet();
  other.build({kTime}, 77);
  CHECK(all_weights(model) == all_weights(other));
}

TEST_CASE("fit lowers the loss, and history has every number of every epoch", "[training][fit]") {
  const Reviews data(96);
  const Reviews other(40, 2);
  auto model = Compiled::convnet();
  const History history =
      model.fit(data.x, data.y,
                {.epochs = 12, .batch_size = 16, .validation_data = {other.x, other.y}, .verbose = Verbose::silent});
  CHECK(history.names() == std::vector<std::string>{"loss", "binary_accuracy", "val_loss", "val_binary_accuracy"});
  CHECK(history.epochs() == 12);
  CHECK(history.seconds().size() == 12);
  CHECK(history.epoch_numbers().back() == 11);
  CHECK(history.stop_reason().empty());
  CHECK(history["loss"].back() < 0.5 * history["loss"].front());
  CHECK(history["binary_accuracy"].back() > 0.9);
  const Logs scores = model.evaluate(other.x, other.y);
  CHECK(history["val_loss"].back() == scores["loss"]);
  CHECK(history["val_binary_accuracy"].back() == scores["binary_accuracy"]);
}

TEST_CASE("Batches are taken in order without shuffling, and go on through passes", "[training][fit]") {
  Marked marked(6);
  CHECK(marked.steps({.epochs = 5, .batch_size = 4, .shuffle = false}) == std::vector<double>{15, 48, 15, 48, 15});
  CHECK(marked.steps({.epochs = 4, .batch_size = 4, .shuffle = false, .initial_epoch = 1}) ==
        std::vector<double>{48, 15, 48});
  CHECK(marked.steps({.epochs = 2, .batch_size = 100, .shuffle = false}) == std::vector<double>{63 / 6.0 * 6, 63});
}

TEST_CASE("Even batches differ in size by one at most, as numpy.array_split has them", "[training][fit]") {
  const auto batches = [](std::size_t samples, std::size_t batch_size, std::vector<double> sizes,
                          bool shuffle = false) {
    Marked marked(samples);
    auto sums = marked.model.fit(marked.x, marked.y,
                                 {.epochs = sizes.size(),
                                  .batch_size = batch_size,
                                  .steps_per_epoch = 1,
                                  .even_batches = true,
                                  .shuffle = shuffle,
                                  .verbose = Verbose::silent})["loss"];
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] *= sizes[i];
    return sums;
  };
  // [0 1 2 3] [4 5 6 7] [8 9 10], and from the start again
  CHECK(batches(11, 3, {4, 4, 3, 4}) == std::vector<double>{15, 240, 1792, 15});
  CHECK(batches(6, 3, {3, 3}) == std::vector<double>{7, 56});
  CHECK(batches(7, 4, {7, 7}) == std::vector<double>{127, 127});
  CHECK(batches(3, 4, {3}) == std::vector<double>{7});
  const auto shuffled = batches(11, 3, {4, 4, 3}, true);
  CHECK(std::accumulate(shuffled.begin(), shuffled.end(), 0.0) == 2047);
  CHECK(shuffled[0] != 15);

  Marked marked(11);
  std::vector<std::size_t> steps;  // an epoch is a pass
  const LambdaCallback writes_down(
      {.on_batch_end = [&](Training&, std::size_t batch, const Logs&) { steps.push_back(batch); }});
  marked.model.fit(
      marked.x, marked.y,
      {.epochs = 2, .batch_size = 3, .even_batches = true, .callbacks = {writes_down}, .verbose = Verbose::silent});
  CHECK(steps == std::vector<std::size_t>{0, 1, 2, 0, 1, 2});
}

TEST_CASE("Every pass is a new order of all samples, decided by the seed", "[training][fit]") {
  Marked marked(20);
  const double all = std::ldexp(1.0, 20) - 1;
  const auto steps = marked.steps({.epochs = 8, .batch_size = 5, .seed = 4});
  CHECK(std::accumulate(steps.begin(), steps.begin() + 4, 0.0) == all);
  CHECK(std::accumulate(steps.begin() + 4, steps.end(), 0.0) == all);
  CHECK_FALSE(std::equal(steps.begin(), steps.begin() + 4, steps.begin() + 4));
  CHECK(steps[0] != 31);
  CHECK(marked.steps({.epochs = 8, .batch_size = 5, .seed = 4}) == steps);
  CHECK(marked.steps({.epochs = 8, .batch_size = 5, .seed = 5}) != steps);
}

TEST_CASE("An epoch's loss is the mean over its samples, whatever the batches", "[training][fit]") {
  Marked marked(6);
  const auto loss = [&](FitOptions options) {
    options.verbose = Verbose::silent;
    return marked.model.fit(marked.x, marked.y, options)["loss"][0];
  };
  CHECK(loss({.batch_size = 4}) == 63.0 / 6);
  CHECK(loss({.batch_size = 1}) == 63.0 / 6);
  CHECK(loss({.batch_size = 4, .steps_per_epoch = 3, .shuffle = false}) == (63.0 + 15) / 10);
}

TEST_CASE("validation_split takes the last samples, before shuffling", "[training][fit]") {
  Marked marked(10);
  const Tensor<float, 1> weights = {1, 1, 1, 1, 1, 1, 1, 1, 0.5F, 2};
  const auto fit = [&](FitOptions options) {
    options.verbose = Verbose::silent;
    return marked.model.fit(marked.x, marked.y, options);
  };
  const History history = fit({.epochs = 2, .batch_size = 3, .validation_split = 0.2, .seed = 3});
  CHECK(history["loss"] == std::vector<double>{255.0 / 8, 255.0 / 8});
  CHECK(history["val_loss"] == std::vector<double>{768.0 / 2, 768.0 / 2});
  CHECK(fit({.validation_split = 0.55})["loss"][0] == 15.0 / 4);  // 10·0.45 = 4.5 samples
  // Weights of samples go with them.
  CHECK(fit({.validation_split = 0.2, .sample_weight = weights})["val_loss"][0] == (128.0 + 1024) / 2);
  // Validation data given go before a split.
  CHECK(fit({.validation_split = 0.2, .validation_data = {marked.x, marked.y}})["loss"][0] == 1023.0 / 10);
  CHECK(fit({.validation_data = {marked.x, marked.y, weights}})["val_loss"][0] == (255.0 + 128 + 1024) / 10);
}

TEST_CASE("validation_split is the same as giving the last samples as validation data", "[training][fit]") {
  const Reviews data(50);
  const auto rows = [&](std::size_t begin, std::size_t end) {
    auto x = Tensor<std::int32_t, 2>::from_shape({end - begin, kTime});
    auto y = Tensor<float, 1>::from_shape({end - begin});
    std::copy_n(data.x.data() + begin * kTime, x.size(), x.data());
    std::copy_n(data.y.data() + begin, y.size(), y.data());
    return ValidationData{AnyArray(std::move(x)), AnyArray(std::move(y))};
  };
  auto split = Compiled::convnet(0.2);
  auto given = Compiled::convnet(0.2);
  // One batch of all that is trained on, 40 samples: the number of shards follows from it.
  const FitOptions options = {.epochs = 2, .batch_size = 1000, .validation_split = 0.2, .verbose = Verbose::silent};
  FitOptions other = options;
  other.validation_split = 0;
  other.validation_data = rows(40, 50);
  const ValidationData first = rows(0, 40);
  const History a = split.fit(data.x, data.y, options);
  const History b = given.fit(first.x, first.y, other);
  CHECK(a["loss"] == b["loss"]);
  CHECK(a["val_loss"] == b["val_loss"]);
  CHECK(all_weights(split) == all_weights(given));
}

TEST_CASE("class_weight multiplies the training loss and leaves metrics and validation alone", "[training][fit]") {
  auto model = line();
  model.compile(SGD({.learning_rate = 0}), MeanSquaredError(), {MeanSquaredError()});
  // 2x + 1 at 0, 0, 0, 0 is 1; against 0, 1, 0, 1: squares 1, 0, 1, 0.
  const Tensor<float, 2> x = {{0}, {0}, {0}, {0}};
  const Tensor<float, 1> y = {0, 1, 0, 1};
  const History history =
      model.fit(x, y, {.validation_split = 0.5, .class_weight = {{0, 5.0}, {1, 9.0}}, .verbose = Verbose::silent});
  CHECK(history["loss"][0] == 2.5);
  CHECK(history["mean_squared_error"][0] == 0.5);
  CHECK(history["val_loss"][0] == 0.5);
  CHECK(history["val_mean_squared_error"][0] == 0.5);
}

TEST_CASE("class_weight is the same as these weights for the samples", "[training][fit]") {
  const Reviews data(40);
  const auto trained = [&](FitOptions options) {
    auto model = Compiled::convnet();
    options.epochs = 3;
    options.verbose = Verbose::silent;
    model.fit(data.x, data.y, options);
    return all_weights(model);
  };
  const auto by_class = trained({.class_weight = {{1, 3.0}}});
  CHECK(by_class == trained({.sample_weight = 1 + 2 * data.y}));
  CHECK(by_class != trained({}));
  CHECK(trained({.class_weight = {{1, 3.0}}, .sample_weight = 1 + data.y}) ==
        trained({.sample_weight = 1 + 5 * data.y}));
}

TEST_CASE("A sample of weight 2 counts as two samples", "[training][fit]") {
  // Gradients are (2a + b) / 2 and (a + a + b) / 3, so that the rate makes up for the rest.
  const Tensor<float, 2> two = {{0.5F}, {-1}};
  const Tensor<float, 2> three = {{0.5F}, {0.5F}, {-1}};
  auto weighted = line(0.02);
  auto repeated = line(0.03);
  weighted.fit(two, Tensor<float, 1>{4, 1},
               {.epochs = 5, .sample_weight = Tensor<float, 1>{2, 1}, .verbose = Verbose::silent});
  repeated.fit(three, Tensor<float, 1>{4, 4, 1}, {.epochs = 5, .verbose = Verbose::silent});
  const auto a = all_weights(weighted);
  const auto b = all_weights(repeated);
  CHECK_THAT(a[0], WithinAbs(b[0], 1e-5));
  CHECK_THAT(a[1], WithinAbs(b[1], 1e-5));
  CHECK(std::fabs(a[1] - 1) > 0.1);
}

TEST_CASE("Training in two parts with initial_epoch is the same as in one", "[training][fit]") {
  const Reviews data(50);
  auto whole = Compiled::convnet(0.3);
  auto parts = Compiled::convnet(0.3);
  const FitOptions four = {.epochs = 4, .batch_size = 16, .verbose = Verbose::silent, .seed = 6};
  FitOptions first = four;
  first.epochs = 2;
  FitOptions second = four;
  second.initial_epoch = 2;
  const History history = whole.fit(data.x, data.y, four);
  parts.fit(data.x, data.y, first);
  const History rest = parts.fit(data.x, data.y, second);
  CHECK(rest.epoch_numbers() == std::vector<std::size_t>{2, 3});
  CHECK(rest["loss"] == std::vector<double>(history["loss"].begin() + 2, history["loss"].end()));
  CHECK(all_weights(parts) == all_weights(whole));
}

TEST_CASE("Callbacks are told everything in order", "[training][fit]") {
  const Reviews data(6);
  auto model = Compiled::convnet();
  std::vector<std::string> events;
  model.fit(data.x, data.y,
            {.epochs = 2,
             .batch_size = 2,
             .validation_split = 1.0 / 3,
             .initial_epoch = 1,
             .callbacks = {Recorder("a", events), Recorder("b", events)},
             .verbose = Verbose::silent});
  const std::string names = "\"loss\", \"binary_accuracy\"";
  const std::string all = names + ", \"val_loss\", \"val_binary_accuracy\"";
  CHECK(events == std::vector<std::string>{"a begin", "b begin", "a epoch 1", "b epoch 1", "a batch 0 " + names,
                                           "b batch 0 " + names, "a batch 1 " + names, "b batch 1 " + names,
                                           "a end of 1 " + all, "b end of 1 " + all, "a end", "b end"});
}

TEST_CASE("A callback sees the training, and can use the model", "[training][fit]") {
  const Reviews data(8);
  auto model = Compiled::convnet();
  struct Look : Callback {
    void on_train_begin(Training& training) override {
      CHECK(training.epochs() == 3);
      CHECK(training.steps_per_epoch() == 2);
      CHECK(training.logs().names() == "\"loss\", \"binary_accuracy\"");
      CHECK(std::isnan(training.logs()["loss"]));
      CHECK(training.learning_rate() == 0.02);
      training.set_learning_rate(0);
    }
    void on_epoch_end(Training& training, std::size_t, const Logs& logs) override {
      const Logs scores = model->evaluate(data->x, data->y);
      CHECK_THAT(scores["loss"], WithinRel(logs["loss"], 1e-6));  // nothing changes at a rate of 0
      CHECK(&logs == &training.logs());
      training.stop("enough");
      training.stop("not the first");
    }
    const Sequential<float>* model = nullptr;
    const Reviews* data = nullptr;
  };
  Look look;
  look.model = &model;
  look.data = &data;
  const History history = model.fit(
      data.x, data.y, {.epochs = 3, .batch_size = 4, .callbacks = {std::ref(look)}, .verbose = Verbose::silent});
  CHECK(history.epochs() == 1);
  CHECK(history.stop_reason() == "enough");
}

TEST_CASE("EarlyStopping gives back the weights of the best epoch", "[training][fit]") {
  const Reviews data(64);
  auto model = Compiled::convnet();
  struct Wild : Callback {  // learns for three epochs and runs away in the fourth
    void on_epoch_begin(Training& training, std::size_t epoch) override {
      training.set_learning_rate(epoch < 3 ? 0.01 : 3.0);
    }
    void on_epoch_end(Training&, std::size_t, const Logs&) override { weights.push_back(all_weights(*model)); }
    const Sequential<float>* model = nullptr;
    std::vector<Floats> weights;
  };
  Wild wild;
  wild.model = &model;
  EarlyStopping early({.patience = 2});
  const History history = model.fit(data.x, data.y,
                                    {.epochs = 20,
                                     .validation_split = 0.25,
                                     .callbacks = {std::ref(wild), std::ref(early)},
                                     .verbose = Verbose::silent});
  REQUIRE(history.epochs() == 5);
  CHECK(early.best_epoch() == 2);
  CHECK(history.best_epoch() == 2);
  CHECK(all_weights(model) == wild.weights[2]);
  CHECK(all_weights(model) != wild.weights[4]);
  CHECK(history.stop_reason().starts_with("EarlyStopping: val_loss has not improved for 2 epochs; back to epoch 3"));
}

TEST_CASE("An exception of a callback leaves fit, and the model can go on", "[training][fit]") {
  const Reviews data(8);
  auto model = Compiled::convnet();
  struct Fail : Callback {
    void on_batch_end(Training&, std::size_t, const Logs&) override { throw std::runtime_error("stop here"); }
  };
  CHECK_THROWS_WITH(model.fit(data.x, data.y, {.callbacks = {Fail()}, .verbose = Verbose::silent}), "stop here");
  CHECK(model.fit(data.x, data.y, {.verbose = Verbose::silent}).epochs() == 1);
}

TEST_CASE("Progress goes to the stream of the user's choice, or nowhere", "[training][fit]") {
  const Reviews data(8);
  auto model = Compiled::convnet();
  std::ostringstream lines;
  model.fit(data.x, data.y, {.epochs = 2, .output = &lines});
  CHECK(lines.str().starts_with("Epoch 1/2 - "));
  CHECK(lines.str().find("\nEpoch 2/2 - ") != std::string::npos);
  CHECK(lines.str().find("binary_accuracy: ") != std::string::npos);
  std::ostringstream silence;
  model.fit(data.x, data.y, {.epochs = 2, .verbose = Verbose::silent, .output = &silence});
  CHECK(silence.str().empty());
}

TEST_CASE("Steps of fit allocate nothing, whatever the length of a metric's name", "[training][fit]") {
  Sequential<float> model({Dense(3)});
  model.compile(SGD(), SparseCategoricalCrossentropy({.from_logits = true}), {SparseCategoricalAccuracy()});
  struct Count : Callback {
    void on_epoch_begin(Training&, std::size_t) override { counts.reserve(100); }
    void on_batch_end(Training&, std::size_t, const Logs&) override { counts.push_back(allocations.so_far()); }
    AllocationCount allocations;
    std::vector<std::size_t> counts;
  };
  Count count;
  const auto x = xt::ones<float>({64, 2});
  const auto y = xt::ones<int>({64}) * 2;
  model.fit(x, y, {.batch_size = 4, .callbacks = {std::ref(count)}, .verbose = Verbose::silent});
  REQUIRE(count.counts.size() == 16);
  CHECK(count.counts.back() == count.counts.front());
}

TEST_CASE("Two hundred trainings and predictions leave no memory behind", "[training][fit]") {
  const Reviews data(8);
  auto model = Compiled::convnet(0.2);
  const auto cycle = [&] {
    const History history = model.fit(
        data.x, data.y, {.validation_split = 0.25, .callbacks = {EarlyStopping()}, .verbose = Verbose::silent});
    const Tensor<float, 2> p = model.predict(data.x);
    return history["loss"][0] + p(0, 0);
  };
  cycle();
  const AllocationCount allocations;
  for (int i = 0; i < 200; ++i) CHECK(std::isfinite(cycle()));
  CHECK(allocations.so_far() > 0);
  CHECK(allocations.alive() == 0);
}
