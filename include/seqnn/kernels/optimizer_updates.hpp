#pragma once

#include "seqnn/kernels/simd.hpp"
#include "seqnn/kernels/sweep.hpp"

#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

// Update rules of the optimizers over n parameters: every buffer is read once and written once, in one pass. The time
// is that of the memory: a step of RMSprop reads w, g, v and writes w, v.
//
//   w parameters   g gradients   other buffers: state of the optimizer, zero before the first step
//
// Where a gradient has always been zero, as in the gaps between parameters, state and parameters stay as they are.

/// w -= share·w: decoupled weight decay. Not w *= 1 - share, a factor that rounds a small share for all weights alike.
/// 4e-6.
template <class Real>
void decay_weights(std::size_t n, Real share, Real* w) noexcept {
  const Simd<Real> minus_share(-share);
  simd::sweep<Real>(n, [&](auto at) {
    const Simd<Real> weight = at.load(w);
    at.store(w, simd::fma(minus_share, weight, weight));
  });
}

/// a = μ·a + (1-μ)·w: a moving average of the weights.
template <class Real>
void average_weights(std::size_t n, Real momentum, const Real* w, Real* a) noexcept {
  const Simd<Real> mu(momentum);
  const Simd<Real> rest(Real(1) - momentum);
  simd::sweep<Real>(n, [&](auto at) { at.store(a, simd::fma(mu, at.load(a), rest * at.load(w))); });
}

/// w -= η·g
template <class Real>
void sgd_update(std::size_t n, Real learning_rate, const Real* g, Real* w) noexcept {
  const Simd<Real> minus_rate(-learning_rate);
  simd::sweep<Real>(n, [&](auto at) { at.store(w, simd::fma(minus_rate, at.load(g), at.load(w))); });
}

/// m = μ·m - η·g    w += m
template <class Real>
void sgd_momentum_update(std::size_t n, Real learning_rate, Real momentum, const Real* g, Real* w, Real* m) noexcept {
  const Simd<Real> minus_rate(-learning_rate);
  const Simd<Real> mu(momentum);
  simd::sweep<Real>(n, [&](auto at) {
    const Simd<Real> velocity = simd::fma(mu, at.load(m), minus_rate * at.load(g));
    at.store(m, velocity);
    at.store(w, at.load(w) + velocity);
  });
}

/// m = μ·m - η·g    w += μ·m - η·g, with the new m
template <class Real>
void sgd_nesterov_update(std::size_t n, Real learning_rate, Real momentum, const Real* g, Real* w, Real* m) noexcept {
  const Simd<Real> minus_rate(-learning_rate);
  const Simd<Real> mu(momentum);
  simd::sweep<Real>(n, [&](auto at) {
    const Simd<Real> step = minus_rate * at.load(g);
    const Simd<Real> velocity = simd::fma(mu, at.load(m), step);
    at.store(m, velocity);
    at.store(w, at.load(w) + simd::fma(mu, velocity, step));
  });
}

/// Numbers of one step of RMSprop, computed in double.
template <class Real>
struct RMSpropStep {
  Real learning_rate;
  Real rho;
  Real one_minus_rho;
  Real momentum;
  Real epsilon;  ///< inside the root
};

namespace detail {

/// a / b, and 0 where b is 0.
template <class Real>
SEQNN_INLINE Simd<Real> divide_or_zero(const Simd<Real>& a, const Simd<Real>& b) noexcept {
  const Simd<Real> zero(Real(0));
  return xsimd::select(b == zero, zero, a / b);
}

/// kPlain: neither centered nor with momentum.
template <bool kPlain, class Real>
void rmsprop_sweep(std::size_t n, const RMSpropStep<Real>& step, const Real* g, Real* w, Real* v, Real* a,
                   Real* m) noexcept {
  const Simd<Real> zero(Real(0));
  const Simd<Real> rate(step.learning_rate);
  const Simd<Real> rho(step.rho);
  const Simd<Real> one_minus_rho(step.one_minus_rho);
  const Simd<Real> momentum(step.momentum);
  const Simd<Real> epsilon(step.epsilon);
  simd::sweep<Real>(n, [&](auto at) {
    const Simd<Real> gradient = at.load(g);
    const Simd<Real> square = simd::fma(rho, at.load(v), one_minus_rho * (gradient * gradient));
    at.store(v, square);
    Simd<Real> variance = square;
    if (!kPlain && a != nullptr) {
      const Simd<Real> average = simd::fma(rho, at.load(a), one_minus_rho * gradient);
      at.store(a, average);
      // Rounding can make the difference negative, and its root NaN.
      const Simd<Real> difference = square - average * average;
      variance = xsimd::select(difference < zero, zero, difference);
    }
    Simd<Real> increment = divide_or_zero<Real>(rate * gradient, xsimd::sqrt(variance + epsilon));
    if (!kPlain && m != nullptr) {
      increment = simd::fma(momentum, at.load(m), increment);
      at.store(m, increment);
    }
    at.store(w, at.load(w) - increment);
  });
}

}  // namespace detail

/// v = ρ·v + (1-ρ)·g²    a = ρ·a + (1-ρ)·g    d = η·g / √(v - a² + ε)    m = μ·m + d    w -= m
///
/// Without `a` (null) the rule is not centered: d = η·g / √(v + ε). Without `m` (null) there is no momentum: w -= d.
template <class Real>
void rmsprop_update(std::size_t n, const RMSpropStep<Real>& step, const Real* g, Real* w, Real* v, Real* a,
                    Real* m) noexcept {
  if (a == nullptr && m == nullptr) {
    detail::rmsprop_sweep<true>(n, step, g, w, v, a, m);
  } else {
    detail::rmsprop_sweep<false>(n, step, g, w, v, a, m);
  }
}

/// Numbers of one step of Adam, computed in double.
template <class Real>
struct AdamStep {
  Real alpha;  ///< η·√(1-β₂ᵗ) / (1-β₁ᵗ)
  Real one_minus_beta_1;
  Real one_minus_beta_2;
  Real epsilon;  ///< outside the root of the uncorrected v
};

namespace detail {

template <bool kAmsgrad, class Real>
void adam_sweep(std::size_t n, const AdamStep<Real>& step, const Real* g, Real* w, Real* m, Real* v,
                Real* largest_v) noexcept {
  const Simd<Real> alpha(step.alpha);
  const Simd<Real> one_minus_beta_1(step.one_minus_beta_1);
  const Simd<Real> one_minus_beta_2(step.one_minus_beta_2);
  const Simd<Real> epsilon(step.epsilon);
  simd::sweep<Real>(n, [&](auto at) {
    const Simd<Real> gradient = at.load(g);
    const Simd<Real> old_m = at.load(m);
    const Simd<Real> old_v = at.load(v);
    const Simd<Real> mean = simd::fma(gradient - old_m, one_minus_beta_1, old_m);
    Simd<Real> square = simd::fma(gradient * gradient - old_v, one_minus_beta_2, old_v);
    at.store(m, mean);
    at.store(v, square);
    if constexpr (kAmsgrad) {
      const Simd<Real> largest = at.load(largest_v);
      square = xsimd::select(square < largest, largest, square);  // keeps a NaN
      at.store(largest_v, square);
    }
    at.store(w, at.load(w) - divide_or_zero<Real>(alpha * mean, xsimd::sqrt(square) + epsilon));
  });
}

}  // namespace detail

/// m += (1-β₁)·(g - m)    v += (1-β₂)·(g² - v)    w -= α·m / (√v + ε)
///
/// With `largest_v` (AMSGrad; may be null) the root is of the largest v so far.
template <class Real>
void adam_update(std::size_t n, const AdamStep<Real>& step, const Real* g, Real* w, Real* m, Real* v,
                 Real* largest_v) noexcept {
  if (largest_v == nullptr) {
    detail::adam_sweep<false>(n, step, g, w, m, v, largest_v);
  } else {
    detail::adam_sweep<true>(n, step, g, w, m, v, largest_v);
  }
}

}  // namespace seqnn::inline SEQNN_ABI
