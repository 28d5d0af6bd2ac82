#pragma once

#include <cstddef>

/// Counts the allocations (operator new in every form) that this thread makes while it lives.
class AllocationCount {
 public:
  AllocationCount();
  std::size_t so_far() const;

  /// Those of them that are still there: allocated less freed, by this thread.
  std::ptrdiff_t alive() const;

 private:
  std::size_t start_;
  std::ptrdiff_t alive_at_start_;
};
