#pragma once

#include "seqnn/core/config.hpp"

namespace seqnn::inline SEQNN_ABI {

/// The target of a hinge loss: -1 or 1, where 0 also means -1. Decided for each target by itself, so that a loss does
/// not depend on which samples share a batch or a shard.
inline double hinge_target(double target) { return target == 0 ? -1 : target; }

}  // namespace seqnn::inline SEQNN_ABI
