#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/walkforward/forecast.hpp"
#include "seqnn/walkforward/point_outcome.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// What rank 0 of a walk-forward run and the others tell each other.
struct RunMessage {
  enum class Kind : std::uint64_t {
    ready,    ///< to rank 0: `threads` wait for chains
    outcome,  ///< to rank 0: of a point
    failed,   ///< to rank 0: this rank computes no more, for the reason `text`
    left,     ///< to rank 0, the last of a rank
    chain,    ///< to a rank: compute these points
    end       ///< to a rank: there are no more chains; `text` is why, if the run failed
  };

  Kind kind = Kind::ready;
  std::uint64_t threads = 0;
  PointChain chain = {};
  std::string text = {};
  PointOutcome outcome = {};
};

namespace detail {

/// Numbers as they lie in memory, texts with their length before them.
class ByteWriter {
 public:
  template <class Number>
  requires std::integral<Number> || std::floating_point<Number>
  void put(Number number) {
    const auto* const begin = reinterpret_cast<const std::byte*>(&number);
    bytes_.insert(bytes_.end(), begin, begin + sizeof number);
  }
  void put(const std::string& text) {
    put(text.size());
    const auto* const begin = reinterpret_cast<const std::byte*>(text.data());
    bytes_.insert(bytes_.end(), begin, begin + text.size());
  }

  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class Number>
  Number number() {
    Number number;
    std::memcpy(&number, next(sizeof number), sizeof number);
    return number;
  }
  std::string text() {
    const auto size = number<std::size_t>();
    return {reinterpret_cast<const char*>(next(size)), size};
  }

 private:
  const std::byte* next(std::size_t count) {
    if (count > bytes_.size()) {
      throw DataError(seqnn::text("run_walk_forward: a message between ranks must have ", count, " more bytes, got ",
                                  bytes_.size(), "; run the same program on all ranks"));
    }
    const std::byte* const begin = bytes_.data();
    bytes_ = bytes_.subspan(count);
    return begin;
  }

  std::span<const std::byte> bytes_;
};

}  // namespace detail

/// All fields one behind the other. Ranks must agree in the order of bytes and the size of numbers, as all x86-64 do.
SEQNN_COLD inline std::vector<std::byte> encode(const RunMessage& message) {
  detail::ByteWriter to;
  to.put(static_cast<std::uint64_t>(message.kind));
  to.put(message.threads);
  to.put(message.chain.begin);
  to.put(message.chain.end);
  to.put(message.text);
  to.put(message.outcome.point);
  to.put(message.outcome.seconds);
  to.put(message.outcome.error.has_value());
  to.put(message.outcome.error.value_or(""));
  to.put(message.outcome.forecasts.size());
  for (const Forecast& forecast : message.outcome.forecasts) {
    to.put(forecast.time);
    to.put(forecast.symbol);
    to.put(forecast.value);
    to.put(forecast.details.size());
    for (const ForecastDetail& detail : forecast.details) {
      to.put(detail.name);
      to.put(detail.value);
    }
  }
  return to.take();
}

/// @throws DataError if bytes are missing
SEQNN_COLD inline RunMessage decode(std::span<const std::byte> bytes) {
  detail::ByteReader from(bytes);
  RunMessage message;
  message.kind = static_cast<RunMessage::Kind>(from.number<std::uint64_t>());
  message.threads = from.number<std::uint64_t>();
  message.chain.begin = from.number<std::size_t>();
  message.chain.end = from.number<std::size_t>();
  message.text = from.text();
  message.outcome.point = from.number<std::size_t>();
  message.outcome.seconds = from.number<double>();
  const bool failed = from.number<bool>();
  const std::string error = from.text();
  if (failed) message.outcome.error = error;
  const auto forecasts = from.number<std::size_t>();
  for (std::size_t i = 0; i < forecasts; ++i) {
    Forecast& forecast = message.outcome.forecasts.emplace_back();
    forecast.time = from.number<std::int64_t>();
    forecast.symbol = from.text();
    forecast.value = from.number<double>();
    const auto details = from.number<std::size_t>();
    for (std::size_t d = 0; d < details; ++d) {
      std::string name = from.text();
      forecast.details.push_back({std::move(name), from.number<double>()});
    }
  }
  return message;
}

}  // namespace seqnn::inline SEQNN_ABI
