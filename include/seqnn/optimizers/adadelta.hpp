#pragma once

#include "seqnn/kernels/adaptive_updates.hpp"
#include "seqnn/optimizers/optimizer.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// Options of Adadelta, with Keras' names and defaults.
struct AdadeltaOptions {
  double learning_rate = 0.001;
  double rho = 0.95;           ///< share of the old averages of squares that stays, in [0, 1)
  double epsilon = 1e-7;       ///< inside both roots
  double weight_decay = 0;     ///< share of each parameter taken off at a step, times the rate
  double clipnorm = 0;         ///< largest norm of each parameter's gradient; 0: no limit
  double clipvalue = 0;        ///< largest size of each component; 0: no limit
  double global_clipnorm = 0;  ///< largest norm of all gradients together; 0: no limit
  bool use_ema = false;        ///< keeps a moving average of the weights, which replaces them when fit ends
  double ema_momentum = 0.99;  ///< share of the old average that stays, in [0, 1]
  std::size_t ema_overwrite_frequency = 0;      ///< updates after which the average replaces the weights; 0: never
  std::size_t gradient_accumulation_steps = 0;  ///< steps whose mean gradient makes an update; 0: each its own

  bool operator==(const AdadeltaOptions&) const = default;
};

/// Makes each step as large as those before it, in the ratio of this gradient to those before it.
///
///   a = ρ·a + (1-ρ)·g²    d = √(b + ε) / √(a + ε) · g    b = ρ·b + (1-ρ)·d²    w -= η·d
///
/// The default rate is Keras' 0.001; the paper has no rate, which is 1. Where the divisor is 0 (ε = 0 and never a
/// gradient) the step is 0; with ε = 0 there is never a step at all.
///
/// State   accumulated_grad a, accumulated_delta_var b
/// Throws  OptionError if a rate, epsilon, decay or limit is negative or not finite, or ρ outside [0, 1)
/// Source  Zeiler 2012; keras/src/optimizers/adadelta.py
class Adadelta {
 public:
  explicit Adadelta(AdadeltaOptions options = {}) : options_(options) {
    check_learning_rate("Adadelta", options.learning_rate);
    check_decay("Adadelta", "rho", options.rho, Interval::half_open);
    check_epsilon("Adadelta", options.epsilon);
    check_weight_decay("Adadelta", options.weight_decay);
    check_clipping("Adadelta", {options.clipnorm, options.clipvalue, options.global_clipnorm});
    check_step_options("Adadelta", step_options(options));
  }

  const AdadeltaOptions& options() const { return options_; }
  bool operator==(const Adadelta&) const = default;
  std::string to_string() const;

  template <class Real>
  std::unique_ptr<Optimizer<Real>> make(For<Optimizer<Real>>) const;

 private:
  AdadeltaOptions options_;
};

/// Does the work of Adadelta.
template <class Real>
class AdadeltaOptimizer final : public Optimizer<Real> {
 public:
  explicit AdadeltaOptimizer(const AdadeltaOptions& options)
      : Optimizer<Real>(options.learning_rate, {options.clipnorm, options.clipvalue, options.global_clipnorm},
                        {"accumulated_grad", "accumulated_delta_var"}, options.weight_decay, step_options(options)),
        options_(options) {}

  std::string type() const override { return "Adadelta"; }

 protected:
  void update_stretch(std::size_t begin, std::size_t count, const Real* gradients, Real* parameters,
                      std::size_t) override {
    adadelta_update(count, static_cast<Real>(this->learning_rate()), static_cast<Real>(options_.rho),
                    static_cast<Real>(1 - options_.rho), static_cast<Real>(options_.epsilon), gradients, parameters,
                    this->slot(0, begin), this->slot(1, begin));
  }

 private:
  AdadeltaOptions options_;
};

SEQNN_COLD inline std::string Adadelta::to_string() const {
  const AdadeltaOptions standard;
  return Describe("Adadelta")
      .option("learning_rate", options_.learning_rate, standard.learning_rate)
      .option("rho", options_.rho, standard.rho)
      .option("epsilon", options_.epsilon, standard.epsilon)
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
std::unique_ptr<Optimizer<Real>> Adadelta::make(For<Optimizer<Real>>) const {
  return std::make_unique<AdadeltaOptimizer<Real>>(options_);
}

}  // namespace seqnn::inline SEQNN_ABI
