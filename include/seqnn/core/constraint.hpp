#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// What a parameter is brought to after each update: made by MaxNorm, MinMaxNorm, UnitNorm and NonNeg.
///
/// The norms are n = sqrt(Σ w²) over `axes`, one for every place on the other axes: with axis 0 of a Dense kernel
/// (inputs, units) those of each unit's weights, and of a Conv1D kernel (kernel_size, channels, filters) those of each
/// filter's with axes {0, 1}.
struct Constraint {
  enum class Kind { none, norm, non_negative };

  Kind kind = Kind::none;
  double min_value = 0;  ///< w becomes w · (rate·min(max(n, min_value), max_value) + (1 - rate)·n) / (n + 1e-7)
  double max_value = 0;
  double rate = 1;
  std::vector<int> axes = {};  ///< from the end if negative

  bool none() const { return kind == Kind::none; }

  /// Whether norms are taken over an axis of a parameter with so many.
  bool takes(std::size_t axis, std::size_t rank) const {
    return std::any_of(axes.begin(), axes.end(), [&](int a) {
      return a == static_cast<int>(axis) || a + static_cast<int>(rank) == static_cast<int>(axis);
    });
  }

  /// "MaxNorm(2)"
  SEQNN_COLD std::string to_string() const {
    if (kind == Kind::none) return "none";
    if (kind == Kind::non_negative) return "NonNeg()";
    std::string over;
    for (const int axis : axes) over += text(over.empty() ? "{" : ", ", axis);
    over = axes == std::vector<int>{0} ? "" : over + '}';
    const auto with = [&](const std::string& name, const std::string& values) {
      return text(name, '(', values, values.empty() || over.empty() ? "" : ", ", over, ')');
    };
    if (min_value == 1 && max_value == 1 && rate == 1) return with("UnitNorm", "");
    if (min_value == 0 && rate == 1) return with("MaxNorm", text(max_value));
    return with("MinMaxNorm", text(min_value, ", ", max_value, ", ", rate));
  }

  bool operator==(const Constraint&) const = default;
};

namespace detail {

SEQNN_COLD inline Constraint norm_constraint(const char* name, double min_value, double max_value, double rate,
                                             std::vector<int> axes) {
  if (!(min_value >= 0 && max_value >= min_value && std::isfinite(max_value) && max_value > 0)) {
    throw OptionError(text(name, ": norms must be bounded by 0 ≤ min_value ≤ max_value and 0 < max_value, got ",
                           min_value, " and ", max_value));
  }
  if (!(rate >= 0 && rate <= 1)) throw OptionError(text(name, ": rate must be in [0, 1], got ", rate));
  if (axes.empty()) throw OptionError(text(name, ": axes must name at least one axis, got none"));
  return {Constraint::Kind::norm, min_value, max_value, rate, std::move(axes)};
}

/// Checks that a parameter of this shape has the axes.
/// @throws OptionError `parameter "dense/kernel": constraint must be over axes in [-2, 1], got 2`
SEQNN_COLD inline void check_constraint(const std::string& parameter, const Constraint& constraint,
                                        const Shape& shape) {
  const int rank = static_cast<int>(shape.size());
  for (const int axis : constraint.axes) {
    if (axis >= -rank && axis < rank) continue;
    throw OptionError(text("parameter \"", parameter, "\": constraint must be over axes in [", -rank, ", ", rank - 1,
                           "], got ", axis));
  }
}

}  // namespace detail

/// No norm above max_value.  @throws OptionError if it is not a positive number
inline Constraint MaxNorm(double max_value = 2, std::vector<int> axes = {0}) {
  return detail::norm_constraint("MaxNorm", 0, max_value, 1, std::move(axes));
}

/// Norms between two values; with a rate below 1 they go but a part of the way there.
/// @throws OptionError if the values are not in order, or the rate is outside [0, 1]
inline Constraint MinMaxNorm(double min_value = 0, double max_value = 1, double rate = 1, std::vector<int> axes = {0}) {
  return detail::norm_constraint("MinMaxNorm", min_value, max_value, rate, std::move(axes));
}

/// Every norm 1.
inline Constraint UnitNorm(std::vector<int> axes = {0}) {
  return detail::norm_constraint("UnitNorm", 1, 1, 1, std::move(axes));
}

/// Negative weights become 0.
inline Constraint NonNeg() { return {.kind = Constraint::Kind::non_negative}; }

}  // namespace seqnn::inline SEQNN_ABI
