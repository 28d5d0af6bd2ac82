#pragma once

#include "seqnn/core/activation.hpp"
#include "seqnn/kernels/cell_activations.hpp"
#include "seqnn/kernels/simd.hpp"

#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

// What a GRU computes elementwise at one step, for `rows` samples; matrices have rows of `width` units, a multiple of
// the lanes. `gates` is [rows, 4, width] in the order n z r m: candidate, update, reset, and what the reset gate
// multiplies or has multiplied.
//
//   z = σ(x_z + h_z)   r = σ(x_r + h_r)   h' = z ⊙ h + (1 - z) ⊙ n
//   reset after the product    n = φ(x_n + r ⊙ h_n),  m = h_n
//   reset before the product   n = φ(x_n + (r ⊙ h)·U_n),  m = r ⊙ h
//
// Source  Cho et al. 2014 (reset before); the form after the product is cuDNN's and Keras' default

/// Reset after the product.
/// @param gates   the input's share x_n x_z x_r; overwritten by n z r m if `keep`
/// @param from_h  [rows, 3, width] the state's share h_z h_r h_n
/// @param h       [rows, ·] before the step, rows at distance ldh, as those of h_next
template <class Real>
void gru_cell(Activation::Function recurrent, Activation::Function activation, std::size_t rows, std::size_t width,
              Real* gates, const Real* from_h, const Real* h, Real* h_next, std::size_t ldh, bool keep) noexcept {
  using V = Simd<Real>;
  detail::with_cell<Real>(recurrent, activation, [&](const auto cell) {
    for (std::size_t row = 0; row < rows; ++row) {
      Real* a = gates + row * 4 * width;
      const Real* b = from_h + row * 3 * width;
      for (std::size_t u = 0; u < width; u += kLanes<Real>) {
        const V z = cell.gate(simd::load(a + width + u) + simd::load(b + u));
        const V r = cell.gate(simd::load(a + 2 * width + u) + simd::load(b + width + u));
        const V m = simd::load(b + 2 * width + u);
        const V n = cell.value(simd::fma<Real>(r, m, simd::load(a + u)));
        simd::store(h_next + row * ldh + u, V(simd::fma<Real>(z, simd::load(h + row * ldh + u) - n, n)));
        if (!keep) continue;
        simd::store(a + u, n);
        simd::store(a + width + u, z);
        simd::store(a + 2 * width + u, r);
        simd::store(a + 3 * width + u, m);
      }
    }
  });
}

/// Its gradient: gates become the gradients by x_n, x_z + h_z, x_r + h_r and h_n.
/// @param dh  [rows, width] gradient by h'; becomes the direct share of the gradient by h
template <class Real>
void gru_cell_backward(Activation::Function recurrent, Activation::Function activation, std::size_t rows,
                       std::size_t width, Real* gates, const Real* h, std::size_t ldh, Real* dh) noexcept {
  using V = Simd<Real>;
  detail::with_cell<Real>(recurrent, activation, [&](const auto cell) {
    for (std::size_t row = 0; row < rows; ++row) {
      Real* a = gates + row * 4 * width;
      for (std::size_t u = 0; u < width; u += kLanes<Real>) {
        const V n = simd::load(a + u);
        const V z = simd::load(a + width + u);
        const V r = simd::load(a + 2 * width + u);
        const V m = simd::load(a + 3 * width + u);
        const V d = simd::load(dh + row * width + u);
        const V dn = cell.value_back(n, simd::fma<Real>(-z, d, d));
        simd::store(a + u, dn);
        simd::store(a + width + u, V(cell.gate_back(z, d * (simd::load(h + row * ldh + u) - n))));
        simd::store(a + 2 * width + u, V(cell.gate_back(r, dn * m)));
        simd::store(a + 3 * width + u, V(dn * r));
        simd::store(dh + row * width + u, V(d * z));
      }
    }
  });
}

/// Reset before the product, first half: z, r and m = r ⊙ h.
/// @param gates   x_n, and in z and r the whole pre-activations; z and r are overwritten by their activations
/// @param masked  [rows, ·] the h that m is made of: h, or h under the candidate's dropout mask; rows at ld_masked
template <class Real>
void gru_cell_reset(Activation::Function recurrent, Activation::Function activation, std::size_t rows,
                    std::size_t width, Real* gates, const Real* masked, std::size_t ld_masked) noexcept {
  using V = Simd<Real>;
  detail::with_cell<Real>(recurrent, activation, [&](const auto cell) {
    for (std::size_t row = 0; row < rows; ++row) {
      Real* a = gates + row * 4 * width;
      for (std::size_t u = 0; u < width; u += kLanes<Real>) {
        const V r = cell.gate(simd::load(a + 2 * width + u));
        simd::store(a + width + u, V(cell.gate(simd::load(a + width + u))));
        simd::store(a + 2 * width + u, r);
        simd::store(a + 3 * width + u, V(r * simd::load(masked + row * ld_masked + u)));
      }
    }
  });
}

/// Second half: n from its whole pre-activation, and h'.
template <class Real>
void gru_cell_update(Activation::Function recurrent, Activation::Function activation, std::size_t rows,
                     std::size_t width, Real* gates, const Real* h, Real* h_next, std::size_t ldh) noexcept {
  using V = Simd<Real>;
  detail::with_cell<Real>(recurrent, activation, [&](const auto cell) {
    for (std::size_t row = 0; row < rows; ++row) {
      Real* a = gates + row * 4 * width;
      for (std::size_t u = 0; u < width; u += kLanes<Real>) {
        const V n = cell.value(simd::load(a + u));
        const V z = simd::load(a + width + u);
        simd::store(a + u, n);
        simd::store(h_next + row * ldh + u, V(simd::fma<Real>(z, simd::load(h + row * ldh + u) - n, n)));
      }
    }
  });
}

/// Gradient of the second half: n and z become the gradients by their pre-activations.
/// @param dh  gradient by h'; becomes the direct share of the gradient by h
template <class Real>
void gru_cell_update_backward(Activation::Function recurrent, Activation::Function activation, std::size_t rows,
                              std::size_t width, Real* gates, const Real* h, std::size_t ldh, Real* dh) noexcept {
  using V = Simd<Real>;
  detail::with_cell<Real>(recurrent, activation, [&](const auto cell) {
    for (std::size_t row = 0; row < rows; ++row) {
      Real* a = gates + row * 4 * width;
      for (std::size_t u = 0; u < width; u += kLanes<Real>) {
        const V n = simd::load(a + u);
        const V z = simd::load(a + width + u);
        const V d = simd::load(dh + row * width + u);
        simd::store(a + u, V(cell.value_back(n, simd::fma<Real>(-z, d, d))));
        simd::store(a + width + u, V(cell.gate_back(z, d * (simd::load(h + row * ldh + u) - n))));
        simd::store(dh + row * width + u, V(d * z));
      }
    }
  });
}

/// Gradient of the first half by r: r becomes the gradient by its pre-activation.
/// @param dm      [rows, width] gradient by m; becomes the gradient by the masked h
template <class Real>
void gru_cell_reset_backward(Activation::Function recurrent, Activation::Function activation, std::size_t rows,
                             std::size_t width, Real* gates, const Real* masked, std::size_t ld_masked,
                             Real* dm) noexcept {
  using V = Simd<Real>;
  detail::with_cell<Real>(recurrent, activation, [&](const auto cell) {
    for (std::size_t row = 0; row < rows; ++row) {
      Real* a = gates + row * 4 * width;
      for (std::size_t u = 0; u < width; u += kLanes<Real>) {
        const V r = simd::load(a + 2 * width + u);
        const V d = simd::load(dm + row * width + u);
        simd::store(a + 2 * width + u, V(cell.gate_back(r, d * simd::load(masked + row * ld_masked + u))));
        simd::store(dm + row * width + u, V(d * r));
      }
    }
  });
}

}  // namespace seqnn::inline SEQNN_ABI
