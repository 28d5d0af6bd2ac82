#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/text/labelled_texts.hpp"
#include "seqnn/data/text/text_file.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace seqnn::inline SEQNN_ABI {
namespace detail {

/// Names of reviews such as `12_7.txt` by their number, so that 9_1.txt stands before 10_2.txt, then by their bytes.
inline bool review_before(const std::string& a, const std::string& b) {
  const auto digits = [](const std::string& name) {
    return std::min(name.find_first_not_of("0123456789"), name.size());
  };
  const auto number = [&](const std::string& name) {
    const std::size_t zeros = std::min(name.find_first_not_of('0'), digits(name));
    return std::string_view(name).substr(zeros, digits(name) - zeros);
  };
  const std::string_view x = number(a);
  const std::string_view y = number(b);
  if (x.size() != y.size()) return x.size() < y.size();
  return x != y ? x < y : a < b;
}

/// Adds the reviews of one folder.
inline void read_review_folder(const std::filesystem::path& folder, std::int32_t label, LabelledTexts& reviews) {
  std::error_code error;
  std::vector<std::string> names;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() == ".txt") names.push_back(entry->path().filename().string());
  }
  if (error) throw FileError(text(folder.string(), ": folder must be readable, got \"", error.message(), '"'));
  if (names.empty()) throw FileError(text(folder.string(), ": folder must hold reviews (ID_RATING.txt), got none"));
  std::sort(names.begin(), names.end(), review_before);
  for (const std::string& name : names) {
    reviews.texts.push_back(read_text_file((folder / name).string()));
    reviews.labels.push_back(label);
  }
}

}  // namespace detail

/// Reads labelled reviews from files in the layout of the Large Movie Review Dataset (aclImdb): `folder/split/neg/`
/// and `folder/split/pos/` with a text `ID_RATING.txt` for each review. The folder may also be the one that holds
/// `aclImdb/`. Returns the negative reviews (label 0) and after them the positive ones (label 1), each by the number
/// that their file name begins with; files other than .txt are left alone.
///
/// @throws FileError if `split/pos` or `split/neg` is missing or holds no review, or a review cannot be read or is not
///         UTF-8
/// Source  Maas, Daly, Pham, Huang, Ng & Potts 2011, "Learning word vectors for sentiment analysis"
inline LabelledTexts read_reviews(const std::string& folder, const std::string& split = "train") {
  namespace fs = std::filesystem;
  const auto complete = [&](const fs::path& base) {
    std::error_code ignored;
    return fs::is_directory(base / split / "pos", ignored) && fs::is_directory(base / split / "neg", ignored);
  };
  fs::path base = folder;
  if (!complete(base)) base /= "aclImdb";
  if (!complete(base)) {
    std::error_code ignored;
    const bool exists = fs::is_directory(folder, ignored);
    throw FileError(text(folder, ": folder must hold ", split, "/pos and ", split, "/neg, got ",
                         exists ? "a folder without them" : "no such folder",
                         "; give the folder aclImdb of the unpacked data set, or the one that holds it"));
  }
  LabelledTexts reviews;
  detail::read_review_folder(base / split / "neg", 0, reviews);
  detail::read_review_folder(base / split / "pos", 1, reviews);
  return reviews;
}

}  // namespace seqnn::inline SEQNN_ABI
