#include "seqnn/data/text/simulated_reviews.hpp"

#include "seqnn/data/text/naive_bayes.hpp"
#include "seqnn/data/text/utf8.hpp"
#include "seqnn/data/text/vocabulary.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace seqnn;

namespace {

using Ids = std::vector<std::vector<std::int32_t>>;

/// FNV-1a over texts and labels.
std::uint64_t fingerprint(const LabelledTexts& reviews) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  const auto add = [&](unsigned char byte) { hash = (hash ^ byte) * 0x100000001B3U; };
  for (std::size_t i = 0; i < reviews.size(); ++i) {
    for (const char c : reviews.texts[i]) add(static_cast<unsigned char>(c));
    add(static_cast<unsigned char>(reviews.labels[i]));
  }
  return hash;
}

/// Simulated reviews, the first `train` of them and the rest encoded by the vocabulary of the first.
struct Split {
  Split(std::size_t count, std::uint64_t seed, std::size_t train)
      : reviews(simulated_reviews(count, seed)),
        train_labels(std::span(reviews.labels).first(train)),
        validation_labels(std::span(reviews.labels).subspan(train)) {
    const std::span<const std::string> texts = reviews.texts;
    const Vocabulary vocabulary(texts.first(train));
    train_ids = vocabulary.encode_all(texts.first(train));
    validation_ids = vocabulary.encode_all(texts.subspan(train));
  }

  LabelledTexts reviews;
  std::span<const std::int32_t> train_labels;
  std::span<const std::int32_t> validation_labels;
  Ids train_ids;
  Ids validation_ids;
};

/// Pairs of neighbouring words as new ids from 1: what a bag of words does not see.
Ids pairs_of(const Ids& texts, std::map<std::pair<std::int32_t, std::int32_t>, std::int32_t>& known) {
  Ids result;
  for (const auto& text : texts) {
    auto& pairs = result.emplace_back();
    for (std::size_t i = 1; i < text.size(); ++i) {
      const auto next = static_cast<std::int32_t>(known.size() + 1);
      pairs.push_back(known.try_emplace({text[i - 1], text[i]}, next).first->second);
    }
  }
  return result;
}

}  // namespace

TEST_CASE("The same seed gives the same bytes everywhere", "[data][text][simulated_reviews]") {
  CHECK(fingerprint(simulated_reviews(200, 1)) == 0xDADADB82EBE56CD2U);
  CHECK(fingerprint(simulated_reviews(200, 2)) == 0xE0FF550BEA0D1266U);
}

TEST_CASE("Fewer reviews are the beginning of more", "[data][text][simulated_reviews]") {
  const LabelledTexts few = simulated_reviews(20, 5);
  const LabelledTexts more = simulated_reviews(50, 5);
  REQUIRE(few.size() == 20);
  REQUIRE(more.size() == 50);
  CHECK(std::equal(few.texts.begin(), few.texts.end(), more.texts.begin()));
  CHECK(std::equal(few.labels.begin(), few.labels.end(), more.labels.begin()));
  CHECK_FALSE(few.texts == simulated_reviews(20, 6).texts);
  CHECK(simulated_reviews(0, 5).size() == 0);
}

TEST_CASE("Reviews are UTF-8 of 50 to 400 words, half of them positive", "[data][text][simulated_reviews]") {
  const LabelledTexts reviews = simulated_reviews(2000, 3);
  std::size_t shortest = 1000;
  std::size_t longest = 0;
  std::size_t words = 0;
  std::size_t positive = 0;
  for (std::size_t i = 0; i < reviews.size(); ++i) {
    const std::size_t count = text_to_word_sequence(reviews.texts[i]).size();
    shortest = std::min(shortest, count);
    longest = std::max(longest, count);
    words += count;
    positive += reviews.labels[i] == 1 ? 1U : 0U;
    REQUIRE((reviews.labels[i] == 0 || reviews.labels[i] == 1));
    REQUIRE(reviews.texts[i].find_first_of("<>|") == reviews.texts[i].find("<br"));  // no rule left unresolved
  }
  CHECK(shortest >= 50);
  CHECK(longest <= 405);
  CHECK(words / reviews.size() > 150);
  CHECK(words / reviews.size() < 200);
  CHECK(positive > 900);  // 1000 ± 22
  CHECK(positive < 1100);
  const Vocabulary vocabulary(reviews.texts);
  CHECK(vocabulary.distinct_words() > 3000);
  CHECK(vocabulary.contains("\u00E9mile"));  // of the first name Émile
}

TEST_CASE("Every slot of a phrase is a rule or a name, and no phrase is listed twice",
          "[data][text][simulated_reviews]") {
  const std::set<std::string_view> names{"LEAD", "COSTAR", "DIRECTOR", "TITLE", "OTHER", "PLACE", "YEAR", "name"};
  std::set<std::string_view> rules;
  for (const auto& rule : detail::kPhraseRules) CHECK(rules.insert(rule.name).second);
  for (const auto& rule : detail::kPhraseRules) {
    std::set<std::string_view> seen;
    for (std::string_view rest = rule.choices;;) {
      const std::string_view choice = rest.substr(0, rest.find('|'));
      INFO(rule.name << ": " << choice);
      CHECK(seen.insert(choice).second);
      for (std::size_t at = choice.find('<'); at != std::string_view::npos; at = choice.find('<', at + 1)) {
        const std::string_view slot = choice.substr(at + 1, choice.find('>', at) - at - 1);
        CHECK((names.contains(slot) || rules.contains(slot)));
      }
      if (choice.size() == rest.size()) break;
      rest.remove_prefix(choice.size() + 1);
    }
  }
}

TEST_CASE("A statement has one word of praise and one of blame within seven words", "[data][text][simulated_reviews]") {
  const auto* const found = std::find_if(std::begin(detail::kPhraseRules), std::end(detail::kPhraseRules),
                                         [](const auto& rule) { return rule.name == "statement"; });
  std::string_view rest = found->choices;
  for (bool last = false; !last;) {
    const std::string choice(rest.substr(0, rest.find('|')));
    last = choice.size() == rest.size();
    if (!last) rest.remove_prefix(choice.size() + 1);
    INFO(choice);
    const auto words = text_to_word_sequence(choice);
    const auto position = [&](std::string_view a, std::string_view b) {
      const auto is_one = [&](const std::string& word) { return word == a || word == b; };
      CHECK(std::count_if(words.begin(), words.end(), is_one) == 1);
      return std::find_if(words.begin(), words.end(), is_one) - words.begin();
    };
    const auto distance = position("good", "gem") - position("bad", "dud");
    CHECK(std::abs(distance) < 7);
  }
}

TEST_CASE("A bag of words is near chance on simulated reviews, and pairs of words are not",
          "[data][text][simulated_reviews]") {
  const Split split(2500, 7, 2000);
  const double words =
      bag_of_words_baseline(split.train_ids, split.train_labels, split.validation_ids, split.validation_labels);
  CHECK(words > 0.40);
  CHECK(words < 0.65);
  std::map<std::pair<std::int32_t, std::int32_t>, std::int32_t> known;
  const Ids train_pairs = pairs_of(split.train_ids, known);
  const Ids validation_pairs = pairs_of(split.validation_ids, known);
  CHECK(bag_of_words_baseline(train_pairs, split.train_labels, validation_pairs, split.validation_labels) > 0.75);
}
