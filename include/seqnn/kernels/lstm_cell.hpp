#pragma once

#include "seqnn/core/activation.hpp"
#include "seqnn/kernels/cell_activations.hpp"
#include "seqnn/kernels/simd.hpp"

#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

/// What an LSTM computes elementwise at one step, for `rows` samples; matrices have rows of `width` units, a multiple
/// of the lanes.
///
///   i = σ(a_i)   f = σ(a_f)   g = φ(a_g)   o = σ(a_o)
///   c' = f ⊙ c + i ⊙ g        h' = o ⊙ φ(c')
///
/// @param gates    [rows, 4, width] pre-activations a in the order i f g o; overwritten by their activations if
///                 `squashed` is not null
/// @param c        [rows, width] before the step
/// @param c_next   [rows, width] after it; may be c
/// @param squashed [rows, width] receives φ(c') for the backward pass; null without one
/// @param h_next   [rows, ·] receives h', rows at distance ldh
/// Source  Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000 (forget gate)
template <class Real>
void lstm_cell(Activation::Function recurrent, Activation::Function activation, std::size_t rows, std::size_t width,
               Real* gates, const Real* c, Real* c_next, Real* squashed, Real* h_next, std::size_t ldh) noexcept {
  using V = Simd<Real>;
  detail::with_cell<Real>(recurrent, activation, [&](const auto cell) {
    for (std::size_t r = 0; r < rows; ++r) {
      Real* a = gates + r * 4 * width;
      for (std::size_t u = 0; u < width; u += kLanes<Real>) {
        const V i = cell.gate(simd::load(a + u));
        const V f = cell.gate(simd::load(a + width + u));
        const V g = cell.value(simd::load(a + 2 * width + u));
        const V o = cell.gate(simd::load(a + 3 * width + u));
        const V next = simd::fma<Real>(f, simd::load(c + r * width + u), i * g);
        const V s = cell.value(next);
        simd::store(c_next + r * width + u, next);
        simd::store(h_next + r * ldh + u, V(o * s));
        if (squashed == nullptr) continue;
        simd::store(a + u, i);
        simd::store(a + width + u, f);
        simd::store(a + 2 * width + u, g);
        simd::store(a + 3 * width + u, o);
        simd::store(squashed + r * width + u, s);
      }
    }
  });
}

/// Its gradient: gates, which hold the activations, become the gradients by the pre-activations.
/// @param dh  [rows, width] gradient by h'
/// @param dc  [rows, width] gradient by c' from the steps above; becomes the gradient by c
template <class Real>
void lstm_cell_backward(Activation::Function recurrent, Activation::Function activation, std::size_t rows,
                        std::size_t width, Real* gates, const Real* c, const Real* squashed, const Real* dh,
                        Real* dc) noexcept {
  using V = Simd<Real>;
  detail::with_cell<Real>(recurrent, activation, [&](const auto cell) {
    for (std::size_t r = 0; r < rows; ++r) {
      Real* a = gates + r * 4 * width;
      for (std::size_t u = 0; u < width; u += kLanes<Real>) {
        const std::size_t at = r * width + u;
        const V i = simd::load(a + u);
        const V f = simd::load(a + width + u);
        const V g = simd::load(a + 2 * width + u);
        const V o = simd::load(a + 3 * width + u);
        const V s = simd::load(squashed + at);
        const V d = simd::load(dh + at);
        const V dnext = simd::load(dc + at) + cell.value_back(s, d * o);
        simd::store(a + u, V(cell.gate_back(i, dnext * g)));
        simd::store(a + width + u, V(cell.gate_back(f, dnext * simd::load(c + at))));
        simd::store(a + 2 * width + u, V(cell.value_back(g, dnext * i)));
        simd::store(a + 3 * width + u, V(cell.gate_back(o, d * s)));
        simd::store(dc + at, V(dnext * f));
      }
    }
  });
}

/// What `lstm_rows` reads and writes: one step of `rows` samples.
template <class Real>
struct LSTMRows {
  std::size_t rows = 0;
  std::size_t width = 0;    ///< units in whole registers
  std::size_t K = 0;        ///< state and input side by side
  const Real* a = nullptr;  ///< [rows, K], rows at distance lda
  std::size_t lda = 0;
  const Real* weights = nullptr;  ///< [K, 4·width], gates i f g o
  const Real* bias = nullptr;     ///< [4·width], or null
  Real* gates = nullptr;          ///< [rows, 4, width] receives the activations; null without a backward pass
  const Real* c = nullptr;        ///< [rows, width]
  Real* c_next = nullptr;         ///< [rows, width]
  Real* squashed = nullptr;       ///< [rows, width] receives φ(c'), with gates
  Real* h_next = nullptr;         ///< [rows, ·], rows at distance ldh
  std::size_t ldh = 0;
};

namespace detail {

/// One tile of `lstm_rows`: Rows samples by one register of units, whose four gates stay in registers from the first
/// product to the new state.
template <std::size_t Rows, class Real>
void lstm_tile(const LSTMRows<Real>& s, std::size_t first, std::size_t u) noexcept {
  using V = Simd<Real>;
  V sum[4][Rows];
#pragma GCC unroll 4
  for (std::size_t g = 0; g < 4; ++g) {
    const V start = s.bias == nullptr ? V(Real(0)) : simd::load(s.bias + g * s.width + u);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < Rows; ++r) sum[g][r] = start;
  }
  const Real* a = s.a + first * s.lda;
  const Real* b = s.weights + u;
  for (std::size_t k = 0; k < s.K; ++k, b += 4 * s.width) {
    V weight[4];
#pragma GCC unroll 4
    for (std::size_t g = 0; g < 4; ++g) weight[g] = simd::load(b + g * s.width);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < Rows; ++r) {
      const V value(a[r * s.lda + k]);
#pragma GCC unroll 4
      for (std::size_t g = 0; g < 4; ++g) sum[g][r] = simd::fma<Real>(value, weight[g], sum[g][r]);
    }
  }
  const StandardCell<Real> cell;
#pragma GCC unroll 8
  for (std::size_t r = 0; r < Rows; ++r) {
    const std::size_t at = (first + r) * s.width + u;
    const V i = cell.gate(sum[0][r]);
    const V f = cell.gate(sum[1][r]);
    const V g = cell.value(sum[2][r]);
    const V o = cell.gate(sum[3][r]);
    const V next = simd::fma<Real>(f, simd::load(s.c + at), i * g);
    const V squashed = cell.value(next);
    simd::store(s.c_next + at, next);
    simd::store(s.h_next + (first + r) * s.ldh + u, V(o * squashed));
    if (s.gates == nullptr) continue;
    Real* gates = s.gates + (first + r) * 4 * s.width + u;
    simd::store(gates, i);
    simd::store(gates + s.width, f);
    simd::store(gates + 2 * s.width, g);
    simd::store(gates + 3 * s.width, o);
    simd::store(s.squashed + at, squashed);
  }
}

}  // namespace detail

/// Products and cell of an LSTM in one pass, with sigmoid and tanh: for weights that stay in L1, where writing
/// pre-activations and reading them again would be a large part of the work. The same sums as gemm and lstm_cell.
template <class Real>
void lstm_rows(const LSTMRows<Real>& s) noexcept {
  constexpr std::size_t kRows = kSimdRegisters == 32 ? 6 : 2;  // with four sums each they fill the registers
  for (std::size_t u = 0; u < s.width; u += kLanes<Real>) {
    std::size_t r = 0;
    for (; r + kRows <= s.rows; r += kRows) detail::lstm_tile<kRows>(s, r, u);
    if constexpr (kRows > 2) {
      for (; r + 2 <= s.rows; r += 2) detail::lstm_tile<2>(s, r, u);
    }
    for (; r < s.rows; ++r) detail::lstm_tile<1>(s, r, u);
  }
}

}  // namespace seqnn::inline SEQNN_ABI
