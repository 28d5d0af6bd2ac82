#pragma once

#include "seqnn/kernels/adaptive_updates.hpp"
#include "seqnn/optimizers/optimizer.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// Options of Adagrad, with Keras' names and defaults.
struct AdagradOptions {
  double learning_rate = 0.001;
  double initial_accumulator_value = 0.1;  ///< what each sum of squares starts at
  double epsilon = 1e-7;                   ///< inside the root
  double weight_decay = 0;                 ///< share of each parameter taken off at a step, times the rate
  double clipnorm = 0;                     ///< largest norm of each parameter's gradient; 0: no limit
  double clipvalue = 0;                    ///< largest size of each component; 0: no limit
  double global_clipnorm = 0;              ///< largest norm of all gradients together; 0: no limit
  bool use_ema = false;                    ///< keeps a moving average of the weights, which replaces them when fit ends
  double ema_momentum = 0.99;              ///< share of the old average that stays, in [0, 1]
  std::size_t ema_overwrite_frequency = 0;      ///< updates after which the average replaces the weights; 0: never
  std::size_t gradient_accumulation_steps = 0;  ///< steps whose mean gradient makes an update; 0: each its own

  bool operator==(const AdagradOptions&) const = default;
};

/// Divides each gradient by the root of the sum of all its squares so far: steps only become smaller.
///
///   a = a₀ + Σ g²    w -= η·g / √(a + ε)
///
/// Epsilon stands INSIDE the root, as in Keras. Where the divisor is 0 the step is 0.
///
/// State   accumulator: Σ g², without a₀
/// Throws  OptionError if a rate, a₀, epsilon, decay or limit is negative or not finite
/// Source  Duchi et al. 2011; keras/src/optimizers/adagrad.py
class Adagrad {
 public:
  explicit Adagrad(AdagradOptions options = {}) : options_(options) {
    check_learning_rate("Adagrad", options.learning_rate);
    check_not_negative("Adagrad", "initial_accumulator_value", options.initial_accumulator_value);
    check_epsilon("Adagrad", options.epsilon);
    check_weight_decay("Adagrad", options.weight_decay);
    check_clipping("Adagrad", {options.clipnorm, options.clipvalue, options.global_clipnorm});
    check_step_options("Adagrad", step_options(options));
  }

  const AdagradOptions& options() const { return options_; }
  bool operator==(const Adagrad&) const = default;
  std::string to_string() const;

  template <class Real>
  std::unique_ptr<Optimizer<Real>> make(For<Optimizer<Real>>) const;

 private:
  AdagradOptions options_;
};

/// Does the work of Adagrad.
template <class Real>
class AdagradOptimizer final : public Optimizer<Real> {
 public:
  explicit AdagradOptimizer(const AdagradOptions& options)
      : Optimizer<Real>(options.learning_rate, {options.clipnorm, options.clipvalue, options.global_clipnorm},
                        {"accumulator"}, options.weight_decay, step_options(options)),
        options_(options) {}

  std::string type() const override { return "Adagrad"; }

 protected:
  void update_stretch(std::size_t begin, std::size_t count, const Real* gradients, Real* parameters,
                      std::size_t) override {
    adagrad_update(count, static_cast<Real>(this->learning_rate()),
                   static_cast<Real>(options_.initial_accumulator_value + options_.epsilon), gradients, parameters,
                   this->slot(0, begin));
  }

 private:
  AdagradOptions options_;
};

SEQNN_COLD inline std::string Adagrad::to_string() const {
  const AdagradOptions standard;
  return Describe("Adagrad")
      .option("learning_rate", options_.learning_rate, standard.learning_rate)
      .option("initial_accumulator_value", options_.initial_accumulator_value, standard.initial_accumulator_value)
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
std::unique_ptr<Optimizer<Real>> Adagrad::make(For<Optimizer<Real>>) const {
  return std::make_unique<AdagradOptimizer<Real>>(options_);
}

}  // namespace seqnn::inline SEQNN_ABI
