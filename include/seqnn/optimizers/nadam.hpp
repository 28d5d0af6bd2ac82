#pragma once

#include "seqnn/kernels/adaptive_updates.hpp"
#include "seqnn/optimizers/optimizer.hpp"

#include <cmath>
#include <cstddef>
#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// Options of Nadam, with Keras' names and defaults.
struct NadamOptions {
  double learning_rate = 0.001;
  double beta_1 = 0.9;         ///< share of the old average of gradients that stays, in [0, 1)
  double beta_2 = 0.999;       ///< likewise of their squares
  double epsilon = 1e-7;       ///< added to the root of the corrected average of squares
  double weight_decay = 0;     ///< share of each parameter taken off at a step, times the rate
  double clipnorm = 0;         ///< largest norm of each parameter's gradient; 0: no limit
  double clipvalue = 0;        ///< largest size of each component; 0: no limit
  double global_clipnorm = 0;  ///< largest norm of all gradients together; 0: no limit
  bool use_ema = false;        ///< keeps a moving average of the weights, which replaces them when fit ends
  double ema_momentum = 0.99;  ///< share of the old average that stays, in [0, 1]
  std::size_t ema_overwrite_frequency = 0;      ///< updates after which the average replaces the weights; 0: never
  std::size_t gradient_accumulation_steps = 0;  ///< steps whose mean gradient makes an update; 0: each its own

  bool operator==(const NadamOptions&) const = default;
};

/// Adam with Nesterov's momentum, which grows from half of β₁ to β₁.
///
///   uₜ = β₁·(1 - 0.5·0.96ᵗ)    m += (1-β₁)·(g - m)    v += (1-β₂)·(g² - v)    t = 1, 2, …
///   m̂ = uₜ₊₁·m / (1 - u₁·…·uₜ₊₁) + (1-uₜ)·g / (1 - u₁·…·uₜ)    w -= η·m̂ / (√(v / (1-β₂ᵗ)) + ε)
///
/// Epsilon stands beside the root of the CORRECTED v, unlike that of Adam. Where the divisor is 0 the step is 0.
///
/// State   momentum m, velocity v
/// Throws  OptionError if a rate, epsilon, decay or limit is negative or not finite, or a beta outside [0, 1)
/// Source  Dozat 2016; keras/src/optimizers/nadam.py
class Nadam {
 public:
  explicit Nadam(NadamOptions options = {}) : options_(options) {
    check_learning_rate("Nadam", options.learning_rate);
    check_decay("Nadam", "beta_1", options.beta_1, Interval::half_open);
    check_decay("Nadam", "beta_2", options.beta_2, Interval::half_open);
    check_epsilon("Nadam", options.epsilon);
    check_weight_decay("Nadam", options.weight_decay);
    check_clipping("Nadam", {options.clipnorm, options.clipvalue, options.global_clipnorm});
    check_step_options("Nadam", step_options(options));
  }

  const NadamOptions& options() const { return options_; }
  bool operator==(const Nadam&) const = default;
  std::string to_string() const;

  template <class Real>
  std::unique_ptr<Optimizer<Real>> make(For<Optimizer<Real>>) const;

 private:
  NadamOptions options_;
};

/// Does the work of Nadam.
template <class Real>
class NadamOptimizer final : public Optimizer<Real> {
 public:
  explicit NadamOptimizer(const NadamOptions& options)
      : Optimizer<Real>(options.learning_rate, {options.clipnorm, options.clipvalue, options.global_clipnorm},
                        {"momentum", "velocity"}, options.weight_decay, step_options(options)),
        options_(options) {}

  std::string type() const override { return "Nadam"; }

 protected:
  void update_stretch(std::size_t begin, std::size_t count, const Real* gradients, Real* parameters,
                      std::size_t iteration) override {
    const auto t = static_cast<double>(iteration);
    const double correction = std::sqrt(1 - std::pow(options_.beta_2, t));
    const double u = momentum(t);
    const double next_u = momentum(t + 1);
    const double product = momentum_product(iteration);
    const double rate = this->learning_rate() * correction;
    const NadamStep<Real> step{.momentum_rate = static_cast<Real>(rate * next_u / (1 - product * next_u)),
                               .gradient_rate = static_cast<Real>(rate * (1 - u) / (1 - product)),
                               .one_minus_beta_1 = static_cast<Real>(1 - options_.beta_1),
                               .one_minus_beta_2 = static_cast<Real>(1 - options_.beta_2),
                               .epsilon = static_cast<Real>(options_.epsilon * correction)};
    nadam_update(count, step, gradients, parameters, this->slot(0, begin), this->slot(1, begin));
  }

 private:
  /// uₜ
  double momentum(double t) const { return options_.beta_1 * (1 - 0.5 * std::pow(0.96, t)); }

  /// u₁·…·uₜ. Made anew at each step, so that the number of the step is all there is to keep; ends where it no longer
  /// changes 1 - u₁·…·uₜ.
  double momentum_product(std::size_t iteration) const {
    double product = 1;
    double decay = 1;
    for (std::size_t t = 1; t <= iteration && product > 1e-20; ++t) {
      decay *= 0.96;
      product *= options_.beta_1 * (1 - 0.5 * decay);
    }
    return product;
  }

  NadamOptions options_;
};

SEQNN_COLD inline std::string Nadam::to_string() const {
  const NadamOptions standard;
  return Describe("Nadam")
      .option("learning_rate", options_.learning_rate, standard.learning_rate)
      .option("beta_1", options_.beta_1, standard.beta_1)
      .option("beta_2", options_.beta_2, standard.beta_2)
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
std::unique_ptr<Optimizer<Real>> Nadam::make(For<Optimizer<Real>>) const {
  return std::make_unique<NadamOptimizer<Real>>(options_);
}

}  // namespace seqnn::inline SEQNN_ABI
