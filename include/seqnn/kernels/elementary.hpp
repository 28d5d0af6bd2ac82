#pragma once

#include "seqnn/kernels/simd.hpp"

#include <cstdint>
#include <iterator>
#include <limits>

namespace seqnn::inline SEQNN_ABI::simd {

// exp, tanh and sigmoid of whole registers: branch-free, the same bits in every lane and on every version of xsimd.
// Errors are in units in the last place (ulp) of the result; tests/kernels/elementary_test.cpp measures them.
//
// e^x = 2^n · e^r with n = round(x / ln 2) and |r| <= ln(2)/2; e^r by its Taylor series. ln 2 is split in two so that
// x - n·ln 2 loses nothing; n is rounded by adding a number so large that the fraction falls off.

namespace detail {

template <class Real>
struct ExpConstants;

template <>
struct ExpConstants<float> {
  static constexpr float kLowest = -87.33654f;  // e^x is a normal number above this …
  static constexpr float kHighest = 88.72283f;  // … and finite up to this
  static constexpr float kSigmoidLimit = 87.0f;
  static constexpr float kRound = 12582912.0f;  // 1.5 · 2^23
  static constexpr float kLn2High = 0.693359375f;
  static constexpr float kLn2Low = -2.12194440e-4f;
  static constexpr int kMantissa = 23;
  // 1/2! … 1/7!
  static constexpr float kTaylor[] = {0.5f, 1.6666667e-1f, 4.1666668e-2f, 8.3333338e-3f, 1.3888889e-3f, 1.9841270e-4f};
};

template <>
struct ExpConstants<double> {
  static constexpr double kLowest = -708.3964185322641;
  static constexpr double kHighest = 709.782712893384;
  static constexpr double kSigmoidLimit = 708.0;
  static constexpr double kRound = 6755399441055744.0;  // 1.5 · 2^52
  static constexpr double kLn2High = 0.693145751953125;
  static constexpr double kLn2Low = 1.42860682030941723212e-6;
  static constexpr int kMantissa = 52;
  // 1/2! … 1/13!
  static constexpr double kTaylor[] = {1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
                                       1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
                                       1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
};

/// n and e^r - 1 of the decomposition above; x within the limits.
template <class Real>
struct Reduced {
  Simd<Real> rounded;  // n + kRound: n stands in the low bits
  Simd<Real> expm1;
};

template <class Real>
SEQNN_INLINE Reduced<Real> reduce(const Simd<Real>& x) noexcept {
  using Constants = ExpConstants<Real>;
  const Simd<Real> round(Constants::kRound);
  const Simd<Real> rounded = fma(x, Simd<Real>(Real(1.4426950408889634074)), round);
  const Simd<Real> n = rounded - round;
  Simd<Real> r = fma(n, Simd<Real>(-Constants::kLn2High), x);
  r = fma(n, Simd<Real>(-Constants::kLn2Low), r);
  constexpr std::size_t kTerms = std::size(Constants::kTaylor);
  Simd<Real> series(Constants::kTaylor[kTerms - 1]);
  unroll<kTerms - 1>([&](auto i) { series = fma(series, r, Simd<Real>(Constants::kTaylor[kTerms - 2 - i])); });
  return {rounded, fma(series, r * r, r)};
}

/// 2^n · v by adding n to the exponent of v.
template <class Real>
SEQNN_INLINE Simd<Real> scale(const Simd<Real>& v, const Simd<Real>& rounded) noexcept {
  return from_bits<Real>(to_bits<Real>(v) + shift_left<ExpConstants<Real>::kMantissa>(to_bits<Real>(rounded)));
}

}  // namespace detail

/// e^x. Error below 1.1 ulp; 0 where the result would be denormal, infinity where it overflows, NaN for NaN.
template <class Real>
SEQNN_INLINE Simd<Real> exp(const Simd<Real>& x) noexcept {
  using Constants = detail::ExpConstants<Real>;
  const Simd<Real> lowest(Constants::kLowest);
  const Simd<Real> highest(Constants::kHighest);
  const auto reduced = detail::reduce<Real>(simd::min<Real>(simd::max<Real>(x, lowest), highest));
  Simd<Real> y = detail::scale<Real>(reduced.expm1 + Simd<Real>(Real(1)), reduced.rounded);
  y = xsimd::select(x < lowest, Simd<Real>(Real(0)), y);
  y = xsimd::select(x > highest, Simd<Real>(std::numeric_limits<Real>::infinity()), y);
  return xsimd::select(x == x, y, x);
}

/// 1 / (1 + e^-x). Error below 3 ulp down to x = -87 (-708 in double), where the result, as below it, is 1.6e-38
/// (3.3e-308): so the divisor stays a number with a normal reciprocal. NaN for NaN.
template <class Real>
SEQNN_INLINE Simd<Real> sigmoid(const Simd<Real>& x) noexcept {
  using Constants = detail::ExpConstants<Real>;
  const Simd<Real> one(Real(1));
  const Simd<Real> limit(Constants::kSigmoidLimit);
  const Simd<Real> limited = simd::max<Real>(simd::min<Real>(-x, limit), -limit);
  const auto reduced = detail::reduce<Real>(limited);
  const Simd<Real> y = quotient<Real>(one, one + detail::scale<Real>(reduced.expm1 + one, reduced.rounded));
  return xsimd::select(x == x, y, x);
}

/// tanh x = -m / (m + 2) with m = e^(-2|x|) - 1, which loses nothing near 0. Error below 3 ulp, NaN for NaN.
template <class Real>
SEQNN_INLINE Simd<Real> tanh(const Simd<Real>& x) noexcept {
  const Simd<Real> one(Real(1));
  const Simd<Real> two(Real(2));
  const Simd<Real> magnitude = xsimd::abs(x);
  // Beyond 20 the result is 1 in both precisions.
  const Simd<Real> a = simd::min<Real>(magnitude, Simd<Real>(Real(20)));
  const auto reduced = detail::reduce<Real>(Real(-2) * a);
  const Simd<Real> power = detail::scale<Real>(one, reduced.rounded);
  const Simd<Real> m = fma(power, reduced.expm1, power - one);
  const Simd<Real> y = xsimd::copysign(quotient<Real>(-m, m + two), x);
  return xsimd::select(x == x, y, x);
}

/// e^x - 1 for x ≤ 0, without loss near 0. Error below 3 ulp, NaN for NaN.
template <class Real>
SEQNN_INLINE Simd<Real> expm1_below_zero(const Simd<Real>& x) noexcept {
  const Simd<Real> one(Real(1));
  const auto reduced = detail::reduce<Real>(simd::max<Real>(x, Simd<Real>(detail::ExpConstants<Real>::kLowest)));
  const Simd<Real> power = detail::scale<Real>(one, reduced.rounded);
  return xsimd::select(x == x, fma<Real>(power, reduced.expm1, power - one), x);
}

/// log(1 + x) for x in [0, 1]: 2·atanh s with s = x / (2 + x) ≤ 1/3, by its Taylor series. Error below 4 ulp.
template <class Real>
SEQNN_INLINE Simd<Real> log1p_to_one(const Simd<Real>& x) noexcept {
  constexpr std::size_t kTerms = sizeof(Real) == 4 ? 8 : 17;
  const Simd<Real> s = quotient<Real>(x, x + Simd<Real>(Real(2)));
  const Simd<Real> z = s * s;
  Simd<Real> series(Real(1) / Real(2 * kTerms - 1));
  unroll<kTerms - 1>([&](auto i) {
    series = fma<Real>(series, z, Simd<Real>(Real(1) / static_cast<Real>(2 * (kTerms - 2 - i) + 1)));
  });
  return s * series * Simd<Real>(Real(2));
}

/// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), which does not overflow. NaN for NaN.
template <class Real>
SEQNN_INLINE Simd<Real> softplus(const Simd<Real>& x) noexcept {
  const Simd<Real> y = simd::max<Real>(x, Simd<Real>(Real(0))) + log1p_to_one<Real>(simd::exp<Real>(-xsimd::abs(x)));
  return xsimd::select(x == x, y, x);
}

}  // namespace seqnn::inline SEQNN_ABI::simd
