#pragma once

#include "seqnn/core/config.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

constexpr std::array<std::uint32_t, 256> crc32c_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? 0x82F63B78U : 0U);
    table[byte] = remainder;
  }
  return table;
}

}  // namespace detail

/// The checksum CRC-32C (Castagnoli), as iSCSI and TFRecord files have it; one byte at a time.
///
/// Source  RFC 3720, appendix B.4
SEQNN_COLD inline std::uint32_t crc32c(std::string_view content) {
  static constexpr std::array<std::uint32_t, 256> kTable = detail::crc32c_table();
  std::uint32_t remainder = 0xFFFFFFFFU;
  for (const char c : content) {
    remainder = kTable[(remainder ^ static_cast<unsigned char>(c)) & 0xFF] ^ (remainder >> 8);
  }
  return ~remainder;
}

}  // namespace seqnn::inline SEQNN_ABI
