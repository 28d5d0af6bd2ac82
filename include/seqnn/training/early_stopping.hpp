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

struct EarlyStoppingOptions {
  std::string monitor = "val_loss";           ///< a name in the logs of an epoch
  double min_delta = 0;                       ///< an improvement must be larger than this; at least 0
  std::size_t patience = 0;                   ///< epochs without an improvement after which training stops
  MonitorMode mode = MonitorMode::automatic;  ///< whether low or high is better
  std::optional<double> baseline = {};        ///< stop as well if patience runs out without beating this
  std::size_t start_from_epoch = 0;           ///< epochs before this one are not looked at; counts from 0

  bool operator==(const EarlyStoppingOptions&) const = default;
};

/// Stops a training that no longer improves, and gives back the weights of the best epoch.
///
///     EarlyStopping early({.patience = 2});
///     model.fit(x, y, {.validation_split = 0.2, .callbacks = {std::ref(early)}});
///     early.best_epoch(), early.best_value(), early.stopped_epoch()
///
/// Options, defaults and the counting of epochs are those of Keras, with two differences. The best weights are restored
/// whenever training ends, also when the epochs run out before patience does; there is no `restore_best_weights` to
/// forget. And NaN never counts as an improvement, not even in the first epoch. Weights of epochs before
/// `start_from_epoch` are never restored.
///
/// Throws  OptionError if min_delta is negative or NaN; before the first step, if nothing has the name `monitor`
/// Source  Keras 3, keras/src/callbacks/early_stopping.py
class EarlyStopping : public Callback {
 public:
  using Mode = MonitorMode;

  EarlyStopping() : EarlyStopping(EarlyStoppingOptions{}) {}
  explicit EarlyStopping(EarlyStoppingOptions options)
      : options_(std::move(options)), monitor_(options_.monitor, options_.mode, options_.min_delta) {
    if (!(options_.min_delta >= 0)) {
      throw OptionError(text("EarlyStopping: min_delta must be at least 0, got ", options_.min_delta));
    }
  }

  /// The epoch whose weights the model has after training, counted from 0.
  /// @throws StateError if no epoch had a value to compare
  std::size_t best_epoch() const { return best().epoch; }

  /// The monitored value of the best epoch. @throws StateError as `best_epoch`
  double best_value() const { return best().value; }

  /// The last epoch of a training that was stopped here, counted from 0; empty when its epochs ran out.
  std::optional<std::size_t> stopped_epoch() const { return stopped_epoch_; }

  const EarlyStoppingOptions& options() const { return options_; }

  void on_train_begin(Training& training) override {
    monitor_.value(training.logs(), "EarlyStopping");  // a wrong name is reported before an epoch is spent on it
    best_.reset();
    stopped_epoch_.reset();
    wait_ = 0;
  }

  void on_epoch_end(Training& training, std::size_t epoch, const Logs& logs) override {
    const double value = monitor_.value(logs, "EarlyStopping");
    if (epoch < options_.start_from_epoch) return;

    ++wait_;
    const bool first = !best_ && !std::isnan(value);
    if (first || (best_ && monitor_.better(value, best_->value))) {
      best_ = Best{epoch, value};
      training.keep_weights(best_weights_);
      if (!options_.baseline || monitor_.better(value, *options_.baseline)) wait_ = 0;
      return;
    }
    // Epoch 0 never stops, so that patience 0 means the first epoch that is worse than the one before.
    if (wait_ >= options_.patience && epoch > 0) {
      stopped_epoch_ = epoch;
      training.stop(reason());
    }
  }

  void on_train_end(Training& training) override {
    if (best_) training.restore_weights(best_weights_);
    best_weights_ = KeptWeights();  // gives the memory back
  }

 private:
  struct Best {
    std::size_t epoch;
    double value;
  };

  SEQNN_COLD const Best& best() const {
    if (!best_) {
      throw StateError(text("EarlyStopping: best epoch must be asked for after an epoch in which ", options_.monitor,
                            " was a number, got none"));
    }
    return *best_;
  }

  SEQNN_COLD std::string reason() const {
    std::string why = "EarlyStopping: " + options_.monitor;
    if (!best_) return why + " was never a number";
    if (options_.baseline && !monitor_.better(best_->value, *options_.baseline)) {
      why += " did not beat the baseline ";
      detail::append_metric(why, *options_.baseline);
      why += " in ";
    } else {
      why += " has not improved for ";
    }
    why += text(wait_, wait_ == 1 ? " epoch" : " epochs", "; back to epoch ", best_->epoch + 1, " with ");
    detail::append_metric(why, best_->value);
    return why;
  }

  EarlyStoppingOptions options_;
  Monitor monitor_;
  std::size_t wait_ = 0;
  std::optional<Best> best_;
  std::optional<std::size_t> stopped_epoch_;
  KeptWeights best_weights_;
};

}  // namespace seqnn::inline SEQNN_ABI
