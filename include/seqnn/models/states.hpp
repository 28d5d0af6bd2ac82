#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/models/network.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Which layers' states go on from one pass to the next.
enum class Continues {
  stateful,  ///< those that were asked to be stateful
  all        ///< all that have one: a sequence in parts
};

/// The states of a network's layers between passes, for a fixed number of samples: each continues where the sample in
/// its place of the pass before ended.
template <class Real>
class States {
 public:
  /// @param input_shape  of one sample
  SEQNN_COLD States(const Network<Real>& network, const Shape& input_shape, std::size_t batch, Continues which)
      : batch_(batch), parts_(which == Continues::all) {
    const auto shapes = network.shapes(input_shape, parts_);
    for (std::size_t l = 0; l < network.layers().size(); ++l) {
      const auto& layer = *network.layers()[l];
      sizes_.push_back(which == Continues::all || layer.stateful() ? layer.state_size(shapes[l]) : 0);
      values_.emplace_back(batch * sizes_.back());
    }
  }

  std::size_t batch() const { return batch_; }

  /// Whether passes are parts of sequences, which then have any length.
  bool parts() const { return parts_; }

  /// State of layer `l` from this sample on; null if the layer has none that stays.
  Real* of(std::size_t l, std::size_t sample) {
    return sizes_[l] == 0 ? nullptr : values_[l].data() + sample * sizes_[l];
  }

  /// Back to the beginning: zeros.
  void reset() noexcept {
    for (auto& values : values_) std::fill(values.begin(), values.end(), Real{0});
  }

 private:
  std::size_t batch_;
  bool parts_;
  std::vector<std::size_t> sizes_;
  std::vector<Buffer<Real>> values_;
};

}  // namespace seqnn::inline SEQNN_ABI
