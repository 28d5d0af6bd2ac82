#pragma once

#include "seqnn/kernels/optimizer_updates.hpp"
#include "seqnn/optimizers/optimizer.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Options of SGD, with Keras' names and defaults.
struct SGDOptions {
  double learning_rate = 0.01;
  double momentum = 0;         ///< in [0, 1]
  bool nesterov = false;       ///< looks ahead along the momentum; nothing changes without momentum
  double weight_decay = 0;     ///< share of each parameter taken off at a step, times the rate
  double clipnorm = 0;         ///< largest norm of each parameter's gradient; 0: no limit
  double clipvalue = 0;        ///< largest size of each component; 0: no limit
  double global_clipnorm = 0;  ///< largest norm of all gradients together; 0: no limit
  bool use_ema = false;        ///< keeps a moving average of the weights, which replaces them when fit ends
  double ema_momentum = 0.99;  ///< share of the old average that stays, in [0, 1]
  std::size_t ema_overwrite_frequency = 0;      ///< updates after which the average replaces the weights; 0: never
  std::size_t gradient_accumulation_steps = 0;  ///< steps whose mean gradient makes an update; 0: each its own

  bool operator==(const SGDOptions&) const = default;
};

/// Gradient descent, with momentum if wanted.
///
///   without momentum   w -= η·g
///   momentum μ         m = μ·m - η·g    w += m
///   Nesterov           m = μ·m - η·g    w += μ·m - η·g
///
/// The rate η stands inside m, as in Keras: when it changes, steps already gathered keep the old rate (PyTorch
/// multiplies the momentum by the new rate). There is no epsilon.
///
/// State   momentum, only if μ > 0
/// Throws  OptionError if a rate, decay or limit is negative or not finite, or μ outside [0, 1]
/// Source  Sutskever et al. 2013; keras/src/optimizers/sgd.py
class SGD {
 public:
  explicit SGD(SGDOptions options = {}) : options_(options) {
    check_learning_rate("SGD", options.learning_rate);
    check_decay("SGD", "momentum", options.momentum, Interval::closed);
    check_weight_decay("SGD", options.weight_decay);
    check_clipping("SGD", {options.clipnorm, options.clipvalue, options.global_clipnorm});
    check_step_options("SGD", step_options(options));
  }

  const SGDOptions& options() const { return options_; }
  bool operator==(const SGD&) const = default;
  std::string to_string() const;

  template <class Real>
  std::unique_ptr<Optimizer<Real>> make(For<Optimizer<Real>>) const;

 private:
  SGDOptions options_;
};

/// Does the work of SGD.
template <class Real>
class SGDOptimizer final : public Optimizer<Real> {
 public:
  explicit SGDOptimizer(const SGDOptions& options)
      : Optimizer<Real>(options.learning_rate, {options.clipnorm, options.clipvalue, options.global_clipnorm},
                        options.momentum > 0 ? std::vector<std::string>{"momentum"} : std::vector<std::string>{},
                        options.weight_decay, step_options(options)),
        options_(options) {}

  std::string type() const override { return "SGD"; }

 protected:
  void update_stretch(std::size_t begin, std::size_t count, const Real* gradients, Real* parameters,
                      std::size_t) override {
    const auto rate = static_cast<Real>(this->learning_rate());
    const auto momentum = static_cast<Real>(options_.momentum);
    if (options_.momentum == 0) {
      sgd_update(count, rate, gradients, parameters);
    } else if (options_.nesterov) {
      sgd_nesterov_update(count, rate, momentum, gradients, parameters, this->slot(0, begin));
    } else {
      sgd_momentum_update(count, rate, momentum, gradients, parameters, this->slot(0, begin));
    }
  }

 private:
  SGDOptions options_;
};

SEQNN_COLD inline std::string SGD::to_string() const {
  const SGDOptions standard;
  return Describe("SGD")
      .option("learning_rate", options_.learning_rate, standard.learning_rate)
      .option("momentum", options_.momentum, standard.momentum)
      .option("nesterov", options_.nesterov, standard.nesterov)
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
std::unique_ptr<Optimizer<Real>> SGD::make(For<Optimizer<Real>>) const {
  return std::make_unique<SGDOptimizer<Real>>(options_);
}

}  // namespace seqnn::inline SEQNN_ABI
