#include "seqnn/data/text/tokenizer.hpp"

#include "fixtures/text.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

using Words = std::vector<std::string>;

TEST_CASE("A text is cut at filters and spaces, in lower case", "[data][text][tokenizer]") {
  // Every filter becomes a space, "<br />" leaves "br", and the apostrophe is no filter.
  CHECK(text_to_word_sequence("It didn't work!<br />Zero/ten.") == Words{"it", "didn't", "work", "br", "zero", "ten"});
  CHECK(text_to_word_sequence(" ... ").empty());
  CHECK(Tokenizer().words("A b") == Words{"a", "b"});
}

TEST_CASE("Words are those of Keras' text_to_word_sequence", "[data][text][tokenizer]") {
  for (const auto& expected : fixtures::text::kSplitting) {
    INFO(expected.text);
    const TokenizerOptions options{.filters = expected.filters, .lower = expected.lower, .split = expected.split};
    CHECK(text_to_word_sequence(expected.text, options) == expected.words);
  }
  CHECK(TokenizerOptions().filters == fixtures::text::kSplitting.front().filters);
}

TEST_CASE("A capital sigma becomes a plain small one, also at the end of a word", "[data][text][tokenizer]") {
  // Python's str.lower writes ς at the end, which needs the neighbours of a letter: the one known difference.
  CHECK(text_to_word_sequence("\u039F\u03A3") == Words{"\u03BF\u03C3"});
}

TEST_CASE("Visiting words stops at the first byte that is not UTF-8", "[data][text][tokenizer]") {
  const Tokenizer tokenizer;
  Words words;
  const auto keep = [&](std::string_view word) { words.emplace_back(word); };
  CHECK(tokenizer.visit_words("one two", keep) == std::string_view::npos);
  CHECK(tokenizer.visit_words("three fo\xFFur five", keep) == 8);
  CHECK(words == Words{"one", "two", "three"});
}

TEST_CASE("A text that is not UTF-8 is an error that names the byte", "[data][text][tokenizer]") {
  CHECK_THROWS_MATCHES(text_to_word_sequence("caf\xE9 noir"), DataError,
                       Message("Tokenizer: text must be UTF-8, got byte 0xE9 at offset 3; convert it to UTF-8 first"));
}

TEST_CASE("Tokenizer options outside their range are errors", "[data][text][tokenizer]") {
  CHECK_THROWS_MATCHES(Tokenizer({.filters = ".\xC3"}), OptionError,
                       Message("Tokenizer: filters must be UTF-8, got byte 0xC3 at offset 1"));
  CHECK_THROWS_MATCHES(Tokenizer({.split = '\xE9'}), OptionError,
                       Message("Tokenizer: split must be an ASCII character, got byte 233; add other separators to "
                               "filters"));
}
