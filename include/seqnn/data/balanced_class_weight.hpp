#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/data/any_array.hpp"

#include <cstddef>
#include <cstdint>
#include <map>

namespace seqnn::inline SEQNN_ABI {

/// Weights with which every class counts as much as any other, however rare it is: labels / (classes · labels of this
/// class), for the classes there are. Their mean over the labels is 1.
///
///     model.fit(x, y, {.class_weight = balanced_class_weight(y)});
///
/// scikit-learn's compute_class_weight("balanced"); Keras has none.
/// @throws DataError if a label is no integer, or there are none
SEQNN_COLD inline std::map<int, double> balanced_class_weight(const AnyArray& labels) {
  const Values<std::int32_t> classes(labels, "balanced_class_weight");
  const std::size_t n = labels.size();
  if (n == 0) throw DataError("balanced_class_weight: there must be labels to count, got none");
  std::map<int, double> weights;
  for (std::size_t i = 0; i < n; ++i) weights[classes.data()[i]] += 1;
  for (auto& [label, weight] : weights) {
    weight = static_cast<double>(n) / (static_cast<double>(weights.size()) * weight);
  }
  return weights;
}

}  // namespace seqnn::inline SEQNN_ABI
