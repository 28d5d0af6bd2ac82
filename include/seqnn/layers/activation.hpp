#pragma once

#include "seqnn/core/activation.hpp"
#include "seqnn/kernels/activations.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// An activation function as a layer: `Activation(Activation::softmax)`.
///
/// Shapes  x [B,…] -> y, the same; softmax runs over the last axis
/// Keeps   nothing: the gradient comes from y or x
/// Throws  ShapeError if an axis is empty, or under softmax the last one is not fixed
template <class Real>
class ActivationLayer final : public Layer<Real> {
 public:
  explicit ActivationLayer(Activation activation) : function_(activation.function()) {}

  std::string type() const override { return "Activation"; }
  MaskUse mask_use() const override { return MaskUse::keeps; }
  bool steps_alone() const override { return true; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_not_empty(this->title(), input);
    if (function_ == Activation::softmax && (input.empty() || input.back() == kAnyLength)) {
      throw ShapeError(text(this->title(), ": softmax needs a last axis of fixed length, got ", with_batch(input)));
    }
    return input;
  }

  bool passes_through(bool) const override { return function_ == Activation::linear; }

  void forward(Pass<Real>& pass) const override { activate_rows(function_, rows(pass), width(pass), pass.x, pass.y); }

  void backward(Pass<Real>& pass) const override {
    if (pass.dx == nullptr) return;
    const Real* v = Activation::slope_from_input(function_) ? pass.x : pass.y;
    activation_backward_rows(function_, rows(pass), width(pass), v, pass.dy, pass.dx);
  }

 private:
  static std::size_t width(const Pass<Real>& pass) { return pass.input_shape->empty() ? 1 : pass.input_shape->back(); }
  static std::size_t rows(const Pass<Real>& pass) {
    return pass.batch * element_count(*pass.input_shape) / width(pass);
  }

  Activation::Function function_;
};

template <class Real>
std::unique_ptr<Layer<Real>> Activation::make(For<Layer<Real>>) const {
  return std::make_unique<ActivationLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
