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

/// "5.02 MB"
SEQNN_COLD inline std::string bytes_text(std::size_t count) {
  const double bytes = static_cast<double>(count);
  char buffer[32];
  if (bytes < 1024) {
    std::snprintf(buffer, sizeof buffer, "%.0f B", bytes);
  } else if (bytes < 1024 * 1024) {
    std::snprintf(buffer, sizeof buffer, "%.2f KB", bytes / 1024);
  } else {
    std::snprintf(buffer, sizeof buffer, "%.2f MB", bytes / (1024 * 1024));
  }
  return buffer;
}

/// "1,315,937 (5.02 MB)"
SEQNN_COLD inline std::string with_bytes(std::size_t count, std::size_t size) {
  return text(with_thousands(count), " (", bytes_text(count * size), ')');
}

/// Lines of cells in columns between two rules, the first line a heading. @param left  how many columns begin at the
/// left; the others end at the right
SEQNN_COLD inline std::string text_table(const std::vector<std::string>& cells, std::size_t columns, std::size_t left) {
  std::vector<std::size_t> widths(columns, 0);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    widths[i % columns] = std::max(widths[i % columns], cells[i].size() + (i % columns + 1 < columns ? 3 : 0));
  }
  std::size_t width = 0;
  for (const std::size_t w : widths) width += w;
  std::string table = std::string(width, '-') + '\n';
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::size_t column = i % columns;
    const std::size_t gap = column + 1 < columns ? 3 : 0;
    const std::size_t fill = widths[column] - gap - cells[i].size();
    table += column < left ? cells[i] + std::string(fill, ' ') : std::string(fill, ' ') + cells[i];
    table.append(gap, ' ');
    if (column + 1 < columns) continue;
    table += '\n';
    if (i + 1 == columns) table.append(width, '=') += '\n';
  }
  return table.append(width, '-') += '\n';
}

}  // namespace detail

/// The table of Sequential::summary.
template <class Real>
SEQNN_COLD std::string summarize(const Network<Real>& network) {
  constexpr std::size_t kColumns = 3;
  std::vector<std::string> cells;  // row after row
  for (const char* const title : {"Layer (type)", "Output Shape", "Param #"}) cells.emplace_back(title);
  Shape shape = network.input_shape();
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const auto& layer = *network.layers()[l];
    shape = layer.output_shape(shape);
    std::size_t count = 0;
    for (const auto& info : network.parameters_of(l)) count += info.size();
    cells.push_back(text(layer.name(), " (", layer.type(), ')'));
    cells.push_back(with_batch(shape));
    cells.push_back(detail::with_thousands(count));
  }
  std::string table = text("Model: Sequential, input ", with_batch(network.input_shape()), '\n');
  table += detail::text_table(cells, kColumns, 2);
  const std::size_t trainable = network.layout().count(true);
  const std::size_t fixed = network.layout().count(false);
  table += text("Total params: ", detail::with_bytes(trainable + fixed, sizeof(Real)),
                "\nTrainable params: ", detail::with_bytes(trainable, sizeof(Real)),
                "\nNon-trainable params: ", detail::with_bytes(fixed, sizeof(Real)), '\n');
  for (const auto& layer : network.layers()) {
    const std::string remark = layer->remark();
    if (!remark.empty()) table += text(layer->name(), ": ", remark, '\n');
  }
  table += text("Instruction set: ", instruction_set(), '\n');
  if (*slow_build_warning() != '\0') table += text("Warning: ", slow_build_warning(), '\n');
  return table;
}

}  // namespace seqnn::inline SEQNN_ABI
