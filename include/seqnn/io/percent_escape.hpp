#pragma once

#include "seqnn/core/config.hpp"

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace seqnn::inline SEQNN_ABI {
namespace detail {

/// Text without spaces and control characters: they, and %, become % and two hexadecimal digits.
SEQNN_COLD inline std::string escaped(std::string_view plain) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string result;
  for (const char c : plain) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7F || c == '%') {
      result += '%';
      result += digits[byte >> 4];
      result += digits[byte & 15];
    } else {
      result += c;
    }
  }
  return result;
}

/// An integer that takes all the digits.
template <class Integer>
std::optional<Integer> parse_integer(std::string_view digits, int base = 10) {
  Integer value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

/// What `escaped` was given; nothing where % has no digits behind it.
SEQNN_COLD inline std::optional<std::string> unescaped(std::string_view line) {
  std::string result;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '%') {
      result += line[i];
      continue;
    }
    const auto byte = parse_integer<unsigned char>(line.substr(i + 1, 2), 16);
    if (!byte || i + 2 >= line.size()) return std::nullopt;
    result += static_cast<char>(*byte);
    i += 2;
  }
  return result;
}

}  // namespace detail
}  // namespace seqnn::inline SEQNN_ABI
