#pragma once

#include "seqnn/core/config.hpp"

#include <string>

namespace seqnn::inline SEQNN_ABI {

/// A cell of a file of separated values: in quotes, those inside doubled, if it holds the separator, quotes or line
/// ends.
SEQNN_COLD inline std::string csv_cell(const std::string& cell, char separator = ',') {
  if (cell.find_first_of("\"\r\n") == std::string::npos && cell.find(separator) == std::string::npos) return cell;
  std::string result = "\"";
  for (const char c : cell) result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + '"';
}

}  // namespace seqnn::inline SEQNN_ABI
