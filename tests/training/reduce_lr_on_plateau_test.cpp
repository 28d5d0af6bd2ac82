#include "seqnn/training/reduce_lr_on_plateau.hpp"

#include "fixtures/reduce_lr_on_plateau.hpp"
#include "support/catch.hpp"
#include "support/fake_training.hpp"

#include <cstddef>
#include <limits>
#include <vector>

using namespace seqnn;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// The rates after each epoch that reports these values; 1 before the first.
std::vector<double> rates_of(const ReduceLROnPlateauOptions& options, const std::vector<double>& values) {
  ReduceLROnPlateau reduce(options);
  FakeTraining training(values.size(), 1, {{options.monitor, kNaN}});
  training.set_learning_rate(1);
  reduce.on_train_begin(training);
  std::vector<double> rates;
  for (std::size_t epoch = 0; epoch < values.size(); ++epoch) {
    reduce.on_epoch_end(training, epoch, {{options.monitor, values[epoch]}});
    rates.push_back(training.learning_rate());
  }
  return rates;
}

using Rates = std::vector<double>;

}  // namespace

TEST_CASE("ReduceLROnPlateau waits for its patience and cools down", "[training][reduce_lr]") {
  // wait after each epoch: 0 1 2 -> reduced; the cooldown of 2 epochs ends with the second: 0 1 2 -> reduced
  CHECK(rates_of({.factor = 0.5, .patience = 2, .cooldown = 2}, {3, 4, 4, 4, 4, 4, 4}) ==
        Rates{1, 1, 0.5, 0.5, 0.5, 0.25, 0.25});
  CHECK(rates_of({.factor = 0.5, .patience = 2}, {3, 4, 2, 3, 3}) == Rates{1, 1, 1, 1, 0.5});
  CHECK(rates_of({.factor = 0.5, .patience = 1, .min_delta = 0.5}, {3, 2.75, 2.25}) == Rates{1, 0.5, 0.5});
  CHECK(rates_of({.factor = 0.5, .patience = 1, .min_lr = 0.375}, {3, 3, 3, 3}) == Rates{1, 0.5, 0.375, 0.375});
}

TEST_CASE("ReduceLROnPlateau takes accuracies the other way round", "[training][reduce_lr]") {
  CHECK(rates_of({.monitor = "val_accuracy", .factor = 0.5, .patience = 1}, {0.5, 0.7, 0.6}) == Rates{1, 1, 0.5});
  CHECK(rates_of({.monitor = "val_accuracy", .factor = 0.5, .patience = 1, .mode = MonitorMode::min}, {0.5, 0.4}) ==
        Rates{1, 1});
}

TEST_CASE("ReduceLROnPlateau reduces where Keras reduces", "[training][reduce_lr]") {
  for (const auto& c : kReduceLROnPlateauCases) {
    CAPTURE(c.max, c.factor, c.patience, c.min_delta, c.cooldown, c.min_lr, c.values);
    CHECK(rates_of({.monitor = "value",
                    .factor = c.factor,
                    .patience = c.patience,
                    .mode = c.max ? MonitorMode::max : MonitorMode::min,
                    .min_delta = c.min_delta,
                    .cooldown = c.cooldown,
                    .min_lr = c.min_lr},
                   c.values) == c.rates);
  }
}

TEST_CASE("NaN never counts as better for ReduceLROnPlateau", "[training][reduce_lr]") {
  CHECK(rates_of({.factor = 0.5, .patience = 2}, {kNaN, 5, 4, kNaN, kNaN}) == Rates{1, 1, 1, 1, 0.5});
}

TEST_CASE("ReduceLROnPlateau starts afresh in another training", "[training][reduce_lr]") {
  ReduceLROnPlateau reduce({.factor = 0.5, .patience = 1});
  auto first = FakeTraining(2, 1, {{"val_loss", kNaN}});
  run_epochs(first, reduce, "val_loss", {1, 2});
  CHECK(first.learning_rate() == 0.0005);
  auto second = FakeTraining(2, 1, {{"val_loss", kNaN}});
  run_epochs(second, reduce, "val_loss", {9, 8});
  CHECK(second.learning_rate() == 0.001);
}

TEST_CASE("ReduceLROnPlateau refuses wrong options and names", "[training][reduce_lr]") {
  CHECK_THROWS_AS(ReduceLROnPlateau({.factor = 1}), OptionError);
  CHECK_THROWS_WITH(ReduceLROnPlateau({.factor = 1}), "ReduceLROnPlateau: factor must be in [0, 1), got 1");
  CHECK_THROWS_WITH(ReduceLROnPlateau({.min_delta = -1}), "ReduceLROnPlateau: min_delta must be at least 0, got -1");
  CHECK_THROWS_WITH(ReduceLROnPlateau({.min_lr = -1}), "ReduceLROnPlateau: min_lr must be at least 0, got -1");
  CHECK_THROWS_AS(ReduceLROnPlateau({.factor = kNaN}), OptionError);
  ReduceLROnPlateau reduce;
  FakeTraining training(4, 1, {{"loss", kNaN}});
  CHECK_THROWS_AS(reduce.on_train_begin(training), OptionError);
  CHECK_THROWS_WITH(
      reduce.on_train_begin(training),
      "ReduceLROnPlateau: monitor must be one of \"loss\", got \"val_loss\"; give fit validation data, or "
      "monitor another name");
}
