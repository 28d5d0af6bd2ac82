#include "seqnn/data/text/vocabulary.hpp"

#include "fixtures/text.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Message;

namespace {

using Ids = std::vector<std::int32_t>;
using Texts = std::vector<std::string>;

const Texts kThree{"the film the end", "The plot of the film", "an end"};

}  // namespace

TEST_CASE("The most frequent word is 4, and equally frequent words are ranked by their bytes",
          "[data][text][vocabulary]") {
  // the 4 times; end and film twice; an, of and plot once: ids 4; 5 6; 7 8 9
  const Vocabulary vocabulary(kThree);
  CHECK(vocabulary.size() == 6);
  CHECK(vocabulary.id_count() == 10);
  CHECK(vocabulary.distinct_words() == 6);
  CHECK(vocabulary.id("the") == 4);
  CHECK(vocabulary.id("end") == 5);
  CHECK(vocabulary.id("film") == 6);
  CHECK(vocabulary.id("an") == 7);
  CHECK(vocabulary.id("plot") == 9);
  CHECK(vocabulary.id("Plot") == 2);
  CHECK(vocabulary.contains("of"));
  CHECK_FALSE(vocabulary.contains("off"));
  CHECK(vocabulary.count("the") == 4);
  CHECK(vocabulary.count("off") == 0);
  CHECK(vocabulary.word(4) == "the");
  CHECK(vocabulary.word(9) == "plot");
  CHECK(vocabulary.word(0) == "[PAD]");
  CHECK(vocabulary.word(1) == "[START]");
  CHECK(vocabulary.word(2) == "[OOV]");
  CHECK(vocabulary.word(3) == "[OOV]");
}

TEST_CASE("A text is encoded with the start id, and unknown words as 2", "[data][text][vocabulary]") {
  const Vocabulary vocabulary(kThree);
  CHECK(vocabulary.encode("The end of a film.") == Ids{1, 4, 5, 8, 2, 6});
  CHECK(vocabulary.encode("") == Ids{1});
  CHECK(vocabulary.encode_all(Texts{"an end", "plot"}) == std::vector<Ids>{{1, 7, 5}, {1, 9}});
}

TEST_CASE("Ids are decoded without padding and start", "[data][text][vocabulary]") {
  const Vocabulary vocabulary(kThree);
  CHECK(vocabulary.decode(vocabulary.encode("The end of the plot!")) == "the end of the plot");
  CHECK(vocabulary.decode(Ids{0, 0, 1, 4, 2, 6}) == "the [OOV] film");
  CHECK(vocabulary.decode(Ids{}).empty());
}

TEST_CASE("num_words counts ids: those from num_words on become unknown, as in Keras", "[data][text][vocabulary]") {
  const Vocabulary vocabulary(kThree, {.num_words = 6});  // ids 4 and 5: two words
  CHECK(vocabulary.size() == 2);
  CHECK(vocabulary.id_count() == 6);
  CHECK(vocabulary.distinct_words() == 6);
  CHECK(vocabulary.encode("the end of the film") == Ids{1, 4, 5, 2, 4, 2});
  CHECK(Vocabulary(kThree, {.num_words = std::nullopt}).size() == 6);
}

TEST_CASE("start_char and oov_char may be unset, and words begin above index_from", "[data][text][vocabulary]") {
  // As the ids of Keras' Tokenizer: from 1 on, unknown words left out.
  const Vocabulary plain(kThree, {.start_char = std::nullopt, .oov_char = std::nullopt, .index_from = 0});
  CHECK(plain.encode("the end of a film") == Ids{1, 2, 5, 3});
  CHECK_THROWS_MATCHES(plain.id("a"), DataError,
                       Message("Vocabulary: word must be one of 6 known words, got \"a\"; set oov_char for an id of "
                               "unknown words"));
  const Vocabulary moved(kThree, {.start_char = 7, .oov_char = 9, .index_from = 9});
  CHECK(moved.encode("the a") == Ids{7, 10, 9});
}

TEST_CASE("Ranks and ids are those of the conventions of keras.datasets.imdb", "[data][text][vocabulary]") {
  const Vocabulary vocabulary(fixtures::text::kCorpus);
  REQUIRE(vocabulary.size() == fixtures::text::kRanked.size());
  for (std::size_t i = 0; i < vocabulary.size(); ++i) {
    CHECK(vocabulary.word(static_cast<std::int32_t>(i + 4)) == fixtures::text::kRanked[i]);
    CHECK(vocabulary.count(fixtures::text::kRanked[i]) == fixtures::text::kCounts[i]);
  }
  CHECK(vocabulary.encode(fixtures::text::kUnseen) == fixtures::text::kUnseenIds);
  const Vocabulary small(fixtures::text::kCorpus, {.num_words = 10});
  CHECK(small.encode(fixtures::text::kUnseen) == fixtures::text::kUnseenIdsOf10);
}

TEST_CASE("The order of the texts does not matter", "[data][text][vocabulary]") {
  Texts reversed = fixtures::text::kCorpus;
  std::reverse(reversed.begin(), reversed.end());
  CHECK(Vocabulary(fixtures::text::kCorpus) == Vocabulary(reversed));
}

TEST_CASE("A vocabulary cannot be made of nothing or of broken text", "[data][text][vocabulary]") {
  CHECK_THROWS_MATCHES(Vocabulary(Texts{}), DataError,
                       Message("Vocabulary: texts must hold words, got 0 texts without any"));
  CHECK_THROWS_MATCHES(Vocabulary(Texts{"...", ""}), DataError,
                       Message("Vocabulary: texts must hold words, got 2 texts without any"));
  const std::string broken = "Vocabulary: text 1 must be UTF-8, got byte 0xE9 at offset 3; convert it to UTF-8 first";
  const Texts latin1{"fine", "caf\xE9"};
  CHECK_THROWS_MATCHES(Vocabulary(latin1), DataError, Message(broken));
  CHECK_THROWS_MATCHES(Vocabulary(kThree).encode_all(latin1), DataError, Message(broken));
}

TEST_CASE("Vocabulary options outside their range are errors", "[data][text][vocabulary]") {
  const auto message_of = [](const VocabularyOptions& options) -> std::string {
    try {
      static_cast<void>(Vocabulary(kThree, options));
    } catch (const OptionError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(message_of({.num_words = 4}) ==
        "Vocabulary: num_words must be at least 5, got 4; ids up to index_from = 3 are no words");
  CHECK(message_of({.num_words = 5}).empty());
  CHECK(message_of({.start_char = 0}) ==
        "Vocabulary: start_char must be in [1, index_from = 3], got 0; 0 is padding, and words begin above index_from");
  CHECK(message_of({.oov_char = 4}) ==
        "Vocabulary: oov_char must be in [1, index_from = 3], got 4; 0 is padding, and words begin above index_from");
  CHECK(message_of({.start_char = 2}) == "Vocabulary: start_char and oov_char must differ, got 2 for both");
  CHECK(message_of({.start_char = std::nullopt, .oov_char = std::nullopt, .index_from = -1}) ==
        "Vocabulary: index_from must be at least 0, got -1");
}

TEST_CASE("An id outside the vocabulary is an error", "[data][text][vocabulary]") {
  const Vocabulary vocabulary(kThree);
  CHECK_THROWS_MATCHES(vocabulary.word(10), DataError, Message("Vocabulary: id must be in [0, 10), got 10"));
  CHECK_THROWS_MATCHES(vocabulary.decode(Ids{4, -1}), DataError, Message("Vocabulary: id must be in [0, 10), got -1"));
}

TEST_CASE("A vocabulary is the same after saving and loading", "[data][text][vocabulary]") {
  const TemporaryFolder folder;
  const std::string path = folder / "words.txt";
  const std::vector<VocabularyOptions> all{
      {},
      {.num_words = 7},
      {.num_words = std::nullopt, .start_char = std::nullopt, .oov_char = std::nullopt, .index_from = 0},
      {.oov_char = 5, .index_from = 6, .tokenizer = {.filters = ".\u201C%=", .lower = false, .split = '\t'}},
  };
  Texts texts = fixtures::text::kCorpus;
  texts.push_back("100% A=B\tcarriage\rreturn\nnew line Éclair \x7F");
  for (const VocabularyOptions& options : all) {
    const Vocabulary vocabulary(texts, options);
    vocabulary.save(path);
    const Vocabulary loaded = Vocabulary::load(path);
    CHECK(loaded == vocabulary);
    CHECK(loaded.options() == options);
    CHECK(loaded.encode("the Éclair\tA=B") == vocabulary.encode("the Éclair\tA=B"));
  }
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), std::filesystem::directory_iterator()) == 1);
}

TEST_CASE("The file of a vocabulary is text that people can read", "[data][text][vocabulary]") {
  const TemporaryFolder folder;
  Vocabulary(kThree, {.num_words = 7}).save(folder / "words.txt");
  CHECK(read_file(folder / "words.txt") ==
        "seqnn-vocabulary 1 words=3 distinct=6 num_words=7 start_char=1 oov_char=2 index_from=3 lower=true split=%20 "
        "filters=!\"#$%25&()*+,-./:;<=>?@[\\]^_`{|}~%09%0A\n"
        "the 4\nend 2\nfilm 2\n");
}

TEST_CASE("A file that is no vocabulary, or a damaged one, is an error with path and line",
          "[data][text][vocabulary]") {
  const TemporaryFolder folder;
  const std::string path = folder / "words.txt";
  Vocabulary(kThree, {.num_words = 7}).save(path);
  const std::string good = read_file(path);
  const auto message_of = [&](const std::string& content) -> std::string {
    folder.write("words.txt", content);
    try {
      static_cast<void>(Vocabulary::load(path));
    } catch (const FileError& error) {
      return error.what();
    }
    return "";
  };
  const auto with = [&](const std::string& old, const std::string& now) {
    std::string changed = good;
    changed.replace(changed.find(old), old.size(), now);
    return changed;
  };
  CHECK(message_of(good).empty());
  CHECK(message_of("") == path + ":0: file must begin with \"seqnn-vocabulary 1\", got nothing");
  CHECK(message_of("the 4\n") == path +
                                     ":1: file must begin with \"seqnn-vocabulary 1\", got \"the 4\"; give a file "
                                     "written by Vocabulary::save of this version");
  CHECK_THAT(message_of(with("vocabulary 1", "vocabulary 2")), ContainsSubstring("got \"seqnn-vocabulary 2 words=3"));
  CHECK(message_of(with(" oov_char=2", "")) == path + ":1: header must give oov_char, got none");
  CHECK(message_of(with("index_from=3", "index_from=three")) ==
        path + ":1: header must give index_from as a number, got \"three\"");
  CHECK(message_of(with("lower=true", "lower=yes")) ==
        path + ":1: header must give lower as true or false, got \"yes\"");
  CHECK(message_of(with("split=%20", "split=%2")) == path + ":1: header must give split, got \"%2\"");
  CHECK(message_of(with("split=%20", "split=")) == path + ":1: header must give split as one character, got \"\"");
  CHECK(message_of(with("start_char=1", "start_char=9")) ==
        path +
            ":1: Vocabulary: start_char must be in [1, index_from = 3], got 9; 0 is padding, and words begin above "
            "index_from");
  CHECK(message_of(with("words=3 distinct=6", "words=7 distinct=6")) ==
        path + ":1: header must give words in [1, 3] and at most distinct, got words=7 distinct=6");
  CHECK(message_of(with("film 2", "film")) == path + ":4: line must be a word, a space and its count, got \"film\"");
  CHECK(message_of(with("film 2", "film 2x")) ==
        path + ":4: line must be a word, a space and its count, got \"film 2x\"");
  CHECK(message_of(with("film 2", "fil%m 2")) ==
        path + ":4: line must be a word, a space and its count, got \"fil%m 2\"");
  CHECK(message_of(with("film 2", " 2")) == path + ":4: line must be a word, a space and its count, got \" 2\"");
  CHECK(message_of(with("film 2", "film 0")) ==
        path + ":4: line must be a word, a space and its count, got \"film 0\"");
  CHECK(message_of(with("film 2", "film 3")) ==
        path +
            ":4: count must be at most 2, that of the line above, got 3; words go from the most frequent to the "
            "rarest");
  CHECK(message_of(with("film 2", "the 2")) == path + ":4: word must be in one line only, got \"the\" in line 2 too");
  CHECK(message_of(with("film 2\n", "")) ==
        path + ":3: file must hold 3 words, got 2; it is incomplete or was changed: save the vocabulary again");
  CHECK(message_of(good + "more 1\n") ==
        path + ":5: file must hold 3 words, got 4; it is incomplete or was changed: save the vocabulary again");
  CHECK_THAT(message_of(with("film", "f\xFFlm")), ContainsSubstring(path + ": text must be UTF-8, got byte 0xFF at "
                                                                           "offset "));
}

TEST_CASE("A vocabulary file cut anywhere is an error", "[data][text][vocabulary]") {
  const TemporaryFolder folder;
  const std::string path = folder / "words.txt";
  Vocabulary(kThree).save(path);
  const std::string good = read_file(path);
  for (std::size_t length = 0; length < good.size(); ++length) {
    folder.write("words.txt", good.substr(0, length));
    INFO(length);
    CHECK_THROWS_AS(Vocabulary::load(path), FileError);
  }
  CHECK_THROWS_AS(Vocabulary::load(folder / "none.txt"), FileError);
}
