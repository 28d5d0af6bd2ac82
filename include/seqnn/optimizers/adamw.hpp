#pragma once

#include "seqnn/optimizers/adam.hpp"
#include "seqnn/optimizers/optimizer.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// Options of AdamW, with Keras' names and defaults.
struct AdamWOptions {
  double learning_rate = 0.001;
  double weight_decay = 0.004;  ///< share of each parameter taken off at a step, times the rate
  double beta_1 = 0.9;          ///< share of the old average of gradients that stays, in [0, 1)
  double beta_2 = 0.999;        ///< likewise of their squares
  double epsilon = 1e-7;        ///< added to the root of the uncorrected average of squares
  bool amsgrad = false;         ///< divides by the largest average of squares so far
  double clipnorm = 0;          ///< largest norm of each parameter's gradient; 0: no limit
  double clipvalue = 0;         ///< largest size of each component; 0: no limit
  double global_clipnorm = 0;   ///< largest norm of all gradients together; 0: no limit
  bool use_ema = false;         ///< keeps a moving average of the weights, which replaces them when fit ends
  double ema_momentum = 0.99;   ///< share of the old average that stays, in [0, 1]
  std::size_t ema_overwrite_frequency = 0;      ///< updates after which the average replaces the weights; 0: never
  std::size_t gradient_accumulation_steps = 0;  ///< steps whose mean gradient makes an update; 0: each its own

  bool operator==(const AdamWOptions&) const = default;
};

/// Adam with decoupled weight decay: before each step of Adam, λ·η of every parameter is taken off.
///
///   w -= λ·η·w    then Adam, whose averages know nothing of the decay (an L2 regularizer would be in them)
///
/// λ is multiplied by the rate in force, so that a schedule of the rate is one of the decay. All parameters decay,
/// biases too, as in Keras; its exclude_from_weight_decay is not there.
///
/// State   as Adam
/// Throws  OptionError as Adam
/// Source  Loshchilov & Hutter 2019; keras/src/optimizers/adamw.py
class AdamW {
 public:
  explicit AdamW(AdamWOptions options = {}) : options_(options) {
    check_learning_rate("AdamW", options.learning_rate);
    check_decay("AdamW", "beta_1", options.beta_1, Interval::half_open);
    check_decay("AdamW", "beta_2", options.beta_2, Interval::half_open);
    check_epsilon("AdamW", options.epsilon);
    check_weight_decay("AdamW", options.weight_decay);
    check_clipping("AdamW", {options.clipnorm, options.clipvalue, options.global_clipnorm});
    check_step_options("AdamW", step_options(options));
  }

  const AdamWOptions& options() const { return options_; }
  bool operator==(const AdamW&) const = default;
  std::string to_string() const;

  template <class Real>
  std::unique_ptr<Optimizer<Real>> make(For<Optimizer<Real>>) const;

 private:
  AdamWOptions options_;
};

SEQNN_COLD inline std::string AdamW::to_string() const {
  const AdamWOptions standard;
  return Describe("AdamW")
      .option("learning_rate", options_.learning_rate, standard.learning_rate)
      .option("weight_decay", options_.weight_decay, standard.weight_decay)
      .option("beta_1", options_.beta_1, standard.beta_1)
      .option("beta_2", options_.beta_2, standard.beta_2)
      .option("epsilon", options_.epsilon, standard.epsilon)
      .option("amsgrad", options_.amsgrad, standard.amsgrad)
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
std::unique_ptr<Optimizer<Real>> AdamW::make(For<Optimizer<Real>>) const {
  return std::make_unique<AdamOptimizer<Real>>(
      AdamOptions{.learning_rate = options_.learning_rate,
                  .beta_1 = options_.beta_1,
                  .beta_2 = options_.beta_2,
                  .epsilon = options_.epsilon,
                  .amsgrad = options_.amsgrad,
                  .weight_decay = options_.weight_decay,
                  .clipnorm = options_.clipnorm,
                  .clipvalue = options_.clipvalue,
                  .global_clipnorm = options_.global_clipnorm,
                  .use_ema = options_.use_ema,
                  .ema_momentum = options_.ema_momentum,
                  .ema_overwrite_frequency = options_.ema_overwrite_frequency,
                  .gradient_accumulation_steps = options_.gradient_accumulation_steps},
      "AdamW");
}

}  // namespace seqnn::inline SEQNN_ABI
