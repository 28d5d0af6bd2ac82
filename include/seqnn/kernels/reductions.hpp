#pragma once

#include "seqnn/kernels/simd.hpp"
#include "seqnn/kernels/sweep.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace seqnn::inline SEQNN_ABI {

// Reductions of n values to one number, in an order that depends on n and the instruction set only: the same values
// give the same bits on every call.

namespace detail {

/// Folds the values begin … end - 1 into four registers that start at `start`, with `step(register, at)`, and those
/// into one with `combine`. Four, because a sum waits four cycles for its predecessor.
template <class Real, class Step, class Combine>
SEQNN_INLINE Simd<Real> fold(std::size_t begin, std::size_t end, Real start, Step&& step, Combine&& combine) noexcept {
  constexpr std::size_t W = kLanes<Real>;
  Simd<Real> a(start), b(start), c(start), d(start);
  std::size_t i = begin;
  for (; i + 4 * W <= end; i += 4 * W) {
    a = step(a, simd::WholeRegister<Real>{i});
    b = step(b, simd::WholeRegister<Real>{i + W});
    c = step(c, simd::WholeRegister<Real>{i + 2 * W});
    d = step(d, simd::WholeRegister<Real>{i + 3 * W});
  }
  for (; i + W <= end; i += W) a = step(a, simd::WholeRegister<Real>{i});
  if (i < end) b = step(b, simd::LastRegister<Real>{i, end - i});
  return combine(combine(a, b), combine(c, d));
}

/// A sum whose error does not grow with n: no lane adds more than 16 terms before it goes into a double.
template <class Real, class Step>
SEQNN_INLINE double blocked_sum(std::size_t n, Step&& step) noexcept {
  constexpr std::size_t kBlock = 16 * 4 * kLanes<Real>;
  double total = 0;
  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    const auto block = fold(begin, std::min(n, begin + kBlock), Real(0), step,
                            [](const Simd<Real>& a, const Simd<Real>& b) { return a + b; });
    total += static_cast<double>(simd::sum(block));
  }
  return total;
}

}  // namespace detail

/// Σ x
template <class Real>
double sum(std::size_t n, const Real* x) noexcept {
  return detail::blocked_sum<Real>(n, [&](const Simd<Real>& s, auto at) { return s + at.load(x); });
}

/// Σ x·y
template <class Real>
double dot(std::size_t n, const Real* x, const Real* y) noexcept {
  return detail::blocked_sum<Real>(n,
                                   [&](const Simd<Real>& s, auto at) { return simd::fma(at.load(x), at.load(y), s); });
}

/// Σ x²; infinite if one square or a sum of some is beyond the range of Real.
template <class Real>
double sum_of_squares(std::size_t n, const Real* x) noexcept {
  return dot(n, x, x);
}

/// Σ x² where squares may be beyond the range of float: gradients that explode still have a norm to be clipped to.
template <class Real>
double sum_of_squares_wide(std::size_t n, const Real* x) noexcept {
  const double fast = sum_of_squares(n, x);
  if (std::isfinite(fast)) return fast;
  double total = 0;
  for (std::size_t i = 0; i < n; ++i) total += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return total;
}

/// max x, -∞ if there are none; NaN are passed over.
template <class Real>
Real largest(std::size_t n, const Real* x) noexcept {
  constexpr Real kNone = -std::numeric_limits<Real>::infinity();
  const auto larger = [](const Simd<Real>& a, const Simd<Real>& b) { return xsimd::select(b > a, b, a); };
  return simd::largest(detail::fold(
      0, n, kNone, [&](const Simd<Real>& m, auto at) { return larger(m, at.load_or(x, kNone)); }, larger));
}

/// max |x|, 0 if there are none; NaN are passed over.
template <class Real>
Real largest_absolute(std::size_t n, const Real* x) noexcept {
  const auto larger = [](const Simd<Real>& a, const Simd<Real>& b) { return xsimd::select(b > a, b, a); };
  return simd::largest(detail::fold(
      0, n, Real(0), [&](const Simd<Real>& m, auto at) { return larger(m, xsimd::abs(at.load(x))); }, larger));
}

/// Index of the first of the largest values; 0 if all are NaN.
template <class Real>
std::size_t index_of_largest(std::size_t n, const Real* x) noexcept {
  const Real* const found = std::find(x, x + n, largest(n, x));
  return found == x + n ? 0 : static_cast<std::size_t>(found - x);
}

/// Whether no value is NaN or infinite.
template <class Real>
bool all_finite(std::size_t n, const Real* x) noexcept {
  // 0·x is 0 for every finite number and NaN for the others.
  const Simd<Real> zero(Real(0));
  return simd::sum(detail::fold(
             0, n, Real(0), [&](const Simd<Real>& s, auto at) { return simd::fma(at.load(x), zero, s); },
             [](const Simd<Real>& a, const Simd<Real>& b) { return a + b; })) == Real(0);
}

}  // namespace seqnn::inline SEQNN_ABI
