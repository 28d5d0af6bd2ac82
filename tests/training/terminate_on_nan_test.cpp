#include "seqnn/training/terminate_on_nan.hpp"

#include "seqnn/layers/dense.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/optimizers/sgd.hpp"
#include "seqnn/training/early_stopping.hpp"
#include "seqnn/training/lambda_callback.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/fake_training.hpp"

#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>

using namespace seqnn;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("TerminateOnNaN names the batch and the epoch", "[training][terminate_on_nan]") {
  TerminateOnNaN terminate;
  FakeTraining training(5, 4, {{"loss", kNaN}});
  terminate.on_train_begin(training);
  terminate.on_epoch_begin(training, 1);
  terminate.on_batch_end(training, 0, {{"loss", 1e300}});
  CHECK(training.stop_reason().empty());
  terminate.on_batch_end(training, 1, {{"loss", kNaN}});
  CHECK(
      training.stop_reason() ==
      "TerminateOnNaN: loss was NaN in batch 2 of epoch 2; take a lower learning rate, limit gradients with clipnorm, "
      "or look for values in the data that are not finite");
  for (const double loss : {kInfinity, -kInfinity}) {
    FakeTraining other(5, 4, {{"loss", kNaN}});
    terminate.on_epoch_begin(other, 0);
    terminate.on_batch_end(other, 0, {{"loss", loss}});
    CHECK(other.stop_reason().starts_with("TerminateOnNaN: loss was infinite in batch 1 of epoch 1; "));
  }
}

TEST_CASE("TerminateOnNaN says what was not finite first", "[training][terminate_on_nan]") {
  TerminateOnNaN terminate;
  FakeTraining training(5, 4, {{"loss", kNaN}});
  training.non_finite = "output of Dense \"dense\", infinite for sample 5";
  terminate.on_epoch_begin(training, 0);
  terminate.on_batch_end(training, 0, {{"loss", kNaN}});
  CHECK(training.stop_reason() ==
        "TerminateOnNaN: loss was NaN in batch 1 of epoch 1; first not finite: output of Dense \"dense\", infinite for "
        "sample 5; take a lower learning rate, limit gradients with clipnorm, or look for values in the data that are "
        "not finite");
}

TEST_CASE("TerminateOnNaN allocates nothing while the loss is a number", "[training][terminate_on_nan]") {
  TerminateOnNaN terminate;
  FakeTraining training(1, 1, {});
  const Logs logs = {{"loss", 0.5}};
  const AllocationCount allocations;
  terminate.on_batch_end(training, 0, logs);
  CHECK(allocations.so_far() == 0);
}

TEST_CASE("a training that blows up ends in the epoch, and goes back to the best weights",
          "[training][terminate_on_nan]") {
  const Tensor<float, 2> x = xt::ones<float>({16, 1});
  const Tensor<float, 2> y = xt::ones<float>({16, 1});
  Sequential<float> model({Dense(1)});
  model.compile(SGD({.learning_rate = 0.1}), MeanSquaredError());
  std::size_t batches = 0;
  EarlyStopping early({.monitor = "loss", .patience = 9});
  const LambdaCallback blow_up({.on_batch_end = [&](Training& training, std::size_t batch, const Logs&) {
    ++batches;
    if (batches > 8 && batch == 0) training.set_learning_rate(1e30);  // errors soon overflow
  }});
  const History history = model.fit(x, y,
                                    {.epochs = 5,
                                     .batch_size = 2,
                                     .callbacks = {blow_up, TerminateOnNaN(), std::ref(early)},
                                     .verbose = Verbose::silent});
  CHECK(history.epochs() == 2);
  CHECK(batches > 9);
  CHECK(batches < 16);  // not the whole of the second epoch
  CHECK(history.stop_reason().starts_with("TerminateOnNaN: loss was "));
  CHECK_FALSE(std::isfinite(history["loss"][1]));
  CHECK(early.best_epoch() == 0);
  CHECK(std::isfinite(model.evaluate(x, y)["loss"]));
}
