#pragma once

#include "seqnn/core/error.hpp"

#include <string_view>

namespace seqnn::inline SEQNN_ABI {

/// @throws OptionError unless the share is in [0, 1]
SEQNN_COLD inline void check_label_smoothing(std::string_view loss, double label_smoothing) {
  if (!(label_smoothing >= 0 && label_smoothing <= 1)) {
    throw OptionError(text(loss, ": label_smoothing must be in [0, 1], got ", label_smoothing,
                           "; it is the share of the target that is spread evenly over all classes"));
  }
}

}  // namespace seqnn::inline SEQNN_ABI
