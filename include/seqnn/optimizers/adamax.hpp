#pragma once

#include "seqnn/kernels/adaptive_updates.hpp"
#include "seqnn/optimizers/optimizer.hpp"

#include <cmath>
#include <cstddef>
#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// Options of Adamax, with Keras' names and defaults.
struct AdamaxOptions {
  double learning_rate = 0.001;
  double beta_1 = 0.9;         ///< share of the old average of gradients that stays, in [0, 1)
  double beta_2 = 0.999;       ///< what stays of the largest size of a gradient at each step, in [0, 1)
  double epsilon = 1e-7;       ///< added to that size
  double weight_decay = 0;     ///< share of each parameter taken off at a step, times the rate
  double clipnorm = 0;         ///< largest norm of each parameter's gradient; 0: no limit
  double clipvalue = 0;        ///< largest size of each component; 0: no limit
  double global_clipnorm = 0;  ///< largest norm of all gradients together; 0: no limit
  bool use_ema = false;        ///< keeps a moving average of the weights, which replaces them when fit ends
  double ema_momentum = 0.99;  ///< share of the old average that stays, in [0, 1]
  std::size_t ema_overwrite_frequency = 0;      ///< updates after which the average replaces the weights; 0: never
  std::size_t gradient_accumulation_steps = 0;  ///< steps whose mean gradient makes an update; 0: each its own

  bool operator==(const AdamaxOptions&) const = default;
};

/// Adam with the largest gradient of late in place of the root mean square.
///
///   m += (1-β₁)·(g - m)    u = max(β₂·u, |g|)    w -= η / (1-β₁ᵗ) · m / (u + ε), t = 1, 2, …
///
/// Where u + ε is 0 the step is 0.
///
/// State   momentum m, norm u
/// Throws  OptionError if a rate, epsilon, decay or limit is negative or not finite, or a beta outside [0, 1)
/// Source  Kingma & Ba 2015, section 7.1; keras/src/optimizers/adamax.py
class Adamax {
 public:
  explicit Adamax(AdamaxOptions options = {}) : options_(options) {
    check_learning_rate("Adamax", options.learning_rate);
    check_decay("Adamax", "beta_1", options.beta_1, Interval::half_open);
    check_decay("Adamax", "beta_2", options.beta_2, Interval::half_open);
    check_epsilon("Adamax", options.epsilon);
    check_weight_decay("Adamax", options.weight_decay);
    check_clipping("Adamax", {options.clipnorm, options.clipvalue, options.global_clipnorm});
    check_step_options("Adamax", step_options(options));
  }

  const AdamaxOptions& options() const { return options_; }
  bool operator==(const Adamax&) const = default;
  std::string to_string() const;

  template <class Real>
  std::unique_ptr<Optimizer<Real>> make(For<Optimizer<Real>>) const;

 private:
  AdamaxOptions options_;
};

/// Does the work of Adamax.
template <class Real>
class AdamaxOptimizer final : public Optimizer<Real> {
 public:
  explicit AdamaxOptimizer(const AdamaxOptions& options)
      : Optimizer<Real>(options.learning_rate, {options.clipnorm, options.clipvalue, options.global_clipnorm},
                        {"momentum", "norm"}, options.weight_decay, step_options(options)),
        options_(options) {}

  std::string type() const override { return "Adamax"; }

 protected:
  void update_stretch(std::size_t begin, std::size_t count, const Real* gradients, Real* parameters,
                      std::size_t iteration) override {
    const double alpha = this->learning_rate() / (1 - std::pow(options_.beta_1, static_cast<double>(iteration)));
    adamax_update(count, static_cast<Real>(alpha), static_cast<Real>(1 - options_.beta_1),
                  static_cast<Real>(options_.beta_2), static_cast<Real>(options_.epsilon), gradients, parameters,
                  this->slot(0, begin), this->slot(1, begin));
  }

 private:
  AdamaxOptions options_;
};

SEQNN_COLD inline std::string Adamax::to_string() const {
  const AdamaxOptions standard;
  return Describe("Adamax")
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
std::unique_ptr<Optimizer<Real>> Adamax::make(For<Optimizer<Real>>) const {
  return std::make_unique<AdamaxOptimizer<Real>>(options_);
}

}  // namespace seqnn::inline SEQNN_ABI
