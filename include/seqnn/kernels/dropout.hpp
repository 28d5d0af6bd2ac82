#pragma once

#include "seqnn/core/random.hpp"
#include "seqnn/kernels/simd.hpp"
#include "seqnn/kernels/sweep.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

/// Values that go through dropout together: one call of the random generator's fast form.
inline constexpr std::size_t kDropoutBlock = 128;

/// y[i] = x[i] · (keep[i] ? scale : 0) for n values, n at most a block. The product keeps NaN visible in dropped
/// places.
template <class Real>
void apply_dropout(std::size_t n, const std::uint8_t* keep, Real scale, const Real* x, Real* y) noexcept {
  alignas(64) Real factor[kDropoutBlock];
  for (std::size_t i = 0; i < kDropoutBlock; ++i) factor[i] = keep[i] != 0 ? scale : Real{0};
  simd::sweep<Real>(n, [&](auto at) { at.store(y, at.load(x) * at.load(factor)); });
}

}  // namespace detail

/// Random words below this drop their value. The rate is met to 2^-32.
inline std::uint32_t dropout_threshold(double rate) { return static_cast<std::uint32_t>(rate * 0x1p32); }

/// What the values that stay are multiplied by.
template <class Real>
Real dropout_scale(double rate) {
  return static_cast<Real>(1.0 / (1.0 - rate));
}

/// Inverted dropout of n values: y = 0 where the random word of a value is below `threshold`, else x · scale. The i-th
/// value takes the i-th word of the stream.
/// @param keep  [n] receives 1 where the value stays, else 0; null unless there will be a backward pass
template <class Real>
void dropout_forward(std::size_t n, RandomStream random, std::uint32_t threshold, Real scale, const Real* x, Real* y,
                     std::uint8_t* keep) noexcept {
  constexpr std::size_t kBlock = detail::kDropoutBlock;
  std::uint32_t words[kBlock] = {};
  std::uint8_t stays[kBlock];
  for (std::size_t i = 0; i < n; i += kBlock) {
    const std::size_t count = std::min(kBlock, n - i);
    random.fill(words, count);
    for (std::size_t k = 0; k < kBlock; ++k) stays[k] = words[k] >= threshold ? 1 : 0;
    detail::apply_dropout(count, stays, scale, x + i, y + i);
    if (keep != nullptr) std::copy_n(stays, count, keep + i);
  }
}

/// dx = dy · scale where the value stayed, else 0.
template <class Real>
void dropout_backward(std::size_t n, Real scale, const std::uint8_t* keep, const Real* dy, Real* dx) noexcept {
  constexpr std::size_t kBlock = detail::kDropoutBlock;
  std::uint8_t stays[kBlock] = {};
  for (std::size_t i = 0; i < n; i += kBlock) {
    const std::size_t count = std::min(kBlock, n - i);
    std::copy_n(keep + i, count, stays);
    detail::apply_dropout(count, stays, scale, dy + i, dx + i);
  }
}

}  // namespace seqnn::inline SEQNN_ABI
