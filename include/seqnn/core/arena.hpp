#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/tensor.hpp"

#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

/// Hands out consecutive aligned blocks of memory that somebody else owns. Without memory it only measures, so that the
/// same sequence of `take` calls first says how much is needed and later cuts it up.
class Arena {
 public:
  Arena() = default;
  explicit Arena(std::byte* memory) : memory_(memory) {}

  /// `count` objects of T, uninitialised, at a cache line; nullptr while measuring.
  template <class T>
  T* take(std::size_t count) {
    T* block = memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + used_);
    used_ += (count * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    return block;
  }

  /// Bytes taken so far.
  std::size_t used() const { return used_; }

  /// Whether there is memory behind it.
  bool measuring() const { return memory_ == nullptr; }

 private:
  std::byte* memory_ = nullptr;
  std::size_t used_ = 0;
};

}  // namespace seqnn::inline SEQNN_ABI
