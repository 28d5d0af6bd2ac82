#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

// Plain twins of kernels/pooling.hpp: one value at a time, windows written out from their definition.
namespace reference {

struct Pool {
  std::size_t T, C, pool, stride;
  bool same;

  std::size_t outputs() const { return same ? (T + stride - 1) / stride : (T - pool) / stride + 1; }

  /// Steps of padding ahead of the sequence: half of what is missing, rounded down.
  std::size_t before() const {
    const std::size_t covered = (outputs() - 1) * stride + pool;
    return same && covered > T ? (covered - T) / 2 : 0;
  }
};

/// The step that window t chooses in channel c.
template <class Real>
std::size_t chosen_step(const Pool& p, const Real* x, std::size_t t, std::size_t c) {
  std::size_t best = p.T;
  for (std::size_t k = 0; k < p.pool; ++k) {
    const std::size_t shifted = t * p.stride + k;
    if (shifted < p.before() || shifted - p.before() >= p.T) continue;
    const std::size_t s = shifted - p.before();
    const Real v = x[s * p.C + c];
    if (best == p.T || v > x[best * p.C + c] || std::isnan(v)) best = s;
  }
  return best;
}

template <class Real>
std::vector<Real> max_pool1d_forward(const Pool& p, const std::vector<Real>& x) {
  std::vector<Real> y(p.outputs() * p.C);
  for (std::size_t t = 0; t < p.outputs(); ++t) {
    for (std::size_t c = 0; c < p.C; ++c) y[t * p.C + c] = x[chosen_step(p, x.data(), t, c) * p.C + c];
  }
  return y;
}

template <class Real>
std::vector<Real> max_pool1d_backward(const Pool& p, const std::vector<Real>& x, const std::vector<Real>& dy) {
  std::vector<Real> dx(p.T * p.C, Real{0});
  for (std::size_t t = 0; t < p.outputs(); ++t) {
    for (std::size_t c = 0; c < p.C; ++c) dx[chosen_step(p, x.data(), t, c) * p.C + c] += dy[t * p.C + c];
  }
  return dx;
}

/// For every window and channel, `visit(output, input)` for each step that lies in the sequence, with their number.
template <class Visit>
void for_window_steps(const Pool& p, Visit&& visit) {
  for (std::size_t t = 0; t < p.outputs(); ++t) {
    std::vector<std::size_t> steps;
    for (std::size_t k = 0; k < p.pool; ++k) {
      const std::size_t shifted = t * p.stride + k;
      if (shifted >= p.before() && shifted - p.before() < p.T) steps.push_back(shifted - p.before());
    }
    for (const std::size_t s : steps) {
      for (std::size_t c = 0; c < p.C; ++c) visit(t * p.C + c, s * p.C + c, static_cast<double>(steps.size()));
    }
  }
}

template <class Real>
std::vector<double> average_pool1d_forward(const Pool& p, const std::vector<Real>& x) {
  std::vector<double> y(p.outputs() * p.C, 0);
  for_window_steps(p, [&](std::size_t out, std::size_t in, double steps) { y[out] += double{x[in]} / steps; });
  return y;
}

template <class Real>
std::vector<double> average_pool1d_backward(const Pool& p, const std::vector<Real>& dy) {
  std::vector<double> dx(p.T * p.C, 0);
  for_window_steps(p, [&](std::size_t out, std::size_t in, double steps) { dx[in] += double{dy[out]} / steps; });
  return dx;
}

}  // namespace reference
