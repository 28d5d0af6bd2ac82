#pragma once

#include "seqnn/core/config.hpp"

// GCC 12 takes the undefined operands of its own AVX-512 intrinsics for uninitialised variables.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <xsimd/xsimd.hpp>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// The widest SIMD register of the instruction set compiled for. What differs between versions of xsimd, or is missing
/// in one of them, is met here and nowhere else.
template <class Real>
using Simd = xsimd::batch<Real>;

template <class Real>
inline constexpr std::size_t kLanes = Simd<Real>::size;

#if defined(__AVX512F__) || defined(__aarch64__)
inline constexpr std::size_t kSimdRegisters = 32;
#else
inline constexpr std::size_t kSimdRegisters = 16;
#endif

namespace simd {

/// Whether load_first and store_first cost no more than load and store.
#if defined(__AVX512F__)
inline constexpr bool kHasMasks = true;
#else
inline constexpr bool kHasMasks = false;
#endif

template <class Real>
SEQNN_INLINE Simd<Real> load(const Real* p) noexcept {
  return Simd<Real>::load_unaligned(p);
}

template <class Real>
SEQNN_INLINE void store(Real* p, const Simd<Real>& v) noexcept {
  v.store_unaligned(p);
}

/// The first n values; the other lanes are 0. Reads nothing behind them.
template <class Real>
SEQNN_INLINE Simd<Real> load_first(const Real* p, std::size_t n) noexcept {
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<Real, float>) {
    return Simd<Real>(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << n) - 1U), p));
  } else {
    return Simd<Real>(_mm512_maskz_loadu_pd(static_cast<__mmask8>((1U << n) - 1U), p));
  }
#else
  alignas(64) Real lanes[kLanes<Real>] = {};
  for (std::size_t i = 0; i < n; ++i) lanes[i] = p[i];
  return Simd<Real>::load_aligned(lanes);
#endif
}

/// Stores the first n lanes.
template <class Real>
SEQNN_INLINE void store_first(Real* p, const Simd<Real>& v, std::size_t n) noexcept {
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<Real, float>) {
    _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1U << n) - 1U), v);
  } else {
    _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1U << n) - 1U), v);
  }
#else
  alignas(64) Real lanes[kLanes<Real>];
  v.store_aligned(lanes);
  for (std::size_t i = 0; i < n; ++i) p[i] = lanes[i];
#endif
}

/// a·b + c, in one instruction where there is one.
template <class Real>
SEQNN_INLINE Simd<Real> fma(const Simd<Real>& a, const Simd<Real>& b, const Simd<Real>& c) noexcept {
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<Real, float>) {
    return Simd<Real>(_mm512_fmadd_ps(a, b, c));
  } else {
    return Simd<Real>(_mm512_fmadd_pd(a, b, c));
  }
#else
  return xsimd::fma(a, b, c);
#endif
}

/// a / b within 1.5 ulp, for 1 ≤ |b| < 2^126. AVX-512 divides floats slowly, so there it is a times 1 / b from an
/// estimate of 14 bits and one step of Newton's iteration.
template <class Real>
SEQNN_INLINE Simd<Real> quotient(const Simd<Real>& a, const Simd<Real>& b) noexcept {
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<Real, float>) {
    const Simd<Real> estimate(_mm512_maskz_rcp14_ps(0xFFFF, b));
    const Simd<Real> error = Simd<Real>(_mm512_fnmadd_ps(b, estimate, _mm512_set1_ps(1.0F)));
    const Simd<Real> first = a * estimate;  // while the error is on its way
    return fma<Real>(first, error, first);
  } else {
    return a / b;
  }
#else
  return a / b;
#endif
}

/// Smaller and larger of two numbers; b where either is NaN.
template <class Real>
SEQNN_INLINE Simd<Real> min(const Simd<Real>& a, const Simd<Real>& b) noexcept {
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<Real, float>) {
    return Simd<Real>(_mm512_maskz_min_ps(0xFFFF, a, b));
  } else {
    return Simd<Real>(_mm512_maskz_min_pd(0xFF, a, b));
  }
#else
  return xsimd::select(a < b, a, b);
#endif
}

template <class Real>
SEQNN_INLINE Simd<Real> max(const Simd<Real>& a, const Simd<Real>& b) noexcept {
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<Real, float>) {
    return Simd<Real>(_mm512_maskz_max_ps(0xFFFF, a, b));
  } else {
    return Simd<Real>(_mm512_maskz_max_pd(0xFF, a, b));
  }
#else
  return xsimd::select(a > b, a, b);
#endif
}

/// The same bits read as integers of the same width.
template <class Real>
SEQNN_INLINE auto to_bits(const Simd<Real>& v) noexcept {
  using Integer = std::conditional_t<sizeof(Real) == 4, std::int32_t, std::int64_t>;
#if XSIMD_VERSION_MAJOR >= 10
  return xsimd::bitwise_cast<Integer>(v);
#else
  return xsimd::bitwise_cast<xsimd::batch<Integer> >(v);
#endif
}

/// The same bits read as floating-point numbers of the same width.
template <class Real, class Integers>
SEQNN_INLINE Simd<Real> from_bits(const Integers& v) noexcept {
#if XSIMD_VERSION_MAJOR >= 10
  return xsimd::bitwise_cast<Real>(v);
#else
  return xsimd::bitwise_cast<Simd<Real> >(v);
#endif
}

/// Integers times 2^bits. GCC 12 warns where the intrinsic without a mask is inlined: of its own undefined operand.
template <int bits, class Integers>
SEQNN_INLINE Integers shift_left(const Integers& v) noexcept {
#if defined(__AVX512F__)
  if constexpr (sizeof(typename Integers::value_type) == 4) {
    return Integers(_mm512_maskz_slli_epi32(0xFFFF, v, bits));
  } else {
    return Integers(_mm512_maskz_slli_epi64(0xFF, v, bits));
  }
#else
  return v << bits;
#endif
}

/// One bit a lane, set where it is not zero (NaN is not zero).
template <class Real>
SEQNN_INLINE std::uint32_t nonzero_lanes(const Simd<Real>& v) noexcept {
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<Real, float>) {
    return _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_NEQ_UQ);
  } else {
    return _mm512_cmp_pd_mask(v, _mm512_setzero_pd(), _CMP_NEQ_UQ);
  }
#elif defined(__AVX2__)
  if constexpr (std::is_same_v<Real, float>) {
    return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_NEQ_UQ)));
  } else {
    return static_cast<std::uint32_t>(_mm256_movemask_pd(_mm256_cmp_pd(v, _mm256_setzero_pd(), _CMP_NEQ_UQ)));
  }
#else
  alignas(64) Real lanes[kLanes<Real>];
  v.store_aligned(lanes);
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < kLanes<Real>; ++i) bits |= static_cast<std::uint32_t>(lanes[i] != Real(0)) << i;
  return bits;
#endif
}

/// Sum of all lanes, always in the same order: the upper half is added to the lower, and so on.
template <class Real>
SEQNN_INLINE Real sum(const Simd<Real>& v) noexcept {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
  if constexpr (std::is_same_v<Real, float>) {
    const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_maskz_extractf32x8_ps(0xFF, v, 1));
    __m128 rest = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    rest = _mm_add_ps(rest, _mm_movehl_ps(rest, rest));
    return _mm_cvtss_f32(_mm_add_ss(rest, _mm_movehdup_ps(rest)));
  }
#endif
  alignas(64) Real lanes[kLanes<Real>];
  v.store_aligned(lanes);
  for (std::size_t width = kLanes<Real> / 2; width > 0; width /= 2) {
    for (std::size_t i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  }
  return lanes[0];
}

/// Largest lane.
template <class Real>
SEQNN_INLINE Real largest(const Simd<Real>& v) noexcept {
  alignas(64) Real lanes[kLanes<Real>];
  v.store_aligned(lanes);
  Real result = lanes[0];
  for (std::size_t i = 1; i < kLanes<Real>; ++i) result = lanes[i] > result ? lanes[i] : result;
  return result;
}

/// Runs `body(i)` for i = 0 … N-1 with i a compile-time constant, so that arrays of registers stay registers.
template <std::size_t N, class Body>
SEQNN_INLINE void unroll(Body&& body) noexcept {
  [&]<std::size_t... I>(std::index_sequence<I...>) __attribute__((always_inline)) {
    (body(std::integral_constant<std::size_t, I>{}), ...);
  }
  (std::make_index_sequence<N>{});
}

/// Applies `body` to n values, a register at a time: `y[i] = body(x[i])`. x and y may be the same.
template <class Real, class Body>
SEQNN_INLINE void map(std::size_t n, const Real* x, Real* y, Body&& body) noexcept {
  constexpr std::size_t W = kLanes<Real>;
  std::size_t i = 0;
  for (; i + W <= n; i += W) store(y + i, body(load(x + i)));
  if (i < n) store_first(y + i, body(load_first(x + i, n - i)), n - i);
}

}  // namespace simd
}  // namespace seqnn::inline SEQNN_ABI
