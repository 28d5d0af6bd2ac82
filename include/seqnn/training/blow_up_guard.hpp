#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/training/callback.hpp"
#include "seqnn/training/monitor.hpp"

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct BlowUpGuardOptions {
  std::string monitor = "loss";  ///< a loss or an error in the logs of an epoch: low is better
  double factor = 10;            ///< of the best value, beyond which an epoch counts as blown up; above 1
  double rate_factor = 0.1;      ///< the new learning rate is the old one times this, in (0, 1)
  std::size_t max_restores = 3;  ///< how often; after that training stops

  bool operator==(const BlowUpGuardOptions&) const = default;
};

/// Saves a training that blows up: at a batch whose loss is not finite, or after an epoch whose `monitor` is not finite
/// or beyond `factor` times its best, it goes back to the weights of the best epoch that are known to be good (those
/// before training, while there are none), divides the learning rate by ten and lets training go on.
///
///     model.fit(x, y, {.epochs = 50, .callbacks = {BlowUpGuard()}});
///     BlowUpGuard: loss was NaN in batch 12 of epoch 3; back to epoch 2 with loss 0.4100, learning rate 0.1 -> 0.01
///
/// Gradients are made anew by every batch; the optimizer's moments and the states of stateful layers, which may hold
/// NaN by then, are zeroed and its steps count from 0 again. The message is printed and stands in the history
/// (`notes`). The loss of an epoch with such a batch stays NaN in the logs.
///
/// An epoch's training loss is not that of the weights it ends with: its last update, in an epoch of one step the only
/// one, comes after it. So the weights of a best epoch wait for the first batch of the next one, and become those to go
/// back to only if its loss is finite and not beyond `factor` times the loss of their epoch.
///
/// A best value of b below zero allows b + (factor - 1)·|b|. Where |b| is at most 1e-12, as that of a model that fits
/// its samples to the last digit, any multiple of it is small, and only values that are not finite count as blown up.
/// The first epoch is compared with nothing.
///
/// With a `LearningRateScheduler`, which sets the rate itself, the smaller rate does not last; a `TerminateOnNaN`
/// beside it stops first. Not in Keras.
///
/// Throws  OptionError if factor is not above 1, rate_factor not in (0, 1), or monitor the name of a metric that is
///         better when high; before the first step, if nothing has the name `monitor`
class BlowUpGuard : public Callback {
 public:
  BlowUpGuard() : BlowUpGuard(BlowUpGuardOptions{}) {}
  explicit BlowUpGuard(BlowUpGuardOptions options)
      : options_(std::move(options)), monitor_(options_.monitor, MonitorMode::min) {
    if (!(options_.factor > 1 && std::isfinite(options_.factor))) {
      throw OptionError(text("BlowUpGuard: factor must be above 1 and finite, got ", options_.factor));
    }
    if (!(options_.rate_factor > 0 && options_.rate_factor < 1)) {
      throw OptionError(text("BlowUpGuard: rate_factor must be in (0, 1), got ", options_.rate_factor));
    }
    if (higher_is_better(options_.monitor)) {
      throw OptionError(text("BlowUpGuard: monitor must be a loss or an error, which is better when low, got \"",
                             options_.monitor, "\"; give \"loss\" or \"val_loss\""));
    }
  }

  const BlowUpGuardOptions& options() const { return options_; }

  /// How often the weights were restored in the last training.
  std::size_t restores() const { return restores_; }

  void on_train_begin(Training& training) override {
    monitor_.value(training.logs(), "BlowUpGuard");  // a wrong name is reported before an epoch is spent on it
    best_value_.reset();
    best_.reset();
    candidate_.reset();
    restores_ = 0;
    training.keep_weights(best_weights_);
  }

  void on_epoch_begin(Training&, std::size_t epoch) override {
    epoch_ = epoch;
    restored_ = false;
  }

  void on_batch_end(Training& training, std::size_t batch, const Logs&) override {
    const double loss = training.batch_loss();  // with the weights before the step
    if (!std::isfinite(loss)) {
      restore(training, text("loss was ", shown(loss), " in batch ", batch + 1, " of epoch "));
    } else if (candidate_ && !beyond(loss, candidate_->loss)) {
      best_ = candidate_;
      best_weights_.swap(candidate_weights_);
    }
    candidate_.reset();
  }

  void on_epoch_end(Training& training, std::size_t epoch, const Logs& logs) override {
    const double value = monitor_.value(logs, "BlowUpGuard");
    if (!std::isfinite(value) && restored_) return;  // the mean over a batch that was dealt with
    if (!std::isfinite(value) || (best_value_ && beyond(value, *best_value_))) {
      restore(training, text(options_.monitor, " was ", shown(value), " in epoch "));
      return;
    }
    if (!best_value_ || monitor_.better(value, *best_value_)) best_value_ = value;
    if (!best_ || monitor_.better(value, best_->value)) {
      candidate_ = Kept{epoch, value, logs["loss"]};
      training.keep_weights(candidate_weights_);
    }
  }

  void on_train_end(Training&) override { best_weights_ = candidate_weights_ = KeptWeights(); }  // gives memory back

 private:
  /// The epoch of kept weights.
  struct Kept {
    std::size_t epoch;
    double value;  // of `monitor`
    double loss;
  };

  /// Whether a value is beyond `factor` times a good one.
  bool beyond(double value, double good) const {
    constexpr double kAsGoodAsZero = 1e-12;
    const double size = std::fabs(good);
    return size > kAsGoodAsZero && value > good + (options_.factor - 1) * size;
  }

  SEQNN_COLD void restore(Training& training, const std::string& what) {
    restored_ = true;
    candidate_.reset();
    training.restore_weights(best_weights_);
    training.reset_optimizer();
    std::string message = text("BlowUpGuard: ", what, epoch_ + 1, "; back to ");
    message += best_ ? text("epoch ", best_->epoch + 1, " with ", options_.monitor, ' ', shown(best_->value))
                     : "the weights before training";
    if (restores_ == options_.max_restores) {
      training.stop(text(message, "; stopped, as it happened after ", restores_,
                         restores_ == 1 ? " restore" : " restores", "; take a lower learning rate"));
      return;
    }
    ++restores_;
    const double rate = training.learning_rate();
    training.set_learning_rate(rate * options_.rate_factor);
    training.note(text(message, ", learning rate ", rate, " -> ", training.learning_rate()));
  }

  SEQNN_COLD static std::string shown(double value) {
    std::string result;
    detail::append_metric(result, value);
    return std::isnan(value) ? "NaN" : std::isinf(value) ? "infinite" : result;
  }

  BlowUpGuardOptions options_;
  Monitor monitor_;
  std::optional<double> best_value_;  // of all epochs
  std::optional<Kept> best_;          // none: best_weights_ are those before training
  std::optional<Kept> candidate_;     // the last epoch, if it was the best and no batch has seen its weights
  KeptWeights best_weights_, candidate_weights_;
  std::size_t restores_ = 0;
  std::size_t epoch_ = 0;
  bool restored_ = false;  // in this epoch
};

}  // namespace seqnn::inline SEQNN_ABI
