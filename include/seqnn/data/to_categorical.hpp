#pragma once

#include "seqnn/core/any_rank.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/any_array.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Class indices as one-hot vectors on a new last axis, as in Keras: labels (samples) or (samples, 1) become
/// (samples, classes), labels (samples, time) become (samples, time, classes).
///
///     const Tensor<float, 2> y = to_categorical(labels);
///
/// SparseCategoricalCrossentropy takes the labels as they are, in less memory.
///
/// @param num_classes  0: one more than the largest label
/// @throws DataError if a label is no integer, negative or not below num_classes, or there are neither labels nor
///         num_classes
SEQNN_COLD inline AnyRank<float> to_categorical(const AnyArray& labels, std::size_t num_classes = 0) {
  const Values<std::int32_t> classes(labels, "to_categorical");
  const std::size_t n = labels.size();
  if (num_classes == 0) {
    if (n == 0) throw DataError("to_categorical: there must be labels to count classes by, got none; give num_classes");
    num_classes = static_cast<std::size_t>(std::max(*std::max_element(classes.data(), classes.data() + n), 0)) + 1;
  }
  Shape shape = labels.shape();
  if (shape.size() > 1 && shape.back() == 1) shape.pop_back();
  shape.push_back(num_classes);
  Array<float> result = Array<float>::from_shape(shape);
  std::fill_n(result.data(), result.size(), 0.0F);
  for (std::size_t i = 0; i < n; ++i) {
    const std::int32_t label = classes.data()[i];
    if (label < 0 || static_cast<std::size_t>(label) >= num_classes) {
      throw DataError(text("to_categorical: label at ", position_of(i, labels.shape()), " must be a class in [0, ",
                           num_classes, "), got ", label, "; count classes from 0"));
    }
    result.data()[i * num_classes + static_cast<std::size_t>(label)] = 1;
  }
  return AnyRank<float>(std::move(result));
}

}  // namespace seqnn::inline SEQNN_ABI
