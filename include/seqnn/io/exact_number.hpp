#pragma once

#include "seqnn/core/config.hpp"

#include <charconv>
#include <cmath>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// The shortest decimal that reads back as the same double, with a point in every locale; "nan", "inf", "-inf".
SEQNN_COLD inline std::string exact_number(double value) {
  if (std::isnan(value)) return "nan";
  char buffer[32];
  return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

}  // namespace seqnn::inline SEQNN_ABI
