#pragma once

#include "seqnn/kernels/optimizer_updates.hpp"
#include "seqnn/kernels/simd.hpp"
#include "seqnn/kernels/sweep.hpp"

#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

// Update rules of Nadam, Adamax, Adagrad, Adadelta and Lion; buffers and names as in optimizer_updates.hpp.

/// Numbers of one step of Nadam, computed in double.
template <class Real>
struct NadamStep {
  Real momentum_rate;  ///< η·uₜ₊₁·√(1-β₂ᵗ) / (1 - u₁·…·uₜ₊₁)
  Real gradient_rate;  ///< η·(1-uₜ)·√(1-β₂ᵗ) / (1 - u₁·…·uₜ)
  Real one_minus_beta_1;
  Real one_minus_beta_2;
  Real epsilon;  ///< beside the root of the uncorrected v: Keras' times √(1-β₂ᵗ)
};

/// m += (1-β₁)·(g - m)    v += (1-β₂)·(g² - v)    w -= (rₘ·m + r_g·g) / (√v + ε)
template <class Real>
void nadam_update(std::size_t n, const NadamStep<Real>& step, const Real* g, Real* w, Real* m, Real* v) noexcept {
  const Simd<Real> momentum_rate(step.momentum_rate);
  const Simd<Real> gradient_rate(step.gradient_rate);
  const Simd<Real> one_minus_beta_1(step.one_minus_beta_1);
  const Simd<Real> one_minus_beta_2(step.one_minus_beta_2);
  const Simd<Real> epsilon(step.epsilon);
  simd::sweep<Real>(n, [&](auto at) {
    const Simd<Real> gradient = at.load(g);
    const Simd<Real> old_m = at.load(m);
    const Simd<Real> old_v = at.load(v);
    const Simd<Real> mean = simd::fma(gradient - old_m, one_minus_beta_1, old_m);
    const Simd<Real> square = simd::fma(gradient * gradient - old_v, one_minus_beta_2, old_v);
    at.store(m, mean);
    at.store(v, square);
    const Simd<Real> ahead = simd::fma(momentum_rate, mean, gradient_rate * gradient);
    at.store(w, at.load(w) - detail::divide_or_zero<Real>(ahead, xsimd::sqrt(square) + epsilon));
  });
}

/// m += (1-β₁)·(g - m)    u = max(β₂·u, |g|)    w -= α·m / (u + ε)
/// @param alpha  η / (1-β₁ᵗ)
template <class Real>
void adamax_update(std::size_t n, Real alpha, Real one_minus_beta_1, Real beta_2, Real epsilon, const Real* g, Real* w,
                   Real* m, Real* u) noexcept {
  const Simd<Real> rate(alpha);
  const Simd<Real> share(one_minus_beta_1);
  const Simd<Real> decay(beta_2);
  const Simd<Real> least(epsilon);
  simd::sweep<Real>(n, [&](auto at) {
    const Simd<Real> gradient = at.load(g);
    const Simd<Real> old_m = at.load(m);
    const Simd<Real> mean = simd::fma(gradient - old_m, share, old_m);
    const Simd<Real> size = xsimd::abs(gradient);
    const Simd<Real> decayed = decay * at.load(u);
    const Simd<Real> largest = xsimd::select(size < decayed, decayed, size);  // keeps a NaN
    at.store(m, mean);
    at.store(u, largest);
    at.store(w, at.load(w) - detail::divide_or_zero<Real>(rate * mean, largest + least));
  });
}

/// a += g²    w -= η·g / √(a + offset)
/// @param offset  what a starts at, and epsilon
template <class Real>
void adagrad_update(std::size_t n, Real learning_rate, Real offset, const Real* g, Real* w, Real* a) noexcept {
  const Simd<Real> rate(learning_rate);
  const Simd<Real> start(offset);
  simd::sweep<Real>(n, [&](auto at) {
    const Simd<Real> gradient = at.load(g);
    const Simd<Real> sum = simd::fma(gradient, gradient, at.load(a));
    at.store(a, sum);
    at.store(w, at.load(w) - detail::divide_or_zero<Real>(rate * gradient, xsimd::sqrt(sum + start)));
  });
}

/// a = ρ·a + (1-ρ)·g²    d = √(b + ε) / √(a + ε) · g    b = ρ·b + (1-ρ)·d²    w -= η·d
template <class Real>
void adadelta_update(std::size_t n, Real learning_rate, Real rho, Real one_minus_rho, Real epsilon, const Real* g,
                     Real* w, Real* a, Real* b) noexcept {
  const Simd<Real> minus_rate(-learning_rate);
  const Simd<Real> decay(rho);
  const Simd<Real> share(one_minus_rho);
  const Simd<Real> least(epsilon);
  simd::sweep<Real>(n, [&](auto at) {
    const Simd<Real> gradient = at.load(g);
    const Simd<Real> old_b = at.load(b);
    const Simd<Real> square = simd::fma(decay, at.load(a), share * (gradient * gradient));
    const Simd<Real> change =
        detail::divide_or_zero<Real>(xsimd::sqrt(old_b + least) * gradient, xsimd::sqrt(square + least));
    at.store(a, square);
    at.store(b, simd::fma(decay, old_b, share * (change * change)));
    at.store(w, simd::fma(minus_rate, change, at.load(w)));
  });
}

/// w -= η·sign(β₁·m + (1-β₁)·g)    m = β₂·m + (1-β₂)·g
template <class Real>
void lion_update(std::size_t n, Real learning_rate, Real beta_1, Real one_minus_beta_1, Real beta_2,
                 Real one_minus_beta_2, const Real* g, Real* w, Real* m) noexcept {
  const Simd<Real> zero(Real(0));
  const Simd<Real> rate(learning_rate);
  const Simd<Real> minus_rate(-learning_rate);
  const Simd<Real> old_share(beta_1);
  const Simd<Real> new_share(one_minus_beta_1);
  const Simd<Real> decay(beta_2);
  const Simd<Real> share(one_minus_beta_2);
  simd::sweep<Real>(n, [&](auto at) {
    const Simd<Real> gradient = at.load(g);
    const Simd<Real> momentum = at.load(m);
    const Simd<Real> direction = simd::fma(old_share, momentum, new_share * gradient);
    // Neither above nor below zero: 0, or a NaN, which must show in the parameter.
    const Simd<Real> step =
        xsimd::select(direction > zero, rate, xsimd::select(direction < zero, minus_rate, direction));
    at.store(m, simd::fma(decay, momentum, share * gradient));
    at.store(w, at.load(w) - step);
  });
}

}  // namespace seqnn::inline SEQNN_ABI
