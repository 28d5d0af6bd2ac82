#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/losses/class_targets.hpp"
#include "seqnn/metrics/metric.hpp"
#include "seqnn/metrics/position_mean.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

/// Whether a user's metric compares a row of predictions with as many numbers, …
template <class Function, class Real>
concept MeasuresNumbers = std::is_invocable_r_v<double, const Function&, std::span<const Real>, std::span<const Real>>;

/// … or with a class index.
template <class Function, class Real>
concept MeasuresClasses = std::is_invocable_r_v<double, const Function&, std::int32_t, std::span<const Real>>;

}  // namespace detail

/// Computes LambdaMetric.
template <class Real, class Function>
class LambdaMetricOf final : public Metric<Real> {
 public:
  LambdaMetricOf(std::string name, Function function) : name_(std::move(name)), function_(std::move(function)) {}

  std::string name() const override { return name_; }
  TargetKind target_kind() const override { return kNumbers ? TargetKind::values : TargetKind::classes; }

  void update(const Comparison<Real>& c, std::span<double> sums) const override {
    if constexpr (!kNumbers) check_classes(name_, c.classes, c.samples, c.positions, c.width);
    add_position_means(c, sums, [&](std::size_t row) {
      const std::span<const Real> predicted(c.predicted + row * c.width, c.width);
      if constexpr (kNumbers) {
        return static_cast<double>(function_(std::span<const Real>(c.values + row * c.width, c.width), predicted));
      } else {
        return static_cast<double>(function_(c.classes[row], predicted));
      }
    });
  }

 private:
  static constexpr bool kNumbers = detail::MeasuresNumbers<Function, Real>;

  std::string name_;
  Function function_;
};

/// A metric of the user's own, written where it is used: the mean of what the function returns for one row of outputs,
/// a sample's or a time step's, and its targets.
///
///     LambdaMetric("within_1", [](auto y_true, auto y_pred) { return std::abs(y_true[0] - y_pred[0]) <= 1; })
///
/// `y_true` and `y_pred` are `std::span<const Real>` of the same length; `auto` serves any number type. With
/// `std::int32_t y_true` targets are one class index a row. The function is called by several threads at once. One that
/// is not a mean over rows derives from `Metric`. As Keras' MeanMetricWrapper, whose function gets the whole batch.
///
/// Throws  OptionError if the name is empty
template <class Function>
class LambdaMetric {
 public:
  /// @param name  the key in History
  LambdaMetric(std::string name, Function function) : name_(std::move(name)), function_(std::move(function)) {
    if (name_.empty()) {
      throw OptionError("LambdaMetric: name must not be empty, since history and logs go by it, got \"\"");
    }
  }

  SEQNN_COLD std::string to_string() const { return Describe("LambdaMetric").argument(name_).str(); }

  template <class Real>
  requires(detail::MeasuresNumbers<Function, Real> ||
           detail::MeasuresClasses<Function, Real>) std::unique_ptr<Metric<Real>> make(For<Metric<Real>>)
  const { return std::make_unique<LambdaMetricOf<Real, Function>>(name_, function_); }

 private:
  std::string name_;
  Function function_;
};

}  // namespace seqnn::inline SEQNN_ABI
