#pragma once

#include "seqnn/core/config.hpp"

#include <cstdint>

namespace seqnn::inline SEQNN_ABI {

/// Where the parts of some samples lie, each part of one behind that of the other; null for parts they have not.
template <class Real, class Integer = std::int32_t>
struct SampleParts {
  Real* x_values = nullptr;
  Integer* x_ids = nullptr;
  Real* y_values = nullptr;
  Integer* y_classes = nullptr;
  Real* weights = nullptr;

  operator SampleParts<const Real, const Integer>() const { return {x_values, x_ids, y_values, y_classes, weights}; }
};

}  // namespace seqnn::inline SEQNN_ABI
