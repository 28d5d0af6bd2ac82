#pragma once

#include <cstddef>
#include <vector>

// Plain twin of kernels/gemm.hpp.
namespace reference {

/// C [M,N] = A·B in double. Element (m, k) of A stands at a[m·m_step + k·k_step]: k_step 1 is gemm, m_step 1 gemm_at.
template <class Real>
std::vector<double> gemm(std::size_t M, std::size_t N, std::size_t K, const Real* a, std::size_t m_step,
                         std::size_t k_step, const Real* b, std::size_t ldb) {
  std::vector<double> c(M * N, 0.0);
  for (std::size_t m = 0; m < M; ++m) {
    for (std::size_t k = 0; k < K; ++k) {
      const double value = static_cast<double>(a[m * m_step + k * k_step]);
      for (std::size_t n = 0; n < N; ++n) c[m * N + n] += value * static_cast<double>(b[k * ldb + n]);
    }
  }
  return c;
}

}  // namespace reference
