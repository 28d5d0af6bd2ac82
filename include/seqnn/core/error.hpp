#pragma once

#include "seqnn/core/config.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
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

/// The shortest decimal that reads back as the same float, or else the same double.
SEQNN_COLD inline std::string shortest(double value) {
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

/// A part of a text: so that one function writes them all, and a message costs a program no function of its own. Refers
/// to what it was made from.
class TextPart {
 public:
  TextPart(const char* text) : kind_(Kind::literal), literal_(text) {}
  TextPart(const std::string& text) : kind_(Kind::string), string_(&text) {}
  TextPart(const std::string_view& text) : kind_(Kind::view), view_(&text) {}
  TextPart(const Shape& shape) : kind_(Kind::shape), shape_(&shape) {}
  TextPart(char c) : kind_(Kind::character), natural_(static_cast<unsigned char>(c)) {}
  TextPart(double value) : kind_(Kind::real), real_(value) {}
  template <std::integral Integer>
  TextPart(Integer value)
      : kind_(std::same_as<Integer, bool> ? Kind::boolean
              : std::is_signed_v<Integer> ? Kind::integer
                                          : Kind::natural),
        natural_(static_cast<std::uint64_t>(value)) {}

  SEQNN_COLD void append_to(std::string& to) const {
    switch (kind_) {
      case Kind::literal:
        to += literal_;
        return;
      case Kind::string:
        to += *string_;
        return;
      case Kind::view:
        to += *view_;
        return;
      case Kind::shape:
        return append(*shape_, to);
      case Kind::character:
        to += static_cast<char>(natural_);
        return;
      case Kind::boolean:
        to += natural_ != 0 ? "true" : "false";
        return;
      case Kind::integer:
        to += std::to_string(static_cast<std::int64_t>(natural_));
        return;
      case Kind::natural:
        to += std::to_string(natural_);
        return;
      case Kind::real:
        to += shortest(real_);
        return;
    }
  }

 private:
  enum class Kind { literal, string, view, shape, character, boolean, integer, natural, real };

  SEQNN_COLD static void append(const Shape& shape, std::string& to) {
    to += '(';
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (i > 0) to += ", ";
      to += shape[i] == kAnyLength ? "any" : std::to_string(shape[i]);
    }
    to += shape.size() == 1 ? ",)" : ")";
  }

  Kind kind_;
  union {
    const char* literal_;
    const std::string* string_;
    const std::string_view* view_;
    const Shape* shape_;
    std::uint64_t natural_;
    double real_;
  };
};

SEQNN_COLD inline std::string join(std::initializer_list<TextPart> parts) {
  std::string result;
  for (const auto& part : parts) part.append_to(result);
  return result;
}

}  // namespace detail

/// One string of text, numbers and shapes: `text("expected ", 3, " axes, got ", shape)`.
template <class... Parts>
SEQNN_INLINE std::string text(const Parts&... parts) {
  return detail::join({detail::TextPart(parts)...});
}

}  // namespace seqnn::inline SEQNN_ABI
