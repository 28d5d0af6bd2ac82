#pragma once

#include "seqnn/mpi/communicator.hpp"

/// The processes that run these tests, all of them the same cases in the same order. Where ranks could differ, cases
/// use CHECK and not REQUIRE: a rank that left a case early would be waited for.
inline seqnn::Communicator& world() {
  static seqnn::Communicator processes;
  return processes;
}
