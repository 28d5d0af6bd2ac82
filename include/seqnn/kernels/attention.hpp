#pragma once

#include "seqnn/core/arena.hpp"
#include "seqnn/core/random.hpp"
#include "seqnn/kernels/activations.hpp"
#include "seqnn/kernels/dropout.hpp"
#include "seqnn/kernels/gemm.hpp"
#include "seqnn/kernels/updates.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace seqnn::inline SEQNN_ABI {

/// Steps that ask at once. Their weights, kAttentionRows × T numbers, stay in L2 for T up to some 2000.
inline constexpr std::size_t kAttentionRows = 64;

/// One head's attention of one sequence to itself: c_t = Σ_s a_ts·v_s with a_t = softmax over s of q_t·k_s. Rows of q
/// and k lie ld_key apart, those of v and c ld_value.
template <class Real>
struct AttentionHead {
  std::size_t T = 0;
  std::size_t K = 0;  ///< numbers of a query and a key
  std::size_t V = 0;  ///< and of a value
  std::size_t ld_key = 0;
  std::size_t ld_value = 0;
  const Real* q = nullptr;
  const Real* k = nullptr;
  const Real* v = nullptr;
  const Real* penalty = nullptr;  ///< [T]: 0 at the steps that count, -∞ at the others; null if all do
  bool causal = false;            ///< whether s ≤ t
  double dropout = 0;             ///< share of the weights a that is dropped
};

/// Memory of the functions below.
template <class Real>
struct AttentionScratch {
  Real* keys = nullptr;      // [K,T] packed
  Real* values = nullptr;    // [V,T] packed
  Real* weights = nullptr;   // [kAttentionRows, T]
  Real* dropped = nullptr;   // the same after dropout
  Real* gradient = nullptr;  // by the weights, then by the products q·k
  std::uint8_t* kept = nullptr;

  /// @param dropout   whether weights are dropped
  /// @param backward  whether there will be a backward pass
  static AttentionScratch take(std::size_t T, std::size_t K, std::size_t V, bool dropout, bool backward, Arena& arena) {
    const std::size_t block = std::min(T, kAttentionRows) * T;
    AttentionScratch s;
    s.keys = arena.take<Real>(packed_size<Real>(K, T));
    s.weights = arena.take<Real>(block);
    if (dropout) s.dropped = arena.take<Real>(block);
    if (dropout) s.kept = arena.take<std::uint8_t>(block);
    if (backward) s.values = arena.take<Real>(packed_size<Real>(V, T));
    if (backward) s.gradient = arena.take<Real>(block);
    return s;
  }
};

namespace detail {

/// Steps first … first + rows - 1, which look at the steps below `keys`.
struct AttentionBlock {
  std::size_t first;
  std::size_t rows;
  std::size_t keys;
};

template <class Real>
AttentionBlock attention_block(const AttentionHead<Real>& head, std::size_t index) {
  const std::size_t first = index * kAttentionRows;
  const std::size_t rows = std::min(kAttentionRows, head.T - first);
  return {first, rows, head.causal ? first + rows : head.T};
}

/// The weights a [rows, keys] of a block, from packed keys: 0 in rows of steps that do not count.
template <class Real>
void attention_weights(const AttentionHead<Real>& head, const AttentionBlock& block,
                       const AttentionScratch<Real>& s) noexcept {
  const std::size_t n = block.keys;
  gemm<Real>(block.rows, n, head.K, head.q + block.first * head.ld_key, head.ld_key, packed(s.keys), s.weights, n);
  for (std::size_t r = 0; r < block.rows; ++r) {
    Real* row = s.weights + r * n;
    const std::size_t t = block.first + r;
    std::size_t seen = head.causal ? t + 1 : n;
    if (head.penalty != nullptr && head.penalty[t] != 0) seen = 0;
    if (seen > 0) {  // step t itself counts, so that the largest product is finite
      if (head.penalty != nullptr) add(seen, head.penalty, row);
      softmax(seen, row, row);
    }
    std::fill(row + seen, row + n, Real{0});
  }
}

/// The weights that the mean is taken with.
template <class Real>
const Real* drop_attention(const AttentionHead<Real>& head, const AttentionBlock& block, const RandomStream& random,
                           const AttentionScratch<Real>& s) noexcept {
  if (head.dropout == 0) return s.weights;
  dropout_forward(block.rows * block.keys, random, dropout_threshold(head.dropout), dropout_scale<Real>(head.dropout),
                  s.weights, s.dropped, s.kept);
  return s.dropped;
}

inline std::size_t attention_blocks(std::size_t T) { return (T + kAttentionRows - 1) / kAttentionRows; }

}  // namespace detail

/// c [T,V] from q, k and v.
/// @param random  random(i) gives the numbers by which the i-th block of steps drops weights
template <class Real, class Random>
void attention_forward(const AttentionHead<Real>& head, Random&& random, const AttentionScratch<Real>& s,
                       Real* c) noexcept {
  pack_bt(head.K, head.T, head.k, head.ld_key, s.keys);
  for (std::size_t i = 0; i < detail::attention_blocks(head.T); ++i) {
    const detail::AttentionBlock block = detail::attention_block(head, i);
    detail::attention_weights(head, block, s);
    const Real* a = detail::drop_attention(head, block, random(i), s);
    gemm<Real>(block.rows, head.V, block.keys, a, block.keys, {head.v, head.ld_value}, c + block.first * head.ld_value,
               head.ld_value);
  }
}

/// dq, dk and dv from dc, all written, with rows as those of q, k, v and c. The weights are computed once more, which
/// takes one product of five, instead of kept.
template <class Real, class Random>
void attention_backward(const AttentionHead<Real>& head, Random&& random, const AttentionScratch<Real>& s,
                        const Real* dc, Real* dq, Real* dk, Real* dv) noexcept {
  pack_bt(head.K, head.T, head.k, head.ld_key, s.keys);
  pack_bt(head.V, head.T, head.v, head.ld_value, s.values);
  // From the last block, which even if causal looks at all steps and so writes all of dk and dv.
  for (std::size_t i = detail::attention_blocks(head.T); i-- > 0;) {
    const detail::AttentionBlock block = detail::attention_block(head, i);
    const std::size_t n = block.keys;
    const Real* dc_block = dc + block.first * head.ld_value;
    const GemmFinish<Real> finish{.accumulate = block.first + block.rows < head.T};
    detail::attention_weights(head, block, s);
    const Real* a = detail::drop_attention(head, block, random(i), s);
    gemm_at<Real>(n, head.V, block.rows, a, n, {dc_block, head.ld_value}, dv, head.ld_value, finish);
    gemm<Real>(block.rows, n, head.V, dc_block, head.ld_value, packed(s.values), s.gradient, n);
    if (head.dropout > 0) {
      dropout_backward(block.rows * n, dropout_scale<Real>(head.dropout), s.kept, s.gradient, s.gradient);
    }
    for (std::size_t r = 0; r < block.rows; ++r) {
      softmax_backward(n, s.weights + r * n, s.gradient + r * n, s.gradient + r * n);
    }
    gemm<Real>(block.rows, head.K, n, s.gradient, n, {head.k, head.ld_key}, dq + block.first * head.ld_key,
               head.ld_key);
    gemm_at<Real>(n, head.K, block.rows, s.gradient, n, {head.q + block.first * head.ld_key, head.ld_key}, dk,
                  head.ld_key, finish);
  }
}

}  // namespace seqnn::inline SEQNN_ABI
