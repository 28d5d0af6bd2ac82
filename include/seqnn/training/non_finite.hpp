#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/models/network.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// The first layer of a pass with an output that is not finite.
struct NonFiniteOutput {
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  std::size_t layer = kNone;
  std::size_t sample = 0;  ///< index of the sample in the data
  bool nan = false;        ///< rather than infinite
};

/// What was not finite in the parameters of a step that gave no finite loss: `gradient of dense/kernel of Dense
/// "dense", in an earlier step`. Empty if all are finite.
///
/// A step leaves NaN in a parameter if its gradient was not finite. Gradients pass from the last layer to the first, so
/// the last layer with such a parameter is where they went wrong; `global_clipnorm` spreads them over all layers, and
/// then it is merely the last one. Parameters that are not trained are not looked at: moving averages follow the
/// outputs of the same step.
/// @param first_step  whether no step came before
template <class Real>
SEQNN_COLD std::string non_finite_parameter(const Network<Real>& network, bool first_step) {
  for (std::size_t i = network.layers().size(); i-- > 0;) {
    const std::size_t l = first_step ? network.layers().size() - 1 - i : i;
    for (const auto& info : network.parameters_of(l)) {
      if (!info.trainable) continue;
      bool nan = false, infinite = false;
      for (const Real value : network.parameters().subspan(info.offset, info.size())) {
        nan = nan || std::isnan(value);
        infinite = infinite || std::isinf(value);
      }
      if (!nan && !infinite) continue;
      const std::string of = text(info.name, " of ", network.layers()[l]->title());
      if (first_step) return text("parameter ", of, ", ", nan ? "NaN" : "infinite", " before the first step");
      if (!nan) return text("parameter ", of, ", ", nan ? "NaN" : "infinite", " after an earlier step");
      return text("gradient of ", of, ", in an earlier step");
    }
  }
  return {};
}

/// `output of Dense "dense", NaN for sample 17`; without one, that it was the loss.
template <class Real>
SEQNN_COLD std::string describe(const Network<Real>& network, const NonFiniteOutput& found) {
  if (found.layer == NonFiniteOutput::kNone) return "the loss itself, with finite outputs of all layers";
  return text("output of ", network.layers()[found.layer]->title(), ", ", found.nan ? "NaN" : "infinite",
              " for sample ", found.sample);
}

}  // namespace seqnn::inline SEQNN_ABI
