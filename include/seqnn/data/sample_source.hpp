#pragma once

#include "seqnn/data/any_array.hpp"
#include "seqnn/data/dataset.hpp"

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

}  // namespace seqnn::inline SEQNN_ABI
