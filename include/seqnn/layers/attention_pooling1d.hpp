#pragma once

#include "seqnn/core/constraint.hpp"
#include "seqnn/core/initializer.hpp"
#include "seqnn/core/regularizer.hpp"
#include "seqnn/kernels/activations.hpp"
#include "seqnn/kernels/column_sums.hpp"
#include "seqnn/kernels/gemm.hpp"
#include "seqnn/kernels/reductions.hpp"
#include "seqnn/kernels/sweep.hpp"
#include "seqnn/kernels/updates.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Options of AttentionPooling1D.
struct AttentionPooling1DOptions {
  Initializer kernel_initializer = glorot_uniform();
  Initializer bias_initializer = zeros();
  Initializer scale_initializer = glorot_uniform();
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer scale_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  Constraint scale_constraint = {};
  std::string name = {};

  bool operator==(const AttentionPooling1DOptions&) const = default;
};

/// A mean of all time steps whose weights are learnt: additive attention with one query, which is a parameter.
///
///   y = Σ_t a_t·x_t    a = softmax over t of v·tanh(x_t·W + b)
///
/// Steps that a mask leaves out have weight 0. A sequence without any that counts gives 0.
///
/// Shapes  x [B,T,D] -> y [B,D]    W "kernel" [D, units]   b "bias" [units]   v "scale" [units]
/// Keeps   when training: tanh(x·W + b) and a
/// Throws  OptionError if units is 0; ShapeError if x is not (batch, time, features)
/// Source  Bahdanau, Cho & Bengio 2015; Yang et al. 2016
class AttentionPooling1D {
 public:
  explicit AttentionPooling1D(std::size_t units, AttentionPooling1DOptions options = {})
      : units_(units), options_(std::move(options)) {
    check_positive("AttentionPooling1D", options_.name, "units", units);
  }

  std::size_t units() const { return units_; }
  const AttentionPooling1DOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const AttentionPooling1DOptions standard;
    return Describe("AttentionPooling1D")
        .argument(units_)
        .option("kernel_initializer", options_.kernel_initializer, standard.kernel_initializer)
        .option("bias_initializer", options_.bias_initializer, standard.bias_initializer)
        .option("scale_initializer", options_.scale_initializer, standard.scale_initializer)
        .option("kernel_regularizer", options_.kernel_regularizer, standard.kernel_regularizer)
        .option("bias_regularizer", options_.bias_regularizer, standard.bias_regularizer)
        .option("scale_regularizer", options_.scale_regularizer, standard.scale_regularizer)
        .option("kernel_constraint", options_.kernel_constraint, standard.kernel_constraint)
        .option("bias_constraint", options_.bias_constraint, standard.bias_constraint)
        .option("scale_constraint", options_.scale_constraint, standard.scale_constraint)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const AttentionPooling1D&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  std::size_t units_;
  AttentionPooling1DOptions options_;
};

/// Computes AttentionPooling1D.
template <class Real>
class AttentionPooling1DLayer final : public Layer<Real> {
 public:
  SEQNN_COLD explicit AttentionPooling1DLayer(const AttentionPooling1D& recipe)
      : U_(recipe.units()), options_(recipe.options()) {
    this->set_name(options_.name);
  }

  std::string type() const override { return "AttentionPooling1D"; }
  MaskUse mask_use() const override { return MaskUse::ends; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_sequence(this->title(), input, D_, "put it where the input still is a sequence");
    return {input[1]};
  }

  SEQNN_COLD void build(const Shape& input, ParameterLayout& parameters) override {
    D_ = output_shape(input)[0];
    kernel_ = parameters.declare(this->name() + "/kernel", {D_, U_}, options_.kernel_initializer, true,
                                 options_.kernel_regularizer, options_.kernel_constraint);
    bias_ = parameters.declare(this->name() + "/bias", {U_}, options_.bias_initializer, true, options_.bias_regularizer,
                               options_.bias_constraint);
    scale_ = parameters.declare(this->name() + "/scale", {U_}, options_.scale_initializer, true,
                                options_.scale_regularizer, options_.scale_constraint);
  }

  void plan(Pass<Real>& pass) const override { Memory::take(*this, pass); }

  void prepare(Pass<Real>& pass) const override {
    const Memory m = Memory::take(*this, pass);
    pack_b(D_, U_, pass[kernel_], U_, m.packed_kernel);
    if (m.packed_back != nullptr) pack_bt(U_, D_, pass[kernel_], U_, m.packed_back);
  }

  void forward(Pass<Real>& pass) const override {
    const Memory m = Memory::take(*this, pass);
    const std::size_t T = pass.input_shape->front();
    gemm<Real>(pass.batch * T, U_, D_, pass.x, D_, packed(m.packed_kernel), m.hidden, U_,
               {.bias = pass[bias_], .activation = Activation::tanh});
    for (std::size_t b = 0; b < pass.batch; ++b) {
      Real* a = m.weights + b * T;
      bool any = false;
      for (std::size_t t = 0; t < T; ++t) {
        const bool counts = pass.mask == nullptr || pass.mask[b * T + t] != 0;
        a[t] = counts ? static_cast<Real>(dot(U_, m.hidden + (b * T + t) * U_, pass[scale_]))
                      : -std::numeric_limits<Real>::infinity();
        any = any || counts;
      }
      if (any) {
        softmax(T, a, a);
      } else {
        std::fill_n(a, T, Real{0});
      }
      gemm<Real>(1, D_, T, a, T, {pass.x + b * T * D_, D_}, pass.y + b * D_, D_);
    }
  }

  void backward(Pass<Real>& pass) const override {
    const Memory m = Memory::take(*this, pass);
    const std::size_t T = pass.input_shape->front();
    const std::size_t rows = pass.batch * T;
    for (std::size_t b = 0; b < pass.batch; ++b) {
      Real* ds = m.scores_gradient;
      for (std::size_t t = 0; t < T; ++t) {
        ds[t] = static_cast<Real>(dot(D_, pass.x + (b * T + t) * D_, pass.dy + b * D_));
      }
      softmax_backward(T, m.weights + b * T, ds, ds);
      for (std::size_t t = 0; t < T; ++t) {
        Real* h = m.hidden + (b * T + t) * U_;
        axpy(U_, ds[t], h, pass.gradient(scale_));
        hidden_backward(ds[t], pass[scale_], h);
      }
    }
    const Real* dh = m.hidden;
    gemm_at<Real>(D_, U_, rows, pass.x, D_, {dh, U_}, pass.gradient(kernel_), U_, {.accumulate = true});
    column_sums_add(rows, U_, dh, U_, pass.gradient(bias_));
    if (pass.dx == nullptr) return;
    gemm<Real>(rows, D_, U_, dh, U_, packed(m.packed_back), pass.dx, D_);
    for (std::size_t i = 0; i < rows; ++i) axpy(D_, m.weights[i], pass.dy + i / T * D_, pass.dx + i * D_);
  }

 private:
  /// Everything the layer takes from the arenas.
  struct Memory {
    Real* packed_kernel = nullptr;    // prepared
    Real* packed_back = nullptr;      // prepared: transposed
    Real* hidden = nullptr;           // kept when training, else scratch: tanh(x·W + b), on the way back its gradient
    Real* weights = nullptr;          // likewise: a
    Real* scores_gradient = nullptr;  // scratch: of one sample

    static Memory take(const AttentionPooling1DLayer& layer, Pass<Real>& pass) {
      const std::size_t T = pass.input_shape->front();
      Memory m;
      m.packed_kernel = pass.prepared.template take<Real>(packed_size<Real>(layer.D_, layer.U_));
      if (pass.training && pass.input_gradient) {
        m.packed_back = pass.prepared.template take<Real>(packed_size<Real>(layer.U_, layer.D_));
      }
      Arena& samples = pass.training ? pass.kept : pass.scratch;
      m.hidden = samples.template take<Real>(pass.batch * T * layer.U_);
      m.weights = samples.template take<Real>(pass.batch * T);
      m.scores_gradient = pass.scratch.template take<Real>(T);
      return m;
    }
  };

  /// h = tanh(p) becomes the gradient by p of a score that is h·v: ds·v·(1 - h²).
  void hidden_backward(Real ds, const Real* v, Real* h) const noexcept {
    const Simd<Real> factor(ds);
    const Simd<Real> one(Real(1));
    simd::sweep<Real>(U_, [&](auto at) {
      const Simd<Real> value = at.load(h);
      at.store(h, factor * at.load(v) * (one - value * value));
    });
  }

  std::size_t U_;
  AttentionPooling1DOptions options_;
  std::size_t D_ = 0;
  Parameter kernel_;
  Parameter bias_;
  Parameter scale_;
};

template <class Real>
std::unique_ptr<Layer<Real>> AttentionPooling1D::make(For<Layer<Real>>) const {
  return std::make_unique<AttentionPooling1DLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
