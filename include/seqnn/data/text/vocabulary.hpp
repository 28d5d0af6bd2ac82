#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/text/tokenizer.hpp"
#include "seqnn/data/text/vocabulary_file.hpp"
#include "seqnn/data/text/vocabulary_options.hpp"
#include "seqnn/data/text/word_table.hpp"
#include "seqnn/io/atomic_file.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// The words of some texts and their ids, by the conventions of `keras.datasets.imdb`:
///
///   0                padding, see pad_sequences
///   start_char  1    begins every encoded text
///   oov_char    2    stands for every word that has no id
///   index_from  3    the word of rank r = 1, 2, 3 … has id r + index_from, so that the most frequent word is 4 and,
///                    as in Keras, no word is 3
///
/// Ids stay below num_words; it counts ids, not words, so that 10,000 keeps the num_words - index_from - 1 = 9,996 most
/// frequent words. Words are ranked by how often they occur, and words that occur equally often by the order of their
/// bytes: the same texts in any order give the same ids everywhere. (Keras ranks such words by first occurrence.)
/// Words that did not occur in the texts become oov_char too, where Keras' ready-made data leaves them out.
class Vocabulary {
 public:
  /// Counts and ranks the words of the texts: of those the model is trained on, not of those it is tested on.
  /// @throws OptionError if start_char or oov_char is not in [1, index_from], if they are equal, or if num_words
  ///         leaves no id for a word
  /// @throws DataError if the texts hold no word, or with number and offset of a text that is not UTF-8
  explicit Vocabulary(std::span<const std::string> texts, VocabularyOptions options = {})
      : options_(std::move(options)), tokenizer_(options_.tokenizer) {
    detail::check(options_);
    WordTable seen;
    std::vector<std::uint64_t> counts;  // by number in `seen`
    for (std::size_t i = 0; i < texts.size(); ++i) {
      visit(texts[i], i, [&](std::string_view word) {
        const std::size_t number = seen.insert(word);
        if (number == counts.size()) counts.push_back(0);
        ++counts[number];
      });
    }
    if (counts.empty()) {
      throw DataError(text("Vocabulary: texts must hold words, got ", texts.size(), " texts without any"));
    }
    std::vector<std::size_t> ranked(counts.size());
    for (std::size_t number = 0; number < ranked.size(); ++number) ranked[number] = number;
    std::sort(ranked.begin(), ranked.end(), [&](std::size_t a, std::size_t b) {
      return counts[a] != counts[b] ? counts[a] > counts[b] : seen[a] < seen[b];
    });
    distinct_words_ = ranked.size();
    ranked.resize(std::min(ranked.size(), detail::most_words(options_)));
    for (const std::size_t number : ranked) {
      words_.insert(seen[number]);
      counts_.push_back(counts[number]);
    }
  }

  /// Reads what `save` wrote.
  /// @throws FileError with path and line
  static Vocabulary load(const std::string& path) { return Vocabulary(detail::read_vocabulary_file(path)); }

  /// Writes options, words and counts as UTF-8 text, a line a word, all or nothing (see write_file).
  /// @throws FileError
  void save(const std::string& path) const {
    write_file(path, detail::vocabulary_file_content({options_, distinct_words_, words_, counts_}));
  }

  /// How many words have an id.
  std::size_t size() const { return words_.size(); }

  /// One more than the largest id: what `Embedding` needs as its first argument.
  std::size_t id_count() const { return words_.size() + first_word(); }

  /// How many different words the texts had, with and without an id.
  std::size_t distinct_words() const { return distinct_words_; }

  bool contains(std::string_view word) const { return words_.find(word) != WordTable::kAbsent; }

  /// How often a word occurred; 0 for a word without an id.
  std::uint64_t count(std::string_view word) const {
    const std::size_t rank = words_.find(word);
    return rank == WordTable::kAbsent ? 0 : counts_[rank];
  }

  /// The id of a word as the tokenizer makes it ("film", not "Film"); oov_char for a word without an id.
  /// @throws DataError if there is no oov_char either
  std::int32_t id(std::string_view word) const {
    const std::size_t rank = words_.find(word);
    if (rank != WordTable::kAbsent) return static_cast<std::int32_t>(rank + first_word());
    if (options_.oov_char) return *options_.oov_char;
    throw DataError(text("Vocabulary: word must be one of ", size(), " known words, got \"", word,
                         "\"; set oov_char for an id of unknown words"));
  }

  /// The word of an id; "[PAD]", "[START]" and "[OOV]" for ids that are no words.
  /// @throws DataError if the id is not in [0, id_count())
  std::string_view word(std::int32_t id) const {
    if (id < 0 || static_cast<std::size_t>(id) >= id_count()) {
      throw DataError(text("Vocabulary: id must be in [0, ", id_count(), "), got ", id));
    }
    if (static_cast<std::size_t>(id) >= first_word()) return words_[static_cast<std::size_t>(id) - first_word()];
    if (id == 0) return "[PAD]";
    return id == options_.start_char ? "[START]" : "[OOV]";
  }

  /// start_char and the ids of the words of a text. Words without an id become oov_char, or vanish if that is unset.
  /// @throws DataError with the offset of the first byte that is not UTF-8
  std::vector<std::int32_t> encode(std::string_view input) const {
    std::vector<std::int32_t> ids;
    append_ids(input, 0, ids);
    return ids;
  }

  /// Every text encoded.
  /// @throws DataError with number and offset of a text that is not UTF-8
  std::vector<std::vector<std::int32_t>> encode_all(std::span<const std::string> texts) const {
    std::vector<std::vector<std::int32_t>> result(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) append_ids(texts[i], i, result[i]);
    return result;
  }

  /// The words of ids with a space between them, without padding and start; "[OOV]" for unknown words.
  /// @throws DataError if an id is not in [0, id_count())
  std::string decode(std::span<const std::int32_t> ids) const {
    std::string result;
    for (const std::int32_t id : ids) {
      const std::string_view next = word(id);
      if (id == 0 || id == options_.start_char) continue;
      if (!result.empty()) result += ' ';
      result += next;
    }
    return result;
  }

  const VocabularyOptions& options() const { return options_; }
  const Tokenizer& tokenizer() const { return tokenizer_; }

  bool operator==(const Vocabulary&) const = default;

 private:
  explicit Vocabulary(detail::VocabularyFile file)
      : options_(std::move(file.options)),
        tokenizer_(options_.tokenizer),
        words_(std::move(file.words)),
        counts_(std::move(file.counts)),
        distinct_words_(file.distinct_words) {}

  std::size_t first_word() const { return static_cast<std::size_t>(options_.index_from) + 1; }

  template <class Visit>
  void visit(std::string_view input, std::size_t number, const Visit& visit_word) const {
    const std::size_t bad = tokenizer_.visit_words(input, visit_word);
    if (bad == std::string_view::npos) return;
    throw DataError(
        text("Vocabulary: text ", number, ' ', detail::not_utf8(input, bad), "; convert it to UTF-8 first"));
  }

  void append_ids(std::string_view input, std::size_t number, std::vector<std::int32_t>& ids) const {
    if (options_.start_char) ids.push_back(*options_.start_char);
    visit(input, number, [&](std::string_view word) {
      const std::size_t rank = words_.find(word);
      if (rank != WordTable::kAbsent) {
        ids.push_back(static_cast<std::int32_t>(rank + first_word()));
      } else if (options_.oov_char) {
        ids.push_back(*options_.oov_char);
      }
    });
  }

  VocabularyOptions options_;
  Tokenizer tokenizer_;
  WordTable words_;                    // by rank from 0
  std::vector<std::uint64_t> counts_;  // likewise
  std::size_t distinct_words_ = 0;
};

}  // namespace seqnn::inline SEQNN_ABI
