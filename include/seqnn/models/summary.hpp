#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/models/network.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

/// "1,315,937"
SEQNN_COLD inline std::string with_thousands(std::size_t n) {
  const std::string digits = std::to_string(n);
  std::string result;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) result += ',';
    result += digits[i];
  }
  return result;
}

/// "1,315,937 (5.02 MB)"
SEQNN_COLD inline std::string with_bytes(std::size_t count, std::size_t size) {
  const double bytes = static_cast<double>(count * size);
  char buffer[32];
  if (bytes < 1024) {
    std::snprintf(buffer, sizeof buffer, "%.0f B", bytes);
  } else if (bytes < 1024 * 1024) {
    std::snprintf(buffer, sizeof buffer, "%.2f KB", bytes / 1024);
  } else {
    std::snprintf(buffer, sizeof buffer, "%.2f MB", bytes / (1024 * 1024));
  }
  return with_thousands(count) + " (" + buffer + ')';
}

}  // namespace detail

/// The table of Sequential::summary.
template <class Real>
SEQNN_COLD std::string summarize(const Network<Real>& network) {
  struct Row {
    std::string layer, shape, parameters;
  };
  std::vector<Row> rows = {{"Layer (type)", "Output Shape", "Param #"}};
  Shape shape = network.input_shape();
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const auto& layer = *network.layers()[l];
    shape = layer.output_shape(shape);
    std::size_t count = 0;
    for (const auto& info : network.parameters_of(l)) count += info.size();
    rows.push_back({layer.name() + " (" + layer.type() + ')', with_batch(shape), detail::with_thousands(count)});
  }
  std::size_t widths[3] = {0, 0, 0};
  for (const auto& row : rows) {
    widths[0] = std::max(widths[0], row.layer.size() + 3);
    widths[1] = std::max(widths[1], row.shape.size() + 3);
    widths[2] = std::max(widths[2], row.parameters.size());
  }
  const std::string rule(widths[0] + widths[1] + widths[2], '-');
  std::string table = "Model: Sequential, input " + with_batch(network.input_shape()) + '\n' + rule + '\n';
  for (std::size_t r = 0; r < rows.size(); ++r) {
    table += rows[r].layer + std::string(widths[0] - rows[r].layer.size(), ' ');
    table += rows[r].shape + std::string(widths[1] - rows[r].shape.size(), ' ');
    table += std::string(widths[2] - rows[r].parameters.size(), ' ') + rows[r].parameters + '\n';
    if (r == 0) table += std::string(rule.size(), '=') + '\n';
  }
  const std::size_t trainable = network.layout().count(true);
  const std::size_t fixed = network.layout().count(false);
  table += rule + '\n';
  table += "Total params: " + detail::with_bytes(trainable + fixed, sizeof(Real)) + '\n';
  table += "Trainable params: " + detail::with_bytes(trainable, sizeof(Real)) + '\n';
  table += "Non-trainable params: " + detail::with_bytes(fixed, sizeof(Real)) + '\n';
  table += std::string("Instruction set: ") + instruction_set() + '\n';
  if (*slow_build_warning() != '\0') table += std::string("Warning: ") + slow_build_warning() + '\n';
  return table;
}

}  // namespace seqnn::inline SEQNN_ABI
