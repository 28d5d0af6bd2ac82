#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/random.hpp"
#include "seqnn/data/text/labelled_texts.hpp"
#include "seqnn/data/text/review_phrases.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {
namespace detail {

/// Writes phrases of the grammar in review_phrases.hpp.
class ReviewWriter {
 public:
  ReviewWriter() {
    for (const PhraseRule& rule : kPhraseRules) {
      Rule parsed{rule.name, {}};
      for (std::size_t begin = 0; begin <= rule.choices.size();) {
        const std::size_t end = std::min(rule.choices.find('|', begin), rule.choices.size());
        parsed.choices.push_back(rule.choices.substr(begin, end - begin));
        begin = end + 1;
      }
      rules_.push_back(std::move(parsed));
    }
  }

  /// A review of about 50 to 400 words whose statements agree with `positive`, with the exceptions told at
  /// simulated_reviews.
  std::string write(bool positive, RandomStream& random) {
    random_ = &random;
    praise_ = true;
    cast_ = {{"LEAD", name()},
             {"COSTAR", name()},
             {"DIRECTOR", name()},
             {"TITLE", title()},
             {"OTHER", title()},
             {"PLACE", phrases({"place_begin", " ", "place_end"})},
             {"YEAR", std::to_string(1930 + draw(90))}};
    // The smaller of two draws: short reviews are more frequent than long ones, as in life.
    const std::size_t wanted = 60 + std::min(draw(320), draw(320));
    const std::size_t statements = 3 + draw(2) + wanted / 100;
    const std::size_t hints = 1 + draw(3);
    std::vector<std::string> sentences;
    std::size_t words = 0;
    const auto add = [&](std::string_view rule, bool praise) {
      praise_ = praise;
      sentences.push_back(phrase(rule));
      words += 1 + static_cast<std::size_t>(std::count(sentences.back().begin(), sentences.back().end(), ' '));
    };
    for (std::size_t i = 0; i < statements; ++i) add("statement", positive == (draw(100) >= kContraryPercent));
    for (std::size_t i = 0; i < hints; ++i) add("hint", positive == (draw(100) < kHintPercent));
    while (words + 16 < wanted) add("filler", true);
    seqnn::shuffle(sentences, random);

    sentences.insert(sentences.begin(), phrase("opening"));
    if (draw(2) == 0) sentences.push_back(phrase("closing"));
    std::string review;
    for (const std::string& sentence : sentences) {
      if (!review.empty()) review += separator();
      review += capitalised(sentence);
    }
    return review;
  }

 private:
  static constexpr std::size_t kContraryPercent = 3;
  static constexpr std::size_t kHintPercent = 65;

  struct Rule {
    std::string_view name;
    std::vector<std::string_view> choices;
  };

  std::size_t draw(std::size_t n) { return static_cast<std::size_t>(random_->below(n)); }

  // Small numbers more often than large ones, so that there are common names and rare ones.
  std::size_t skewed(std::size_t n) { return draw(draw(n) + 1); }

  std::string name() { return phrases({"first_name", " ", "surname_begin", "surname_middle", "surname_end"}); }
  std::string title() { return "The " + phrases({"title_adjective", " ", "title_noun"}); }
  std::string separator() { return draw(12) == 0 ? "<br /><br />" : " "; }

  // One after another: in a sum of phrases it would be the compiler that chooses which one draws first.
  std::string phrases(std::initializer_list<std::string_view> rules) {
    std::string result;
    for (const std::string_view rule : rules) result += rule == " " ? " " : phrase(rule);
    return result;
  }

  static std::string capitalised(std::string sentence) {
    if (sentence[0] >= 'a' && sentence[0] <= 'z') sentence[0] = static_cast<char>(sentence[0] - 'a' + 'A');
    return sentence;
  }

  const Rule& rule(std::string_view name) const {
    const auto found = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& r) { return r.name == name; });
    assert(found != rules_.end());
    return *found;
  }

  std::string phrase(std::string_view name) {
    if (!praise_) name = contrary(name);
    const Rule& r = rule(name);
    std::string_view choice = r.choices[name == "filler" ? draw(r.choices.size()) : skewed(r.choices.size())];
    std::string result;
    for (std::size_t begin = choice.find('<'); begin != std::string_view::npos; begin = choice.find('<')) {
      const std::size_t end = choice.find('>');
      result += choice.substr(0, begin);
      append(result, slot(choice.substr(begin + 1, end - begin - 1)));
      choice.remove_prefix(end + 1);
    }
    return result += choice;
  }

  std::string slot(std::string_view name) {
    for (const auto& [role, who] : cast_) {
      if (role == name) return who;
    }
    return name == "name" ? this->name() : phrase(name);
  }

  static std::string_view contrary(std::string_view name) {
    if (name == "good") return "bad";
    if (name == "bad") return "good";
    if (name == "gem") return "dud";
    if (name == "dud") return "gem";
    return name;
  }

  // "a" before a vowel becomes "an".
  static void append(std::string& to, const std::string& what) {
    const bool article = to == "A " || (to.size() >= 3 && to.substr(to.size() - 3) == " a ");
    if (article && std::string_view("aeiou").find(what[0]) != std::string_view::npos) to.insert(to.size() - 1, 1, 'n');
    to += what;
  }

  std::vector<Rule> rules_;
  std::vector<std::pair<std::string_view, std::string>> cast_;  // what is chosen once for a review
  RandomStream* random_ = nullptr;
  bool praise_ = true;
};

}  // namespace detail

/// Film reviews made by the library, for trying a text network out without data from elsewhere. Labels are 0 (negative)
/// or 1 (positive), about as many of each; lengths are about 50 to 400 words. What a review says depends on the order
/// of words: each of its three to seven statements holds one word of praise and one of blame ("not dull but superb",
/// "not superb but dull"), so that counts of words tell next to nothing, while a window of seven words sees enough.
///
/// Two things keep it from being easy: 3 % of the statements say the contrary of what the review means, and 2.5 % of
/// the labels are wrong, so that no model should get much beyond 97 %. One to three single words of praise or blame
/// agree with the label in 65 of 100 cases, which is all that a bag of words could learn.
///
/// Review i depends on seed and i only: fewer reviews are the beginning of more. Same bytes on every machine.
/// @throws OptionError if count is 2^32 or more
inline LabelledTexts simulated_reviews(std::size_t count, std::uint64_t seed) {
  if (count > std::numeric_limits<std::uint32_t>::max()) {
    throw OptionError(text("simulated_reviews: count must be below 2^32, got ", count));
  }
  LabelledTexts reviews;
  reviews.texts.reserve(count);
  reviews.labels.reserve(count);
  detail::ReviewWriter writer;
  for (std::size_t i = 0; i < count; ++i) {
    RandomStream random({.seed = seed, .purpose = Purpose::data, .index = 1, .sample = static_cast<std::uint32_t>(i)});
    const bool positive = random.below(2) == 1;
    const bool wrong_label = random.below(1000) < 25;
    reviews.texts.push_back(writer.write(positive, random));
    reviews.labels.push_back(positive != wrong_label ? 1 : 0);
  }
  return reviews;
}

}  // namespace seqnn::inline SEQNN_ABI
