#pragma once

#include "seqnn/kernels/simd.hpp"
#include "seqnn/kernels/sweep.hpp"

#include <cmath>
#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

/// What layer normalization takes from a row: its mean, and 1 over its standard deviation.
template <class Real>
struct RowScale {
  Real mean;
  Real inverse;
};

/// y = gamma ⊙ (x - mean) / sqrt(variance + epsilon) + beta for one row of n values. The variance is that of the values
/// less their mean, which loses nothing where the mean is large.
/// @param gamma, beta  [n]; null for 1 and 0
template <class Real>
RowScale<Real> layer_normalization_forward(std::size_t n, Real epsilon, const Real* gamma, const Real* beta,
                                           const Real* x, Real* y) noexcept {
  using V = Simd<Real>;
  V total(Real(0));
  simd::sweep<Real>(n, [&](auto at) { total += at.load(x); });
  const Real mean = simd::sum(total) / static_cast<Real>(n);
  const V center(mean);
  V squares(Real(0));
  simd::sweep<Real>(n, [&](auto at) {
    const V d = at.load_or(x, mean) - center;
    squares = simd::fma(d, d, squares);
  });
  const Real inverse = Real(1) / std::sqrt(simd::sum(squares) / static_cast<Real>(n) + epsilon);
  const V scale(inverse);
  simd::sweep<Real>(n, [&](auto at) {
    V v = (at.load(x) - center) * scale;
    if (gamma != nullptr) v *= at.load(gamma);
    if (beta != nullptr) v += at.load(beta);
    at.store(y, v);
  });
  return {mean, inverse};
}

/// Gradients of one row, with z = (x - mean) · inverse and g = gamma ⊙ dy:
///
///   dgamma += dy ⊙ z      dbeta += dy      dx = inverse · (g - mean(g) - z · mean(g ⊙ z))
///
/// @param gamma, dgamma, dbeta, dx  null where they are not there or not wanted; dx may be dy
template <class Real>
void layer_normalization_backward(std::size_t n, RowScale<Real> row, const Real* gamma, const Real* x, const Real* dy,
                                  Real* dgamma, Real* dbeta, Real* dx) noexcept {
  using V = Simd<Real>;
  const V center(row.mean);
  const V scale(row.inverse);
  V sum_g(Real(0));
  V sum_gz(Real(0));
  simd::sweep<Real>(n, [&](auto at) {
    const V d = at.load(dy);
    const V z = (at.load(x) - center) * scale;
    if (dbeta != nullptr) at.store(dbeta, at.load(dbeta) + d);
    if (dgamma != nullptr) at.store(dgamma, simd::fma(d, z, at.load(dgamma)));
    const V g = gamma != nullptr ? d * at.load(gamma) : d;
    sum_g += g;
    sum_gz = simd::fma(g, z, sum_gz);
  });
  if (dx == nullptr) return;
  const V mean_g(simd::sum(sum_g) / static_cast<Real>(n));
  const V mean_gz(simd::sum(sum_gz) / static_cast<Real>(n));
  simd::sweep<Real>(n, [&](auto at) {
    const V z = (at.load(x) - center) * scale;
    const V g = gamma != nullptr ? at.load(dy) * at.load(gamma) : at.load(dy);
    at.store(dx, scale * (g - mean_g - z * mean_gz));
  });
}

}  // namespace seqnn::inline SEQNN_ABI
