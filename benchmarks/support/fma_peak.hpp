#pragma once

#include "seqnn/kernels/simd.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

/// Seconds since some fixed moment.
inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// GFLOP/s of multiply-adds in registers alone, in float: what one core can do in the best case. The median of bursts
/// of about a millisecond.
inline double fma_peak() {
  using V = seqnn::Simd<float>;
  constexpr std::size_t kSums = seqnn::kSimdRegisters == 32 ? 24 : 12;  // latency of 4 cycles times 2 units, and more
  constexpr std::size_t kSteps = 100'000;
  std::vector<double> rates;
  for (int burst = 0; burst < 50; ++burst) {
    // Factors that the compiler cannot know, so that nothing is computed before.
    volatile float factor = 0.999F;
    volatile float summand = 0.001F;
    const V a(factor);
    const V b(summand);
    V sums[kSums];
#pragma GCC unroll 24
    for (std::size_t i = 0; i < kSums; ++i) sums[i] = V(0.1F * static_cast<float>(i));
    const double start = now();
    for (std::size_t k = 0; k < kSteps; ++k) {
#pragma GCC unroll 24
      for (std::size_t i = 0; i < kSums; ++i) sums[i] = seqnn::simd::fma(sums[i], a, b);
    }
    V total(0.0F);
#pragma GCC unroll 24
    for (std::size_t i = 0; i < kSums; ++i) total += sums[i];
    volatile float sink = seqnn::simd::sum(total);
    static_cast<void>(sink);
    const double elapsed = now() - start;
    rates.push_back(2e-9 * static_cast<double>(kSteps * kSums * seqnn::kLanes<float>) / elapsed);
  }
  return median(rates);
}
