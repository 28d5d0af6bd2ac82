#pragma once

#include "seqnn/core/config.hpp"

#include <atomic>
#include <cstdint>

/// Outside the namespace of the instruction set: one for the whole program.
namespace seqnn::process {
inline std::atomic<std::uint64_t> seed{0};
}

namespace seqnn::inline SEQNN_ABI {

/// Chooses the seed of all that is made from now on without a seed of its own: `build`, `fit` and `train_test_split`.
/// What is given a seed does not look at it, so that a program remains reproducible part by part.
///
/// Keras' set_random_seed; but nothing is drawn from it: the same call gives the same result however often it is made.
inline void set_seed(std::uint64_t seed) { process::seed = seed; }

/// What set_seed chose last; 0 before.
inline std::uint64_t default_seed() { return process::seed; }

}  // namespace seqnn::inline SEQNN_ABI
