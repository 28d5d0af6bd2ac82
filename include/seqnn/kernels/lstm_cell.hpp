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

}  // namespace seqnn::inline SEQNN_ABI
