#pragma once

#include "seqnn/core/recipe.hpp"
#include "seqnn/losses/loss.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// A number that says how good predictions are. It gathers sums over any division of the samples; sums of parts are
/// added, so that the result does not depend on threads.
template <class Real>
class Metric {
 public:
  virtual ~Metric() = default;

  /// "binary_accuracy", the key in History.
  virtual std::string name() const = 0;

  virtual TargetKind target_kind() const { return TargetKind::values; }

  /// Told once, at compile, which loss the model has.
  virtual void bind(const Loss<Real>& loss) { (void)loss; }

  /// How many sums it gathers.
  virtual std::size_t sum_count() const { return 2; }

  /// Adds these samples to the sums.
  virtual void update(const Comparison<Real>& c, std::span<double> sums) const = 0;

  /// The metric of everything gathered; by default the first sum divided by the second.
  virtual double result(std::span<const double> sums) const { return sums[1] == 0 ? 0.0 : sums[0] / sums[1]; }
};

template <class Real>
using MetricRecipe = Recipe<Metric<Real>>;

}  // namespace seqnn::inline SEQNN_ABI
