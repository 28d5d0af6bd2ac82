#pragma once

#include "seqnn/kernels/simd.hpp"

#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

/// sums[j] += Σ_i x[i·ld + j] for `columns` columns: the gradient of a bias.
template <class Real>
void column_sums_add(std::size_t rows, std::size_t columns, const Real* x, std::size_t ld, Real* sums) noexcept {
  constexpr std::size_t W = kLanes<Real>;
  constexpr std::size_t kWide = 4;
  std::size_t j = 0;
  for (; j + kWide * W <= columns; j += kWide * W) {
    Simd<Real> sum[kWide];
    simd::unroll<kWide>([&](auto i) { sum[i] = simd::load(sums + j + i * W); });
    for (std::size_t r = 0; r < rows; ++r) {
      simd::unroll<kWide>([&](auto i) { sum[i] += simd::load(x + r * ld + j + i * W); });
    }
    simd::unroll<kWide>([&](auto i) { simd::store(sums + j + i * W, sum[i]); });
  }
  for (; j + W <= columns; j += W) {
    Simd<Real> even = simd::load(sums + j);
    Simd<Real> odd(Real(0));
    std::size_t r = 0;
    for (; r + 2 <= rows; r += 2) {
      even += simd::load(x + r * ld + j);
      odd += simd::load(x + (r + 1) * ld + j);
    }
    if (r < rows) even += simd::load(x + r * ld + j);
    simd::store(sums + j, even + odd);
  }
  if (j < columns) {
    Simd<Real> sum = simd::load_first(sums + j, columns - j);
    for (std::size_t r = 0; r < rows; ++r) sum += simd::load_first(x + r * ld + j, columns - j);
    simd::store_first(sums + j, sum, columns - j);
  }
}

}  // namespace seqnn::inline SEQNN_ABI
