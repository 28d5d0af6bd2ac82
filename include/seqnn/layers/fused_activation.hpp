#pragma once

#include "seqnn/core/activation.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/kernels/activations.hpp"
#include "seqnn/layers/layer.hpp"

#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

/// The activation at the end of a layer's computation, y = f(a), with a what the layer's product gives.
///
/// Most slopes follow from y, which the workspace keeps anyway: then the product applies f itself and writes y. The
/// others need a (Activation::slope_from_input): while training the product writes a into memory that is kept, and f
/// is applied from there. Made in `plan`, `forward` and `backward`, in the same order of taking from `kept`:
///
///   const FusedActivation<Real> f(activation, pass);
///   product(…, f.target(pass), {.activation = f.in_product()});  f.forward(pass);
///   f.backward(pass);  // pass.dy becomes the gradient by a
template <class Real>
class FusedActivation {
 public:
  FusedActivation(Activation activation, Pass<Real>& pass)
      : function_(activation.function()), apart_(pass.training && Activation::slope_from_input(function_)) {
    if (apart_) a_ = pass.kept.template take<Real>(count(pass));
  }

  /// Where the product writes.
  Real* target(const Pass<Real>& pass) const { return apart_ ? a_ : pass.y; }

  /// What the product applies.
  Activation::Function in_product() const { return apart_ ? Activation::linear : function_; }

  /// y, unless the product has written it.
  void forward(const Pass<Real>& pass) const {
    if (apart_) activate(function_, count(pass), a_, pass.y);
  }

  /// dy becomes the gradient by a.
  void backward(const Pass<Real>& pass) const {
    const std::size_t width = pass.output_shape->back();
    activation_backward_rows(function_, count(pass) / width, width, apart_ ? a_ : pass.y, pass.dy, pass.dy);
  }

 private:
  static std::size_t count(const Pass<Real>& pass) {
    const auto* pool = pass.pool;
    return pass.batch * (pool == nullptr ? element_count(*pass.output_shape) : pool->T_out * pool->C);
  }

  Activation::Function function_;
  bool apart_;
  Real* a_ = nullptr;
};

}  // namespace seqnn::inline SEQNN_ABI
