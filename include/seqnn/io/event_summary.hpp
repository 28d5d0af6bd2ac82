#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/io/protobuf.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// What happened at one step, for TensorBoard: numbers, histograms and texts by tag, encoded as its own functions
/// encode them (`scalar_pb`, `histogram_pb`, `text_pb` of the version 2 summaries).
///
///     file.write(step, EventSummary().scalar("loss", 0.41).histogram("dense/kernel", weights));
class EventSummary {
 public:
  /// A point of a curve; TensorBoard keeps a float.
  SEQNN_COLD EventSummary& scalar(std::string_view tag, double value) {
    const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
    ProtobufMessage tensor;
    tensor.integer(kDtype, kFloat).bytes(kTensorShape, "");
    tensor.bytes(kFloatValues, ProtobufMessage::little_endian_bytes(bits, 4));
    return add(tag, tensor, "scalars");
  }

  /// How values are spread over `buckets` intervals of one width, from the smallest to the largest. Values that are not
  /// finite are left out.
  /// @throws OptionError if buckets is 0
  SEQNN_COLD EventSummary& histogram(std::string_view tag, std::span<const double> values, std::size_t buckets = 30) {
    if (buckets == 0) throw OptionError(text("histogram \"", tag, "\": buckets must be at least 1, got 0"));
    std::string content;  // left edge, right edge and count of each bucket
    for (const double number : triples(values, buckets)) {
      content += ProtobufMessage::little_endian_bytes(std::bit_cast<std::uint64_t>(number), 8);
    }
    ProtobufMessage rows, columns, shape, tensor;
    rows.integer(1, buckets);
    columns.integer(1, 3);
    shape.message(2, rows).message(2, columns);
    tensor.integer(kDtype, kDouble).message(kTensorShape, shape).bytes(kTensorContent, content);
    return add(tag, tensor, "histograms");
  }

  /// A text, which TensorBoard reads as Markdown.
  SEQNN_COLD EventSummary& markdown(std::string_view tag, std::string_view content) {
    ProtobufMessage tensor;
    tensor.integer(kDtype, kString).bytes(kTensorShape, "").bytes(kStringValues, content);
    return add(tag, tensor, "text");
  }

  bool empty() const { return message_.encoded().empty(); }

  /// The message `Summary`.
  const ProtobufMessage& message() const { return message_; }

 private:
  // Fields of TensorProto and values of DataType: tensorflow/core/framework/tensor.proto, types.proto.
  static constexpr unsigned kDtype = 1, kTensorShape = 2, kTensorContent = 4, kFloatValues = 5, kStringValues = 8;
  static constexpr unsigned kFloat = 1, kDouble = 2, kString = 7;

  /// Summary.value, with its fields tag (1), tensor (8) and metadata (9) → plugin_data (1) → plugin_name (1), from
  /// summary.proto.
  SEQNN_COLD EventSummary& add(std::string_view tag, const ProtobufMessage& tensor, std::string_view plugin) {
    ProtobufMessage plugin_data, metadata, value;
    plugin_data.bytes(1, plugin);
    metadata.message(1, plugin_data);
    value.bytes(1, tag).message(8, tensor).message(9, metadata);
    message_.message(1, value);
    return *this;
  }

  /// As TensorBoard counts: a value at an edge belongs to the bucket above it; equal values lie in the last of buckets
  /// without width; without values all is 0.
  SEQNN_COLD static std::vector<double> triples(std::span<const double> values, std::size_t buckets) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const double value : values) {
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
    std::vector<double> result(3 * buckets, 0.0);
    if (low > high) return result;
    const double width = (high / 2 - low / 2) / static_cast<double>(buckets);  // halves: high - low may overflow
    for (std::size_t i = 0; i < buckets; ++i) {
      const auto edge = [&](std::size_t n) {
        return n == buckets ? high : 2 * (low / 2 + static_cast<double>(n) * width);
      };
      result[3 * i] = edge(i);
      result[3 * i + 1] = edge(i + 1);
    }
    for (const double value : values) {
      if (!std::isfinite(value)) continue;
      const double place = width > 0 ? std::floor((value / 2 - low / 2) / width) : static_cast<double>(buckets);
      const std::size_t bucket = place < static_cast<double>(buckets) ? static_cast<std::size_t>(place) : buckets - 1;
      result[3 * bucket + 2] += 1;
    }
    return result;
  }

  ProtobufMessage message_;
};

}  // namespace seqnn::inline SEQNN_ABI
