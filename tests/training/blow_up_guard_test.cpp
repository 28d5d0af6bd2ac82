#include "seqnn/training/blow_up_guard.hpp"

#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/lstm.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/optimizers/adam.hpp"
#include "seqnn/optimizers/sgd.hpp"
#include "seqnn/training/lambda_callback.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/fake_training.hpp"

#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <vector>

using namespace seqnn;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

FakeTraining training_of(const std::string& name = "loss") { return FakeTraining(9, 4, {{"loss", 0}, {name, 0}}); }

/// Runs epochs of one step that report these values under one name. Epoch e ends with the weight e + 1; the loss of its
/// batch is that of the weights before, 0.5 unless the values are the losses. Returns the number of epochs that ran.
std::size_t run_steps(FakeTraining& training, Callback& callback, const std::string& name,
                      const std::vector<double>& values) {
  callback.on_train_begin(training);
  std::size_t epoch = 0;
  while (epoch < values.size() && training.stop_reason().empty()) {
    training.loss = name == "loss" ? values[epoch] : 0.5;
    callback.on_epoch_begin(training, epoch);
    training.weight = static_cast<unsigned char>(epoch + 1);
    callback.on_batch_end(training, 0, {{"loss", training.loss}});
    callback.on_epoch_end(training, epoch, {{"loss", training.loss}, {name, values[epoch]}});
    ++epoch;
  }
  callback.on_train_end(training);
  return epoch;
}

}  // namespace

TEST_CASE("BlowUpGuard goes back to the best epoch with a tenth of the rate", "[training][blow_up_guard]") {
  auto training = training_of("val_loss");
  BlowUpGuard guard({.monitor = "val_loss"});
  // The best is epoch 2 with 0.5; ten times that is allowed, more is not.
  CHECK(run_steps(training, guard, "val_loss", {1, 0.5, 5, 5.1}) == 4);
  CHECK(guard.restores() == 1);
  CHECK(training.weight == 2);
  CHECK(training.resets == 1);
  CHECK(training.learning_rate() == Approx(0.0001));
  CHECK(training.notes == std::vector<std::string>{"BlowUpGuard: val_loss was 5.1000 in epoch 4; back to epoch 2 with "
                                                   "val_loss 0.5000, learning rate 0.001 -> 0.0001"});
  CHECK(training.stop_reason().empty());
}

TEST_CASE("BlowUpGuard knows the best of values below zero", "[training][blow_up_guard]") {
  auto training = training_of("val_loss");
  BlowUpGuard guard({.monitor = "val_loss", .factor = 2});
  run_steps(training, guard, "val_loss", {-4, -0.1});  // up to -4 + 4 is allowed
  CHECK(guard.restores() == 0);
  run_steps(training, guard, "val_loss", {-4, 0.1});
  CHECK(guard.restores() == 1);
}

TEST_CASE("BlowUpGuard goes back only to weights that a loss has seen", "[training][blow_up_guard]") {
  for (const double blown_up : {kNaN, kInfinity, 5.1}) {
    CAPTURE(blown_up);
    auto training = training_of();
    BlowUpGuard guard;
    // The weight of epoch 2 is what blew up, although the loss of that epoch, of the weight before, is the best.
    run_steps(training, guard, "loss", {1, 0.5, blown_up});
    CHECK(guard.restores() == 1);
    CHECK(training.weight == 1);
    REQUIRE(training.notes.size() == 1);
    CHECK(training.notes[0].find("back to epoch 1 with loss 1.0000, ") != std::string::npos);
  }
  auto training = training_of();
  BlowUpGuard guard;
  training.weight = 7;
  run_steps(training, guard, "loss", {1, kNaN});  // no weight of this training is known to be good
  CHECK(training.weight == 7);
}

TEST_CASE("BlowUpGuard lets a best loss of zero grow again", "[training][blow_up_guard]") {
  for (const double best : {0.0, 1e-12, -1e-12}) {
    CAPTURE(best);
    auto training = training_of();
    BlowUpGuard guard;
    run_steps(training, guard, "loss", {1, best, 0.01, kNaN});
    CHECK(training.weight == 2);  // whose loss was 0.01: as good as any beside a best of nothing
    CHECK(training.notes.size() == 1);
  }
  auto training = training_of();
  BlowUpGuard guard;
  run_steps(training, guard, "loss", {1, 2e-12, 3e-11});
  CHECK(guard.restores() == 1);
}

TEST_CASE("BlowUpGuard acts at the batch whose loss is not finite", "[training][blow_up_guard]") {
  auto training = training_of();
  training.weight = 7;
  BlowUpGuard guard;
  guard.on_train_begin(training);
  guard.on_epoch_begin(training, 0);
  training.weight = 8;
  training.loss = kNaN;
  guard.on_batch_end(training, 2, {});
  CHECK(training.weight == 7);  // there is no best epoch yet
  CHECK(training.notes == std::vector<std::string>{"BlowUpGuard: loss was NaN in batch 3 of epoch 1; back to the "
                                                   "weights before training, learning rate 0.001 -> 0.0001"});
  training.loss = 0.5;
  guard.on_epoch_end(training, 0, {{"loss", kNaN}});  // the mean over that batch too
  CHECK(guard.restores() == 1);

  guard.on_epoch_begin(training, 1);
  training.weight = 9;
  guard.on_epoch_end(training, 1, {{"loss", 0.25}});
  guard.on_epoch_begin(training, 2);
  training.weight = 10;
  guard.on_batch_end(training, 0, {});  // the loss of weight 9 is 0.5
  training.loss = kInfinity;
  training.weight = 11;
  guard.on_batch_end(training, 1, {});
  CHECK(training.weight == 9);
  CHECK(training.notes[1] ==
        "BlowUpGuard: loss was infinite in batch 2 of epoch 3; back to epoch 2 with loss 0.2500, learning rate 0.0001 "
        "-> 1e-05");
}

TEST_CASE("BlowUpGuard stops after so many restores, with the best weights", "[training][blow_up_guard]") {
  auto training = training_of("val_loss");
  BlowUpGuard guard({.monitor = "val_loss", .rate_factor = 0.5, .max_restores = 1});
  CHECK(run_steps(training, guard, "val_loss", {1, kNaN, 2, kInfinity, 1}) == 4);
  CHECK(training.learning_rate() == 0.0005);
  CHECK(training.weight == 1);
  CHECK(training.resets == 2);
  CHECK(training.notes.size() == 1);
  CHECK(training.stop_reason() ==
        "BlowUpGuard: val_loss was infinite in epoch 4; back to epoch 1 with val_loss 1.0000; stopped, as it happened "
        "after 1 "
        "restore; take a lower learning rate");
}

TEST_CASE("BlowUpGuard lets a training that blew up come to its end", "[training][blow_up_guard]") {
  const Tensor<float, 2> x = xt::ones<float>({16, 1});
  const Tensor<float, 2> y = xt::ones<float>({16, 1});
  Sequential<float> model({Dense(1)});
  model.compile(SGD({.learning_rate = 0.01, .momentum = 0.9}), MeanSquaredError());
  BlowUpGuard guard({.max_restores = 9});
  const LambdaCallback too_fast({.on_epoch_begin = [](Training& training, std::size_t epoch) {
    if (epoch == 2) training.set_learning_rate(1000);
  }});
  const History history = model.fit(
      x, y, {.epochs = 30, .batch_size = 1, .callbacks = {too_fast, std::ref(guard)}, .verbose = Verbose::silent});
  CHECK(history.epochs() == 30);
  CHECK(guard.restores() > 1);
  CHECK(history.notes().size() == guard.restores());
  CHECK(std::isfinite(history["loss"].back()));
  CHECK(model.evaluate(x, y)["loss"] < 1e-3);
}

TEST_CASE("restoring resets the optimizer and the states of stateful layers", "[training][blow_up_guard]") {
  // A second step from the same weights is the first again only if nothing is left of it.
  const Tensor<float, 3> x = xt::ones<float>({2, 3, 1});
  const Tensor<float, 2> y = xt::zeros<float>({2, 1});
  Sequential<float> model({LSTM(2, {.stateful = true}), Dense(1)});
  model.compile(Adam({.learning_rate = 0.1}), MeanSquaredError());
  KeptWeights start, first, second;
  const LambdaCallback again({.on_train_begin = [&](Training& training) { training.keep_weights(start); },
                              .on_epoch_end =
                                  [&](Training& training, std::size_t epoch, const Logs&) {
                                    training.keep_weights(epoch == 0 ? first : second);
                                    training.restore_weights(start);
                                    training.reset_optimizer();
                                  }});
  model.fit(x, y, {.epochs = 2, .batch_size = 2, .shuffle = false, .callbacks = {again}, .verbose = Verbose::silent});
  CHECK(first != start);
  CHECK(first == second);
}

TEST_CASE("BlowUpGuard allocates nothing while all is well", "[training][blow_up_guard]") {
  auto training = training_of();
  BlowUpGuard guard;
  guard.on_train_begin(training);
  const Logs logs = {{"loss", 0.5}}, better = {{"loss", 0.25}};
  guard.on_epoch_end(training, 0, logs);
  const AllocationCount allocations;
  guard.on_batch_end(training, 0, logs);
  guard.on_epoch_end(training, 1, better);
  CHECK(allocations.so_far() == 0);
}

TEST_CASE("BlowUpGuard refuses options that guard nothing", "[training][blow_up_guard]") {
  for (const double factor : {1.0, 0.5, kNaN, kInfinity}) {
    CHECK_THROWS_AS(BlowUpGuard({.factor = factor}), OptionError);
  }
  CHECK_THROWS_WITH(BlowUpGuard({.factor = 1}), "BlowUpGuard: factor must be above 1 and finite, got 1");
  for (const double factor : {0.0, 1.0, kNaN}) CHECK_THROWS_AS(BlowUpGuard({.rate_factor = factor}), OptionError);
  CHECK_THROWS_WITH(BlowUpGuard({.rate_factor = 1}), "BlowUpGuard: rate_factor must be in (0, 1), got 1");
  CHECK_THROWS_WITH(BlowUpGuard({.monitor = "val_accuracy"}),
                    "BlowUpGuard: monitor must be a loss or an error, which is better when low, got \"val_accuracy\"; "
                    "give \"loss\" or \"val_loss\"");
  auto training = training_of();
  BlowUpGuard guard({.monitor = "val_loss"});
  CHECK_THROWS_WITH(guard.on_train_begin(training),
                    "BlowUpGuard: monitor must be one of \"loss\", got \"val_loss\"; give fit validation data, or "
                    "monitor another name");
}
