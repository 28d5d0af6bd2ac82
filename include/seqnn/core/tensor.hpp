#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/xtensor.hpp"

#include <cstddef>
#include <new>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Bytes to which every buffer is aligned: a cache line, and the widest SIMD register.
inline constexpr std::size_t kAlignment = 64;

/// Allocates at cache lines, through operator new so that allocations can be counted.
template <class T>
struct AlignedAllocator {
  using value_type = T;

  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>&) noexcept {}

  T* allocate(std::size_t n) { return static_cast<T*>(::operator new (n * sizeof(T), std::align_val_t{kAlignment})); }
  void deallocate(T* p, std::size_t) noexcept { ::operator delete (p, std::align_val_t{kAlignment}); }

  template <class U>
  bool operator==(const AlignedAllocator<U>&) const noexcept {
    return true;
  }
};

/// A tensor of N axes: xtensor's container, row-major and aligned. Create one by shape with `Tensor<T, N>::from_shape`.
template <class T, std::size_t N>
using Tensor = xt::xtensor<T, N, xt::layout_type::row_major, AlignedAllocator<T>>;

/// A tensor whose number of axes is known at run time only.
template <class T>
using Array = xt::xarray<T, xt::layout_type::row_major, AlignedAllocator<T>>;

/// A flat aligned buffer.
template <class T>
using Buffer = std::vector<T, AlignedAllocator<T>>;

/// The shape of any xtensor expression.
template <class E>
Shape shape_of(const xt::xexpression<E>& e) {
  const auto& shape = e.derived_cast().shape();
  return Shape(shape.begin(), shape.end());
}

}  // namespace seqnn::inline SEQNN_ABI
