#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// At which end of a sequence something happens.
enum class SequenceEnd { pre, post };

/// Options of pad_sequences, as in Keras.
struct PadSequencesOptions {
  std::optional<std::size_t> maxlen = std::nullopt;  ///< length of the rows; unset: that of the longest sequence
  SequenceEnd padding = SequenceEnd::pre;            ///< where shorter sequences are filled up
  SequenceEnd truncating = SequenceEnd::pre;         ///< where longer sequences lose their surplus
  std::int32_t value = 0;                            ///< what fills; 0 is the padding id of Vocabulary
};

/// Sequences of ids of any lengths as the rows of one tensor (sequences, maxlen).
/// @throws OptionError if maxlen is 0
/// @throws DataError if there are no sequences and maxlen is unset
inline Tensor<std::int32_t, 2> pad_sequences(std::span<const std::vector<std::int32_t>> sequences,
                                             const PadSequencesOptions& options = {}) {
  if (options.maxlen == std::size_t{0}) {
    throw OptionError("pad_sequences: maxlen must be at least 1, got 0; leave it out for the longest sequence");
  }
  if (sequences.empty() && !options.maxlen) {
    throw DataError("pad_sequences: there must be sequences to take the longest of, got none; give maxlen");
  }
  std::size_t time = options.maxlen.value_or(0);
  if (!options.maxlen) {
    for (const auto& sequence : sequences) time = std::max(time, sequence.size());
  }
  auto result = Tensor<std::int32_t, 2>::from_shape(std::array<std::size_t, 2>{sequences.size(), time});
  std::int32_t* row = result.data();
  for (const auto& sequence : sequences) {
    const std::size_t kept = std::min(sequence.size(), time);
    const std::size_t skipped = options.truncating == SequenceEnd::pre ? sequence.size() - kept : 0;
    const std::size_t filled = options.padding == SequenceEnd::pre ? time - kept : 0;
    std::fill_n(row, time, options.value);
    std::copy_n(sequence.data() + skipped, kept, row + filled);
    row += time;
  }
  return result;
}

}  // namespace seqnn::inline SEQNN_ABI
