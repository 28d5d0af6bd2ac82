#pragma once

#include "seqnn/core/config.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace seqnn::inline SEQNN_ABI {

/// The time steps of samples in the order in which a recurrent layer takes them, and those that a mask leaves out: they
/// change neither state nor output, and gradients pass them by.
class TimeMask {
 public:
  /// @param mask  [samples, steps], 0 where a step is left out; null if none is
  TimeMask(const std::uint8_t* mask, std::size_t steps, bool backwards)
      : mask_(mask), steps_(steps), backwards_(backwards) {}

  /// Whether there is a mask at all.
  bool given() const { return mask_ != nullptr; }

  /// Place in time of step s.
  std::size_t time(std::size_t s) const { return backwards_ ? steps_ - 1 - s : s; }

  bool masked(std::size_t sample, std::size_t s) const {
    return mask_ != nullptr && mask_[sample * steps_ + time(s)] == 0;
  }

  /// First step that is not left out; the number of steps if all are.
  std::size_t first_seen(std::size_t sample) const {
    std::size_t s = 0;
    while (s < steps_ && masked(sample, s)) ++s;
    return s;
  }

  /// Whether the output of step s is the state after it, and not zero: before the first step seen it is zero, at those
  /// left out later as well if `zeros`.
  bool shows_state(std::size_t sample, std::size_t s, std::size_t first_seen, bool zeros) const {
    return !masked(sample, s) || (!zeros && s > first_seen);
  }

  /// The mask of outputs, which come in the order of the steps.
  void write(std::size_t samples, std::uint8_t* to) const {
    for (std::size_t i = 0; i < samples; ++i, to += steps_) {
      const std::uint8_t* from = mask_ + i * steps_;
      backwards_ ? std::reverse_copy(from, from + steps_, to) : std::copy_n(from, steps_, to);
    }
  }

 private:
  const std::uint8_t* mask_;
  std::size_t steps_;
  bool backwards_;
};

}  // namespace seqnn::inline SEQNN_ABI
