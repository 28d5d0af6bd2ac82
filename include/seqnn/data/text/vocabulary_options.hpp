#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/text/tokenizer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// Names and meaning as in `keras.datasets.imdb.load_data`.
struct VocabularyOptions {
  std::optional<std::size_t> num_words = 10'000;  ///< ids stay below it; unset: every word has an id
  std::optional<std::int32_t> start_char = 1;     ///< begins every encoded text; unset: nothing does
  std::optional<std::int32_t> oov_char = 2;       ///< unknown words; unset: they vanish
  std::int32_t index_from = 3;                    ///< the most frequent word has id index_from + 1
  TokenizerOptions tokenizer = {};

  bool operator==(const VocabularyOptions&) const = default;
};

namespace detail {

/// @throws OptionError
inline void check(const VocabularyOptions& options) {
  const auto reserve = [&](const char* name, std::optional<std::int32_t> id) {
    if (id && (*id < 1 || *id > options.index_from)) {
      throw OptionError(text("Vocabulary: ", name, " must be in [1, index_from = ", options.index_from, "], got ", *id,
                             "; 0 is padding, and words begin above index_from"));
    }
  };
  if (options.index_from < 0) {
    throw OptionError(text("Vocabulary: index_from must be at least 0, got ", options.index_from));
  }
  reserve("start_char", options.start_char);
  reserve("oov_char", options.oov_char);
  if (options.start_char && options.start_char == options.oov_char) {
    throw OptionError(text("Vocabulary: start_char and oov_char must differ, got ", *options.start_char, " for both"));
  }
  const auto least = static_cast<std::size_t>(options.index_from) + 2;
  if (options.num_words && *options.num_words < least) {
    throw OptionError(text("Vocabulary: num_words must be at least ", least, ", got ", *options.num_words,
                           "; ids up to index_from = ", options.index_from, " are no words"));
  }
}

/// How many words can have an id: below num_words, and in 32 bits.
inline std::size_t most_words(const VocabularyOptions& options) {
  constexpr std::size_t most_ids = std::numeric_limits<std::int32_t>::max();
  return std::min(options.num_words.value_or(most_ids), most_ids) - static_cast<std::size_t>(options.index_from) - 1;
}

}  // namespace detail
}  // namespace seqnn::inline SEQNN_ABI
