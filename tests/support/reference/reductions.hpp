#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

// Plain twins of kernels/reductions.hpp and kernels/log_sum_exp.hpp, in double from front to back.
namespace reference {

template <class Real>
double sum(const std::vector<Real>& x) {
  double total = 0;
  for (const Real v : x) total += static_cast<double>(v);
  return total;
}

template <class Real>
double dot(const std::vector<Real>& x, const std::vector<Real>& y) {
  double total = 0;
  for (std::size_t i = 0; i < x.size(); ++i) total += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  return total;
}

template <class Real>
Real largest(const std::vector<Real>& x) {
  Real result = -std::numeric_limits<Real>::infinity();
  for (const Real v : x) result = v > result ? v : result;
  return result;
}

template <class Real>
Real largest_absolute(const std::vector<Real>& x) {
  Real result = 0;
  for (const Real v : x) result = std::abs(v) > result ? std::abs(v) : result;
  return result;
}

template <class Real>
std::size_t index_of_largest(const std::vector<Real>& x) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < x.size(); ++i) best = x[i] > x[best] ? i : best;
  return best;
}

template <class Real>
double log_sum_exp(const std::vector<Real>& x) {
  const auto m = static_cast<double>(largest(x));
  double total = 0;
  for (const Real v : x) total += std::exp(static_cast<double>(v) - m);
  return m + std::log(total);
}

}  // namespace reference
