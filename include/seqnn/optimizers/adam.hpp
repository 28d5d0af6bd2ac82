#pragma once

#include "seqnn/kernels/optimizer_updates.hpp"
#include "seqnn/optimizers/optimizer.hpp"

#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Options of Adam, with Keras' names and defaults.
struct AdamOptions {
  double learning_rate = 0.001;
  double beta_1 = 0.9;         ///< share of the old average of gradients that stays, in [0, 1)
  double beta_2 = 0.999;       ///< likewise of their squares
  double epsilon = 1e-7;       ///< added to the root of the uncorrected average of squares
  bool amsgrad = false;        ///< divides by the largest average of squares so far
  double weight_decay = 0;     ///< share of each parameter taken off at a step, times the rate
  double clipnorm = 0;         ///< largest norm of each parameter's gradient; 0: no limit
  double clipvalue = 0;        ///< largest size of each component; 0: no limit
  double global_clipnorm = 0;  ///< largest norm of all gradients together; 0: no limit
  bool use_ema = false;        ///< keeps a moving average of the weights, which replaces them when fit ends
  double ema_momentum = 0.99;  ///< share of the old average that stays, in [0, 1]
  std::size_t ema_overwrite_frequency = 0;      ///< updates after which the average replaces the weights; 0: never
  std::size_t gradient_accumulation_steps = 0;  ///< steps whose mean gradient makes an update; 0: each its own

  bool operator==(const AdamOptions&) const = default;
};

/// Moving averages of gradient and squared gradient, corrected for their start at zero.
///
///   m += (1-β₁)·(g - m)    v += (1-β₂)·(g² - v)    α = η·√(1-β₂ᵗ) / (1-β₁ᵗ), t = 1, 2, …
///   w -= α·m / (√v + ε)       AMSGrad: the largest v so far under the root
///
/// Epsilon stands OUTSIDE the root, on the UNCORRECTED v: the "epsilon hat" of the paper, as in Keras. PyTorch corrects
/// v before it adds epsilon, so that its ε is this one divided by √(1-β₂ᵗ). Where √v + ε is 0 (ε = 0 and never a
/// gradient), the step is 0.
///
/// State   momentum m, velocity v; velocity_hat (largest v) with amsgrad
/// Throws  OptionError if a rate, epsilon, decay or limit is negative or not finite, or a beta outside [0, 1)
/// Source  Kingma & Ba 2015, end of section 2; AMSGrad: Reddi et al. 2018; keras/src/optimizers/adam.py
class Adam {
 public:
  explicit Adam(AdamOptions options = {}) : options_(options) {
    check_learning_rate("Adam", options.learning_rate);
    check_decay("Adam", "beta_1", options.beta_1, Interval::half_open);
    check_decay("Adam", "beta_2", options.beta_2, Interval::half_open);
    check_epsilon("Adam", options.epsilon);
    check_weight_decay("Adam", options.weight_decay);
    check_clipping("Adam", {options.clipnorm, options.clipvalue, options.global_clipnorm});
    check_step_options("Adam", step_options(options));
  }

  const AdamOptions& options() const { return options_; }
  bool operator==(const Adam&) const = default;
  std::string to_string() const;

  template <class Real>
  std::unique_ptr<Optimizer<Real>> make(For<Optimizer<Real>>) const;

 private:
  AdamOptions options_;
};

/// Does the work of Adam and AdamW.
template <class Real>
class AdamOptimizer final : public Optimizer<Real> {
 public:
  /// @param type  "AdamW" if made by that
  explicit AdamOptimizer(const AdamOptions& options, const char* type = "Adam")
      : Optimizer<Real>(options.learning_rate, {options.clipnorm, options.clipvalue, options.global_clipnorm},
                        slot_names(options), options.weight_decay, step_options(options)),
        options_(options),
        type_(type) {}

  std::string type() const override { return type_; }

 protected:
  void update_stretch(std::size_t begin, std::size_t count, const Real* gradients, Real* parameters,
                      std::size_t iteration) override {
    const auto t = static_cast<double>(iteration);
    const double alpha =
        this->learning_rate() * std::sqrt(1 - std::pow(options_.beta_2, t)) / (1 - std::pow(options_.beta_1, t));
    const AdamStep<Real> step{.alpha = static_cast<Real>(alpha),
                              .one_minus_beta_1 = static_cast<Real>(1 - options_.beta_1),
                              .one_minus_beta_2 = static_cast<Real>(1 - options_.beta_2),
                              .epsilon = static_cast<Real>(options_.epsilon)};
    adam_update(count, step, gradients, parameters, this->slot(0, begin), this->slot(1, begin),
                options_.amsgrad ? this->slot(2, begin) : nullptr);
  }

 private:
  static std::vector<std::string> slot_names(const AdamOptions& options) {
    std::vector<std::string> names = {"momentum", "velocity"};
    if (options.amsgrad) names.push_back("velocity_hat");
    return names;
  }

  AdamOptions options_;
  const char* type_;
};

SEQNN_COLD inline std::string Adam::to_string() const {
  const AdamOptions standard;
  return Describe("Adam")
      .option("learning_rate", options_.learning_rate, standard.learning_rate)
      .option("beta_1", options_.beta_1, standard.beta_1)
      .option("beta_2", options_.beta_2, standard.beta_2)
      .option("epsilon", options_.epsilon, standard.epsilon)
      .option("amsgrad", options_.amsgrad, standard.amsgrad)
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
std::unique_ptr<Optimizer<Real>> Adam::make(For<Optimizer<Real>>) const {
  return std::make_unique<AdamOptimizer<Real>>(options_);
}

}  // namespace seqnn::inline SEQNN_ABI
