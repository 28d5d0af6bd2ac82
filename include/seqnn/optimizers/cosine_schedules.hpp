#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/optimizers/learning_rate_schedules.hpp"
#include "seqnn/optimizers/option_checks.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <optional>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

// Learning rate schedules along half waves.

namespace detail {

/// From 1 to 0 along half a wave, while `share` goes from 0 to 1.
inline double half_cosine(double share) { return 0.5 * (1 + std::cos(std::numbers::pi * share)); }

}  // namespace detail

struct CosineDecayOptions {
  double initial_learning_rate = 0;          ///< where warm-up begins, if there is one
  std::size_t decay_steps = 0;               ///< after warm-up
  double alpha = 0;                          ///< share of the highest rate that is left at the end
  std::optional<double> warmup_target = {};  ///< rate at the end of warm-up; without it there is none
  std::size_t warmup_steps = 0;              ///< in which the rate grows along a straight line to warmup_target

  bool operator==(const CosineDecayOptions&) const = default;
};

/// Half a wave from the highest rate to `alpha` of it, η·((1-α)·½(1 + cos(π·step / decay_steps)) + α), after a warm-up
/// if wanted.
/// @throws OptionError if a rate or alpha is negative or not finite, decay_steps 0, or there are warm-up steps without
///         a target (which Keras passes over)
class CosineDecay : public LearningRateSchedule {
 public:
  explicit CosineDecay(CosineDecayOptions options) : options_(std::move(options)) {
    check_not_negative("CosineDecay", "initial_learning_rate", options_.initial_learning_rate);
    check_not_negative("CosineDecay", "alpha", options_.alpha);
    detail::check_steps("CosineDecay", "decay_steps", options_.decay_steps);
    if (options_.warmup_target) check_not_negative("CosineDecay", "warmup_target", *options_.warmup_target);
    if (options_.warmup_steps > 0 && !options_.warmup_target) {
      throw OptionError(text("CosineDecay: warmup_target must be given with warmup_steps, got ", options_.warmup_steps,
                             " steps; give the rate at the end of warm-up"));
    }
  }

  const CosineDecayOptions& options() const { return options_; }
  bool operator==(const CosineDecay&) const = default;

  double operator()(std::size_t step) const {
    const double start = options_.initial_learning_rate;
    const double highest = options_.warmup_target.value_or(start);
    if (step < options_.warmup_steps) {
      return start + (highest - start) * static_cast<double>(step) / static_cast<double>(options_.warmup_steps);
    }
    const std::size_t decayed = std::min(step - options_.warmup_steps, options_.decay_steps);
    const double share = static_cast<double>(decayed) / static_cast<double>(options_.decay_steps);
    return highest * ((1 - options_.alpha) * detail::half_cosine(share) + options_.alpha);
  }

 private:
  CosineDecayOptions options_;
};

struct CosineDecayRestartsOptions {
  double initial_learning_rate = 0;
  std::size_t first_decay_steps = 0;  ///< length of the first wave
  double t_mul = 2;                   ///< each wave is so many times as long as the one before; at least 1
  double m_mul = 1;                   ///< and begins with so many times its rate
  double alpha = 0;                   ///< share of the rate that is left at the end of a wave

  bool operator==(const CosineDecayRestartsOptions&) const = default;
};

/// Half waves as CosineDecay's, one after the other (warm restarts, Loshchilov & Hutter 2017).
/// @throws OptionError if a rate, m_mul or alpha is negative or not finite, t_mul below 1, or first_decay_steps 0
class CosineDecayRestarts : public LearningRateSchedule {
 public:
  explicit CosineDecayRestarts(CosineDecayRestartsOptions options) : options_(std::move(options)) {
    check_not_negative("CosineDecayRestarts", "initial_learning_rate", options_.initial_learning_rate);
    check_not_negative("CosineDecayRestarts", "t_mul", options_.t_mul);
    check_not_negative("CosineDecayRestarts", "m_mul", options_.m_mul);
    check_not_negative("CosineDecayRestarts", "alpha", options_.alpha);
    if (options_.t_mul < 1) {
      throw OptionError(text("CosineDecayRestarts: t_mul must be at least 1, got ", options_.t_mul));
    }
    detail::check_steps("CosineDecayRestarts", "first_decay_steps", options_.first_decay_steps);
  }

  const CosineDecayRestartsOptions& options() const { return options_; }
  bool operator==(const CosineDecayRestarts&) const = default;

  double operator()(std::size_t step) const {
    auto length = static_cast<double>(options_.first_decay_steps);
    auto into = static_cast<double>(step);
    double restarts = 0;
    if (options_.t_mul == 1) {
      restarts = std::floor(into / length);
      into -= restarts * length;
    } else {
      for (; into >= length; ++restarts) {
        into -= length;
        length *= options_.t_mul;
      }
    }
    const double wave = std::pow(options_.m_mul, restarts) * detail::half_cosine(into / length);
    return options_.initial_learning_rate * ((1 - options_.alpha) * wave + options_.alpha);
  }

 private:
  CosineDecayRestartsOptions options_;
};

struct OneCycleOptions {
  double max_learning_rate = 0;
  std::size_t total_steps = 0;    ///< of the training, at least 2
  double pct_start = 0.3;         ///< share of the steps in which the rate grows, in [0, 1)
  double div_factor = 25;         ///< the first rate is max_learning_rate / div_factor
  double final_div_factor = 1e4;  ///< the last rate is the first / final_div_factor

  bool operator==(const OneCycleOptions&) const = default;
};

/// Up to the highest rate and down to almost none, each along half a wave (Smith 2018). Not in Keras; names, defaults
/// and formula are those of PyTorch's OneCycleLR with `cycle_momentum = False`. After the last step the rate stays.
/// @throws OptionError if the rate is negative or not finite, pct_start outside [0, 1), a factor not positive, or
///         total_steps below 2
class OneCycle : public LearningRateSchedule {
 public:
  explicit OneCycle(OneCycleOptions options) : options_(std::move(options)) {
    check_not_negative("OneCycle", "max_learning_rate", options_.max_learning_rate);
    check_not_negative("OneCycle", "div_factor", options_.div_factor);
    check_not_negative("OneCycle", "final_div_factor", options_.final_div_factor);
    check_decay("OneCycle", "pct_start", options_.pct_start, Interval::half_open);
    if (options_.div_factor == 0 || options_.final_div_factor == 0) {
      throw OptionError(text("OneCycle: div_factor and final_div_factor must be above 0, got ", options_.div_factor,
                             " and ", options_.final_div_factor));
    }
    detail::check_steps("OneCycle", "total_steps", options_.total_steps, 2);
  }

  const OneCycleOptions& options() const { return options_; }
  bool operator==(const OneCycle&) const = default;

  double operator()(std::size_t step) const {
    const double first = options_.max_learning_rate / options_.div_factor;
    const double last = first / options_.final_div_factor;
    const double end = static_cast<double>(options_.total_steps - 1);
    const double top = std::max(0.0, options_.pct_start * static_cast<double>(options_.total_steps) - 1);
    const double at = std::min(static_cast<double>(step), end);
    if (at < top) return blend(first, options_.max_learning_rate, at / top);
    return blend(options_.max_learning_rate, last, (at - top) / (end - top));
  }

 private:
  static double blend(double from, double to, double share) { return to + (from - to) * detail::half_cosine(share); }

  OneCycleOptions options_;
};

}  // namespace seqnn::inline SEQNN_ABI
