#pragma once

#include "seqnn/core/config.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {

/// Writes the fields of one message of Protocol Buffers, in the order in which they are added.
///
/// Source  https://protobuf.dev/programming-guides/encoding
class ProtobufMessage {
 public:
  /// int64, int32, enum; without a field for 0, which is the default. Not for negative numbers.
  ProtobufMessage& integer(unsigned field, std::uint64_t value) {
    if (value == 0) return *this;
    tag(field, 0);
    varint(value);
    return *this;
  }

  ProtobufMessage& real(unsigned field, double value) {
    tag(field, 1);
    little_endian(std::bit_cast<std::uint64_t>(value), 8);
    return *this;
  }

  /// string, bytes, packed numbers, or another message.
  ProtobufMessage& bytes(unsigned field, std::string_view content) {
    tag(field, 2);
    varint(content.size());
    bytes_ += content;
    return *this;
  }
  ProtobufMessage& message(unsigned field, const ProtobufMessage& content) { return bytes(field, content.bytes_); }

  const std::string& encoded() const { return bytes_; }

  /// The lowest `count` bytes of a number, the lowest first.
  SEQNN_COLD static std::string little_endian_bytes(std::uint64_t value, std::size_t count) {
    std::string result;
    for (std::size_t i = 0; i < count; ++i) result += static_cast<char>((value >> (8 * i)) & 0xFF);
    return result;
  }

 private:
  void tag(unsigned field, unsigned wire_type) { varint(field << 3 | wire_type); }
  void little_endian(std::uint64_t value, std::size_t count) { bytes_ += little_endian_bytes(value, count); }

  SEQNN_COLD void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7F) | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

}  // namespace seqnn::inline SEQNN_ABI
