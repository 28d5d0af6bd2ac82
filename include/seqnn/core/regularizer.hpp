#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"

#include <string>

namespace seqnn::inline SEQNN_ABI {

/// A penalty on the size of a parameter, added to the loss: Σ l1·|w| + l2·w². As in Keras, l2 is not halved.
struct Regularizer {
  double l1 = 0;
  double l2 = 0;

  bool none() const { return l1 == 0 && l2 == 0; }

  /// "L2(0.01)"
  SEQNN_COLD std::string to_string() const {
    if (l2 == 0) return text("L1(", l1, ')');
    if (l1 == 0) return text("L2(", l2, ')');
    return text("L1L2(", l1, ", ", l2, ')');
  }

  bool operator==(const Regularizer&) const = default;
};

namespace detail {

SEQNN_COLD inline Regularizer checked_regularizer(const char* name, double l1, double l2) {
  if (!(l1 >= 0 && l2 >= 0)) throw OptionError(text(name, ": factors must be at least 0, got ", l1 >= 0 ? l2 : l1));
  return {l1, l2};
}

}  // namespace detail

/// l1·Σ|w|, which makes weights exactly zero.  @throws OptionError if l1 is negative
inline Regularizer L1(double l1 = 0.01) { return detail::checked_regularizer("L1", l1, 0); }

/// l2·Σw².  @throws OptionError if l2 is negative
inline Regularizer L2(double l2 = 0.01) { return detail::checked_regularizer("L2", 0, l2); }

/// Both.  @throws OptionError if one is negative
inline Regularizer L1L2(double l1 = 0.01, double l2 = 0.01) { return detail::checked_regularizer("L1L2", l1, l2); }

}  // namespace seqnn::inline SEQNN_ABI
