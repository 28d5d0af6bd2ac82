#include "seqnn/training/learning_rate_scheduler.hpp"

#include "seqnn/layers/dense.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/optimizers/sgd.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/fake_training.hpp"

#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

/// 1, 2, 3, …
struct Count : LearningRateSchedule {
  double operator()(std::size_t step) const { return static_cast<double>(step) + 1; }
};

/// The rates that steps were taken with.
struct Rates : Callback {
  void on_epoch_begin(Training& training, std::size_t) override { next = training.learning_rate(); }
  void on_batch_end(Training& training, std::size_t, const Logs&) override {
    seen.push_back(next);
    next = training.learning_rate();
  }
  double next = 0;
  std::vector<double> seen;
};

}  // namespace

TEST_CASE("LearningRateScheduler sets the rate of every step", "[training][learning_rate_scheduler]") {
  const Tensor<float, 2> x = xt::zeros<float>({6, 2});
  const Tensor<float, 2> y = xt::zeros<float>({6, 1});
  Sequential<float> model({Dense(1)});
  model.compile(SGD({.learning_rate = 0.5}), MeanSquaredError());
  Rates rates;
  FitOptions options{.epochs = 2,
                     .batch_size = 2,
                     .callbacks = {LearningRateScheduler(Count()), std::ref(rates)},
                     .verbose = Verbose::silent};
  model.fit(x, y, options);
  CHECK(rates.seen == std::vector<double>{1, 2, 3, 4, 5, 6});
  rates.seen.clear();
  options.initial_epoch = 1;  // goes on where the epoch begins
  model.fit(x, y, options);
  CHECK(rates.seen == std::vector<double>{4, 5, 6});
}

TEST_CASE("LearningRateScheduler asks a function of epoch and rate once an epoch",
          "[training][learning_rate_scheduler]") {
  std::vector<std::size_t> epochs;
  LearningRateScheduler halve([&](std::size_t epoch, double rate) {
    epochs.push_back(epoch);
    return epoch == 0 ? rate : rate / 2;
  });
  FakeTraining training(3, 5, {});
  training.set_learning_rate(1);
  for (std::size_t epoch = 0; epoch < 3; ++epoch) {
    halve.on_epoch_begin(training, epoch);
    CHECK(training.learning_rate() == (epoch == 0 ? 1 : epoch == 1 ? 0.5 : 0.25));
    for (std::size_t batch = 0; batch < 5; ++batch) halve.on_batch_end(training, batch, {});
    CHECK(training.learning_rate() == (epoch == 0 ? 1 : epoch == 1 ? 0.5 : 0.25));
  }
  CHECK(epochs == std::vector<std::size_t>{0, 1, 2});
}

TEST_CASE("LearningRateScheduler allocates nothing at a step", "[training][learning_rate_scheduler]") {
  LearningRateScheduler scheduler(
      PiecewiseConstantDecay({.boundaries = {1, 2, 3, 4, 5}, .values = {1, 2, 3, 4, 5, 6}}));
  FakeTraining training(1, 8, {});
  const Logs logs;
  scheduler.on_epoch_begin(training, 0);
  const AllocationCount allocations;
  for (std::size_t batch = 0; batch < 8; ++batch) scheduler.on_batch_end(training, batch, logs);
  CHECK(allocations.so_far() == 0);
  CHECK(training.learning_rate() == 6);
}

TEST_CASE("a rate that is no rate ends the training", "[training][learning_rate_scheduler]") {
  const Tensor<float, 2> x = xt::zeros<float>({2, 2});
  const Tensor<float, 2> y = xt::zeros<float>({2, 1});
  Sequential<float> model({Dense(1)});
  model.compile(SGD(), MeanSquaredError());
  const FitOptions options{.callbacks = {LearningRateScheduler([](std::size_t, double) { return -1.0; })},
                           .verbose = Verbose::silent};
  CHECK_THROWS_MATCHES(
      model.fit(x, y, options), OptionError,
      Message("SGD: learning_rate must be a finite number not below 0, got -1; 0.001 is a usual start"));
}
