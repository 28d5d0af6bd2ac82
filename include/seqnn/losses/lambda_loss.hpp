#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/losses/class_targets.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/metrics/loss_metric.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

/// Whether a user's function compares a row of predictions with as many numbers, …
template <class Function, class Real>
concept ComparesNumbers =
    std::is_invocable_r_v<double, const Function&, std::span<const Real>, std::span<const Real>, std::span<Real>>;

/// … or with a class index.
template <class Function, class Real>
concept ComparesClasses =
    std::is_invocable_r_v<double, const Function&, std::int32_t, std::span<const Real>, std::span<Real>>;

}  // namespace detail

struct LambdaLossOptions {
  bool from_logits = false;  ///< predictions are logits: so metrics place their threshold

  bool operator==(const LambdaLossOptions&) const = default;
};

/// Computes LambdaLoss.
template <class Real, class Function>
class LambdaLossOf final : public Loss<Real> {
 public:
  LambdaLossOf(std::string name, Function function, const LambdaLossOptions& options)
      : name_(std::move(name)), function_(std::move(function)), options_(options) {}

  std::string name() const override { return name_; }
  TargetKind target_kind() const override { return kNumbers ? TargetKind::values : TargetKind::classes; }
  bool from_logits() const override { return options_.from_logits; }

  double operator()(const Comparison<Real>& c, Real scale, Real* gradient) const override {
    if constexpr (!kNumbers) check_classes(name_, c.classes, c.samples, c.positions, c.width);
    // Functions always write a gradient; where none is wanted it goes here, which grows once a thread.
    thread_local Buffer<Real> unwanted;
    if (gradient == nullptr && unwanted.size() < c.width) unwanted.resize(c.width);
    double sum = 0;
    for (std::size_t sample = 0; sample < c.samples; ++sample) {
      const double weight = c.weight(sample) / static_cast<double>(c.positions);
      const double factor = static_cast<double>(scale) * weight;
      for (std::size_t row = sample * c.positions; row < (sample + 1) * c.positions; ++row) {
        const std::span<Real> slope(gradient == nullptr ? unwanted.data() : gradient + row * c.width, c.width);
        sum += weight * of(c, row, slope);
        if (gradient == nullptr) continue;
        for (Real& value : slope) value = static_cast<Real>(factor * static_cast<double>(value));
      }
    }
    return sum;
  }

 private:
  static constexpr bool kNumbers = detail::ComparesNumbers<Function, Real>;

  double of(const Comparison<Real>& c, std::size_t row, std::span<Real> slope) const {
    const std::span<const Real> predicted(c.predicted + row * c.width, c.width);
    if constexpr (kNumbers) {
      return static_cast<double>(function_(std::span<const Real>(c.values + row * c.width, c.width), predicted, slope));
    } else {
      return static_cast<double>(function_(c.classes[row], predicted, slope));
    }
  }

  std::string name_;
  Function function_;
  LambdaLossOptions options_;
};

/// A loss of the user's own, written where it is used. The function gets one row of outputs, a sample's or a time
/// step's, and its targets; it returns the row's loss and writes the gradient of that by each prediction:
///
///     LambdaLoss("asymmetric", [](auto y_true, auto y_pred, auto gradient) {
///       double loss = 0;
///       for (std::size_t i = 0; i < y_pred.size(); ++i) {
///         const double error = y_pred[i] - y_true[i];
///         loss += error > 0 ? error : -3 * error;
///         gradient[i] = error > 0 ? 1 : -3;
///       }
///       return loss;
///     })
///
/// `y_true` and `y_pred` are `std::span<const Real>`, `gradient` is a `std::span<Real>` of the same length, every
/// element of which must be written; `auto` serves any number type. With `std::int32_t y_true` targets are one class
/// index a row. The library takes the mean over rows, applies weights and masks and scales the gradient.
/// `check_loss_gradients` compares the gradient with differences. The function is called by several threads at once. A
/// loss and a metric; one that looks at several time steps together derives from `Loss`, and must not be used with a
/// mask or weights of steps, with which losses and metrics get one time step at a time. Keras takes a function of the
/// whole batch and finds the gradient itself.
///
/// Throws  OptionError if the name is empty
template <class Function>
class LambdaLoss {
 public:
  /// @param name  the key in History if it serves as a metric
  LambdaLoss(std::string name, Function function, LambdaLossOptions options = {})
      : name_(std::move(name)), function_(std::move(function)), options_(options) {
    if (name_.empty()) {
      throw OptionError("LambdaLoss: name must not be empty, since messages and logs go by it, got \"\"");
    }
  }

  const LambdaLossOptions& options() const { return options_; }
  SEQNN_COLD std::string to_string() const {
    return Describe("LambdaLoss").argument(name_).option("from_logits", options_.from_logits, false).str();
  }

  template <class Real>
  requires(detail::ComparesNumbers<Function, Real> ||
           detail::ComparesClasses<Function, Real>) std::unique_ptr<Loss<Real>> make(For<Loss<Real>>)
  const { return std::make_unique<LambdaLossOf<Real, Function>>(name_, function_, options_); }

  template <class Real>
  requires(detail::ComparesNumbers<Function, Real> ||
           detail::ComparesClasses<Function, Real>) std::unique_ptr<Metric<Real>> make(For<Metric<Real>>)
  const { return std::make_unique<LossMetric<Real>>(make(For<Loss<Real>>{})); }

 private:
  std::string name_;
  Function function_;
  LambdaLossOptions options_;
};

}  // namespace seqnn::inline SEQNN_ABI
