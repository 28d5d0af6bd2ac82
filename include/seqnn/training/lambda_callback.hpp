#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/training/callback.hpp"

#include <cstddef>
#include <functional>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// What to call at each event; an empty one is passed over.
struct LambdaCallbackOptions {
  std::function<void(Training&)> on_train_begin = {};
  std::function<void(Training&, std::size_t epoch)> on_epoch_begin = {};
  std::function<void(Training&, std::size_t batch)> on_batch_begin = {};
  std::function<void(Training&, std::size_t batch, const Logs&)> on_batch_end = {};
  std::function<void(Training&, std::size_t epoch, const Logs&)> on_epoch_end = {};
  std::function<void(Training&)> on_train_end = {};
};

/// A callback written where it is used:
///
///     LambdaCallback({.on_epoch_end = [](Training&, std::size_t epoch, const Logs& logs) { … logs["loss"] … }})
///
/// As Keras', but each function gets the training as well, and those that begin something no logs, which Keras leaves
/// empty; Keras' on_train_batch_begin and on_train_batch_end are on_batch_begin and on_batch_end. Those of evaluate and
/// predict, which Keras takes beyond its arguments (`kwargs`), are not there: they have no callbacks.
class LambdaCallback : public Callback {
 public:
  explicit LambdaCallback(LambdaCallbackOptions functions) : functions_(std::move(functions)) {}

  void on_train_begin(Training& training) override {
    if (functions_.on_train_begin) functions_.on_train_begin(training);
  }
  void on_epoch_begin(Training& training, std::size_t epoch) override {
    if (functions_.on_epoch_begin) functions_.on_epoch_begin(training, epoch);
  }
  void on_batch_begin(Training& training, std::size_t batch) override {
    if (functions_.on_batch_begin) functions_.on_batch_begin(training, batch);
  }
  void on_batch_end(Training& training, std::size_t batch, const Logs& logs) override {
    if (functions_.on_batch_end) functions_.on_batch_end(training, batch, logs);
  }
  void on_epoch_end(Training& training, std::size_t epoch, const Logs& logs) override {
    if (functions_.on_epoch_end) functions_.on_epoch_end(training, epoch, logs);
  }
  void on_train_end(Training& training) override {
    if (functions_.on_train_end) functions_.on_train_end(training);
  }

 private:
  LambdaCallbackOptions functions_;
};

}  // namespace seqnn::inline SEQNN_ABI
