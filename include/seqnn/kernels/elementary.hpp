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

namespace detail {

/// e^(a²/2)·Φ(-a)·(a + 4) for a ≥ 0 as a polynomial of t = (a - 4) / (a + 4), lowest power first. It changes
/// little, from 2 at 0 to 1/√(2π) at infinity, and so needs few terms: interpolated at Chebyshev's points, relative
/// error 2e-8 and 5e-17.
template <class Real>
struct NormalTail;

template <>
struct NormalTail<float> {
  static constexpr float kLimit = 15.0F;    // Φ(-a) is no longer a number above 0
  static constexpr float kSplit = 4097.0F;  // 2^12 + 1
  static constexpr float kTerms[] = {7.552851439e-01F, -6.078966260e-01F, 3.871366978e-01F,  -1.865226775e-01F,
                                     6.040668860e-02F, -7.529250812e-03F, -3.526183777e-03F, 1.572317909e-03F,
                                     2.012617333e-04F, -1.201843988e-04F};
};

template <>
struct NormalTail<double> {
  static constexpr double kLimit = 40.0;
  static constexpr double kSplit = 134217729.0;  // 2^27 + 1
  static constexpr double kTerms[] = {
      0.7552851304157515,     -0.6078966419718917,     0.38713740074221886,     -0.18652185795969417,
      0.06039657489069947,    -0.007540188965593059,   -0.0034796923622425332,  0.0016308184418903596,
      0.00013334425401904912, -0.0002310948183193762,  -1.9078665316613576e-06, 3.5144181157760973e-05,
      7.150055959216099e-07,  -5.918892731763236e-06,  -6.25132104047868e-07,   1.0198048518135172e-06,
      2.6368248576407624e-07, -1.5426320536771075e-07, -7.63808205349045e-08,   1.457859334703646e-08,
      1.392402399350171e-08,  7.26954547902669e-11,    -9.653425420228504e-10};
};

}  // namespace detail

/// The normal distribution at x.
template <class Real>
struct Normal {
  Simd<Real> cdf;   ///< Φ(x) = erfc(-x/√2) / 2
  Simd<Real> bell;  ///< e^(-x²/2), √(2π) times the density
};

/// Errors below 6 ulp as long as the results are above 1e-32 (1e-299 in double), and below that number beyond; NaN for
/// NaN.
template <class Real>
SEQNN_INLINE Normal<Real> normal(const Simd<Real>& x) noexcept {
  using Tail = detail::NormalTail<Real>;
  const Simd<Real> one(Real(1));
  const Simd<Real> half(Real(0.5));
  const Simd<Real> four(Real(4));
  const Simd<Real> a = simd::min<Real>(Simd<Real>(Tail::kLimit), xsimd::abs(x));
  // a² and what rounding took from it, which e^(-a²/2) would multiply by a².  Source  Dekker 1971
  const Simd<Real> scaled = a * Simd<Real>(Tail::kSplit);
  const Simd<Real> high = scaled - (scaled - a);
  const Simd<Real> low = a - high;
  const Simd<Real> square = a * a;
  const Simd<Real> rest = (high * high - square) + (high + a) * low;
  const Simd<Real> power = simd::exp<Real>(-half * square);
  const Simd<Real> bell = power - power * (half * rest);

  const Simd<Real> reciprocal = quotient<Real>(one, a + four);
  const Simd<Real> t = (a - four) * reciprocal;
  constexpr std::size_t kTerms = std::size(Tail::kTerms);
  Simd<Real> series(Tail::kTerms[kTerms - 1]);
  unroll<kTerms - 1>([&](auto i) { series = fma<Real>(series, t, Simd<Real>(Tail::kTerms[kTerms - 2 - i])); });
  const Simd<Real> below = bell * (series * reciprocal);  // Φ(-a)
  return {xsimd::select(x > Simd<Real>(Real(0)), one - below, below), bell};
}

}  // namespace seqnn::inline SEQNN_ABI::simd
