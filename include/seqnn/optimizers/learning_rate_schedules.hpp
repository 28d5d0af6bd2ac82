#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/optimizers/option_checks.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

// Learning rates as functions of the step, with the names, arguments, defaults and formulas of Keras'
// keras.optimizers.schedules, in double. Steps count from 0. LearningRateScheduler gives them to a training. One that
// falls by steps is ExponentialDecay with `staircase`, or PiecewiseConstantDecay; a constant one needs no schedule.

/// What a schedule derives from, also one of a user's own, which needs `double operator()(std::size_t step) const`.
struct LearningRateSchedule {
  bool operator==(const LearningRateSchedule&) const = default;
};

namespace detail {

SEQNN_COLD inline void check_steps(std::string_view schedule, const char* option, std::size_t steps,
                                   std::size_t least = 1) {
  if (steps < least) {
    throw OptionError(text(schedule, ": ", option, " must be at least ", least, ", got ", steps,
                           "; an epoch has as many steps as there are batches in it"));
  }
}

/// step / steps, rounded down for a staircase.
inline double periods(std::size_t step, std::size_t steps, bool staircase) {
  return staircase ? static_cast<double>(step / steps) : static_cast<double>(step) / static_cast<double>(steps);
}

}  // namespace detail

struct ExponentialDecayOptions {
  double initial_learning_rate = 0;
  std::size_t decay_steps = 0;  ///< after which the rate has been multiplied by decay_rate
  double decay_rate = 0;
  bool staircase = false;  ///< falls once every decay_steps, and not with every step

  bool operator==(const ExponentialDecayOptions&) const = default;
};

/// η₀·r^(step / decay_steps)
/// @throws OptionError if a rate is negative or not finite, or decay_steps 0
class ExponentialDecay : public LearningRateSchedule {
 public:
  explicit ExponentialDecay(ExponentialDecayOptions options) : options_(std::move(options)) {
    check_not_negative("ExponentialDecay", "initial_learning_rate", options_.initial_learning_rate);
    check_not_negative("ExponentialDecay", "decay_rate", options_.decay_rate);
    detail::check_steps("ExponentialDecay", "decay_steps", options_.decay_steps);
  }

  const ExponentialDecayOptions& options() const { return options_; }
  bool operator==(const ExponentialDecay&) const = default;

  double operator()(std::size_t step) const {
    const double periods = detail::periods(step, options_.decay_steps, options_.staircase);
    return options_.initial_learning_rate * std::pow(options_.decay_rate, periods);
  }

 private:
  ExponentialDecayOptions options_;
};

struct InverseTimeDecayOptions {
  double initial_learning_rate = 0;
  std::size_t decay_steps = 0;
  double decay_rate = 0;
  bool staircase = false;  ///< falls once every decay_steps, and not with every step

  bool operator==(const InverseTimeDecayOptions&) const = default;
};

/// η₀ / (1 + r·step / decay_steps)
/// @throws OptionError if a rate is negative or not finite, or decay_steps 0
class InverseTimeDecay : public LearningRateSchedule {
 public:
  explicit InverseTimeDecay(InverseTimeDecayOptions options) : options_(std::move(options)) {
    check_not_negative("InverseTimeDecay", "initial_learning_rate", options_.initial_learning_rate);
    check_not_negative("InverseTimeDecay", "decay_rate", options_.decay_rate);
    detail::check_steps("InverseTimeDecay", "decay_steps", options_.decay_steps);
  }

  const InverseTimeDecayOptions& options() const { return options_; }
  bool operator==(const InverseTimeDecay&) const = default;

  double operator()(std::size_t step) const {
    const double periods = detail::periods(step, options_.decay_steps, options_.staircase);
    return options_.initial_learning_rate / (1 + options_.decay_rate * periods);
  }

 private:
  InverseTimeDecayOptions options_;
};

struct PolynomialDecayOptions {
  double initial_learning_rate = 0;
  std::size_t decay_steps = 0;  ///< after which the rate is end_learning_rate
  double end_learning_rate = 0.0001;
  double power = 1;    ///< 1: a straight line
  bool cycle = false;  ///< starts again after the end, from ever lower rates: decay_steps is then the next multiple

  bool operator==(const PolynomialDecayOptions&) const = default;
};

/// (η₀ - η₁)·(1 - step / decay_steps)^power + η₁, and η₁ from there on
/// @throws OptionError if a rate or the power is negative or not finite, or decay_steps 0
class PolynomialDecay : public LearningRateSchedule {
 public:
  explicit PolynomialDecay(PolynomialDecayOptions options) : options_(std::move(options)) {
    check_not_negative("PolynomialDecay", "initial_learning_rate", options_.initial_learning_rate);
    check_not_negative("PolynomialDecay", "end_learning_rate", options_.end_learning_rate);
    check_not_negative("PolynomialDecay", "power", options_.power);
    detail::check_steps("PolynomialDecay", "decay_steps", options_.decay_steps);
  }

  const PolynomialDecayOptions& options() const { return options_; }
  bool operator==(const PolynomialDecay&) const = default;

  double operator()(std::size_t step) const {
    std::size_t steps = options_.decay_steps;
    if (options_.cycle) {
      steps *= std::max<std::size_t>((step + steps - 1) / steps, 1);
    } else {
      step = std::min(step, steps);
    }
    const double left = 1 - static_cast<double>(step) / static_cast<double>(steps);
    return (options_.initial_learning_rate - options_.end_learning_rate) * std::pow(left, options_.power) +
           options_.end_learning_rate;
  }

 private:
  PolynomialDecayOptions options_;
};

struct PiecewiseConstantDecayOptions {
  std::vector<std::size_t> boundaries = {};  ///< the last step of each value but the last, growing
  std::vector<double> values = {};           ///< one more than boundaries

  bool operator==(const PiecewiseConstantDecayOptions&) const = default;
};

/// The first value up to and with the step of the first boundary, the next up to the second, …
/// @throws OptionError unless there is one value more than boundaries, boundaries grow and values are finite and not
///         negative
class PiecewiseConstantDecay : public LearningRateSchedule {
 public:
  explicit PiecewiseConstantDecay(PiecewiseConstantDecayOptions options) : options_(std::move(options)) {
    if (options_.values.size() != options_.boundaries.size() + 1) {
      throw OptionError(text("PiecewiseConstantDecay: values must be one more than boundaries, got ",
                             options_.values.size(), " values and ", options_.boundaries.size(), " boundaries"));
    }
    for (const double value : options_.values) check_not_negative("PiecewiseConstantDecay", "values", value);
    for (std::size_t i = 1; i < options_.boundaries.size(); ++i) {
      if (options_.boundaries[i] > options_.boundaries[i - 1]) continue;
      throw OptionError(text("PiecewiseConstantDecay: boundaries must grow, got ", options_.boundaries[i], " after ",
                             options_.boundaries[i - 1]));
    }
  }

  const PiecewiseConstantDecayOptions& options() const { return options_; }
  bool operator==(const PiecewiseConstantDecay&) const = default;

  double operator()(std::size_t step) const {
    const auto& ends = options_.boundaries;
    return options_.values[static_cast<std::size_t>(std::lower_bound(ends.begin(), ends.end(), step) - ends.begin())];
  }

 private:
  PiecewiseConstantDecayOptions options_;
};

}  // namespace seqnn::inline SEQNN_ABI
