#pragma once

#include "seqnn/core/config.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Distinct words numbered 0, 1, 2 … in the order they were first inserted: what comes out never depends on hashes.
/// Open addressing over one string of all letters, so that counting millions of words allocates a few dozen times.
class WordTable {
 public:
  static constexpr std::size_t kAbsent = static_cast<std::size_t>(-1);

  std::size_t size() const { return words_.size(); }

  /// The word of a number below size(); the view is valid until the next insertion.
  std::string_view operator[](std::size_t number) const {
    return std::string_view(letters_).substr(words_[number].begin, words_[number].length);
  }

  /// The number of a word, or kAbsent.
  std::size_t find(std::string_view word) const {
    if (slots_.empty()) return kAbsent;
    return slots_[slot_of(word, hash_of(word))] - std::size_t{1};  // an empty slot holds 0: kAbsent
  }

  /// The number of a word, which is added if it is new.
  std::size_t insert(std::string_view word) {
    if (2 * (words_.size() + 1) > slots_.size()) grow();
    const std::uint64_t hash = hash_of(word);
    std::size_t& slot = slots_[slot_of(word, hash)];
    if (slot == 0) {
      words_.push_back({letters_.size(), word.size(), hash});
      letters_ += word;
      slot = words_.size();
    }
    return slot - 1;
  }

  /// Same words in the same order.
  bool operator==(const WordTable& other) const { return letters_ == other.letters_ && words_ == other.words_; }

 private:
  struct Word {
    std::size_t begin;
    std::size_t length;
    std::uint64_t hash;
    bool operator==(const Word&) const = default;
  };

  // FNV-1a; the last step spreads the high bits over the low ones, which choose the slot.
  static std::uint64_t hash_of(std::string_view word) {
    std::uint64_t hash = 0xCBF29CE484222325U;
    for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    return hash ^ (hash >> 32);
  }

  // The slot that holds the word, or the empty one where it belongs.
  std::size_t slot_of(std::string_view word, std::uint64_t hash) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = static_cast<std::size_t>(hash) & mask;
    while (slots_[slot] != 0) {
      const std::size_t number = slots_[slot] - 1;
      if (words_[number].hash == hash && (*this)[number] == word) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  void grow() {
    slots_.assign(slots_.empty() ? 1024 : 2 * slots_.size(), 0);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t number = 0; number < words_.size(); ++number) {
      std::size_t slot = static_cast<std::size_t>(words_[number].hash) & mask;
      while (slots_[slot] != 0) slot = (slot + 1) & mask;
      slots_[slot] = number + 1;
    }
  }

  std::string letters_;             // all words, one after another
  std::vector<Word> words_;         // by number
  std::vector<std::size_t> slots_;  // number + 1, or 0 where empty; a power of two, at most half full
};

}  // namespace seqnn::inline SEQNN_ABI
