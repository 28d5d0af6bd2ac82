#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/losses/loss.hpp"

#include <cmath>
#include <optional>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {

/// Which predictions of a yes-or-no model mean yes: those above a threshold. Without one of the user's it is 0.5, and 0
/// if the model's loss takes logits.
template <class Real>
class DecisionThreshold {
 public:
  explicit DecisionThreshold(std::optional<double> given)
      : given_(given.has_value()), value_(static_cast<Real>(given.value_or(0.5))) {}

  void bind(const Loss<Real>& loss) {
    if (!given_) value_ = loss.from_logits() ? Real(0) : Real(0.5);
  }

  bool positive(Real predicted) const { return predicted > value_; }

 private:
  bool given_;
  Real value_;
};

/// `metric` begins the message: "BinaryAccuracy".
/// @throws OptionError if the threshold is NaN
SEQNN_COLD inline void check_threshold(std::string_view metric, std::optional<double> threshold) {
  if (threshold && std::isnan(*threshold)) {
    throw OptionError(text(metric, ": threshold must be a number, got nan; leave it out for 0.5, or 0 with logits"));
  }
}

}  // namespace seqnn::inline SEQNN_ABI
