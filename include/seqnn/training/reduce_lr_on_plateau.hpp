#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/training/callback.hpp"
#include "seqnn/training/monitor.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Names and defaults as in Keras.
struct ReduceLROnPlateauOptions {
  std::string monitor = "val_loss";           ///< a name in the logs of an epoch
  double factor = 0.1;                        ///< the new rate is the old one times this, in [0, 1)
  std::size_t patience = 10;                  ///< epochs without an improvement after which the rate falls
  MonitorMode mode = MonitorMode::automatic;  ///< whether low or high is better
  double min_delta = 1e-4;                    ///< an improvement must be larger than this; at least 0
  std::size_t cooldown = 0;                   ///< epochs after a reduction that do not count
  double min_lr = 0;                          ///< the rate does not fall below this

  bool operator==(const ReduceLROnPlateauOptions&) const = default;
};

/// Multiplies the learning rate by a factor when a value has not improved for some epochs.
///
///     model.fit(x, y, {.validation_split = 0.2, .callbacks = {ReduceLROnPlateau({.factor = 0.5, .patience = 3})}});
///
/// Counts as Keras does, except that NaN is never an improvement, not even in the first epoch.
///
/// Throws  OptionError if factor is outside [0, 1), min_delta or min_lr negative or NaN; before the first step, if
///         nothing has the name `monitor`
/// Source  Keras 3, keras/src/callbacks/reduce_lr_on_plateau.py
class ReduceLROnPlateau : public Callback {
 public:
  using Mode = MonitorMode;

  ReduceLROnPlateau() : ReduceLROnPlateau(ReduceLROnPlateauOptions{}) {}
  explicit ReduceLROnPlateau(ReduceLROnPlateauOptions options)
      : options_(std::move(options)), monitor_(options_.monitor, options_.mode, options_.min_delta) {
    if (!(options_.factor >= 0 && options_.factor < 1)) {
      throw OptionError(text("ReduceLROnPlateau: factor must be in [0, 1), got ", options_.factor));
    }
    if (!(options_.min_delta >= 0)) {
      throw OptionError(text("ReduceLROnPlateau: min_delta must be at least 0, got ", options_.min_delta));
    }
    if (!(options_.min_lr >= 0)) {
      throw OptionError(text("ReduceLROnPlateau: min_lr must be at least 0, got ", options_.min_lr));
    }
  }

  const ReduceLROnPlateauOptions& options() const { return options_; }

  void on_train_begin(Training& training) override {
    monitor_.value(training.logs(), "ReduceLROnPlateau");  // a wrong name is reported before an epoch is spent on it
    best_.reset();
    wait_ = 0;
    cooldown_ = 0;
  }

  void on_epoch_end(Training& training, std::size_t, const Logs& logs) override {
    const double value = monitor_.value(logs, "ReduceLROnPlateau");
    if (cooldown_ > 0) {
      --cooldown_;
      wait_ = 0;
    }
    if (best_ ? monitor_.better(value, *best_) : !std::isnan(value)) {
      best_ = value;
      wait_ = 0;
      return;
    }
    if (cooldown_ > 0 || ++wait_ < options_.patience) return;
    const double rate = training.learning_rate();
    if (rate <= options_.min_lr) return;
    training.set_learning_rate(std::max(rate * options_.factor, options_.min_lr));
    cooldown_ = options_.cooldown;
    wait_ = 0;
  }

 private:
  ReduceLROnPlateauOptions options_;
  Monitor monitor_;
  std::optional<double> best_;
  std::size_t wait_ = 0;
  std::size_t cooldown_ = 0;  // epochs left
};

}  // namespace seqnn::inline SEQNN_ABI
