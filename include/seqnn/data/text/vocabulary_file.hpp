#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/text/text_file.hpp"
#include "seqnn/data/text/vocabulary_options.hpp"
#include "seqnn/data/text/word_table.hpp"
#include "seqnn/io/percent_escape.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The file of a vocabulary: UTF-8 text, every line ends with a newline. The first line names format, version and
// options, every further one holds a word and its count, in the order of ids:
//
//   seqnn-vocabulary 1 words=2 distinct=2 num_words=10000 start_char=1 oov_char=2 index_from=3 lower=true split=%20 …
//   the 336749
//   and 164140
//
// Spaces, control characters and % in words and filters are written as % and two hexadecimal digits.

namespace seqnn::inline SEQNN_ABI {
namespace detail {

inline constexpr std::string_view kVocabularyFormat = "seqnn-vocabulary 1";

/// What the file holds.
struct VocabularyFile {
  VocabularyOptions options;
  std::size_t distinct_words = 0;
  WordTable words;                    // by rank
  std::vector<std::uint64_t> counts;  // likewise
};

inline std::string vocabulary_file_content(const VocabularyFile& file) {
  const VocabularyOptions& o = file.options;
  const auto or_none = [](const auto& option) { return option ? std::to_string(*option) : std::string("none"); };
  std::string content =
      text(kVocabularyFormat, " words=", file.words.size(), " distinct=", file.distinct_words,
           " num_words=", or_none(o.num_words), " start_char=", or_none(o.start_char),
           " oov_char=", or_none(o.oov_char), " index_from=", o.index_from, " lower=", o.tokenizer.lower,
           " split=", escaped({&o.tokenizer.split, 1}), " filters=", escaped(o.tokenizer.filters), '\n');
  for (std::size_t rank = 0; rank < file.words.size(); ++rank) {
    content += text(escaped(file.words[rank]), ' ', file.counts[rank], '\n');
  }
  return content;
}

/// Reads such a file line by line; every error names path and line.
class VocabularyReader {
 public:
  explicit VocabularyReader(const std::string& path) : path_(path), content_(read_text_file(path)) {}

  VocabularyFile read() {
    const std::size_t words = read_header();
    std::string_view line;
    while (next(line)) read_word(line);
    if (file_.words.size() != words) {
      throw FileError(text(path_, ":", line_, ": file must hold ", words, " words, got ", file_.words.size(),
                           "; it is incomplete or was changed: save the vocabulary again"));
    }
    return std::move(file_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const { throw FileError(text(path_, ":", line_, ": ", message)); }

  bool next(std::string_view& line) {
    if (at_ == content_.size()) return false;
    ++line_;
    const std::size_t end = content_.find('\n', at_);
    if (end == std::string::npos) fail("line must end with a newline, got the end of the file; it was cut short");
    line = std::string_view(content_).substr(at_, end - at_);
    at_ = end + 1;
    return true;
  }

  // The value of `key=` in the header.
  std::string value_of(std::string_view header, std::string_view key) const {
    const std::size_t at = header.find(text(' ', key, '='));
    if (at == std::string_view::npos) fail(text("header must give ", key, ", got none"));
    const std::string_view rest = header.substr(at + key.size() + 2);
    std::optional<std::string> value = unescaped(rest.substr(0, rest.find(' ')));
    if (!value) fail(text("header must give ", key, ", got \"", rest.substr(0, rest.find(' ')), '"'));
    return *value;
  }

  template <class Integer>
  Integer number_of(std::string_view header, std::string_view key) const {
    const std::string value = value_of(header, key);
    const std::optional<Integer> number = parse_integer<Integer>(value);
    if (!number) fail(text("header must give ", key, " as a number, got \"", value, '"'));
    return *number;
  }

  template <class Integer>
  std::optional<Integer> number_or_none_of(std::string_view header, std::string_view key) const {
    if (value_of(header, key) == "none") return std::nullopt;
    return number_of<Integer>(header, key);
  }

  // Returns how many words follow.
  std::size_t read_header() {
    std::string_view header;
    if (!next(header)) fail(text("file must begin with \"", kVocabularyFormat, "\", got nothing"));
    if (header.substr(0, kVocabularyFormat.size() + 1) != text(kVocabularyFormat, ' ')) {
      fail(text("file must begin with \"", kVocabularyFormat, "\", got \"", header.substr(0, 40),
                "\"; give a file written by Vocabulary::save of this version"));
    }
    VocabularyOptions& o = file_.options;
    const auto words = number_of<std::size_t>(header, "words");
    file_.distinct_words = number_of<std::size_t>(header, "distinct");
    o.num_words = number_or_none_of<std::size_t>(header, "num_words");
    o.start_char = number_or_none_of<std::int32_t>(header, "start_char");
    o.oov_char = number_or_none_of<std::int32_t>(header, "oov_char");
    o.index_from = number_of<std::int32_t>(header, "index_from");
    const std::string lower = value_of(header, "lower");
    if (lower != "true" && lower != "false") fail(text("header must give lower as true or false, got \"", lower, '"'));
    o.tokenizer.lower = lower == "true";
    const std::string split = value_of(header, "split");
    if (split.size() != 1) fail(text("header must give split as one character, got \"", split, '"'));
    o.tokenizer.split = split[0];
    o.tokenizer.filters = value_of(header, "filters");
    try {
      check(o);
      static_cast<void>(Tokenizer(o.tokenizer));
    } catch (const OptionError& error) {
      fail(error.what());
    }
    if (words > most_words(o) || words > file_.distinct_words || words == 0) {
      fail(text("header must give words in [1, ", most_words(o), "] and at most distinct, got words=", words,
                " distinct=", file_.distinct_words));
    }
    return words;
  }

  void read_word(std::string_view line) {
    const std::size_t space = line.rfind(' ');
    const std::optional<std::string> word = unescaped(line.substr(0, space == std::string_view::npos ? 0 : space));
    const auto count = parse_integer<std::uint64_t>(line.substr(space == std::string_view::npos ? 0 : space + 1));
    if (!word || word->empty() || !count || *count == 0) {
      fail(text("line must be a word, a space and its count, got \"", line.substr(0, 80), '"'));
    }
    if (!file_.counts.empty() && *count > file_.counts.back()) {
      fail(text("count must be at most ", file_.counts.back(), ", that of the line above, got ", *count,
                "; words go from the most frequent to the rarest"));
    }
    if (const std::size_t rank = file_.words.find(*word); rank != WordTable::kAbsent) {
      fail(text("word must be in one line only, got \"", *word, "\" in line ", rank + 2, " too"));
    }
    file_.words.insert(*word);
    file_.counts.push_back(*count);
  }

  const std::string& path_;
  std::string content_;
  std::size_t at_ = 0;
  std::size_t line_ = 0;
  VocabularyFile file_;
};

inline VocabularyFile read_vocabulary_file(const std::string& path) { return VocabularyReader(path).read(); }

}  // namespace detail
}  // namespace seqnn::inline SEQNN_ABI
