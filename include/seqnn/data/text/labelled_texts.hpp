#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/random.hpp"
#include "seqnn/core/tensor.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Texts and the class of each; for reviews 0 is negative and 1 is positive.
struct LabelledTexts {
  std::vector<std::string> texts;
  std::vector<std::int32_t> labels;  ///< as many as texts

  std::size_t size() const { return texts.size(); }

  /// Puts texts, and labels with them, into an order that depends only on seed and size.
  void shuffle(std::uint64_t seed) {
    RandomStream random({.seed = seed, .purpose = Purpose::data, .index = 2});
    for (std::size_t i = texts.size(); i > 1; --i) {
      const auto j = static_cast<std::size_t>(random.below(i));
      std::swap(texts[i - 1], texts[j]);
      std::swap(labels[i - 1], labels[j]);
    }
  }

  /// The labels as a tensor (texts), the y of `fit`.
  Tensor<std::int32_t, 1> label_tensor() const {
    auto y = Tensor<std::int32_t, 1>::from_shape(std::array<std::size_t, 1>{labels.size()});
    std::copy(labels.begin(), labels.end(), y.data());
    return y;
  }

  bool operator==(const LabelledTexts&) const = default;
};

}  // namespace seqnn::inline SEQNN_ABI
