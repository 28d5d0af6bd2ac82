#pragma once

#include "seqnn/core/constraint.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/initializer.hpp"
#include "seqnn/core/random.hpp"
#include "seqnn/core/regularizer.hpp"
#include "seqnn/core/tensor.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// A layer's claim to one parameter; tells where it lies once all are declared.
struct Parameter {
  std::size_t index = static_cast<std::size_t>(-1);
  bool declared() const { return index != static_cast<std::size_t>(-1); }
};

/// One parameter of a model.
struct ParameterInfo {
  std::string name;  ///< "conv1d/kernel"
  Shape shape;
  Initializer initializer;
  bool trainable = true;
  Regularizer regularizer = {};
  Constraint constraint = {};
  std::size_t offset = 0;  ///< of its first value in the flat buffer
  std::size_t size() const { return element_count(shape); }
};

/// Which parameters a model has and where they lie: first the trainable ones, then the others, each at a cache line.
/// Gaps between them are zero and stay zero. Gradients have the same layout, trainable part only.
class ParameterLayout {
 public:
  /// Called by layers while they are built.
  /// @throws OptionError if the name is taken, or a constraint is over an axis that is not there
  SEQNN_COLD Parameter declare(std::string name, Shape shape, Initializer initializer, bool trainable = true,
                               Regularizer regularizer = {}, Constraint constraint = {}) {
    for (const auto& other : infos_) {
      if (other.name == name)
        throw OptionError(text("parameter \"", name, "\" exists twice; give the layers names of their own"));
    }
    detail::check_constraint(name, constraint, shape);
    infos_.push_back(
        {std::move(name), std::move(shape), std::move(initializer), trainable, regularizer, std::move(constraint), 0});
    return {infos_.size() - 1};
  }

  /// Assigns offsets; called once, after the last `declare`.
  template <class Real>
  void place() {
    std::size_t offset = 0;
    for (const bool trainable : {true, false}) {
      for (auto& info : infos_) {
        if (info.trainable != trainable) continue;
        info.offset = offset;
        constexpr std::size_t kStep = kAlignment / sizeof(Real);
        offset += (info.size() + kStep - 1) / kStep * kStep;
      }
      if (trainable) trainable_extent_ = offset;
    }
    extent_ = offset;
  }

  const std::vector<ParameterInfo>& infos() const { return infos_; }
  const ParameterInfo& operator[](Parameter p) const { return infos_[p.index]; }

  /// Length of the flat buffer, and of its trainable part, gaps included.
  std::size_t extent() const { return extent_; }
  std::size_t trainable_extent() const { return trainable_extent_; }

  /// Number of parameters without gaps.
  std::size_t count(bool trainable) const {
    std::size_t n = 0;
    for (const auto& info : infos_) n += info.trainable == trainable ? info.size() : 0;
    return n;
  }

  /// Draws first values for all parameters. Each has a random stream of its own, so that its values depend on the seed
  /// and its place in the model only.
  template <class Real>
  SEQNN_COLD void initialize(std::uint64_t seed, std::span<Real> values) const {
    std::fill(values.begin(), values.end(), Real{0});
    std::vector<double> draws;
    for (std::size_t i = 0; i < infos_.size(); ++i) {
      const auto& info = infos_[i];
      draws.resize(info.size());
      RandomStream random({.seed = seed, .purpose = Purpose::initialize, .index = static_cast<std::uint32_t>(i)});
      info.initializer(info.shape, random, draws);
      for (std::size_t k = 0; k < draws.size(); ++k) values[info.offset + k] = static_cast<Real>(draws[k]);
    }
  }

 private:
  std::vector<ParameterInfo> infos_;
  std::size_t extent_ = 0;
  std::size_t trainable_extent_ = 0;
};

}  // namespace seqnn::inline SEQNN_ABI
