#pragma once

#include "seqnn/core/random.hpp"
#include "seqnn/kernels/simd.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

// What tests of update rules share: a kernel's buffers beside those of its plain twin.

/// The same random numbers in Real and in double, with a value behind them that must stay.
template <class Real>
struct Both {
  std::vector<Real> values;
  std::vector<double> plain;

  Both(std::size_t n, std::uint32_t index, double low, double high) {
    seqnn::RandomStream random({.seed = 11, .index = index});
    for (std::size_t i = 0; i < n; ++i) {
      values.push_back(static_cast<Real>(random.uniform(low, high)));
      plain.push_back(static_cast<double>(values.back()));
    }
    values.push_back(Real(77));
  }

  Real* data() { return values.data(); }

  /// A handful of roundings of numbers of magnitude 1 to 4.
  void check() const {
    for (std::size_t i = 0; i < plain.size(); ++i) {
      REQUIRE_THAT(static_cast<double>(values[i]),
                   Catch::Matchers::WithinAbs(plain[i], 32 * std::numeric_limits<Real>::epsilon()));
    }
    REQUIRE(values.back() == Real(77));
  }
};

/// None, one, and around whole registers.
template <class Real>
std::vector<std::size_t> sizes() {
  constexpr std::size_t W = seqnn::kLanes<Real>;
  return {0, 1, W - 1, W, W + 1, 5 * W + 3};
}
