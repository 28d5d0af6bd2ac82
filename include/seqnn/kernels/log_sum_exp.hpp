#pragma once

#include "seqnn/kernels/elementary.hpp"
#include "seqnn/kernels/reductions.hpp"
#include "seqnn/kernels/simd.hpp"

#include <cmath>
#include <cstddef>
#include <limits>

namespace seqnn::inline SEQNN_ABI {

/// log Σ e^x over n values, so that x_i - log_sum_exp is the logarithm of their softmax. Nothing overflows: the largest
/// value is taken out first. NaN or +∞ among the values make it NaN; -∞ counts as probability 0.
template <class Real>
double log_sum_exp(std::size_t n, const Real* x) noexcept {
  constexpr Real kNothing = -std::numeric_limits<Real>::infinity();
  const Real m = largest(n, x);
  const Simd<Real> shift(m);
  const double total = detail::blocked_sum<Real>(
      n, [&](const Simd<Real>& s, auto at) { return s + simd::exp<Real>(at.load_or(x, kNothing) - shift); });
  return static_cast<double>(m) + std::log(total);
}

}  // namespace seqnn::inline SEQNN_ABI
