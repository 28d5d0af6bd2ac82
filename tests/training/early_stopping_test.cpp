#include "seqnn/training/early_stopping.hpp"

#include "fixtures/early_stopping.hpp"
#include "support/catch.hpp"
#include "support/fake_training.hpp"

#include <functional>
#include <limits>
#include <vector>

using namespace seqnn;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

FakeTraining training_of(std::size_t epochs, const char* name = "val_loss") {
  return FakeTraining(epochs, 1, {{"loss", kNaN}, {name, kNaN}});
}

}  // namespace

TEST_CASE("EarlyStopping stops when patience runs out and restores the best weights", "[training][early_stopping]") {
  // wait after each epoch: 0 0 1 0 1 2 -> stops in epoch 5; the best is epoch 3, whose weight is 4
  EarlyStopping early({.patience = 2});
  auto training = training_of(9);
  CHECK(run_epochs(training, early, "val_loss", {5, 4, 4.5, 3, 3.5, 3.2, 1, 1, 1}) == 6);
  CHECK(early.best_epoch() == 3);
  CHECK(early.best_value() == 3);
  CHECK(early.stopped_epoch() == 5);
  CHECK(training.weight == 4);
  CHECK(training.stop_reason() == "EarlyStopping: val_loss has not improved for 2 epochs; back to epoch 4 with 3.0000");
}

TEST_CASE("EarlyStopping restores the best weights also when the epochs run out", "[training][early_stopping]") {
  EarlyStopping early({.patience = 10});
  auto training = training_of(4);
  CHECK(run_epochs(training, early, "val_loss", {5, 2, 3, 4}) == 4);
  CHECK(training.weight == 2);
  CHECK(early.best_epoch() == 1);
  CHECK_FALSE(early.stopped_epoch().has_value());
  CHECK(training.stop_reason().empty());
}

TEST_CASE("EarlyStopping without patience stops at the first epoch that is no better", "[training][early_stopping]") {
  EarlyStopping early;
  auto training = training_of(5);
  CHECK(run_epochs(training, early, "val_loss", {5, 4, 4, 3, 2}) == 3);  // equal is no better
  CHECK(early.stopped_epoch() == 2);
  CHECK(training.weight == 2);
}

TEST_CASE("EarlyStopping counts only improvements larger than min_delta", "[training][early_stopping]") {
  EarlyStopping early({.min_delta = 0.5, .patience = 2});
  auto training = training_of(5);
  // 4.75 and 4.5 are not lower than 5 - 0.5; in the next epochs nothing is asked
  CHECK(run_epochs(training, early, "val_loss", {5, 4.75, 4.5, 1, 1}) == 3);
  CHECK(early.best_epoch() == 0);
  CHECK(training.weight == 1);
}

TEST_CASE("EarlyStopping takes accuracies the other way round", "[training][early_stopping]") {
  EarlyStopping early({.monitor = "val_accuracy"});
  auto training = training_of(4, "val_accuracy");
  CHECK(run_epochs(training, early, "val_accuracy", {0.5, 0.7, 0.6, 0.9}) == 3);
  CHECK(early.best_value() == 0.7);

  EarlyStopping lowest({.monitor = "val_accuracy", .mode = EarlyStopping::Mode::min});
  auto again = training_of(4, "val_accuracy");
  CHECK(run_epochs(again, lowest, "val_accuracy", {0.5, 0.7, 0.6, 0.9}) == 2);
  CHECK(lowest.best_value() == 0.5);
}

TEST_CASE("EarlyStopping waits for the baseline too", "[training][early_stopping]") {
  // wait after each epoch: 1 2 0 1 2 3; only 0.9 beats the baseline
  EarlyStopping early({.patience = 3, .baseline = 1});
  auto training = training_of(6);
  CHECK(run_epochs(training, early, "val_loss", {3, 2, 0.9, 1, 1, 1}) == 6);
  CHECK(early.stopped_epoch() == 5);
  CHECK(training.weight == 3);

  // As in Keras an epoch that improves never stops, so patience ends in the first one after that does not.
  EarlyStopping slow({.patience = 2, .baseline = 1});
  auto other = training_of(6);
  CHECK(run_epochs(other, slow, "val_loss", {5, 4, 3, 2, 2.5, 1}) == 5);
  CHECK(other.weight == 4);
  CHECK(other.stop_reason() ==
        "EarlyStopping: val_loss did not beat the baseline 1.0000 in 5 epochs; back to epoch 4 with 2.0000");
}

TEST_CASE("EarlyStopping stops where Keras stops and restores what Keras restores", "[training][early_stopping]") {
  for (const auto& c : kEarlyStoppingCases) {
    EarlyStopping early({.monitor = "value",
                         .min_delta = c.min_delta,
                         .patience = c.patience,
                         .mode = c.max ? EarlyStopping::Mode::max : EarlyStopping::Mode::min,
                         .baseline = c.baseline,
                         .start_from_epoch = c.start_from_epoch});
    auto training = training_of(c.values.size(), "value");
    CAPTURE(c.max, c.min_delta, c.patience, c.start_from_epoch, c.values);
    CHECK(run_epochs(training, early, "value", c.values) == c.epochs);
    CHECK(early.best_epoch() == c.best_epoch);
    CHECK(training.weight == c.best_epoch + 1);
    CHECK(early.stopped_epoch().has_value() == !training.stop_reason().empty());
  }
}

TEST_CASE("EarlyStopping looks at no epoch before start_from_epoch", "[training][early_stopping]") {
  EarlyStopping early({.patience = 1, .start_from_epoch = 3});
  auto training = training_of(7);
  CHECK(run_epochs(training, early, "val_loss", {1, 2, 3, 9, 8, 8.5, 8}) == 6);
  CHECK(early.best_epoch() == 4);
  CHECK(training.weight == 5);
}

TEST_CASE("NaN never counts as better for EarlyStopping", "[training][early_stopping]") {
  EarlyStopping early({.patience = 2});
  auto training = training_of(6);
  CHECK(run_epochs(training, early, "val_loss", {kNaN, 5, 4, kNaN, kNaN, 3}) == 5);
  CHECK(early.best_epoch() == 2);
  CHECK(training.weight == 3);
}

TEST_CASE("EarlyStopping has no best epoch when there was no number", "[training][early_stopping]") {
  EarlyStopping early({.patience = 2});
  auto training = training_of(6);
  CHECK(run_epochs(training, early, "val_loss", {kNaN, kNaN, kNaN, kNaN}) == 2);
  CHECK(training.weight == 2);  // nothing better to go back to
  CHECK(training.stop_reason() == "EarlyStopping: val_loss was never a number");
  CHECK_THROWS_AS(early.best_epoch(), StateError);
  CHECK_THROWS_WITH(
      early.best_value(),
      "EarlyStopping: best epoch must be asked for after an epoch in which val_loss was a number, got none");
}

TEST_CASE("EarlyStopping starts afresh in another training", "[training][early_stopping]") {
  EarlyStopping early({.patience = 1});
  auto first = training_of(4);
  CHECK(run_epochs(first, early, "val_loss", {1, 2, 3}) == 2);
  auto second = training_of(4);
  CHECK(run_epochs(second, early, "val_loss", {9, 8, 7}) == 3);
  CHECK(early.best_epoch() == 2);
  CHECK_FALSE(early.stopped_epoch().has_value());
  CHECK(second.weight == 3);
}

TEST_CASE("Two EarlyStoppings keep weights of their own", "[training][early_stopping]") {
  EarlyStopping loss({.monitor = "val_loss", .patience = 9});
  EarlyStopping accuracy({.monitor = "val_accuracy", .patience = 9});
  FakeTraining training(3, 1, {{"val_loss", kNaN}, {"val_accuracy", kNaN}});
  loss.on_train_begin(training);
  accuracy.on_train_begin(training);
  const std::vector<Logs> epochs = {{{"val_loss", 1}, {"val_accuracy", 0.1}},
                                    {{"val_loss", 2}, {"val_accuracy", 0.9}},
                                    {{"val_loss", 3}, {"val_accuracy", 0.5}}};
  for (std::size_t e = 0; e < epochs.size(); ++e) {
    training.weight = static_cast<unsigned char>(e + 1);
    loss.on_epoch_end(training, e, epochs[e]);
    accuracy.on_epoch_end(training, e, epochs[e]);
  }
  accuracy.on_train_end(training);
  CHECK(training.weight == 2);
  loss.on_train_end(training);
  CHECK(training.weight == 1);
}

TEST_CASE("EarlyStopping reports a missing monitor before the first epoch", "[training][early_stopping]") {
  EarlyStopping early;
  FakeTraining training(4, 1, {{"loss", kNaN}, {"binary_accuracy", kNaN}});
  CHECK_THROWS_AS(early.on_train_begin(training), OptionError);
  CHECK_THROWS_WITH(early.on_train_begin(training),
                    "EarlyStopping: monitor must be one of \"loss\", \"binary_accuracy\", got \"val_loss\"; "
                    "give fit validation data, or monitor another name");
  CHECK_THROWS_AS(early.on_epoch_end(training, 0, {{"loss", 1}}), OptionError);
}

TEST_CASE("EarlyStopping refuses a min_delta that is negative or no number", "[training][early_stopping]") {
  CHECK_THROWS_AS(EarlyStopping({.min_delta = -0.1}), OptionError);
  CHECK_THROWS_WITH(EarlyStopping({.min_delta = -0.1}), "EarlyStopping: min_delta must be at least 0, got -0.1");
  CHECK_THROWS_AS(EarlyStopping({.min_delta = kNaN}), OptionError);
}

TEST_CASE("EarlyStopping is given by value or by reference", "[training][early_stopping]") {
  EarlyStopping early({.patience = 1});
  std::vector<AnyCallback> callbacks = {EarlyStopping({.patience = 2}), std::ref(early)};
  auto training = training_of(3);
  run_epochs(training, *callbacks[1], "val_loss", {3, 2, 2.5});
  CHECK(early.best_epoch() == 1);
  CHECK(early.options() == EarlyStoppingOptions{.patience = 1});
}
