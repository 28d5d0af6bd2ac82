#pragma once

#include "seqnn/kernels/optimizer_updates.hpp"
#include "seqnn/optimizers/optimizer.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Options of RMSprop, with Keras' names and defaults.
struct RMSpropOptions {
  double learning_rate = 0.001;
  double rho = 0.9;            ///< share of the old average of squares that stays, in [0, 1)
  double momentum = 0;         ///< in [0, 1]
  double epsilon = 1e-7;       ///< inside the root
  bool centered = false;       ///< divides by the deviation from the mean gradient and not by its root mean square
  double weight_decay = 0;     ///< share of each parameter taken off at a step, times the rate
  double clipnorm = 0;         ///< largest norm of each parameter's gradient; 0: no limit
  double clipvalue = 0;        ///< largest size of each component; 0: no limit
  double global_clipnorm = 0;  ///< largest norm of all gradients together; 0: no limit
  bool use_ema = false;        ///< keeps a moving average of the weights, which replaces them when fit ends
  double ema_momentum = 0.99;  ///< share of the old average that stays, in [0, 1]
  std::size_t ema_overwrite_frequency = 0;      ///< updates after which the average replaces the weights; 0: never
  std::size_t gradient_accumulation_steps = 0;  ///< steps whose mean gradient makes an update; 0: each its own

  bool operator==(const RMSpropOptions&) const = default;
};

/// Divides each gradient by the root of a moving average of its square.
///
///   v = ρ·v + (1-ρ)·g²    d = η·g / √(v + ε)    w -= d
///   centered   a = ρ·a + (1-ρ)·g    d = η·g / √(v - a² + ε)
///   momentum μ   m = μ·m + d    w -= m
///
/// Epsilon stands INSIDE the root, as in Keras; PyTorch adds it to the root. Keras' 1e-7 thus bounds the divisor from
/// below by 3.2e-4. v - a², which rounding can make negative, counts as at least 0. Where the divisor is 0 (ε = 0 and
/// never a gradient), d is 0.
///
/// State   velocity v; average_gradient a if centered; momentum m if μ > 0
/// Throws  OptionError if a rate, epsilon, decay or limit is negative or not finite, ρ outside [0, 1) or μ outside [0,
/// 1] Source  Hinton's lecture 6e, 2012; centered: Graves 2013; keras/src/optimizers/rmsprop.py
class RMSprop {
 public:
  explicit RMSprop(RMSpropOptions options = {}) : options_(options) {
    check_learning_rate("RMSprop", options.learning_rate);
    check_decay("RMSprop", "rho", options.rho, Interval::half_open);
    check_decay("RMSprop", "momentum", options.momentum, Interval::closed);
    check_epsilon("RMSprop", options.epsilon);
    check_weight_decay("RMSprop", options.weight_decay);
    check_clipping("RMSprop", {options.clipnorm, options.clipvalue, options.global_clipnorm});
    check_step_options("RMSprop", step_options(options));
  }

  const RMSpropOptions& options() const { return options_; }
  bool operator==(const RMSprop&) const = default;
  std::string to_string() const;

  template <class Real>
  std::unique_ptr<Optimizer<Real>> make(For<Optimizer<Real>>) const;

 private:
  RMSpropOptions options_;
};

/// Does the work of RMSprop.
template <class Real>
class RMSpropOptimizer final : public Optimizer<Real> {
 public:
  explicit RMSpropOptimizer(const RMSpropOptions& options)
      : Optimizer<Real>(options.learning_rate, {options.clipnorm, options.clipvalue, options.global_clipnorm},
                        slot_names(options), options.weight_decay, step_options(options)),
        options_(options) {}

  std::string type() const override { return "RMSprop"; }

 protected:
  void update_stretch(std::size_t begin, std::size_t count, const Real* gradients, Real* parameters,
                      std::size_t) override {
    const RMSpropStep<Real> step{.learning_rate = static_cast<Real>(this->learning_rate()),
                                 .rho = static_cast<Real>(options_.rho),
                                 .one_minus_rho = static_cast<Real>(1 - options_.rho),
                                 .momentum = static_cast<Real>(options_.momentum),
                                 .epsilon = static_cast<Real>(options_.epsilon)};
    std::size_t next = 0;
    Real* const velocity = this->slot(next++, begin);
    Real* const average = options_.centered ? this->slot(next++, begin) : nullptr;
    Real* const momentum = options_.momentum > 0 ? this->slot(next++, begin) : nullptr;
    rmsprop_update(count, step, gradients, parameters, velocity, average, momentum);
  }

 private:
  SEQNN_COLD static std::vector<std::string> slot_names(const RMSpropOptions& options) {
    std::vector<std::string> names;
    names.push_back("velocity");
    if (options.centered) names.push_back("average_gradient");
    if (options.momentum > 0) names.push_back("momentum");
    return names;
  }

  RMSpropOptions options_;
};

SEQNN_COLD inline std::string RMSprop::to_string() const {
  const RMSpropOptions standard;
  return Describe("RMSprop")
      .option("learning_rate", options_.learning_rate, standard.learning_rate)
      .option("rho", options_.rho, standard.rho)
      .option("momentum", options_.momentum, standard.momentum)
      .option("epsilon", options_.epsilon, standard.epsilon)
      .option("centered", options_.centered, standard.centered)
      .option("weight_decay", options_.weight_decay, standard.weight_decay)
      .option("clipnorm", options_.clipnorm, standard.clipnorm)
      .option("clipvalue", options_.clipvalue, standard.clipvalue)
      .option("global_clipnorm", options_.global_clipnorm, standard.global_clipnorm)
      .option("use_ema", options_.use_ema, standard.use_ema)
      .option("ema_momentum", options_.ema_momentum, standard.ema_momentum)
      .option("ema_overwrite_frequency", options_.ema_overwrite_frequency, standard.ema_overwrite_frequency)
      .option("gradient_accumulation_steps", options_.gradient_accumulation_steps, standard.gradient_accumulation_steps)
      .str();
}

template <class Real>
std::unique_ptr<Optimizer<Real>> RMSprop::make(For<Optimizer<Real>>) const {
  return std::make_unique<RMSpropOptimizer<Real>>(options_);
}

}  // namespace seqnn::inline SEQNN_ABI
