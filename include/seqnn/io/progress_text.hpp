#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/io/terminal.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

// The parts that progress bars are made of.

namespace seqnn::inline SEQNN_ABI::detail {

inline double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Columns that `append_bar` fills.
inline constexpr std::size_t kBarColumns = 20;

/// "━━━━━━━━━━          ", green and grey where there are colours. @param total  at least 1
SEQNN_COLD inline void append_bar(std::string& to, std::size_t done, std::size_t total, const Terminal& terminal) {
  const auto style = [&](const char* code) {
    if (terminal.colors) to += code;
  };
  const std::size_t filled = kBarColumns * std::min(done, total) / total;
  style("\x1b[0;32m");  // green
  for (std::size_t i = 0; i < filled; ++i) to += "━";
  style("\x1b[90m");  // grey
  for (std::size_t i = filled; i < kBarColumns; ++i) to += terminal.colors ? "━" : " ";
  style("\x1b[0m");
}

/// "5s", "2:05" or "1:02:05"
SEQNN_COLD inline void append_duration(std::string& to, double seconds) {
  char buffer[64];
  const auto whole = static_cast<long long>(std::max(seconds, 0.0) + 0.5);
  if (whole >= 3600) {
    std::snprintf(buffer, sizeof buffer, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  } else if (whole >= 60) {
    std::snprintf(buffer, sizeof buffer, "%lld:%02lld", whole / 60, whole % 60);
  } else {
    std::snprintf(buffer, sizeof buffer, "%llds", whole);
  }
  to += buffer;
}

}  // namespace seqnn::inline SEQNN_ABI::detail
