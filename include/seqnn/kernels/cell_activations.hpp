#pragma once

#include "seqnn/kernels/activations.hpp"
#include "seqnn/kernels/elementary.hpp"
#include "seqnn/kernels/simd.hpp"

#include <cstddef>

namespace seqnn::inline SEQNN_ABI::detail {

// Activations inside the cells of recurrent layers, a register at a time: sigmoid and tanh, the standard, in place; any
// other elementwise one through the functions for whole arrays, so that the cells exist twice and not once for each
// pair.

template <class Real>
[[gnu::noinline]] Simd<Real> activate_register(Activation::Function f, Simd<Real> x) noexcept {
  alignas(64) Real lanes[kLanes<Real>];
  x.store_aligned(lanes);
  activate(f, kLanes<Real>, lanes, lanes);
  return Simd<Real>::load_aligned(lanes);
}

template <class Real>
[[gnu::noinline]] Simd<Real> activation_backward_register(Activation::Function f, Simd<Real> y,
                                                          Simd<Real> dy) noexcept {
  alignas(64) Real values[kLanes<Real>];
  alignas(64) Real gradients[kLanes<Real>];
  y.store_aligned(values);
  dy.store_aligned(gradients);
  activation_backward(f, kLanes<Real>, values, gradients, gradients);
  return Simd<Real>::load_aligned(gradients);
}

/// tanh(x) / x at the square s of x as P(s) / Q(s): the rational function of degrees 4 and 4 with the smallest largest
/// error, 9.4e-9, over |x| ≤ 8.3. Cut at 8, where tanh is 1 - 2.3e-7, neither tanh nor sigmoid passes its bounds.
inline constexpr float kTanhLimit = 8.0F;
inline constexpr float kTanhP[] = {0.99999999F, 0.134258723F, 3.54917131e-3F, 2.15085317e-5F, 1.46483093e-8F};
inline constexpr float kTanhQ[] = {1.0F, 0.467591971F, 2.60799580e-2F, 3.37395402e-4F, 8.29512899e-7F};

/// scale·tanh(x / 2^halvings) within 4e-7; NaN for NaN. Cells spend most of their time here,
/// and one after the other where samples come one by one: this takes half the steps of the functions through e^x.
template <int halvings>
SEQNN_INLINE Simd<float> rational_tanh(const Simd<float>& x, float scale) noexcept {
  using V = Simd<float>;
  constexpr float kInner = halvings == 0 ? 1.0F : 0.5F;
  const auto coefficient = [](float c, int power) {  // of a polynomial in s, to be taken at s·kInner²
    for (int i = 0; i < power; ++i) c *= kInner * kInner;
    return c;
  };
  const V limit(kTanhLimit / kInner);
  const V a = simd::max<float>(-limit, simd::min<float>(limit, x));
  const V s = a * a;
  V p(coefficient(kTanhP[4], 4) * scale * kInner);
  V q(coefficient(kTanhQ[4], 4));
  simd::unroll<4>([&](auto i) {
    constexpr int kPower = 3 - static_cast<int>(i);
    p = simd::fma<float>(p, s, V(coefficient(kTanhP[kPower], kPower) * scale * kInner));
    q = simd::fma<float>(q, s, V(coefficient(kTanhQ[kPower], kPower)));
  });
  return simd::quotient<float>(a * p, q);
}

/// sigmoid for the gates, tanh for the rest.
template <class Real>
struct StandardCell {
  using V = Simd<Real>;
  SEQNN_INLINE V gate(const V& x) const noexcept {
    if constexpr (sizeof(Real) == sizeof(float)) {
      return rational_tanh<1>(x, 0.5F) + V(0.5F);
    } else {
      return simd::sigmoid<Real>(x);
    }
  }
  SEQNN_INLINE V value(const V& x) const noexcept {
    if constexpr (sizeof(Real) == sizeof(float)) {
      return rational_tanh<0>(x, 1.0F);
    } else {
      return simd::tanh<Real>(x);
    }
  }
  /// dy times the slope, from the activated y.
  SEQNN_INLINE V gate_back(const V& y, const V& dy) const noexcept { return dy * simd::fma(-y, y, y); }
  SEQNN_INLINE V value_back(const V& y, const V& dy) const noexcept { return dy * simd::fma(-y, y, V(Real(1))); }
};

/// Any pair.
template <class Real>
struct AnyCell {
  using V = Simd<Real>;
  Activation::Function recurrent;
  Activation::Function activation;
  V gate(const V& x) const noexcept { return activate_register<Real>(recurrent, x); }
  V value(const V& x) const noexcept { return activate_register<Real>(activation, x); }
  V gate_back(const V& y, const V& dy) const noexcept { return activation_backward_register<Real>(recurrent, y, dy); }
  V value_back(const V& y, const V& dy) const noexcept { return activation_backward_register<Real>(activation, y, dy); }
};

/// Calls `body(cell)` with the cell for this pair.
template <class Real, class Body>
SEQNN_INLINE void with_cell(Activation::Function recurrent, Activation::Function activation, Body&& body) noexcept {
  if (recurrent == Activation::sigmoid && activation == Activation::tanh) {
    body(StandardCell<Real>{});
  } else {
    body(AnyCell<Real>{recurrent, activation});
  }
}

}  // namespace seqnn::inline SEQNN_ABI::detail
