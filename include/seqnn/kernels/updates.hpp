#pragma once

#include "seqnn/kernels/simd.hpp"
#include "seqnn/kernels/sweep.hpp"

#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

// One pass over n values; the buffers may be the same, but must not overlap otherwise.

/// y += x
template <class Real>
void add(std::size_t n, const Real* x, Real* y) noexcept {
  simd::sweep<Real>(n, [&](auto at) { at.store(y, at.load(y) + at.load(x)); });
}

/// z = x + y
template <class Real>
void add(std::size_t n, const Real* x, const Real* y, Real* z) noexcept {
  simd::sweep<Real>(n, [&](auto at) { at.store(z, at.load(x) + at.load(y)); });
}

/// y += a·x
template <class Real>
void axpy(std::size_t n, Real a, const Real* x, Real* y) noexcept {
  const Simd<Real> factor(a);
  simd::sweep<Real>(n, [&](auto at) { at.store(y, simd::fma(factor, at.load(x), at.load(y))); });
}

/// x *= a
template <class Real>
void scale(std::size_t n, Real a, Real* x) noexcept {
  const Simd<Real> factor(a);
  simd::sweep<Real>(n, [&](auto at) { at.store(x, at.load(x) * factor); });
}

/// Cuts every x to [-limit, limit]; NaN stays NaN.
template <class Real>
void clip(std::size_t n, Real limit, Real* x) noexcept {
  const Simd<Real> high(limit);
  const Simd<Real> low(-limit);
  simd::sweep<Real>(n, [&](auto at) {
    // Comparisons and not min and max, whose result for NaN depends on the instruction set.
    const Simd<Real> v = at.load(x);
    at.store(x, xsimd::select(v > high, high, xsimd::select(v < low, low, v)));
  });
}

}  // namespace seqnn::inline SEQNN_ABI
