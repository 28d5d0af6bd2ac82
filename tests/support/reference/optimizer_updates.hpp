#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

// Plain twins of kernels/optimizer_updates.hpp: Keras' formulas for one parameter after the other, in double.
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

}  // namespace reference
