#pragma once

#include "seqnn/core/random.hpp"
#include "seqnn/kernels/simd.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace seqnn::inline SEQNN_ABI {

/// Most values that normal_quantiles takes at once.
inline constexpr std::size_t kQuantileBlock = 128;

#if defined(__FMA__) || defined(__aarch64__)

namespace detail {

template <std::size_t N>
SEQNN_INLINE Simd<double> horner(const double (&c)[N], const Simd<double>& x) noexcept {
  Simd<double> sum(c[N - 1]);
  for (std::size_t i = N - 1; i-- > 0;) sum = simd::fma<double>(sum, x, Simd<double>(c[i]));
  return sum;
}

/// portable_log, the same operations on many: of normal numbers in (0, 1), n a multiple of the lanes.
inline void portable_logs(std::size_t n, const double* x, double* y) noexcept {
  using V = Simd<double>;
  alignas(64) double mantissa[kQuantileBlock];
  alignas(64) double exponent[kQuantileBlock];
  for (std::size_t i = 0; i < n; ++i) {
    const auto bits = std::bit_cast<std::uint64_t>(x[i]);
    const double m = std::bit_cast<double>((bits & 0x000F'FFFF'FFFF'FFFFU) | 0x3FE0'0000'0000'0000U);  // [0.5, 1)
    const bool small = m < 0.70710678118654752;
    mantissa[i] = small ? m * 2.0 : m;
    exponent[i] = static_cast<double>(static_cast<std::int32_t>(bits >> 52) - (small ? 1023 : 1022));
  }
  for (std::size_t i = 0; i < n; i += kLanes<double>) {
    const V m = simd::load(mantissa + i);
    const V s = (m - V(1.0)) / (m + V(1.0));
    const V series = horner(kAtanhSeries, s * s);
    simd::store(y + i, simd::fma<double>(simd::load(exponent + i), V(0.69314718055994531), V(2.0) * s * series));
  }
}

/// normal_quantile of n values in the tails, which it may pad to whole registers.
inline void tail_quantiles(std::size_t n, double* p, double* z) noexcept {
  using V = Simd<double>;
  using Coefficients = NormalQuantileTable;
  constexpr std::size_t W = kLanes<double>;
  for (; n % W != 0; ++n) p[n] = 0.01;
  alignas(64) double outside[kQuantileBlock];  // probability beyond the value
  for (std::size_t i = 0; i < n; i += W) {
    const V v = simd::load(p + i);
    simd::store(outside + i, xsimd::select(v - V(0.5) < V(0.0), v, V(1.0) - v));
  }
  alignas(64) double logs[kQuantileBlock];
  portable_logs(n, outside, logs);
  for (std::size_t i = 0; i < n; i += W) {
    const V r = xsimd::sqrt(-simd::load(logs + i));
    const V near = r - V(1.6);
    V x = horner(Coefficients::kTailOver, near) / horner(Coefficients::kTailUnder, near);
    if (xsimd::any(r > V(5.0))) {  // one of 10^11
      const V far = r - V(5.0);
      x = xsimd::select(r > V(5.0), horner(Coefficients::kFarOver, far) / horner(Coefficients::kFarUnder, far), x);
    }
    simd::store(z + i, xsimd::select(simd::load(p + i) - V(0.5) < V(0.0), -x, x));
  }
}

}  // namespace detail

/// z[i] = normal_quantile(p[i]) for n <= kQuantileBlock values, bit for bit, but several times faster: the same
/// operations in registers, the tails gathered and apart. z may be p.
inline void normal_quantiles(std::size_t n, const double* p, double* z) noexcept {
  using V = Simd<double>;
  using Coefficients = detail::NormalQuantileTable;
  constexpr std::size_t W = kLanes<double>;
  alignas(64) double tail[kQuantileBlock];
  alignas(64) double found[kQuantileBlock];
  std::uint32_t place[kQuantileBlock];
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    tail[count] = p[i];
    place[count] = static_cast<std::uint32_t>(i);
    count += std::fabs(p[i] - 0.5) <= 0.425 ? 0 : 1;
  }
  std::size_t i = 0;
  for (; i + W <= n; i += W) {
    const V q = simd::load(p + i) - V(0.5);
    const V r = simd::fma<double>(-q, q, V(0.180625));
    simd::store(z + i,
                q * detail::horner(Coefficients::kMiddleOver, r) / detail::horner(Coefficients::kMiddleUnder, r));
  }
  for (; i < n; ++i) z[i] = normal_quantile(p[i]);
  detail::tail_quantiles(count, tail, found);
  for (i = 0; i < count; ++i) z[place[i]] = found[i];
}

#else

/// z[i] = normal_quantile(p[i]) for n <= kQuantileBlock values. z may be p.
inline void normal_quantiles(std::size_t n, const double* p, double* z) noexcept {
  for (std::size_t i = 0; i < n; ++i) z[i] = normal_quantile(p[i]);
}

#endif

}  // namespace seqnn::inline SEQNN_ABI
