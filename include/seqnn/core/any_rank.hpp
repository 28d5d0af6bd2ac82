#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"

#include <cstddef>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// A tensor whose rank only the caller knows, as functions return it. Becomes the container that the user names:
///
///     xt::xtensor<float, 2> p = model.predict(x);
///
/// It is no xtensor expression itself, because xtensor does not compare ranks when it assigns one: it would write past
/// the shape of a tensor with fewer axes. `array()` is one, for use in expressions.
template <class T>
class AnyRank {
 public:
  explicit AnyRank(Array<T> array) : array_(std::move(array)) {}

  const Array<T>& array() const { return array_; }
  Shape shape() const { return shape_of(array_); }
  std::size_t size() const { return array_.size(); }

  /// The values in row-major order.
  const T* data() const { return array_.data(); }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size(); }

  template <class... Index>
  const T& operator()(Index... index) const {
    return array_(index...);
  }

  /// @throws ShapeError if the container has another number of axes
  template <class Storage, std::size_t N, xt::layout_type L, class Tag>
  operator xt::xtensor_container<Storage, N, L, Tag>() const {  // NOLINT: implicit, so that naming the type is enough
    if (array_.dimension() != N) {
      throw ShapeError(text("tensor: must have ", array_.dimension(), " axes to hold values of shape ", shape(),
                            ", got ", N, "; name an xt::xtensor<…, ", array_.dimension(), '>'));
    }
    return array_;
  }
  template <class Storage, xt::layout_type L, class ShapeType, class Tag>
  operator xt::xarray_container<Storage, L, ShapeType, Tag>() const {  // NOLINT
    return array_;
  }

 private:
  Array<T> array_;
};

}  // namespace seqnn::inline SEQNN_ABI
