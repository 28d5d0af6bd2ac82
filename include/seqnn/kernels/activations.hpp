#pragma once

#include "seqnn/core/activation.hpp"
#include "seqnn/kernels/elementary.hpp"
#include "seqnn/kernels/gated_activations.hpp"
#include "seqnn/kernels/simd.hpp"
#include "seqnn/kernels/sweep.hpp"

#include <cstddef>
#include <limits>

namespace seqnn::inline SEQNN_ABI {

/// y = softmax of the n values of one row: e^(x_i - m) / Σ_j e^(x_j - m), where m is the largest, so that nothing
/// overflows. x and y may be the same. A NaN or +∞ in the row makes all of it NaN.
template <class Real>
void softmax(std::size_t n, const Real* x, Real* y) noexcept {
  constexpr std::size_t W = kLanes<Real>;
  Real m = -std::numeric_limits<Real>::infinity();
  std::size_t i = 0;
  if (n >= W) {
    Simd<Real> largest = simd::load(x);
    for (i = W; i + W <= n; i += W) largest = simd::max<Real>(largest, simd::load(x + i));
    m = simd::largest(largest);
  }
  for (; i < n; ++i) m = x[i] > m ? x[i] : m;

  const Simd<Real> shift(m);
  simd::map(n, x, y, [&](const Simd<Real>& v) { return simd::exp<Real>(v - shift); });
  Simd<Real> total(Real(0));
  simd::sweep<Real>(n, [&](auto at) { total += at.load(y); });
  const Simd<Real> scale(Real(1) / simd::sum(total));
  simd::map(n, y, y, [&](const Simd<Real>& v) { return v * scale; });
}

/// Gradient of `softmax` from its output: dx_i = y_i · (dy_i - Σ_j dy_j·y_j). dy and dx may be the same.
template <class Real>
void softmax_backward(std::size_t n, const Real* y, const Real* dy, Real* dx) noexcept {
  Simd<Real> total(Real(0));
  simd::sweep<Real>(n, [&](auto at) { total = simd::fma(at.load(y), at.load(dy), total); });
  const Simd<Real> mean(simd::sum(total));
  simd::sweep<Real>(n, [&](auto at) { at.store(dx, at.load(y) * (at.load(dy) - mean)); });
}

namespace detail {

inline constexpr double kLeakySlope = 0.2;
// So that mean 0 and variance 1 of normally distributed values stay.  Source  Klambauer et al. 2017
inline constexpr double kSeluScale = 1.0507009873554805;
inline constexpr double kSeluAlpha = 1.6732632423543772;

}  // namespace detail

/// y = x where x > 0, else slope · x. NaN stays NaN.
template <class Real>
void leaky_relu(std::size_t n, Real slope, const Real* x, Real* y) noexcept {
  const Simd<Real> zero(Real(0));
  const Simd<Real> s(slope);
  simd::map(n, x, y, [&](const Simd<Real>& v) { return xsimd::select(v > zero, v, v * s); });
}

/// dx = dy where v > 0, else slope · dy, with v the input or, which has the same sign, the output of `leaky_relu`.
template <class Real>
void leaky_relu_backward(std::size_t n, Real slope, const Real* v, const Real* dy, Real* dx) noexcept {
  const Simd<Real> zero(Real(0));
  const Simd<Real> s(slope);
  simd::sweep<Real>(n, [&](auto at) {
    const Simd<Real> d = at.load(dy);
    at.store(dx, xsimd::select(at.load(v) > zero, d, d * s));
  });
}

/// y = f(x) for n values, which softmax takes as one row. x and y may be the same. NaN stays NaN, also through relu and
/// hard_sigmoid.
template <class Real>
void activate(Activation::Function f, std::size_t n, const Real* x, Real* y) noexcept {
  using V = Simd<Real>;
  const V zero(Real(0));
  switch (f) {
    case Activation::linear:
      if (x != y) simd::map(n, x, y, [](const V& v) { return v; });
      return;
    case Activation::relu:
      return simd::map(n, x, y, [&](const V& v) { return xsimd::select(v <= zero, zero, v); });
    case Activation::tanh:
      return simd::map(n, x, y, [](const V& v) { return simd::tanh<Real>(v); });
    case Activation::sigmoid:
      return simd::map(n, x, y, [](const V& v) { return simd::sigmoid<Real>(v); });
    case Activation::hard_sigmoid:
      return simd::map(n, x, y, [](const V& v) { return simd::hard_sigmoid<Real>(v); });
    case Activation::softmax:
      return softmax(n, x, y);
    case Activation::leaky_relu:
      return leaky_relu(n, static_cast<Real>(detail::kLeakySlope), x, y);
    case Activation::elu:
      return simd::map(n, x, y, [&](const V& v) {
        return xsimd::select(v > zero, v, simd::expm1_below_zero<Real>(simd::min<Real>(zero, v)));
      });
    case Activation::selu:
      return simd::map(n, x, y, [&](const V& v) {
        const V scale(static_cast<Real>(detail::kSeluScale));
        const V below(static_cast<Real>(detail::kSeluScale * detail::kSeluAlpha));
        return xsimd::select(v > zero, v * scale, simd::expm1_below_zero<Real>(simd::min<Real>(zero, v)) * below);
      });
    case Activation::softplus:
      return simd::map(n, x, y, [](const V& v) { return simd::softplus<Real>(v); });
    case Activation::softsign:
      return simd::map(n, x, y, [](const V& v) { return v / (V(Real(1)) + xsimd::abs(v)); });
    case Activation::exponential:
      return simd::map(n, x, y, [](const V& v) { return simd::exp<Real>(v); });
    case Activation::gelu:
      return simd::map(n, x, y, [](const V& v) { return simd::gelu<Real>(v).y; });
    case Activation::gelu_tanh:
      return simd::map(n, x, y, [](const V& v) { return simd::gelu_tanh<Real>(v).y; });
    case Activation::silu:
      return simd::map(n, x, y, [](const V& v) { return simd::silu<Real>(v).y; });
    case Activation::mish:
      return simd::map(n, x, y, [](const V& v) { return simd::mish<Real>(v).y; });
    case Activation::hard_silu:
      return simd::map(n, x, y, [](const V& v) { return simd::hard_silu<Real>(v).y; });
  }
}

namespace detail {

/// dx[i] = slope(y[i], dy[i]) for n values.
template <class Real, class Slope>
SEQNN_INLINE void map_gradient(std::size_t n, const Real* y, const Real* dy, Real* dx, Slope&& slope) noexcept {
  simd::sweep<Real>(n, [&](auto at) { at.store(dx, slope(at.load(y), at.load(dy))); });
}

}  // namespace detail

/// dx = f'(x) · dy, with f' from y: the output f(x), or, for functions with Activation::slope_from_input, the input x
/// (slopes in gated_activations.hpp). The others: relu 1 where y > 0, tanh 1 - y², sigmoid y·(1 - y), hard_sigmoid
/// 1/6 where 0 < y < 1, softmax over the n values as one row; leaky_relu 1 where y > 0, else 0.2, elu likewise y + 1,
/// selu 1.0507 and y + 1.0507·1.6733, softplus 1 - e^-y, softsign (1 - |y|)², exponential y. dy and dx may be the same.
template <class Real>
void activation_backward(Activation::Function f, std::size_t n, const Real* y, const Real* dy, Real* dx) noexcept {
  using V = Simd<Real>;
  const V zero(Real(0));
  const V one(Real(1));
  switch (f) {
    case Activation::linear:
      if (dx != dy) simd::map(n, dy, dx, [](const V& d) { return d; });
      return;
    case Activation::relu:
      return detail::map_gradient(n, y, dy, dx,
                                  [&](const V& v, const V& d) { return xsimd::select(v > zero, d, zero); });
    case Activation::tanh:
      return detail::map_gradient(n, y, dy, dx, [&](const V& v, const V& d) { return simd::fma(-v, v, one) * d; });
    case Activation::sigmoid:
      return detail::map_gradient(n, y, dy, dx, [&](const V& v, const V& d) { return v * (one - v) * d; });
    case Activation::hard_sigmoid:
      return detail::map_gradient(n, y, dy, dx, [&](const V& v, const V& d) {
        return xsimd::select((v > zero) & (v < one), d * V(Real(1) / Real(6)), zero);
      });
    case Activation::softmax:
      return softmax_backward(n, y, dy, dx);
    case Activation::leaky_relu:
      return leaky_relu_backward(n, static_cast<Real>(detail::kLeakySlope), y, dy, dx);
    case Activation::elu:
      return detail::map_gradient(
          n, y, dy, dx, [&](const V& v, const V& d) { return xsimd::select(v > zero, d, simd::fma<Real>(v, d, d)); });
    case Activation::selu:
      return detail::map_gradient(n, y, dy, dx, [&](const V& v, const V& d) {
        const V scale(static_cast<Real>(detail::kSeluScale));
        const V below(static_cast<Real>(detail::kSeluScale * detail::kSeluAlpha));
        return xsimd::select(v > zero, scale, v + below) * d;
      });
    case Activation::softplus:
      return detail::map_gradient(n, y, dy, dx,
                                  [&](const V& v, const V& d) { return -simd::expm1_below_zero<Real>(-v) * d; });
    case Activation::softsign:
      return detail::map_gradient(n, y, dy, dx, [&](const V& v, const V& d) {
        const V rest = one - xsimd::abs(v);
        return rest * rest * d;
      });
    case Activation::exponential:
      return detail::map_gradient(n, y, dy, dx, [](const V& v, const V& d) { return v * d; });
    case Activation::gelu:
      return detail::map_gradient(n, y, dy, dx, [](const V& x, const V& d) { return simd::gelu<Real>(x).slope * d; });
    case Activation::gelu_tanh:
      return detail::map_gradient(n, y, dy, dx,
                                  [](const V& x, const V& d) { return simd::gelu_tanh<Real>(x).slope * d; });
    case Activation::silu:
      return detail::map_gradient(n, y, dy, dx, [](const V& x, const V& d) { return simd::silu<Real>(x).slope * d; });
    case Activation::mish:
      return detail::map_gradient(n, y, dy, dx, [](const V& x, const V& d) { return simd::mish<Real>(x).slope * d; });
    case Activation::hard_silu:
      return detail::map_gradient(n, y, dy, dx,
                                  [](const V& x, const V& d) { return simd::hard_silu<Real>(x).slope * d; });
  }
}

/// `activate` on rows [rows, width], one after the other in memory.
template <class Real>
void activate_rows(Activation::Function f, std::size_t rows, std::size_t width, const Real* x, Real* y) noexcept {
  if (f != Activation::softmax) return activate(f, rows * width, x, y);
  for (std::size_t r = 0; r < rows; ++r) softmax(width, x + r * width, y + r * width);
}

/// `activation_backward` on rows [rows, width], one after the other in memory.
template <class Real>
void activation_backward_rows(Activation::Function f, std::size_t rows, std::size_t width, const Real* y,
                              const Real* dy, Real* dx) noexcept {
  if (f != Activation::softmax) return activation_backward(f, rows * width, y, dy, dx);
  for (std::size_t r = 0; r < rows; ++r) softmax_backward(width, y + r * width, dy + r * width, dx + r * width);
}

}  // namespace seqnn::inline SEQNN_ABI
