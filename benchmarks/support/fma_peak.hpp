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
  constexpr std::size_t kSums = 12;  // latency of 4 cycles times 2 units, and some
  constexpr std::size_t kSteps = 100'000;
  std::vector<double> rates;
  for (int burst = 0; burst < 50; ++burst) {
    V sums[kSums];
    seqnn::simd::unroll<kSums>([&](auto i) { sums[i] = V(0.1F * static_cast<float>(i)); });
    V a(0.999F);
    V b(0.001F);
    asm volatile("" : "+x"(a.data), "+x"(b.data));
    const double start = now();
    for (std::size_t k = 0; k < kSteps; ++k) {
      seqnn::simd::unroll<kSums>([&](auto i) {
        sums[i] = seqnn::simd::fma(sums[i], a, b);
        asm volatile("" : "+x"(sums[i].data));
      });
    }
    const double elapsed = now() - start;
    V total(0.0F);
    seqnn::simd::unroll<kSums>([&](auto i) { total += sums[i]; });
    volatile float sink = seqnn::simd::sum(total);
    static_cast<void>(sink);
    rates.push_back(2e-9 * static_cast<double>(kSteps * kSums * seqnn::kLanes<float>) / elapsed);
  }
  return median(rates);
}
