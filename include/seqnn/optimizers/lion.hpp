#pragma once

#include "seqnn/kernels/adaptive_updates.hpp"
#include "seqnn/optimizers/optimizer.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// Options of Lion, with Keras' names and defaults.
struct LionOptions {
  double learning_rate = 0.001;
  double beta_1 = 0.9;         ///< share of the momentum in the direction of the step, in [0, 1]
  double beta_2 = 0.99;        ///< share of the old momentum that stays, in [0, 1)
  double weight_decay = 0;     ///< share of each parameter taken off at a step, times the rate
  double clipnorm = 0;         ///< largest norm of each parameter's gradient; 0: no limit
  double clipvalue = 0;        ///< largest size of each component; 0: no limit
  double global_clipnorm = 0;  ///< largest norm of all gradients together; 0: no limit
  bool use_ema = false;        ///< keeps a moving average of the weights, which replaces them when fit ends
  double ema_momentum = 0.99;  ///< share of the old average that stays, in [0, 1]
  std::size_t ema_overwrite_frequency = 0;      ///< updates after which the average replaces the weights; 0: never
  std::size_t gradient_accumulation_steps = 0;  ///< steps whose mean gradient makes an update; 0: each its own

  bool operator==(const LionOptions&) const = default;
};

/// Moves every parameter by the same amount, against the sign of a momentum.
///
///   w -= η·sign(β₁·m + (1-β₁)·g)    m = β₂·m + (1-β₂)·g
///
/// Every step is ±η: the paper advises a rate three to ten times smaller than Adam's, and as much more decay.
///
/// State   momentum m
/// Throws  OptionError if a rate, decay or limit is negative or not finite, β₁ outside [0, 1] or β₂ outside [0, 1)
/// Source  Chen et al. 2023; keras/src/optimizers/lion.py
class Lion {
 public:
  explicit Lion(LionOptions options = {}) : options_(options) {
    check_learning_rate("Lion", options.learning_rate);
    check_decay("Lion", "beta_1", options.beta_1, Interval::closed);
    check_decay("Lion", "beta_2", options.beta_2, Interval::half_open);
    check_weight_decay("Lion", options.weight_decay);
    check_clipping("Lion", {options.clipnorm, options.clipvalue, options.global_clipnorm});
    check_step_options("Lion", step_options(options));
  }

  const LionOptions& options() const { return options_; }
  bool operator==(const Lion&) const = default;
  std::string to_string() const;

  template <class Real>
  std::unique_ptr<Optimizer<Real>> make(For<Optimizer<Real>>) const;

 private:
  LionOptions options_;
};

/// Does the work of Lion.
template <class Real>
class LionOptimizer final : public Optimizer<Real> {
 public:
  explicit LionOptimizer(const LionOptions& options)
      : Optimizer<Real>(options.learning_rate, {options.clipnorm, options.clipvalue, options.global_clipnorm},
                        {"momentum"}, options.weight_decay, step_options(options)),
        options_(options) {}

  std::string type() const override { return "Lion"; }

 protected:
  void update_stretch(std::size_t begin, std::size_t count, const Real* gradients, Real* parameters,
                      std::size_t) override {
    lion_update(count, static_cast<Real>(this->learning_rate()), static_cast<Real>(options_.beta_1),
                static_cast<Real>(1 - options_.beta_1), static_cast<Real>(options_.beta_2),
                static_cast<Real>(1 - options_.beta_2), gradients, parameters, this->slot(0, begin));
  }

 private:
  LionOptions options_;
};

SEQNN_COLD inline std::string Lion::to_string() const {
  const LionOptions standard;
  return Describe("Lion")
      .option("learning_rate", options_.learning_rate, standard.learning_rate)
      .option("beta_1", options_.beta_1, standard.beta_1)
      .option("beta_2", options_.beta_2, standard.beta_2)
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
std::unique_ptr<Optimizer<Real>> Lion::make(For<Optimizer<Real>>) const {
  return std::make_unique<LionOptimizer<Real>>(options_);
}

}  // namespace seqnn::inline SEQNN_ABI
