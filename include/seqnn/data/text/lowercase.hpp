#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/data/text/utf8.hpp"

#include <string>

namespace seqnn::inline SEQNN_ABI {
namespace detail {

/// Lower case of one code point: Latin (Basic, Latin-1 Supplement, Extended-A), Greek and Cyrillic (both with their
/// supplements), by the regularities of these blocks and independent of the locale. Others stay as they are.
/// Source  Unicode Character Database, simple lower-case mappings
constexpr char32_t lower_case(char32_t c) noexcept {
  const auto within = [c](char32_t first, char32_t last) { return first <= c && c <= last; };
  const char32_t if_even = c | 1U;       // pairs that begin with an even code point: upper, lower
  const char32_t if_odd = c + (c & 1U);  // pairs that begin with an odd one
  if (c < 0x80) return within('A', 'Z') ? c + 32 : c;
  if (c < 0x100) return within(0xC0, 0xDE) && c != 0xD7 ? c + 32 : c;
  if (c < 0x180) {
    if (within(0x139, 0x148) || within(0x179, 0x17E)) return if_odd;
    if (c == 0x130) return 'i';  // and a dot above, see append_lower_case
    if (c == 0x178) return 0xFF;
    const bool alone = c == 0x131 || c == 0x138 || c == 0x149 || c == 0x17F;
    return alone ? c : if_even;
  }
  if (within(0x370, 0x3FF)) {
    if (within(0x391, 0x3AB) && c != 0x3A2) return c + 32;
    if (within(0x388, 0x38A)) return c + 37;
    if (within(0x3D8, 0x3EF)) return if_even;
    if (within(0x3FD, 0x3FF)) return c - 130;
    switch (c) {
      case 0x370:
      case 0x372:
      case 0x376:
      case 0x3FA:
        return c + 1;
      case 0x37F:
        return 0x3F3;
      case 0x386:
        return 0x3AC;
      case 0x38C:
        return 0x3CC;
      case 0x38E:
      case 0x38F:
        return c + 63;
      case 0x3CF:
        return 0x3D7;
      case 0x3F4:
        return 0x3B8;
      case 0x3F7:
        return 0x3F8;
      case 0x3F9:
        return 0x3F2;
      default:
        return c;
    }
  }
  if (within(0x400, 0x52F)) {
    if (c <= 0x40F) return c + 80;
    if (c <= 0x42F) return c + 32;
    if (c == 0x4C0) return 0x4CF;
    if (within(0x4C1, 0x4CE)) return if_odd;
    if (within(0x460, 0x481) || within(0x48A, 0x4BF) || within(0x4D0, 0x52F)) return if_even;
  }
  return c;
}

/// Appends the lower case of c. U+0130, the dotted capital I, is the one that becomes two code points.
inline void append_lower_case(std::string& to, char32_t c) {
  append_utf8(to, lower_case(c));
  if (c == 0x130) append_utf8(to, 0x307);
}

}  // namespace detail
}  // namespace seqnn::inline SEQNN_ABI
