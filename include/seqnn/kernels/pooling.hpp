#pragma once

#include "seqnn/kernels/pool_window.hpp"
#include "seqnn/kernels/simd.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace seqnn::inline SEQNN_ABI {

// Maxima and means over time of one sequence x [T,C], channel by channel.
//
// Equal values: the first in time wins. NaN: a window that holds a NaN has NaN as its maximum (the last one in it), so
// that NaN is never hidden. Training records which step of the window the maximum was, and the gradient goes to that
// step alone.

namespace detail {

/// The largest value so far in every lane, and the number of its step.
template <class Real>
struct Best {
  Simd<Real> value;
  Simd<Real> step;

  template <bool kRecord>
  SEQNN_INLINE void offer(const Simd<Real>& v, const Simd<Real>& at) noexcept {
    const auto better = (v > value) | xsimd::isnan(v);
    value = xsimd::select(better, v, value);
    if constexpr (kRecord) step = xsimd::select(better, at, step);
  }
};

/// Calls `body(c, load, store)` for blocks of channels that together cover all C. The last block begins early, so that
/// it is full as well, which is right where a channel may be computed twice; only below one register it is partial.
template <class Real, class Body>
SEQNN_INLINE void for_channels(std::size_t C, Body&& body) noexcept {
  constexpr std::size_t W = kLanes<Real>;
  if (C < W) {
    body(
        0, [C](const Real* p) { return simd::load_first(p, C); },
        [C](Real* p, const Simd<Real>& v) { simd::store_first(p, v, C); });
    return;
  }
  for (std::size_t c = 0; c < C; c += W) {
    body(
        std::min(c, C - W), [](const Real* p) { return simd::load(p); },
        [](Real* p, const Simd<Real>& v) { simd::store(p, v); });
  }
}

template <bool kRecord, class Real>
void max_pool1d_forward(const PoolWindow& w, const Real* x, Real* y, Real* chosen) noexcept {
  const Simd<Real> one(Real(1));
  for (std::size_t t = 0; t < w.T_out; ++t) {
    const std::size_t first = w.first(t);
    const std::size_t last = w.last(t);
    const Simd<Real> offset(static_cast<Real>(first + w.before - t * w.stride));
    for_channels<Real>(w.C, [&](std::size_t c, auto load, auto store) {
      const Real* row = x + first * w.C + c;
      Best<Real> best{load(row), offset};
      Simd<Real> at = offset;
      for (std::size_t s = first + 1; s < last; ++s) {
        row += w.C;
        at += one;
        best.template offer<kRecord>(load(row), at);
      }
      store(y + t * w.C + c, best.value);
      if constexpr (kRecord) store(chosen + t * w.C + c, best.step);
    });
  }
}

}  // namespace detail

/// y [T_out,C] = maximum of x [T,C] over every window.
/// @param chosen  [T_out,C] the step of its window that each maximum is, counted from the window's (padded) beginning,
/// a
///                whole number; null unless there will be a backward pass. It has the type of the values: converting
///                bytes to registers of another width made backward several times slower.
template <class Real>
void max_pool1d_forward(const PoolWindow& w, const Real* x, Real* y, Real* chosen) noexcept {
  if (chosen == nullptr) {
    detail::max_pool1d_forward<false>(w, x, y, chosen);
  } else {
    detail::max_pool1d_forward<true>(w, x, y, chosen);
  }
}

namespace detail {

/// Windows that do not share steps: every window is written at once, and zeros between them.
template <class Real>
void max_pool1d_backward_apart(const PoolWindow& w, const Real* dy, const Real* chosen, Real* dx) noexcept {
  const Simd<Real> zero(Real(0));
  const Simd<Real> one(Real(1));
  Real* gap = dx;
  for (std::size_t t = 0; t < w.T_out; ++t) {
    const std::size_t first = w.first(t);
    const std::size_t last = w.last(t);
    std::fill(gap, dx + first * w.C, Real(0));
    gap = dx + last * w.C;
    const Simd<Real> offset(static_cast<Real>(first + w.before - t * w.stride));
    for_channels<Real>(w.C, [&](std::size_t c, auto load, auto store) {
      const Simd<Real> step = load(chosen + t * w.C + c);
      const Simd<Real> d = load(dy + t * w.C + c);
      Simd<Real> at = offset;
      for (Real* row = dx + first * w.C + c; row < gap; row += w.C) {
        store(row, xsimd::select(step == at, d, zero));
        at += one;
      }
    });
  }
  std::fill(gap, dx + w.T * w.C, Real(0));
}

/// Windows that share steps: every step gathers from the windows that hold it.
template <class Real>
void max_pool1d_backward_overlapping(const PoolWindow& w, const Real* dy, const Real* chosen, Real* dx) noexcept {
  const Simd<Real> zero(Real(0));
  std::size_t t0 = 0;  // windows t0 … t1-1 hold step s
  std::size_t t1 = 0;
  for (std::size_t s = 0; s < w.T; ++s) {
    while (t1 < w.T_out && w.first(t1) <= s) ++t1;
    while (t0 < t1 && w.last(t0) <= s) ++t0;
    for_channels<Real>(w.C, [&](std::size_t c, auto load, auto store) {
      Simd<Real> sum = zero;
      for (std::size_t t = t0; t < t1; ++t) {
        const Simd<Real> at(static_cast<Real>(s + w.before - t * w.stride));
        sum += xsimd::select(load(chosen + t * w.C + c) == at, load(dy + t * w.C + c), zero);
      }
      store(dx + s * w.C + c, sum);
    });
  }
}

}  // namespace detail

/// dx [T,C] from dy [T_out,C]: every step gets the gradients of the windows that chose it, 0 if none did. Writes every
/// element of dx once.
template <class Real>
void max_pool1d_backward(const PoolWindow& w, const Real* dy, const Real* chosen, Real* dx) noexcept {
  if (w.stride >= w.pool) {
    detail::max_pool1d_backward_apart(w, dy, chosen, dx);
  } else {
    detail::max_pool1d_backward_overlapping(w, dy, chosen, dx);
  }
}

/// y [T_out,C] = mean of x [T,C] over the steps of every window that lie in the sequence.
template <class Real>
void average_pool1d_forward(const PoolWindow& w, const Real* x, Real* y) noexcept {
  for (std::size_t t = 0; t < w.T_out; ++t) {
    const std::size_t first = w.first(t);
    const std::size_t steps = w.last(t) - first;
    const Simd<Real> share(Real(1) / static_cast<Real>(steps));
    detail::for_channels<Real>(w.C, [&](std::size_t c, auto load, auto store) {
      const Real* row = x + first * w.C + c;
      Simd<Real> sum = load(row);
      for (std::size_t s = 1; s < steps; ++s) sum += load(row + s * w.C);
      store(y + t * w.C + c, sum * share);
    });
  }
}

/// dx [T,C] from dy [T_out,C]: every step gets its share from the windows that hold it, 0 if none does. Writes every
/// element of dx once.
/// @param dy  is divided by the number of steps of each window, so that the rest is sums
template <class Real>
void average_pool1d_backward(const PoolWindow& w, Real* dy, Real* dx) noexcept {
  for (std::size_t t = 0; t < w.T_out; ++t) {
    const Simd<Real> share(Real(1) / static_cast<Real>(w.last(t) - w.first(t)));
    simd::map(w.C, dy + t * w.C, dy + t * w.C, [&](const Simd<Real>& d) { return d * share; });
  }
  std::size_t t0 = 0;  // windows t0 … t1-1 hold step s
  std::size_t t1 = 0;
  for (std::size_t s = 0; s < w.T; ++s) {
    while (t1 < w.T_out && w.first(t1) <= s) ++t1;
    while (t0 < t1 && w.last(t0) <= s) ++t0;
    detail::for_channels<Real>(w.C, [&](std::size_t c, auto load, auto store) {
      Simd<Real> sum(Real(0));
      for (std::size_t t = t0; t < t1; ++t) sum += load(dy + t * w.C + c);
      store(dx + s * w.C + c, sum);
    });
  }
}

/// y [C] = maximum of x [T,C] over all steps.
/// @param T       below 2^24, so that every step is exact in a float
/// @param chosen  [C] the step of each maximum; null unless there will be a backward pass
template <class Real>
void global_max_pool1d_forward(std::size_t T, std::size_t C, const Real* x, Real* y, std::int32_t* chosen) noexcept {
  constexpr std::size_t W = kLanes<Real>;
  detail::for_channels<Real>(C, [&](std::size_t c, auto load, auto store) {
    const Real* row = x + c;
    detail::Best<Real> best{load(row), Simd<Real>(Real(0))};
    // Four steps at a time: their maximum is found apart from the best so far, which shortens the chain of operations
    // that wait for each other.
    std::size_t s = 1;
    for (; s + 4 <= T; s += 4) {
      const Simd<Real> at(static_cast<Real>(s));
      detail::Best<Real> a{load(row + s * C), at};
      a.template offer<true>(load(row + (s + 1) * C), at + Simd<Real>(Real(1)));
      detail::Best<Real> b{load(row + (s + 2) * C), at + Simd<Real>(Real(2))};
      b.template offer<true>(load(row + (s + 3) * C), at + Simd<Real>(Real(3)));
      a.template offer<true>(b.value, b.step);
      best.template offer<true>(a.value, a.step);
    }
    for (; s < T; ++s) best.template offer<true>(load(row + s * C), Simd<Real>(static_cast<Real>(s)));
    store(y + c, best.value);
    if (chosen == nullptr) return;
    alignas(64) Real steps[W];
    best.step.store_aligned(steps);
    for (std::size_t i = 0; i < std::min(W, C - c); ++i) chosen[c + i] = static_cast<std::int32_t>(steps[i]);
  });
}

/// dx [T,C] from dy [C]: the whole gradient of a channel goes to its chosen step, every other step gets 0.
template <class Real>
void global_max_pool1d_backward(std::size_t T, std::size_t C, const Real* dy, const std::int32_t* chosen,
                                Real* dx) noexcept {
  std::fill(dx, dx + T * C, Real(0));
  for (std::size_t c = 0; c < C; ++c) dx[static_cast<std::size_t>(chosen[c]) * C + c] = dy[c];
}

/// y [C] = mean of x [T,C] over all steps, added in the order of time.
template <class Real>
void global_average_pool1d_forward(std::size_t T, std::size_t C, const Real* x, Real* y) noexcept {
  const Simd<Real> share(Real(1) / static_cast<Real>(T));
  detail::for_channels<Real>(C, [&](std::size_t c, auto load, auto store) {
    Simd<Real> sum = load(x + c);
    for (std::size_t s = 1; s < T; ++s) sum += load(x + s * C + c);
    store(y + c, sum * share);
  });
}

/// dx [T,C] from dy [C]: every step gets the same share.
template <class Real>
void global_average_pool1d_backward(std::size_t T, std::size_t C, const Real* dy, Real* dx) noexcept {
  const Simd<Real> share(Real(1) / static_cast<Real>(T));
  detail::for_channels<Real>(C, [&](std::size_t c, auto load, auto store) {
    const Simd<Real> d = load(dy + c) * share;
    for (std::size_t s = 0; s < T; ++s) store(dx + s * C + c, d);
  });
}

}  // namespace seqnn::inline SEQNN_ABI
