#pragma once

#include "seqnn/core/constraint.hpp"
#include "seqnn/core/tensor.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

/// Numbers of scratch that `constrain` needs: one norm for every place on the axes that norms are not taken over.
inline std::size_t constrain_scratch(const Constraint& constraint, const Shape& shape) {
  if (constraint.kind != Constraint::Kind::norm) return 0;
  std::size_t count = 1;
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    count *= constraint.takes(axis, shape.size()) ? 1 : shape[axis];
  return count;
}

/// Brings a parameter of this shape to its constraint. Allocates nothing.
/// @param norms  [constrain_scratch]
template <class Real>
void constrain(const Constraint& constraint, const Shape& shape, Real* w, Real* norms) noexcept {
  const std::size_t size = element_count(shape);
  if (constraint.kind == Constraint::Kind::non_negative) {
    for (std::size_t i = 0; i < size; ++i) w[i] = w[i] < 0 ? Real{0} : w[i];
  }
  if (constraint.kind != Constraint::Kind::norm) return;

  const std::size_t rank = shape.size();
  const std::size_t width = shape.back();
  const bool along = constraint.takes(rank - 1, rank);  // the last axis is one that norms are taken over
  // Calls body(row, its norm or norms) for every row of the last axis.
  const auto each_row = [&](auto&& body) {
    for (std::size_t r = 0; r < size / width; ++r) {
      std::size_t at = 0;
      std::size_t stride = along ? 1 : width;
      std::size_t rest = r;
      for (std::size_t axis = rank - 1; axis-- > 0; rest /= shape[axis]) {
        if (constraint.takes(axis, rank)) continue;
        at += rest % shape[axis] * stride;
        stride *= shape[axis];
      }
      body(w + r * width, norms + at);
    }
  };
  const std::size_t count = constrain_scratch(constraint, shape);
  std::fill_n(norms, count, Real{0});
  each_row([&](const Real* row, Real* sums) {
    for (std::size_t j = 0; j < width; ++j) sums[along ? 0 : j] += row[j] * row[j];
  });
  const auto low = static_cast<Real>(constraint.min_value);
  const auto high = static_cast<Real>(constraint.max_value);
  const auto rate = static_cast<Real>(constraint.rate);
  for (std::size_t i = 0; i < count; ++i) {
    const Real norm = std::sqrt(norms[i]);
    const Real wanted = rate * std::min(std::max(norm, low), high) + (Real{1} - rate) * norm;
    norms[i] = wanted / (norm + Real(1e-7));
  }
  each_row([&](Real* row, const Real* factors) {
    for (std::size_t j = 0; j < width; ++j) row[j] *= factors[along ? 0 : j];
  });
}

}  // namespace seqnn::inline SEQNN_ABI
