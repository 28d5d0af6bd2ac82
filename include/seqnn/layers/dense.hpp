#pragma once

#include "seqnn/core/activation.hpp"
#include "seqnn/core/constraint.hpp"
#include "seqnn/core/initializer.hpp"
#include "seqnn/core/regularizer.hpp"
#include "seqnn/kernels/column_sums.hpp"
#include "seqnn/kernels/gemm.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/fused_activation.hpp"
#include "seqnn/layers/layer.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Options of Dense, as in Keras.
struct DenseOptions {
  Activation activation = Activation::linear;
  bool use_bias = true;
  Initializer kernel_initializer = glorot_uniform();
  Initializer bias_initializer = zeros();
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  std::string name = {};

  bool operator==(const DenseOptions&) const = default;
};

/// Fully connected layer over the last axis.
///
///   y = f(x·W + b)
///
/// Shapes  x [B, …, D] -> y [B, …, units]
///         W "kernel" [D, units]   b "bias" [units]
/// Throws  OptionError if units is 0; ShapeError if the last axis is not fixed
class Dense {
 public:
  explicit Dense(std::size_t units, DenseOptions options = {}) : units_(units), options_(std::move(options)) {
    check_positive("Dense", options_.name, "units", units);
  }

  std::size_t units() const { return units_; }
  const DenseOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const DenseOptions standard;
    return Describe("Dense")
        .argument(units_)
        .option("activation", options_.activation, standard.activation)
        .option("use_bias", options_.use_bias, standard.use_bias)
        .option("kernel_initializer", options_.kernel_initializer, standard.kernel_initializer)
        .option("bias_initializer", options_.bias_initializer, standard.bias_initializer)
        .option("kernel_regularizer", options_.kernel_regularizer, standard.kernel_regularizer)
        .option("bias_regularizer", options_.bias_regularizer, standard.bias_regularizer)
        .option("kernel_constraint", options_.kernel_constraint, standard.kernel_constraint)
        .option("bias_constraint", options_.bias_constraint, standard.bias_constraint)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const Dense&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  std::size_t units_;
  DenseOptions options_;
};

/// Computes Dense.
template <class Real>
class DenseLayer final : public Layer<Real> {
 public:
  SEQNN_COLD explicit DenseLayer(const Dense& dense) : units_(dense.units()), options_(dense.options()) {
    this->set_name(options_.name);
  }

  std::string type() const override { return "Dense"; }
  MaskUse mask_use() const override { return MaskUse::keeps; }
  bool steps_alone() const override { return true; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    if (input.empty() || input.back() == kAnyLength || (inputs_ != 0 && input.back() != inputs_)) {
      throw ShapeError(text(this->title(), ": input must be (batch, …, ",
                            inputs_ == 0 ? std::string("features") : std::to_string(inputs_), "), got ",
                            with_batch(input), "; the last axis is the number of features and must be fixed"));
    }
    check_not_empty(this->title(), input);
    Shape output = input;
    output.back() = units_;
    return output;
  }

  SEQNN_COLD void build(const Shape& input, ParameterLayout& parameters) override {
    output_shape(input);
    inputs_ = input.back();
    kernel_ = parameters.declare(this->name() + "/kernel", {inputs_, units_}, options_.kernel_initializer, true,
                                 options_.kernel_regularizer, options_.kernel_constraint);
    if (options_.use_bias) {
      bias_ = parameters.declare(this->name() + "/bias", {units_}, options_.bias_initializer, true,
                                 options_.bias_regularizer, options_.bias_constraint);
    }
  }

  /// W is read once a tile; so many rows that this weighs little.
  std::size_t preferred_tile(const Shape& input) const override {
    const std::size_t bytes = inputs_ * units_ * sizeof(Real);
    const std::size_t rows = bytes <= (16U << 10) ? 1 : bytes <= (256U << 10) ? 16 : 48;
    const std::size_t positions = element_count(input) / inputs_;
    return (rows + positions - 1) / positions;
  }

  void plan(Pass<Real>& pass) const override {
    Prepared::take(*this, pass);
    FusedActivation<Real>(options_.activation, pass);
  }

  void prepare(Pass<Real>& pass) const override {
    const Prepared packed = Prepared::take(*this, pass);
    pack_b(inputs_, units_, pass[kernel_], units_, packed.forward);
    if (packed.backward != nullptr) pack_bt(units_, inputs_, pass[kernel_], units_, packed.backward);
  }

  void forward(Pass<Real>& pass) const override {
    const Prepared prepared = Prepared::take(*this, pass);
    const FusedActivation<Real> f(options_.activation, pass);
    gemm<Real>(rows(pass), units_, inputs_, pass.x, inputs_, packed(prepared.forward), f.target(pass), units_,
               {.bias = pass[bias_], .activation = f.in_product()});
    f.forward(pass);
  }

  /// One row: W as it lies, and a single output as one dot product.
  void step(Pass<Real>& pass) const override {
    if (units_ == 1) {
      Simd<Real> sum(Real(0));
      simd::sweep<Real>(inputs_, [&](auto at) { sum = simd::fma<Real>(at.load(pass.x), at.load(pass[kernel_]), sum); });
      *pass.y = simd::sum(sum) + (options_.use_bias ? *pass[bias_] : Real{0});
      if (options_.activation.function() == Activation::linear) return;
      return activate(options_.activation.function(), 1, pass.y, pass.y);
    }
    gemm<Real>(1, units_, inputs_, pass.x, inputs_, {pass[kernel_], units_}, pass.y, units_,
               {.bias = pass[bias_], .activation = options_.activation.function()});
  }

  void backward(Pass<Real>& pass) const override {
    const Prepared prepared = Prepared::take(*this, pass);
    const std::size_t n = rows(pass);
    FusedActivation<Real>(options_.activation, pass).backward(pass);  // dy becomes da
    gemm_at<Real>(inputs_, units_, n, pass.x, inputs_, {pass.dy, units_}, pass.gradient(kernel_), units_,
                  {.accumulate = true});
    if (options_.use_bias) column_sums_add(n, units_, pass.dy, units_, pass.gradient(bias_));
    if (pass.dx != nullptr) {
      gemm<Real>(n, inputs_, units_, pass.dy, units_, packed(prepared.backward), pass.dx, inputs_);
    }
  }

 private:
  /// W packed for y, and Wᵀ packed for dx.
  struct Prepared {
    Real* forward = nullptr;
    Real* backward = nullptr;

    static Prepared take(const DenseLayer& layer, Pass<Real>& pass) {
      Prepared p;
      p.forward = pass.prepared.template take<Real>(packed_size<Real>(layer.inputs_, layer.units_));
      if (pass.training && pass.input_gradient) {
        p.backward = pass.prepared.template take<Real>(packed_size<Real>(layer.units_, layer.inputs_));
      }
      return p;
    }
  };

  std::size_t rows(const Pass<Real>& pass) const { return pass.batch * (element_count(*pass.input_shape) / inputs_); }

  std::size_t units_;
  DenseOptions options_;
  std::size_t inputs_ = 0;
  Parameter kernel_;
  Parameter bias_;
};

template <class Real>
std::unique_ptr<Layer<Real>> Dense::make(For<Layer<Real>>) const {
  return std::make_unique<DenseLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
