#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/random.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// How a parameter gets its first values: a named function with up to two numbers. Values are computed in double, so
/// that a model in float starts at the rounded values of the same model in double.
///
/// A new initializer is a new function that returns one of these; users write theirs the same way.
class Initializer {
 public:
  /// Fills `values` (row-major, of `shape`); `a` and `b` are the numbers the initializer was made with.
  using Fill = void (*)(const Shape& shape, double a, double b, RandomStream& random, std::span<double> values);

  /// @param name  a string literal: it is not copied
  Initializer(const char* name, Fill fill) : name_(name), fill_(fill) {}
  Initializer(const char* name, Fill fill, double a) : name_(name), fill_(fill), numbers_(1), a_(a) {}
  Initializer(const char* name, Fill fill, double a, double b) : name_(name), fill_(fill), numbers_(2), a_(a), b_(b) {}

  void operator()(const Shape& shape, RandomStream& random, std::span<double> values) const {
    fill_(shape, a_, b_, random, values);
    std::fill(values.begin() + ones_begin_, values.begin() + ones_end_, 1.0);
  }

  /// The same, but values [begin, end) are 1: the forget gate's bias.
  Initializer with_ones(std::size_t begin, std::size_t end) const {
    Initializer result = *this;
    result.ones_begin_ = static_cast<std::ptrdiff_t>(begin);
    result.ones_end_ = static_cast<std::ptrdiff_t>(end);
    return result;
  }

  /// As written in a program: `glorot_uniform`, `random_normal(0, 0.05)`.
  SEQNN_COLD std::string to_string() const {
    if (numbers_ == 0) return std::string(name_);
    return numbers_ == 1 ? text(name_, '(', a_, ')') : text(name_, '(', a_, ", ", b_, ')');
  }

  bool operator==(const Initializer&) const = default;

 private:
  std::string_view name_;
  Fill fill_;
  int numbers_ = 0;  // how many of these it was made with
  double a_ = 0;
  double b_ = 0;
  std::ptrdiff_t ones_begin_ = 0;
  std::ptrdiff_t ones_end_ = 0;
};

/// Inputs and outputs of one unit of a parameter. The last axis counts outputs, the one before it inputs, and axes
/// before those (the taps of a convolution) multiply both.
struct Fans {
  double in = 1;
  double out = 1;
};

inline Fans fans_of(const Shape& shape) {
  if (shape.empty()) return {};
  if (shape.size() == 1) return {static_cast<double>(shape[0]), static_cast<double>(shape[0])};
  double taps = 1;
  for (std::size_t i = 0; i + 2 < shape.size(); ++i) taps *= static_cast<double>(shape[i]);
  return {taps * static_cast<double>(shape[shape.size() - 2]), taps * static_cast<double>(shape.back())};
}

/// Everything 0.
inline Initializer zeros() {
  return {"zeros", [](const Shape&, double, double, RandomStream&, std::span<double> values) {
            std::fill(values.begin(), values.end(), 0.0);
          }};
}

/// Everything `value`.
inline Initializer constant(double value) {
  return {"constant",
          [](const Shape&, double a, double, RandomStream&, std::span<double> values) {
            std::fill(values.begin(), values.end(), a);
          },
          value};
}

/// Everything 1.
inline Initializer ones() {
  return {"ones", [](const Shape&, double, double, RandomStream&, std::span<double> values) {
            std::fill(values.begin(), values.end(), 1.0);
          }};
}

/// Uniform in [low, high).
inline Initializer random_uniform(double low = -0.05, double high = 0.05) {
  return {"random_uniform",
          [](const Shape&, double a, double b, RandomStream& random, std::span<double> values) {
            for (double& v : values) v = random.uniform(a, b);
          },
          low, high};
}

/// Normal with this mean and standard deviation.
inline Initializer random_normal(double mean = 0.0, double stddev = 0.05) {
  return {"random_normal",
          [](const Shape&, double a, double b, RandomStream& random, std::span<double> values) {
            for (double& v : values) v = std::fma(b, random.normal(), a);
          },
          mean, stddev};
}

namespace detail {

/// Uniform in ±sqrt(3 · variance).
inline void fill_uniform(double variance, RandomStream& random, std::span<double> values) {
  const double limit = std::sqrt(3.0 * variance);
  for (double& v : values) v = random.uniform(-limit, limit);
}

/// Normal, redrawn beyond two standard deviations and widened so that the variance is still `variance`.
inline void fill_truncated_normal(double variance, RandomStream& random, std::span<double> values) {
  const double stddev = std::sqrt(variance) / 0.87962566103423978;  // standard deviation of N(0,1) cut at ±2
  for (double& v : values) {
    double draw = random.normal();
    while (std::fabs(draw) > 2.0) draw = random.normal();
    v = stddev * draw;
  }
}

}  // namespace detail

/// Uniform with variance 2 / (fan_in + fan_out).  Source  Glorot & Bengio 2010
inline Initializer glorot_uniform() {
  return {"glorot_uniform", [](const Shape& shape, double, double, RandomStream& random, std::span<double> values) {
            detail::fill_uniform(2.0 / (fans_of(shape).in + fans_of(shape).out), random, values);
          }};
}

/// Truncated normal with variance 2 / (fan_in + fan_out).  Source  Glorot & Bengio 2010
inline Initializer glorot_normal() {
  return {"glorot_normal", [](const Shape& shape, double, double, RandomStream& random, std::span<double> values) {
            detail::fill_truncated_normal(2.0 / (fans_of(shape).in + fans_of(shape).out), random, values);
          }};
}

/// Uniform with variance 2 / fan_in.  Source  He et al. 2015
inline Initializer he_uniform() {
  return {"he_uniform", [](const Shape& shape, double, double, RandomStream& random, std::span<double> values) {
            detail::fill_uniform(2.0 / fans_of(shape).in, random, values);
          }};
}

/// Truncated normal with variance 2 / fan_in.  Source  He et al. 2015
inline Initializer he_normal() {
  return {"he_normal", [](const Shape& shape, double, double, RandomStream& random, std::span<double> values) {
            detail::fill_truncated_normal(2.0 / fans_of(shape).in, random, values);
          }};
}

/// Uniform with variance 1 / fan_in.  Source  LeCun et al. 1998
inline Initializer lecun_uniform() {
  return {"lecun_uniform", [](const Shape& shape, double, double, RandomStream& random, std::span<double> values) {
            detail::fill_uniform(1.0 / fans_of(shape).in, random, values);
          }};
}

/// Truncated normal with variance 1 / fan_in.  Source  LeCun et al. 1998
inline Initializer lecun_normal() {
  return {"lecun_normal", [](const Shape& shape, double, double, RandomStream& random, std::span<double> values) {
            detail::fill_truncated_normal(1.0 / fans_of(shape).in, random, values);
          }};
}

/// A random matrix with orthonormal rows or columns (whichever are fewer), times `gain`; all axes but the last are
/// taken together as rows. Drawn uniformly from all such matrices.  Source  Saxe, McClelland & Ganguli 2013
inline Initializer orthogonal(double gain = 1.0) {
  return {"orthogonal",
          [](const Shape& shape, double a, double, RandomStream& random, std::span<double> values) {
            const std::size_t columns = shape.empty() ? 1 : shape.back();
            const std::size_t rows = values.size() / std::max<std::size_t>(columns, 1);
            const std::size_t length = std::max(rows, columns);
            const std::size_t count = std::min(rows, columns);
            // `count` vectors of `length` by Gram and Schmidt, each made orthogonal twice for full precision.
            std::vector<double> q(count * length);
            for (std::size_t i = 0; i < count; ++i) {
              const std::span<double> v(q.data() + i * length, length);
              for (double& x : v) x = random.normal();
              for (int pass = 0; pass < 2; ++pass) {
                for (std::size_t j = 0; j < i; ++j) {
                  const double* u = q.data() + j * length;
                  double dot = 0;
                  for (std::size_t k = 0; k < length; ++k) dot += u[k] * v[k];
                  for (std::size_t k = 0; k < length; ++k) v[k] -= dot * u[k];
                }
              }
              double norm = 0;
              for (const double x : v) norm += x * x;
              norm = std::sqrt(norm);
              for (double& x : v) x /= norm;
            }
            for (std::size_t r = 0; r < rows; ++r) {
              for (std::size_t c = 0; c < columns; ++c) {
                values[r * columns + c] = a * (rows >= columns ? q[c * length + r] : q[r * length + c]);
              }
            }
          },
          gain};
}

}  // namespace seqnn::inline SEQNN_ABI
