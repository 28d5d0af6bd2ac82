#pragma once

#include "seqnn/core/error.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// Time steps at the two ends of a sequence: `{2, 1}`, or one number for both.
struct Ends {
  std::size_t begin;
  std::size_t end;

  Ends(std::size_t both) : begin(both), end(both) {}  // NOLINT: implicit, see above
  Ends(std::size_t at_begin, std::size_t at_end) : begin(at_begin), end(at_end) {}

  std::size_t sum() const { return begin + end; }

  /// "{2, 1}"
  SEQNN_COLD std::string to_string() const { return begin == end ? text(begin) : text('{', begin, ", ", end, '}'); }

  bool operator==(const Ends&) const = default;
};

/// to [batch, begin + T + end, C] = from [batch,T,C] between zeros.
template <class Real>
void pad_ends(std::size_t batch, std::size_t T, std::size_t C, Ends ends, const Real* from, Real* to) noexcept {
  for (std::size_t b = 0; b < batch; ++b) {
    to = std::fill_n(to, ends.begin * C, Real{0});
    to = std::copy_n(from + b * T * C, T * C, to);
    to = std::fill_n(to, ends.end * C, Real{0});
  }
}

/// to [batch,T,C] = from [batch, begin + T + end, C] without its ends.
template <class Real>
void crop_ends(std::size_t batch, std::size_t T, std::size_t C, Ends ends, const Real* from, Real* to) noexcept {
  for (std::size_t b = 0; b < batch; ++b) {
    to = std::copy_n(from + (b * (ends.sum() + T) + ends.begin) * C, T * C, to);
  }
}

}  // namespace seqnn::inline SEQNN_ABI
