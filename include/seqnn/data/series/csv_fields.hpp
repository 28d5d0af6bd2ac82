#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/data/series/csv_lines.hpp"
#include "seqnn/data/text/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace seqnn::inline SEQNN_ABI {
namespace detail {

/// A finite number that takes the whole field; spaces around it and a plus sign are allowed.
inline std::optional<double> parse_number(std::string_view field) {
  field = trimmed(field);
  if (field.size() > 1 && field[0] == '+' && field[1] != '-') field.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// Whether a field is one of the texts that stand for no value, in upper or lower case.
SEQNN_COLD inline bool is_missing(std::string_view field, const std::vector<std::string>& missing_texts) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  const auto same = [&](char a, char b) { return lower(a) == lower(b); };
  field = trimmed(field);
  return std::any_of(missing_texts.begin(), missing_texts.end(), [&](const std::string& missing) {
    return std::equal(field.begin(), field.end(), missing.begin(), missing.end(), same);
  });
}

/// Names of columns in UTF-8. A header that is something else is taken for Latin-1, whose bytes are the code points.
SEQNN_COLD inline std::vector<std::string> utf8_names(const std::vector<std::string_view>& header) {
  const bool utf8 = std::all_of(header.begin(), header.end(), [](std::string_view name) {
    return find_invalid_utf8(name) == std::string_view::npos;
  });
  std::vector<std::string> names;
  for (const std::string_view field : header) {
    const std::string_view name = trimmed(field);
    std::string& to = names.emplace_back(utf8 ? name : std::string_view());
    for (std::size_t i = 0; !utf8 && i < name.size(); ++i) append_utf8(to, static_cast<unsigned char>(name[i]));
  }
  return names;
}

}  // namespace detail
}  // namespace seqnn::inline SEQNN_ABI
