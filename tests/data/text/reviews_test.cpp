#include "seqnn/data/text/reviews.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

using Texts = std::vector<std::string>;
using Labels = std::vector<std::int32_t>;

void write_reviews(const TemporaryFolder& folder, const std::string& split) {
  folder.write(split + "/pos/10_9.txt", "pos 10");
  folder.write(split + "/pos/9_10.txt", "pos 9");
  folder.write(split + "/neg/2_1.txt", "neg 2");
  folder.write(split + "/neg/0_3.txt", "neg 0");
  folder.write(split + "/neg/notes.md", "not a review");
}

}  // namespace

TEST_CASE("Reviews are read by number, the negative ones first", "[data][text][reviews]") {
  const TemporaryFolder folder;
  write_reviews(folder, "train");
  const LabelledTexts reviews = read_reviews(folder.path.string());
  CHECK(reviews.size() == 4);
  CHECK(reviews.texts == Texts{"neg 0", "neg 2", "pos 9", "pos 10"});
  CHECK(reviews.labels == Labels{0, 0, 1, 1});
  const Tensor<std::int32_t, 1> y = reviews.label_tensor();
  CHECK(Labels(y.begin(), y.end()) == reviews.labels);
}

TEST_CASE("Reviews are found from the folder that holds aclImdb, in either split", "[data][text][reviews]") {
  const TemporaryFolder folder;
  write_reviews(folder, "aclImdb/train");
  write_reviews(folder, "aclImdb/test");
  folder.write("aclImdb/test/neg/1_1.txt", "neg 1, Zo\xC3\xAB");
  CHECK(read_reviews(folder.path.string()).size() == 4);
  CHECK(read_reviews(folder / "aclImdb", "test").texts ==
        Texts{"neg 0", "neg 1, Zo\xC3\xAB", "neg 2", "pos 9", "pos 10"});
}

TEST_CASE("File names are ordered by number, then by bytes", "[data][text][reviews]") {
  CHECK(detail::review_before("9_1.txt", "10_1.txt"));
  CHECK_FALSE(detail::review_before("10_1.txt", "9_1.txt"));
  CHECK(detail::review_before("9_1.txt", "9_2.txt"));
  CHECK(detail::review_before("007_1.txt", "8_1.txt"));
  CHECK(detail::review_before("a.txt", "b.txt"));
  CHECK_FALSE(detail::review_before("a.txt", "a.txt"));
}

TEST_CASE("Shuffling keeps texts and labels together and depends on the seed only", "[data][text][reviews]") {
  LabelledTexts reviews;
  for (std::int32_t i = 0; i < 100; ++i) {
    reviews.texts.push_back(std::to_string(i));
    reviews.labels.push_back(i);
  }
  LabelledTexts a = reviews;
  LabelledTexts b = reviews;
  LabelledTexts c = reviews;
  a.shuffle(1);
  b.shuffle(1);
  c.shuffle(2);
  CHECK(a == b);
  CHECK_FALSE(a == c);
  CHECK_FALSE(a == reviews);
  Labels seen(100, 0);
  for (std::size_t i = 0; i < 100; ++i) {
    CHECK(a.texts[i] == std::to_string(a.labels[i]));
    ++seen[static_cast<std::size_t>(a.labels[i])];
  }
  CHECK(seen == Labels(100, 1));
}

TEST_CASE("A folder without reviews is an error that says what was expected", "[data][text][reviews]") {
  const TemporaryFolder folder;
  const std::string here = folder.path.string();
  CHECK_THROWS_MATCHES(
      read_reviews(folder / "none"), FileError,
      Message((folder / "none") + ": folder must hold train/pos and train/neg, got no such folder; give the folder "
                                  "aclImdb of the unpacked data set, or the one that holds it"));
  folder.write("train/pos/0_9.txt", "only one side");
  CHECK_THROWS_MATCHES(read_reviews(here), FileError,
                       Message(here + ": folder must hold train/pos and train/neg, got a folder without them; give the "
                                      "folder aclImdb of the unpacked data set, or the one that holds it"));
  std::filesystem::create_directories(folder / "train/neg");
  CHECK_THROWS_MATCHES(read_reviews(here), FileError,
                       Message((folder / "train/neg") + ": folder must hold reviews (ID_RATING.txt), got none"));
}

TEST_CASE("A review that is not UTF-8 is an error with path and offset", "[data][text][reviews]") {
  const TemporaryFolder folder;
  write_reviews(folder, "train");
  const std::string path = folder.write("train/pos/11_8.txt", "un caf\xE9");
  CHECK_THROWS_MATCHES(read_reviews(folder.path.string()), FileError,
                       Message(path + ": text must be UTF-8, got byte 0xE9 at offset 6; convert the file to UTF-8"));
}
