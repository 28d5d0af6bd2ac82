#pragma once

#include <cstddef>
#include <vector>

// Plain twins of kernels/conv1d.hpp: every output, tap and channel from the definition, padding included.
namespace reference {

struct Conv1D {
  std::size_t T, C, K, F;  ///< T without padding
  std::size_t stride = 1;
  std::size_t dilation = 1;
  std::size_t groups = 1;
  std::size_t left = 0;
  std::size_t right = 0;

  std::size_t span() const { return (K - 1) * dilation + 1; }
  std::size_t outputs() const { return (left + T + right - span()) / stride + 1; }
  std::size_t kernel_size() const { return K * (C / groups) * F; }

  /// Calls body(y, w, x) with the places of every product y += w·x of one sample.
  template <class Body>
  void each_product(Body&& body) const {
    const std::size_t Cg = C / groups;
    const std::size_t Fg = F / groups;
    for (std::size_t t = 0; t < outputs(); ++t) {
      for (std::size_t j = 0; j < K; ++j) {
        const std::size_t shifted = t * stride + j * dilation;
        if (shifted < left || shifted - left >= T) continue;
        for (std::size_t f = 0; f < F; ++f) {
          for (std::size_t c = 0; c < Cg; ++c) {
            body(t * F + f, (j * Cg + c) * F + f, (shifted - left) * C + f / Fg * Cg + c);
          }
        }
      }
    }
  }
};

/// y [T_out,F] = x ∗ w + bias, for the w [K,C/groups,F] of Keras; bias may be empty.
template <class Real>
std::vector<Real> conv1d_forward(const Conv1D& s, const Real* x, const Real* w, const std::vector<Real>& bias) {
  std::vector<Real> y(s.outputs() * s.F, Real(0));
  for (std::size_t i = 0; i < y.size() && !bias.empty(); ++i) y[i] = bias[i % s.F];
  s.each_product([&](std::size_t iy, std::size_t iw, std::size_t ix) { y[iy] += w[iw] * x[ix]; });
  return y;
}

/// dw of one sample.
template <class Real>
std::vector<Real> conv1d_backward_kernel(const Conv1D& s, const Real* x, const Real* da) {
  std::vector<Real> dw(s.kernel_size(), Real(0));
  s.each_product([&](std::size_t iy, std::size_t iw, std::size_t ix) { dw[iw] += da[iy] * x[ix]; });
  return dw;
}

/// dx [T,C] of one sample, without the padding.
template <class Real>
std::vector<Real> conv1d_backward_input(const Conv1D& s, const Real* da, const Real* w) {
  std::vector<Real> dx(s.T * s.C, Real(0));
  s.each_product([&](std::size_t iy, std::size_t iw, std::size_t ix) { dx[ix] += da[iy] * w[iw]; });
  return dx;
}

}  // namespace reference
