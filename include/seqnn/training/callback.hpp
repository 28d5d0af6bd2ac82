#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/training/logs.hpp"

#include <concepts>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// All parameters of a model at one moment. The bytes mean something only to the training that kept them.
using KeptWeights = std::vector<std::byte>;

/// One parameter of a model in training. Refers to the model's own memory: valid until the callback returns.
struct WeightView {
  std::string_view name;  ///< "conv1d/kernel"
  Shape shape;
  bool trainable = true;
  std::size_t value_bytes = sizeof(float);  ///< that of float or of double
  std::span<const std::byte> bytes;         ///< the values, row-major

  std::size_t size() const { return bytes.size() / value_bytes; }

  /// The value at a place of the flat order.
  double operator[](std::size_t i) const {
    if (value_bytes == sizeof(float)) return static_cast<double>(value<float>(i));
    return value<double>(i);
  }

 private:
  template <class Real>
  Real value(std::size_t i) const {
    Real result;
    std::memcpy(&result, bytes.data() + i * sizeof(Real), sizeof(Real));
    return result;
  }
};

/// A training as its callbacks see it. Epochs and batches count from 0.
class Training {
 public:
  virtual ~Training() = default;

  /// The number of the epoch at which training ends, if nothing stops it before.
  virtual std::size_t epochs() const = 0;

  /// Batches in an epoch; 0 while the data set does not say.
  virtual std::size_t steps_per_epoch() const = 0;

  /// What an epoch's end reports. From `on_train_begin` on it has every name there will be, with NaN for what is not
  /// known yet.
  virtual const Logs& logs() const = 0;

  /// Ends training, and the epoch with the batch that is running; an epoch cut short is validated and reported as any
  /// other. The reason, a sentence, is shown to the user; the first one counts.
  virtual void stop(std::string reason) = 0;

  /// Empty while nothing has stopped the training.
  virtual const std::string& stop_reason() const = 0;

  /// A sentence for the user, printed between the lines of the epochs and kept in the history (`notes`).
  virtual void note(std::string sentence) = 0;

  /// The loss of the last batch alone; NaN before the first.
  virtual double batch_loss() const = 0;

  /// Where numbers first stopped being finite, once a batch had no finite loss: `output of Dense "dense", NaN for
  /// sample 17`, or a gradient, a parameter, the loss. Empty if every loss was finite.
  virtual std::string first_non_finite() const = 0;

  virtual double learning_rate() const = 0;
  virtual void set_learning_rate(double rate) = 0;

  /// Copies all parameters, those that are not trainable too, to and from a callback's own buffer. Keeping allocates
  /// only the first time.
  virtual void keep_weights(KeptWeights& kept) const = 0;
  virtual void restore_weights(const KeptWeights& kept) = 0;

  /// The parameters in the order of the layers, with names: what a checkpoint writes and a histogram counts.
  virtual std::vector<WeightView> weights() const = 0;

  /// The table of `Sequential::summary`.
  virtual std::string summary() const = 0;

  /// Forgets what training gathers beside the weights: the optimizer's moments are zero and its steps count from 0
  /// again, states of stateful layers are zero. The learning rate stays.
  virtual void reset_optimizer() = 0;
};

/// Something that watches a training and may steer it. Derive, override what is needed, and hand it to `fit`:
///
///     struct Announce : Callback {
///       void on_epoch_end(Training&, std::size_t epoch, const Logs& logs) override { … logs["loss"] … }
///     };
///     model.fit(x, y, {.callbacks = {Announce()}});
///
/// Callbacks run one after another, in the order of the list, on the thread that called `fit`. An exception ends the
/// training and leaves `fit`.
class Callback {
 public:
  virtual ~Callback() = default;

  virtual void on_train_begin(Training&) {}
  virtual void on_epoch_begin(Training&, std::size_t /*epoch*/) {}

  /// Runs before every step, and the next one after it: keep them cheap.
  virtual void on_batch_begin(Training&, std::size_t /*batch*/) {}

  /// `logs` holds the means over the epoch so far, of training only.
  virtual void on_batch_end(Training&, std::size_t /*batch*/, const Logs& /*logs*/) {}

  /// `logs` holds the epoch's means and, with validation data, the same names with "val_" before them.
  virtual void on_epoch_end(Training&, std::size_t /*epoch*/, const Logs& /*logs*/) {}

  /// Runs also when the training was stopped, but not after an exception.
  virtual void on_train_end(Training&) {}

 protected:
  Callback() = default;
  Callback(const Callback&) = default;
  Callback& operator=(const Callback&) = default;
};

/// An entry of `.callbacks`. Three ways to give one:
///
///     .callbacks = {EarlyStopping({.patience = 2})}   a value: the list has its own, and a copied list copies it
///     .callbacks = {std::ref(early)}                  the caller's: can be read afterwards, must outlive the training
///     .callbacks = {std::make_shared<Mine>(…)}        shared: for callbacks that cannot be copied
class AnyCallback {
 public:
  template <class Value>
  requires std::derived_from<std::remove_cvref_t<Value>, Callback> AnyCallback(
      Value&& value)  // NOLINT: implicit, so that values can be listed
      : callback_(std::make_shared<std::remove_cvref_t<Value>>(std::forward<Value>(value))),
        copy_(&copy_of<std::remove_cvref_t<Value>>) {
    static_assert(std::copy_constructible<std::remove_cvref_t<Value>>,
                  "this callback cannot be copied: give it by std::ref or as a std::shared_ptr");
  }

  template <std::derived_from<Callback> Value>
  AnyCallback(std::reference_wrapper<Value> value)  // NOLINT
      : callback_(std::shared_ptr<void>(), &value.get()) {}

  template <std::derived_from<Callback> Value>
  AnyCallback(std::shared_ptr<Value> value)  // NOLINT
      : callback_(std::move(value)) {
    if (callback_ == nullptr) throw OptionError("callbacks: every entry must be a callback, got a null pointer");
  }

  AnyCallback(const AnyCallback& other)
      : callback_(other.copy_ == nullptr ? other.callback_ : other.copy_(*other.callback_)), copy_(other.copy_) {}
  AnyCallback(AnyCallback&&) noexcept = default;
  AnyCallback& operator=(AnyCallback other) noexcept {
    std::swap(callback_, other.callback_);
    std::swap(copy_, other.copy_);
    return *this;
  }

  Callback& operator*() { return *callback_; }
  Callback* operator->() { return callback_.get(); }

 private:
  template <class Value>
  static std::shared_ptr<Callback> copy_of(const Callback& callback) {
    return std::make_shared<Value>(static_cast<const Value&>(callback));
  }

  std::shared_ptr<Callback> callback_;
  std::shared_ptr<Callback> (*copy_)(const Callback&) = nullptr;  // null: not ours to copy
};

}  // namespace seqnn::inline SEQNN_ABI
