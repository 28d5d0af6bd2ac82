#pragma once

#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct MaskingOptions {
  std::string name = {};

  bool operator==(const MaskingOptions&) const = default;
};

/// Masks the time steps whose features all are one value, so that layers above leave them out: padding, gaps.
///
///   mask[b,t] = any of x[b,t] != mask_value      y = mask ⊙ x
///
/// A mask that comes with the input is replaced. No gradient passes a masked step.
///
/// Shapes  x [B,T,D] -> y, the same
/// Throws  OptionError if mask_value is NaN, which equals nothing; ShapeError if x is not (batch, time, features)
class Masking {
 public:
  explicit Masking(double mask_value = 0, MaskingOptions options = {})
      : mask_value_(mask_value), options_(std::move(options)) {
    if (std::isnan(mask_value_)) {
      throw OptionError(text(option_title("Masking", options_.name), ": mask_value must be a number, got ", mask_value_,
                             ", which equals no value; replace it in the data"));
    }
  }

  double mask_value() const { return mask_value_; }
  const MaskingOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    return Describe("Masking").argument(mask_value_).option("name", options_.name, MaskingOptions().name).str();
  }

  bool operator==(const Masking&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  double mask_value_;
  MaskingOptions options_;
};

/// Computes Masking.
template <class Real>
class MaskingLayer final : public Layer<Real> {
 public:
  explicit MaskingLayer(const Masking& recipe) : mask_value_(static_cast<Real>(recipe.mask_value())) {
    this->set_name(recipe.options().name);
  }

  std::string type() const override { return "Masking"; }
  MaskUse mask_use() const override { return MaskUse::makes; }
  bool steps_alone() const override { return true; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_rank(this->title(), input, 2, "(batch, time, features)");
    return input;
  }

  void forward(Pass<Real>& pass) const override {
    const std::size_t D = (*pass.input_shape)[1];
    const std::size_t steps = pass.batch * (*pass.input_shape)[0];
    for (std::size_t i = 0; i < steps; ++i) {
      const bool counts = keep_or_clear(D, pass.x + i * D, pass.x + i * D, pass.y + i * D);
      if (pass.output_mask != nullptr) pass.output_mask[i] = counts;
    }
  }

  void backward(Pass<Real>& pass) const override {
    if (pass.dx == nullptr) return;
    const std::size_t D = (*pass.input_shape)[1];
    const std::size_t steps = pass.batch * (*pass.input_shape)[0];
    for (std::size_t i = 0; i < steps; ++i) keep_or_clear(D, pass.x + i * D, pass.dy + i * D, pass.dx + i * D);
  }

 private:
  /// Whether step x counts; `to` becomes `from` if so, else 0.
  bool keep_or_clear(std::size_t D, const Real* x, const Real* from, Real* to) const {
    const bool counts = std::any_of(x, x + D, [this](Real v) { return v != mask_value_; });
    if (counts) {
      std::copy_n(from, D, to);
    } else {
      std::fill_n(to, D, Real{0});
    }
    return counts;
  }

  Real mask_value_;
};

template <class Real>
std::unique_ptr<Layer<Real>> Masking::make(For<Layer<Real>>) const {
  return std::make_unique<MaskingLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
