#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/padding.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/layers/checks.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {

/// A kernel that slides over time: what convolutions of all kinds share.
struct TimeWindow {
  std::size_t kernel_size = 1;
  std::size_t strides = 1;
  std::size_t dilation_rate = 1;
  Padding padding = Padding::valid;

  /// Zeros before and after the sequence.
  struct Sides {
    std::size_t left;
    std::size_t right;
  };

  /// Time steps that one output sees, gaps included.
  std::size_t span() const { return (kernel_size - 1) * dilation_rate + 1; }

  Sides sides(std::size_t T) const {
    if (padding == Padding::valid) return {0, 0};
    if (padding == Padding::causal) return {span() - 1, 0};
    const std::size_t outputs = (T + strides - 1) / strides;
    const std::size_t needed = (outputs - 1) * strides + span();
    const std::size_t total = needed > T ? needed - T : 0;
    return {total / 2, total - total / 2};
  }

  /// Steps with the zeros.
  std::size_t padded(std::size_t T) const {
    const auto [left, right] = sides(T);
    return left + T + right;
  }

  /// Checks the options.  @throws OptionError
  SEQNN_COLD void check(std::string_view type, const std::string& name) const {
    check_positive(type, name, "kernel_size", kernel_size);
    check_positive(type, name, "strides", strides);
    check_positive(type, name, "dilation_rate", dilation_rate);
    if (strides > 1 && dilation_rate > 1) {
      throw OptionError(text(option_title(type, name), ": strides and dilation_rate cannot both be above 1, got ",
                             strides, " and ", dilation_rate));
    }
  }

  /// Steps of output for an input (batch, time, features), whose time may be open.  @throws ShapeError
  SEQNN_COLD std::size_t outputs(const std::string& title, const Shape& input) const {
    if (input[0] == kAnyLength) return kAnyLength;
    const std::size_t length = padded(input[0]);
    if (length < span()) {
      throw ShapeError(text(title, ": kernel_size ", kernel_size, " exceeds the ", input[0], " time steps of input ",
                            with_batch(input), dilation_rate > 1 ? text(" at dilation_rate ", dilation_rate) : "",
                            "; pad, or use a shorter kernel"));
    }
    return (length - span()) / strides + 1;
  }
};

}  // namespace seqnn::inline SEQNN_ABI
