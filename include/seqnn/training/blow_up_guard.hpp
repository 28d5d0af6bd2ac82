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
/// or beyond `factor` times its best, it goes back to the weights of the best epoch (those before training, while there
/// is none), divides the learning rate by ten and lets training go on.
///
///     model.fit(x, y, {.epochs = 50, .callbacks = {BlowUpGuard()}});
///     BlowUpGuard: loss was NaN in batch 12 of epoch 3; back to epoch 2 with loss 0.4100, learning rate 0.1 -> 0.01
///
/// Gradients are made anew by every batch; the optimizer's moments and the states of stateful layers, which may hold
/// NaN by then, are zeroed and its steps count from 0 again. The message is printed and stands in the history
/// (`notes`). The loss of an epoch with such a batch stays NaN in the logs. A best value of b below zero allows b +
/// (factor - 1)·|b|.
///
/// The first epoch is compared with nothing: one that grows and stays finite is the best so far.
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
    best_.reset();
    restores_ = 0;
    training.keep_weights(best_weights_);
  }

  void on_epoch_begin(Training&, std::size_t epoch) override {
    epoch_ = epoch;
    restored_ = false;
  }

  void on_batch_end(Training& training, std::size_t batch, const Logs&) override {
    if (!std::isfinite(training.batch_loss())) {
      restore(training, text("loss was ", shown(training.batch_loss()), " in batch ", batch + 1, " of epoch "));
    }
  }

  void on_epoch_end(Training& training, std::size_t epoch, const Logs& logs) override {
    const double value = monitor_.value(logs, "BlowUpGuard");
    if (!std::isfinite(value) && restored_) return;  // the mean over a batch that was dealt with
    if (!std::isfinite(value) || (best_ && value > best_->value + (options_.factor - 1) * std::fabs(best_->value))) {
      restore(training, text(options_.monitor, " was ", shown(value), " in epoch "));
    } else if (!best_ || monitor_.better(value, best_->value)) {
      best_ = Best{epoch, value};
      training.keep_weights(best_weights_);
    }
  }

  void on_train_end(Training&) override { best_weights_ = KeptWeights(); }  // gives the memory back

 private:
  struct Best {
    std::size_t epoch;
    double value;
  };

  SEQNN_COLD void restore(Training& training, const std::string& what) {
    restored_ = true;
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
  std::optional<Best> best_;
  KeptWeights best_weights_;
  std::size_t restores_ = 0;
  std::size_t epoch_ = 0;
  bool restored_ = false;  // in this epoch
};

}  // namespace seqnn::inline SEQNN_ABI
