#pragma once

#include "seqnn/core/random.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

/// For loops over sizes: `for (const std::size_t K : Sizes{1, 2, 17})`.
using Sizes = std::vector<std::size_t>;

// Numbers that tests compute with; `index` chooses one of many sequences.

/// Normally distributed.
template <class Real>
std::vector<Real> normal_values(std::size_t n, std::uint32_t index) {
  seqnn::RandomStream random({.seed = 11, .index = index});
  std::vector<Real> values(n);
  for (Real& v : values) v = static_cast<Real>(random.normal());
  return values;
}

/// Whole numbers from -4 to 4. Their products and the sums of those are exact, so a result does not depend on the order
/// of additions, and tests compare without tolerance.
template <class Real>
std::vector<Real> whole_values(std::size_t n, std::uint32_t index) {
  seqnn::RandomStream random({.seed = 12, .index = index});
  std::vector<Real> values(n);
  for (Real& v : values) v = static_cast<Real>(random.below(9)) - Real(4);
  return values;
}

/// Whole numbers from 1 to 4 and a share of `nonzero` of them; zero elsewhere.
template <class Real>
std::vector<Real> sparse_values(std::size_t n, double nonzero, std::uint32_t index) {
  seqnn::RandomStream random({.seed = 13, .index = index});
  std::vector<Real> values(n);
  for (Real& v : values) {
    const bool zero = static_cast<double>(random.below(1'000'000)) >= 1e6 * nonzero;
    v = zero ? Real(0) : static_cast<Real>(random.below(4)) + Real(1);
  }
  return values;
}

/// Place of the first difference, or -1; equal lengths are the caller's promise. One check for a whole tensor is much
/// faster than one for every element.
template <class A, class B>
std::ptrdiff_t first_difference(const A& a, const B& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(a[i] == b[i])) return static_cast<std::ptrdiff_t>(i);
  }
  return -1;
}
