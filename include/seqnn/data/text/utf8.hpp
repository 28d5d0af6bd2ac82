#pragma once

#include "seqnn/core/config.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {
namespace detail {

/// One code point and the bytes it takes; 0 bytes where the text is not UTF-8.
struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;
};

/// Reads the code point that starts at `at`, which lies inside the text. Strict: overlong forms, surrogates, values
/// above U+10FFFF and cut sequences are not UTF-8.
/// Source  The Unicode Standard, table 3-7 "Well-Formed UTF-8 Byte Sequences"
inline CodePoint decode_utf8(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const auto bits = [&](std::size_t i) { return static_cast<char32_t>(byte(i) & 0x3FU); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead >= 0xC2 && lead <= 0xDF && follows(1)) return {((lead & 0x1FU) << 6) | bits(1), 2};
  if (lead >= 0xE0 && lead <= 0xEF && follows(1) && follows(2)) {
    const char32_t value = ((lead & 0x0FU) << 12) | (bits(1) << 6) | bits(2);
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value >= 0x800 && !surrogate) return {value, 3};
  }
  if (lead >= 0xF0 && lead <= 0xF4 && follows(1) && follows(2) && follows(3)) {
    const char32_t value = ((lead & 0x07U) << 18) | (bits(1) << 12) | (bits(2) << 6) | bits(3);
    if (value >= 0x10000 && value <= 0x10FFFF) return {value, 4};
  }
  return {};
}

/// Appends a code point of at most U+10FFFF.
inline void append_utf8(std::string& to, char32_t c) {
  const auto tail = [&](unsigned shift) { to += static_cast<char>(0x80U | ((c >> shift) & 0x3FU)); };
  if (c < 0x80) {
    to += static_cast<char>(c);
  } else if (c < 0x800) {
    to += static_cast<char>(0xC0U | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    to += static_cast<char>(0xE0U | (c >> 12));
    tail(6);
    tail(0);
  } else {
    to += static_cast<char>(0xF0U | (c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

/// "must be UTF-8, got byte 0xE9 at offset 17", the end of every message about such a text.
inline std::string not_utf8(std::string_view text, std::size_t offset) {
  static constexpr char digits[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(text[offset]);
  std::string message = "must be UTF-8, got byte 0x";
  message += digits[byte >> 4];
  message += digits[byte & 15];
  return message + " at offset " + std::to_string(offset);
}

}  // namespace detail

/// Offset of the first byte that does not belong to well-formed UTF-8; std::string_view::npos if there is none.
inline std::size_t find_invalid_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = detail::decode_utf8(text, at).bytes;
    if (bytes == 0) return at;
    at += bytes;
  }
  return std::string_view::npos;
}

}  // namespace seqnn::inline SEQNN_ABI
