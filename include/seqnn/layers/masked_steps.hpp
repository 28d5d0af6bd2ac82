#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/layers/checks.hpp"

#include <cstddef>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// The steps of a sample that a mask has a value for, (time) or such as (sentences, words). Who reads the mask counts
/// along them, so layers that pass it on must leave them as they are.
struct MaskedSteps {
  std::string maker = {};  ///< title of the layer that made the mask; empty where there is none
  Shape axes = {};         ///< may contain kAnyLength

  bool none() const { return maker.empty(); }

  /// Checks the output of a layer that keeps the mask: it must begin with the steps' axes, an open one being equal to
  /// any, and have one more at least: under a mask of (T), (T, C) and (T, 3, C) will do, but not (T).
  /// @throws ShapeError
  SEQNN_COLD void check_kept(const std::string& title, const Shape& output) const {
    bool fits = output.size() > axes.size();
    for (std::size_t i = 0; fits && i < axes.size(); ++i) {
      fits = output[i] == axes[i] || output[i] == kAnyLength || axes[i] == kAnyLength;
    }
    if (fits) return;
    std::string steps = with_batch(axes);
    steps.back() = ',';
    throw ShapeError(text(title, ": output must be ", steps, " …), with the steps of the mask from ", maker, ", got ",
                          with_batch(output), "; keep the time axes, or make no mask"));
  }
};

}  // namespace seqnn::inline SEQNN_ABI
