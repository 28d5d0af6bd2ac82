#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/optimizers/learning_rate_schedules.hpp"
#include "seqnn/training/callback.hpp"

#include <concepts>
#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Sets the learning rate of a training, by step or by epoch.
///
///     LearningRateScheduler(CosineDecay({.initial_learning_rate = 0.001, .decay_steps = 5000}))    before every step
///     LearningRateScheduler([](std::size_t epoch, double rate) { return epoch < 10 ? rate : rate * 0.9; })
///                                                                                      before every epoch, as in Keras
///
/// Keras gives schedules to the optimizer, whose steps they count; here the step is that of the training: epoch times
/// steps an epoch, plus the batch. So a training that goes on with `initial_epoch` goes on with the schedule, and
/// another call of `fit` begins it anew. A rate that is negative or not finite is refused by the optimizer
/// (OptionError).
///
/// Source  Keras 3, keras/src/callbacks/learning_rate_scheduler.py
class LearningRateScheduler : public Callback {
 public:
  template <class Schedule>
  requires std::derived_from<std::remove_cvref_t<Schedule>, LearningRateSchedule>
  explicit LearningRateScheduler(Schedule&& schedule) : by_step_(std::forward<Schedule>(schedule)) {}

  /// @param function  of the epoch, which counts from 0, and the rate so far
  template <class Function>
  requires std::is_invocable_r_v<double, Function&, std::size_t, double>
  explicit LearningRateScheduler(Function&& function) : by_epoch_(std::forward<Function>(function)) {}

  void on_epoch_begin(Training& training, std::size_t epoch) override {
    first_step_ = epoch * training.steps_per_epoch();
    if (by_epoch_) training.set_learning_rate(by_epoch_(epoch, training.learning_rate()));
    if (by_step_) training.set_learning_rate(by_step_(first_step_));
  }

  void on_batch_end(Training& training, std::size_t batch, const Logs&) override {
    if (by_step_) training.set_learning_rate(by_step_(first_step_ + batch + 1));
  }

 private:
  std::function<double(std::size_t)> by_step_;
  std::function<double(std::size_t, double)> by_epoch_;
  std::size_t first_step_ = 0;
};

}  // namespace seqnn::inline SEQNN_ABI
