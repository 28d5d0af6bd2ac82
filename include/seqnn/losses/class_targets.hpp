#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/losses/loss.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {

/// Checks that every target is one of the `classes` that the predictions have numbers for. `who` begins the message:
/// "SparseCategoricalCrossentropy".
/// @param targets samples × positions
/// @throws DataError naming the target, its place and the number of classes
inline void check_classes(std::string_view who, const std::int32_t* targets, std::size_t samples, std::size_t positions,
                          std::size_t classes) {
  for (std::size_t i = 0; i < samples * positions; ++i) {
    // A negative target becomes larger than any number of classes.
    if (static_cast<std::size_t>(targets[i]) < classes) continue;
    const Shape place = positions == 1 ? Shape{i} : Shape{i / positions, i % positions};
    throw DataError(text(who, ": target at ", place, " must be a class in [0, ", classes, "), got ", targets[i],
                         "; count classes from 0, or give the last layer more units"));
  }
}

}  // namespace seqnn::inline SEQNN_ABI
