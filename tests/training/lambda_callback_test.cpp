#include "seqnn/training/lambda_callback.hpp"

#include "support/catch.hpp"
#include "support/fake_training.hpp"

#include <string>

using namespace seqnn;

TEST_CASE("LambdaCallback calls what it was given", "[training][lambda_callback]") {
  std::string seen;
  LambdaCallback callback({.on_train_begin = [&](Training&) { seen += "("; },
                           .on_epoch_begin = [&](Training&, std::size_t epoch) { seen += text("e", epoch, ':'); },
                           .on_batch_begin = [&](Training&, std::size_t batch) { seen += text('a', batch); },
                           .on_batch_end = [&](Training&, std::size_t batch,
                                               const Logs& logs) { seen += text('b', batch, '=', logs["loss"]); },
                           .on_epoch_end =
                               [&](Training& training, std::size_t epoch, const Logs& logs) {
                                 seen += text('=', logs["loss"], ' ');
                                 if (epoch == 1) training.stop("enough");
                               },
                           .on_train_end = [&](Training&) { seen += ")"; }});
  FakeTraining training(5, 1, {});
  CHECK(run_epochs(training, callback, "val_loss", {1, 1, 1}) == 2);
  CHECK(seen == "(e0:=9 e1:=9 )");
  callback.on_batch_begin(training, 3);
  callback.on_batch_end(training, 3, {{"loss", 0.5}});
  CHECK(seen == "(e0:=9 e1:=9 )a3b3=0.5");
}

TEST_CASE("LambdaCallback passes over what it was not given", "[training][lambda_callback]") {
  int epochs = 0;
  LambdaCallback callback({.on_epoch_begin = [&](Training&, std::size_t) { ++epochs; }});
  FakeTraining training(5, 1, {});
  CHECK(run_epochs(training, callback, "val_loss", {1, 1, 1}) == 3);
  callback.on_batch_begin(training, 0);
  callback.on_batch_end(training, 0, {});
  CHECK(epochs == 3);
}
