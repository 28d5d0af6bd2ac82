#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/recipe.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// What a loss or metric compares predictions with: numbers of the same shape, or one class index per position.
enum class TargetKind { values, classes };

/// Predictions and targets of some samples. A sample is `positions` rows of `width` numbers: (time, classes) or
/// (units).
template <class Real>
struct Comparison {
  std::size_t samples = 0;
  std::size_t positions = 1;
  std::size_t width = 1;
  const Real* predicted = nullptr;        ///< samples × positions × width
  const Real* values = nullptr;           ///< targets, likewise; null for classes
  const std::int32_t* classes = nullptr;  ///< targets, samples × positions; null for values
  const Real* sample_weights = nullptr;   ///< samples; null means 1 each

  double weight(std::size_t sample) const {
    return sample_weights == nullptr ? 1.0 : static_cast<double>(sample_weights[sample]);
  }
};

/// A loss of one sample is the mean over its positions (and, for errors of numbers, over their width); a loss of a
/// batch is the weighted sum over samples divided by their number, as in Keras.
template <class Real>
class Loss {
 public:
  virtual ~Loss() = default;

  /// "binary_crossentropy"
  virtual std::string name() const = 0;

  virtual TargetKind target_kind() const { return TargetKind::values; }

  /// Whether predictions are logits, so that metrics can place their threshold.
  virtual bool from_logits() const { return false; }

  /// Sum over samples of weight × loss. Unless `gradient` is null, writes there the gradient of `scale` × that sum by
  /// every prediction.
  virtual double operator()(const Comparison<Real>& c, Real scale, Real* gradient) const = 0;
};

template <class Real>
using LossRecipe = Recipe<Loss<Real>>;

}  // namespace seqnn::inline SEQNN_ABI
