#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/data/any_array.hpp"
#include "seqnn/data/dataset.hpp"

#include <cstddef>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// What samples come from: arrays, `{x, y}` or `{x, y, sample_weight}`, or a data set, `&dataset`. Refers to all of
/// them.
struct SampleSource {
  /// Nothing.
  SampleSource() = default;

  SampleSource(AnyArray inputs, AnyArray targets, AnyArray weights = {})
      : x(std::move(inputs)), y(std::move(targets)), sample_weight(std::move(weights)) {}

  /// @param data  null: nothing
  template <class D>
  requires detail::HasSamples<D> SampleSource(const D* data) {  // NOLINT: implicit, for `.validation_data = &dataset`
    if (data != nullptr) dataset = *data;
  }
  SampleSource(const AnyDataset& data) : dataset(data) {}  // NOLINT

  bool empty() const { return x.empty() && dataset.empty(); }

  AnyArray x;
  AnyArray y;
  AnyArray sample_weight;
  AnyDataset dataset;
};

/// Shape of one sample, before there is a network to compare it with.
/// @throws ShapeError for a scalar, or a data set that leaves an axis open or empty
SEQNN_COLD inline Shape sample_shape(const SampleSource& source, const std::string& of = {}) {
  if (source.dataset.empty()) {
    const Shape& shape = source.x.shape();
    if (shape.empty()) throw ShapeError(text(of, "x: must be (batch, …), got a scalar or nothing"));
    return Shape(shape.begin() + 1, shape.end());
  }
  const Shape shape = source.dataset.x_shape();
  for (const std::size_t extent : shape) {
    if (extent == 0 || extent == kAnyLength) {
      throw ShapeError(text(of, "dataset: every axis of x_shape() must be known and at least 1, got ", shape));
    }
  }
  return shape;
}

}  // namespace seqnn::inline SEQNN_ABI
