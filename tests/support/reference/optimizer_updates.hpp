#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

// Plain twins of kernels/optimizer_updates.hpp and adaptive_updates.hpp: Keras' formulas for one parameter after the
// other, in double.
namespace reference {

using Numbers = std::vector<double>;

inline void sgd(double rate, double momentum, bool nesterov, const Numbers& g, Numbers& w, Numbers& m) {
  for (std::size_t i = 0; i < w.size(); ++i) {
    m[i] = momentum * m[i] - rate * g[i];
    w[i] += nesterov ? momentum * m[i] - rate * g[i] : m[i];
  }
}

inline void rmsprop(double rate, double rho, double momentum, double epsilon, bool centered, const Numbers& g,
                    Numbers& w, Numbers& v, Numbers& a, Numbers& m) {
  for (std::size_t i = 0; i < w.size(); ++i) {
    v[i] = rho * v[i] + (1 - rho) * g[i] * g[i];
    a[i] = rho * a[i] + (1 - rho) * g[i];
    const double divisor = std::sqrt(v[i] - (centered ? a[i] * a[i] : 0) + epsilon);
    m[i] = momentum * m[i] + rate * g[i] / divisor;
    w[i] -= m[i];
  }
}

inline void adam(double alpha, double beta_1, double beta_2, double epsilon, bool amsgrad, const Numbers& g, Numbers& w,
                 Numbers& m, Numbers& v, Numbers& largest_v) {
  for (std::size_t i = 0; i < w.size(); ++i) {
    m[i] += (1 - beta_1) * (g[i] - m[i]);
    v[i] += (1 - beta_2) * (g[i] * g[i] - v[i]);
    largest_v[i] = std::max(largest_v[i], v[i]);
    w[i] -= alpha * m[i] / (std::sqrt(amsgrad ? largest_v[i] : v[i]) + epsilon);
  }
}

/// `momentum_rate` and `gradient_rate` as in NadamStep.
inline void nadam(double momentum_rate, double gradient_rate, double beta_1, double beta_2, double epsilon,
                  const Numbers& g, Numbers& w, Numbers& m, Numbers& v) {
  for (std::size_t i = 0; i < w.size(); ++i) {
    m[i] += (1 - beta_1) * (g[i] - m[i]);
    v[i] += (1 - beta_2) * (g[i] * g[i] - v[i]);
    w[i] -= (momentum_rate * m[i] + gradient_rate * g[i]) / (std::sqrt(v[i]) + epsilon);
  }
}

inline void adamax(double alpha, double beta_1, double beta_2, double epsilon, const Numbers& g, Numbers& w, Numbers& m,
                   Numbers& u) {
  for (std::size_t i = 0; i < w.size(); ++i) {
    m[i] += (1 - beta_1) * (g[i] - m[i]);
    u[i] = std::max(beta_2 * u[i], std::fabs(g[i]));
    w[i] -= alpha * m[i] / (u[i] + epsilon);
  }
}

inline void adagrad(double rate, double offset, const Numbers& g, Numbers& w, Numbers& a) {
  for (std::size_t i = 0; i < w.size(); ++i) {
    a[i] += g[i] * g[i];
    w[i] -= rate * g[i] / std::sqrt(a[i] + offset);
  }
}

inline void adadelta(double rate, double rho, double epsilon, const Numbers& g, Numbers& w, Numbers& a, Numbers& b) {
  for (std::size_t i = 0; i < w.size(); ++i) {
    a[i] = rho * a[i] + (1 - rho) * g[i] * g[i];
    const double change = std::sqrt(b[i] + epsilon) / std::sqrt(a[i] + epsilon) * g[i];
    b[i] = rho * b[i] + (1 - rho) * change * change;
    w[i] -= rate * change;
  }
}

inline void lion(double rate, double beta_1, double beta_2, const Numbers& g, Numbers& w, Numbers& m) {
  for (std::size_t i = 0; i < w.size(); ++i) {
    const double direction = beta_1 * m[i] + (1 - beta_1) * g[i];
    w[i] -= rate * (direction > 0 ? 1 : direction < 0 ? -1 : 0);
    m[i] = beta_2 * m[i] + (1 - beta_2) * g[i];
  }
}

}  // namespace reference
