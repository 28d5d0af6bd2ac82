#pragma once

#include "seqnn/core/error.hpp"

#include <cmath>
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
