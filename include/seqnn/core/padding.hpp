#pragma once

#include "seqnn/core/config.hpp"

#include <string>

namespace seqnn::inline SEQNN_ABI {

/// What stands before and after a sequence when a window slides over it in time.
///
///   valid   nothing: windows lie inside                    T_out = (T - span) / stride + 1
///   same    padding on both sides, the odd one at the end  T_out = ceil(T / stride)
///   causal  padding before only: output t sees inputs ≤ t  T_out = ceil(T / stride)
enum class Padding { valid, same, causal };

/// "Padding::same"
inline std::string to_string(Padding padding) {
  static constexpr const char* kNames[] = {"valid", "same", "causal"};
  return std::string("Padding::") + kNames[static_cast<int>(padding)];
}

}  // namespace seqnn::inline SEQNN_ABI
