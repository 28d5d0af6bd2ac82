#pragma once

#include "seqnn/core/random.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Which chunks come next. Chunks are expected in the order of the files, or in the order announced for a pass and the
/// one after it; whoever asks for another chunk than expected ends an announced order.
class ChunkSchedule {
 public:
  /// @param ahead  how many chunks behind the present one are looked at
  ChunkSchedule(std::size_t chunks, std::size_t ahead) : chunks_(chunks), ahead_(ahead), announced_(2 * chunks) {}

  /// The chunks of a pass in random order, a function of seed and pass.
  static void shuffle_chunks(std::uint64_t seed, std::size_t pass, std::span<std::size_t> chunks) {
    std::iota(chunks.begin(), chunks.end(), std::size_t{0});
    RandomStream random(
        {.seed = seed, .purpose = Purpose::shuffle, .index = 2, .step = static_cast<std::uint32_t>(pass)});
    shuffle(chunks, random);
  }

  /// Expects the chunks in the random order of this pass from its beginning, then those of the next.
  void announce(std::uint64_t seed, std::size_t pass) {
    const std::span all(announced_);
    shuffle_chunks(seed, pass, all.first(chunks_));
    shuffle_chunks(seed, pass + 1, all.last(chunks_));
    in_announced_order_ = true;
    known_ = true;
    position_ = 0;
  }

  /// The announced order from its beginning.
  std::span<const std::size_t> announced() const { return std::span(announced_).first(chunks_); }

  /// A chunk is asked for: moves to its place.
  void ask(std::size_t chunk) {
    if (known_) {
      for (std::size_t step = 0; step <= ahead_ + 1; ++step) {
        if (at(position_ + step) == chunk) {
          position_ += step;
          return;
        }
        // Threads share a batch that lies in several chunks.
        if (step <= position_ && at(position_ - step) == chunk) return;
      }
    }
    // Out of order. What follows is known again if a pass begins or the next chunk is the next file.
    const bool continues = !known_ && chunk == position_ % chunks_ + 1;
    in_announced_order_ = false;
    known_ = chunk == 0 || continues;
    position_ = chunk;
  }

  /// Whether a chunk is the present one or one of the `ahead` after it.
  bool soon(std::size_t chunk) const {
    if (!known_) return chunk == position_ % chunks_;
    for (std::size_t step = 0; step <= ahead_; ++step) {
      if (at(position_ + step) == chunk) return true;
    }
    return false;
  }

  /// Whether it is known what follows; `at(position() + 1)` then is the next chunk.
  bool known() const { return known_; }
  std::size_t position() const { return position_; }
  std::size_t at(std::size_t position) const {
    return in_announced_order_ ? announced_[std::min(position, announced_.size() - 1)] : position % chunks_;
  }

 private:
  std::size_t chunks_;
  std::size_t ahead_;
  std::vector<std::size_t> announced_;  // of a pass, then of the next
  bool in_announced_order_ = false;
  bool known_ = false;
  std::size_t position_ = 0;
};

}  // namespace seqnn::inline SEQNN_ABI
