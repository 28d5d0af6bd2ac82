#pragma once

#include "seqnn/kernels/elementary.hpp"
#include "seqnn/kernels/simd.hpp"

namespace seqnn::inline SEQNN_ABI::simd {

// Activations that are x times a gate between 0 and 1, which opens with x. They fall before they rise, so that their
// slope does not follow from their value. Each gives both; what is not used costs nothing once inlined.

/// y = x·gate(x) and dy/dx.
template <class Real>
struct Gated {
  Simd<Real> y;
  Simd<Real> slope;
};

/// x·Φ(x); slope Φ(x) + x·e^(-x²/2) / √(2π).
template <class Real>
SEQNN_INLINE Gated<Real> gelu(const Simd<Real>& x) noexcept {
  const Normal<Real> at = normal<Real>(x);
  const Simd<Real> density = at.bell * Simd<Real>(Real(0.3989422804014327));
  return {x * at.cdf, fma<Real>(x, density, at.cdf)};
}

/// x/2·(1 + tanh u) with u = √(2/π)·(x + 0.044715·x³): x·g with g = sigmoid(2u); slope g + x·g·(1 - g)·2u'.
template <class Real>
SEQNN_INLINE Gated<Real> gelu_tanh(const Simd<Real>& x) noexcept {
  const Simd<Real> one(Real(1));
  const Simd<Real> twice(Real(1.5957691216057308));  // 2·√(2/π)
  const Simd<Real> limit(Real(20));                  // beyond, g is 0 or 1
  const Simd<Real> v = simd::max<Real>(-limit, simd::min<Real>(limit, x));
  const Simd<Real> cubic = Simd<Real>(Real(0.044715)) * v * v;
  const Simd<Real> gate = simd::sigmoid<Real>(twice * fma<Real>(cubic, v, v));
  const Simd<Real> rise = twice * fma<Real>(Simd<Real>(Real(3)), cubic, one);
  return {x * gate, fma<Real>(v * gate * (one - gate), rise, gate)};
}

/// x·σ(x); slope σ·(1 + x·(1 - σ)).
template <class Real>
SEQNN_INLINE Gated<Real> silu(const Simd<Real>& x) noexcept {
  const Simd<Real> one(Real(1));
  const Simd<Real> gate = simd::sigmoid<Real>(x);
  return {x * gate, gate * fma<Real>(x, one - gate, one)};
}

/// x·g with g = tanh(log(1 + e)) = n / (n + 2), where e = e^x and n = e·(e + 2), which loses nothing below 0; slope
/// g + x·4·e·(1 + e) / (n + 2)².
template <class Real>
SEQNN_INLINE Gated<Real> mish(const Simd<Real>& x) noexcept {
  const Simd<Real> one(Real(1));
  const Simd<Real> two(Real(2));
  const Simd<Real> v = simd::min<Real>(Simd<Real>(Real(20)), x);  // beyond, g is 1 in both precisions
  const Simd<Real> e = simd::exp<Real>(v);
  const Simd<Real> n = e * (e + two);
  const Simd<Real> reciprocal = quotient<Real>(one, n + two);
  const Simd<Real> gate = n * reciprocal;
  const Simd<Real> rise = (two * e * reciprocal) * (two * (one + e) * reciprocal);
  return {x * gate, fma<Real>(v, rise, gate)};
}

/// min(max(x/6 + 1/2, 0), 1).
template <class Real>
SEQNN_INLINE Simd<Real> hard_sigmoid(const Simd<Real>& x) noexcept {
  const Simd<Real> zero(Real(0));
  const Simd<Real> six(Real(6));
  const Simd<Real> shifted = x + Simd<Real>(Real(3));
  const Simd<Real> clipped = xsimd::select(shifted <= zero, zero, xsimd::select(shifted >= six, six, shifted));
  return clipped * Simd<Real>(Real(1) / Real(6));
}

/// x·g with g = hard_sigmoid(x); slope g, and x/6 more where 0 < g < 1.
template <class Real>
SEQNN_INLINE Gated<Real> hard_silu(const Simd<Real>& x) noexcept {
  const Simd<Real> zero(Real(0));
  const Simd<Real> gate = hard_sigmoid<Real>(x);
  const Simd<Real> rise =
      xsimd::select((gate > zero) & (gate < Simd<Real>(Real(1))), x * Simd<Real>(Real(1) / Real(6)), zero);
  return {x * gate, gate + rise};
}

}  // namespace seqnn::inline SEQNN_ABI::simd
