#pragma once

#include "seqnn/core/error.hpp"

#include <cmath>
#include <cstddef>
#include <string_view>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

// Checks of the options that optimizers share, made when the value is written: `SGD({.learning_rate = -1})` throws.
// `optimizer` begins the message: "SGD".

/// Limits on gradients, applied before the update; 0 means none. At most one may be set.
struct GradientClipping {
  double clipnorm = 0;         ///< each parameter's gradient is scaled down to at most this norm
  double clipvalue = 0;        ///< each component is cut to ± this
  double global_clipnorm = 0;  ///< all gradients together are scaled down to at most this norm
};

/// What optimizers do around their updates. Every options struct has members of these names.
struct StepOptions {
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::size_t ema_overwrite_frequency = 0;
  std::size_t gradient_accumulation_steps = 0;
};

template <class Options>
StepOptions step_options(const Options& options) {
  return {options.use_ema, options.ema_momentum, options.ema_overwrite_frequency, options.gradient_accumulation_steps};
}

/// @throws OptionError if the momentum is outside [0, 1], options of the average are set without it, or gradients of
/// one
///         step are to be accumulated
SEQNN_COLD inline void check_step_options(std::string_view optimizer, const StepOptions& options) {
  if (!(options.ema_momentum >= 0 && options.ema_momentum <= 1)) {
    throw OptionError(text(optimizer, ": ema_momentum must be in [0, 1], got ", options.ema_momentum));
  }
  if (!options.use_ema &&
      (options.ema_overwrite_frequency != 0 || options.ema_momentum != StepOptions().ema_momentum)) {
    throw OptionError(
        text(optimizer, ": use_ema must be true with ema_momentum and ema_overwrite_frequency, got false, ",
             options.ema_momentum, " and ", options.ema_overwrite_frequency, "; set it, or leave them out"));
  }
  if (options.gradient_accumulation_steps == 1) {
    throw OptionError(text(optimizer,
                           ": gradient_accumulation_steps must be at least 2, got 1; leave it at 0 for an "
                           "update a step"));
  }
}

/// @throws OptionError if the rate is negative or not finite
SEQNN_COLD inline void check_learning_rate(std::string_view optimizer, double rate) {
  if (!(rate >= 0) || std::isinf(rate)) {
    throw OptionError(
        text(optimizer, ": learning_rate must be a finite number not below 0, got ", rate, "; 0.001 is a usual start"));
  }
}

/// @throws OptionError if a limit is negative or not finite, or more than one is set
SEQNN_COLD inline void check_clipping(std::string_view optimizer, const GradientClipping& clipping) {
  const std::pair<const char*, double> limits[] = {{"clipnorm", clipping.clipnorm},
                                                   {"clipvalue", clipping.clipvalue},
                                                   {"global_clipnorm", clipping.global_clipnorm}};
  int set = 0;
  for (const auto& [name, limit] : limits) {
    if (!(limit >= 0) || std::isinf(limit)) {
      throw OptionError(text(optimizer, ": ", name, " must be a finite number not below 0, got ", limit,
                             "; leave it at 0 for no clipping"));
    }
    set += limit > 0 ? 1 : 0;
  }
  if (set > 1) {
    throw OptionError(text(optimizer, ": at most one of clipnorm, clipvalue and global_clipnorm may be set, got ",
                           clipping.clipnorm, ", ", clipping.clipvalue, " and ", clipping.global_clipnorm,
                           "; leave the others at 0"));
  }
}

/// @throws OptionError if the decay is negative or not finite
SEQNN_COLD inline void check_weight_decay(std::string_view optimizer, double decay) {
  if (!(decay >= 0) || std::isinf(decay)) {
    throw OptionError(
        text(optimizer, ": weight_decay must be a finite number not below 0, got ", decay, "; leave it at 0 for none"));
  }
}

enum class Interval { closed, half_open };

/// Checks the share of an earlier value that stays, such as a momentum.
/// @throws OptionError unless it is in [0, 1], or [0, 1) if half open
SEQNN_COLD inline void check_decay(std::string_view optimizer, const char* option, double value, Interval interval) {
  const bool closed = interval == Interval::closed;
  if (!(value >= 0) || !(closed ? value <= 1 : value < 1)) {
    throw OptionError(text(optimizer, ": ", option, " must be in [0, 1", closed ? "]" : ")", ", got ", value));
  }
}

/// @throws OptionError if the value is negative or not finite
SEQNN_COLD inline void check_not_negative(std::string_view optimizer, const char* option, double value) {
  if (!(value >= 0) || std::isinf(value)) {
    throw OptionError(text(optimizer, ": ", option, " must be a finite number not below 0, got ", value));
  }
}

SEQNN_COLD inline void check_epsilon(std::string_view optimizer, double epsilon) {
  check_not_negative(optimizer, "epsilon", epsilon);
}

}  // namespace seqnn::inline SEQNN_ABI
