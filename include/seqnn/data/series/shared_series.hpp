#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/tensor.hpp"

#include <memory>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// A series (rows, columns), one row a time, that several data sets read without a copy.
template <class Real>
using SharedSeries = std::shared_ptr<const Tensor<Real, 2>>;

/// Takes over a matrix, to be shared: `shared_series(table.matrix<float>())`.
template <class Real>
SharedSeries<Real> shared_series(Tensor<Real, 2> values) {
  return std::make_shared<const Tensor<Real, 2>>(std::move(values));
}

}  // namespace seqnn::inline SEQNN_ABI
