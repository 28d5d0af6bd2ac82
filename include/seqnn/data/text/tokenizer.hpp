#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/text/lowercase.hpp"
#include "seqnn/data/text/utf8.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// How a text is cut into words; names, defaults and meaning of Keras' `text_to_word_sequence`.
struct TokenizerOptions {
  /// Characters that separate words and vanish, as UTF-8. The apostrophe is not among them: "didn't" is one word.
  std::string filters = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n";
  bool lower = true;  ///< whether words are in lower case
  char split = ' ';   ///< ASCII character that separates words, beside the filters

  bool operator==(const TokenizerOptions&) const = default;
};

/// Cuts UTF-8 text into words as Keras does: lower case first, then filters become separators, then the text is split
/// and empty words are dropped. Other white space (carriage return, no-break space) stays inside words.
///
/// Differs from Keras only in lower case: that of Latin, Greek and Cyrillic letters is known, other scripts keep
/// theirs, and a capital sigma is always σ.
class Tokenizer {
 public:
  /// @throws OptionError if filters are not UTF-8 or split is not ASCII
  explicit Tokenizer(TokenizerOptions options = {}) : options_(std::move(options)) {
    const std::string_view filters = options_.filters;
    if (const std::size_t bad = find_invalid_utf8(filters); bad != std::string_view::npos) {
      throw OptionError(text("Tokenizer: filters ", detail::not_utf8(filters, bad)));
    }
    if (static_cast<unsigned char>(options_.split) >= 0x80) {
      throw OptionError(text("Tokenizer: split must be an ASCII character, got byte ",
                             static_cast<int>(static_cast<unsigned char>(options_.split)),
                             "; add other separators to filters"));
    }
    for (std::size_t at = 0; at < filters.size();) {
      const detail::CodePoint c = detail::decode_utf8(filters, at);
      separators_ += c.value;
      at += c.bytes;
    }
    separators_ += static_cast<char32_t>(options_.split);
    for (std::size_t c = 0; c < ascii_.size(); ++c) {
      const char32_t letter = lowered(static_cast<char32_t>(c));
      ascii_[c] = separates(letter) ? kSeparator : static_cast<unsigned char>(letter);
    }
  }

  const TokenizerOptions& options() const { return options_; }

  /// The words in their order.
  /// @throws DataError with the offset of the first byte that is not UTF-8
  std::vector<std::string> words(std::string_view input) const {
    std::vector<std::string> result;
    const std::size_t bad = visit_words(input, [&](std::string_view word) { result.emplace_back(word); });
    if (bad != std::string_view::npos) {
      throw DataError(text("Tokenizer: text ", detail::not_utf8(input, bad), "; convert it to UTF-8 first"));
    }
    return result;
  }

  /// Calls `visit(std::string_view)` for every word in order; a view is valid during its call. Returns npos, or the
  /// offset of the first byte that is not UTF-8, where it stops.
  template <class Visit>
  std::size_t visit_words(std::string_view input, Visit&& visit) const {
    std::string word;
    const auto finish = [&] {
      if (!word.empty()) visit(std::string_view(word));
      word.clear();
    };
    for (std::size_t at = 0; at < input.size();) {
      const auto byte = static_cast<unsigned char>(input[at]);
      if (byte < 0x80) {
        const unsigned char letter = ascii_[byte];
        if (letter == kSeparator) {
          finish();
        } else {
          word += static_cast<char>(letter);
        }
        ++at;
        continue;
      }
      const detail::CodePoint c = detail::decode_utf8(input, at);
      if (c.bytes == 0) return at;
      at += c.bytes;
      if (separates(lowered(c.value))) {
        finish();
      } else if (options_.lower) {
        detail::append_lower_case(word, c.value);
      } else {
        detail::append_utf8(word, c.value);
      }
    }
    finish();
    return std::string_view::npos;
  }

  bool operator==(const Tokenizer& other) const { return options_ == other.options_; }

 private:
  static constexpr unsigned char kSeparator = 0x80;  // no ASCII character

  char32_t lowered(char32_t c) const { return options_.lower ? detail::lower_case(c) : c; }
  bool separates(char32_t c) const { return separators_.find(c) != std::u32string::npos; }

  TokenizerOptions options_;
  std::u32string separators_;
  std::array<unsigned char, 128> ascii_{};  // what each ASCII character becomes, or kSeparator
};

/// Keras' function of this name: the words of one text.
/// @throws DataError, OptionError as Tokenizer
inline std::vector<std::string> text_to_word_sequence(std::string_view input, const TokenizerOptions& options = {}) {
  return Tokenizer(options).words(input);
}

}  // namespace seqnn::inline SEQNN_ABI
