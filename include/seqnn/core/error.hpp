#pragma once

#include "seqnn/core/config.hpp"

#include <concepts>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Base of every exception this library throws. Messages read
/// `<Layer> "<name>": <what must hold>, got <value>[; <how to repair>]`.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A tensor of the wrong rank or extent.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// An option outside its range, or options that exclude each other.
class OptionError : public Error {
 public:
  using Error::Error;
};

/// Values that cannot be learnt from: NaN, ids outside the vocabulary, no rows.
class DataError : public Error {
 public:
  using Error::Error;
};

/// A file or folder that is missing, unreadable or not what it should be; the message begins with its path.
class FileError : public Error {
 public:
  using Error::Error;
};

/// A call at the wrong time: fit before compile, predict before build.
class StateError : public Error {
 public:
  using Error::Error;
};

/// Sizes of a tensor, slowest axis first. Shapes of samples leave out the batch axis.
using Shape = std::vector<std::size_t>;

/// An extent that is not fixed before data comes: `model.build({kAnyLength, 14})`.
inline constexpr std::size_t kAnyLength = static_cast<std::size_t>(-1);

/// Number of elements; 1 for the empty shape.
inline std::size_t element_count(const Shape& shape) {
  std::size_t n = 1;
  for (const std::size_t extent : shape) n *= extent;
  return n;
}

namespace detail {

inline void append_text(std::string& to, std::string_view text) { to += text; }
inline void append_text(std::string& to, char c) { to += c; }
inline void append_text(std::string& to, const char* text) { to += text; }
template <std::same_as<bool> Bool>
void append_text(std::string& to, Bool b) {
  to += b ? "true" : "false";
}
std::string shortest(double value);

inline void append_text(std::string& to, const Shape& shape) {
  to += '(';
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) to += ", ";
    to += shape[i] == kAnyLength ? "any" : std::to_string(shape[i]);
  }
  to += shape.size() == 1 ? ",)" : ")";
}

template <class Number>
requires std::is_arithmetic_v<Number> &&
    (!std::same_as<Number, bool>)&&(!std::same_as<Number, char>)void append_text(std::string& to, Number value) {
  if constexpr (std::is_floating_point_v<Number>) {
    to += shortest(static_cast<double>(value));
  } else {
    to += std::to_string(value);
  }
}

/// The shortest decimal that reads back as the same float, or else the same double.
inline std::string shortest(double value) {
  char buffer[40];
  for (int digits = 1; digits <= 17; ++digits) {
    std::snprintf(buffer, sizeof buffer, "%.*g", digits, value);
    const double back = std::strtod(buffer, nullptr);
    if (back == value || (digits >= 7 && static_cast<float>(back) == static_cast<float>(value) &&
                          static_cast<double>(static_cast<float>(value)) == value)) {
      break;
    }
  }
  return buffer;
}

}  // namespace detail

/// One string of text, numbers and shapes: `text("expected ", 3, " axes, got ", shape)`.
template <class... Parts>
SEQNN_COLD std::string text(const Parts&... parts) {
  std::string result;
  (detail::append_text(result, parts), ...);
  return result;
}

}  // namespace seqnn::inline SEQNN_ABI
