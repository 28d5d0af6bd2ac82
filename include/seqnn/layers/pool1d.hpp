#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/padding.hpp"
#include "seqnn/kernels/pooling.hpp"
#include "seqnn/layers/checks.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {

/// The windows of a layer that pools over time: what MaxPool1D and AveragePool1D have in common.
struct Pool1D {
  std::size_t pool_size;
  std::size_t strides;
  Padding padding;

  /// @throws OptionError for pool_size 0 and Padding::causal
  SEQNN_COLD void check(std::string_view type, const std::string& name) const {
    check_positive(type, name, "pool_size", pool_size);
    if (padding == Padding::causal) {
      throw OptionError(
          text(option_title(type, name), ": padding must be valid or same, got causal; causal is for convolutions"));
    }
  }

  /// @throws ShapeError if the input is not (batch, time, features) or, if valid, shorter than one window
  SEQNN_COLD Shape output_shape(const std::string& title, const Shape& input) const {
    check_rank(title, input, 2, "(batch, time, features)", "put it where the input still is a sequence");
    if (input[0] == kAnyLength) return input;
    if (padding == Padding::valid && input[0] < pool_size) {
      throw ShapeError(text(title, ": pool_size ", pool_size, " exceeds the ", input[0], " time steps of input ",
                            with_batch(input), "; pad, or use a shorter window"));
    }
    return {over(input).T_out, input[1]};
  }

  /// The windows over one input.
  PoolWindow over(const Shape& input) const {
    return PoolWindow::over(input[0], input[1], pool_size, strides, padding);
  }
};

}  // namespace seqnn::inline SEQNN_ABI
