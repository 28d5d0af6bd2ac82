#pragma once

#include "seqnn/kernels/simd.hpp"

#include <cstddef>

namespace seqnn::inline SEQNN_ABI::simd {

/// A place in flat buffers of equal length where a whole register is read and written.
template <class Real>
struct WholeRegister {
  std::size_t i;
  SEQNN_INLINE Simd<Real> load(const Real* p) const noexcept { return simd::load(p + i); }
  SEQNN_INLINE Simd<Real> load_or(const Real* p, Real) const noexcept { return simd::load(p + i); }
  SEQNN_INLINE void store(Real* p, const Simd<Real>& v) const noexcept { simd::store(p + i, v); }
};

/// The place behind the last whole register: `count` values, read with zeros, or another number, in the other lanes.
template <class Real>
struct LastRegister {
  std::size_t i;
  std::size_t count;
  SEQNN_INLINE Simd<Real> load(const Real* p) const noexcept { return load_first(p + i, count); }
  SEQNN_INLINE Simd<Real> load_or(const Real* p, Real other) const noexcept {
    alignas(64) Real lanes[kLanes<Real>];
    for (std::size_t k = 0; k < kLanes<Real>; ++k) lanes[k] = k < count ? p[i + k] : other;
    return Simd<Real>::load_aligned(lanes);
  }
  SEQNN_INLINE void store(Real* p, const Simd<Real>& v) const noexcept { store_first(p + i, v, count); }
};

/// Calls `body(at)` for every register of n values, in order. `at` loads from and stores to any number of buffers:
/// `sweep<Real>(n, [&](auto at) { at.store(y, at.load(x) + at.load(y)); })`.
template <class Real, class Body>
SEQNN_INLINE void sweep(std::size_t n, Body&& body) noexcept {
  constexpr std::size_t W = kLanes<Real>;
  std::size_t i = 0;
  for (; i + W <= n; i += W) body(WholeRegister<Real>{i});
  if (i < n) body(LastRegister<Real>{i, n - i});
}

}  // namespace seqnn::inline SEQNN_ABI::simd
