#pragma once

#include "seqnn/core/activation.hpp"
#include "seqnn/core/constraint.hpp"
#include "seqnn/core/initializer.hpp"
#include "seqnn/core/padding.hpp"
#include "seqnn/core/regularizer.hpp"
#include "seqnn/kernels/column_sums.hpp"
#include "seqnn/kernels/gemm.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/depthwise.hpp"
#include "seqnn/layers/fused_activation.hpp"
#include "seqnn/layers/layer.hpp"
#include "seqnn/layers/time_window.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Options of SeparableConv1D, as in Keras.
struct SeparableConv1DOptions {
  std::size_t strides = 1;
  Padding padding = Padding::valid;
  std::size_t dilation_rate = 1;     ///< distance of the taps in time
  std::size_t depth_multiplier = 1;  ///< kernels a feature in the first half
  Activation activation = Activation::linear;
  bool use_bias = true;
  Initializer depthwise_initializer = glorot_uniform();
  Initializer pointwise_initializer = glorot_uniform();
  Initializer bias_initializer = zeros();
  Regularizer depthwise_regularizer = {};
  Regularizer pointwise_regularizer = {};
  Regularizer bias_regularizer = {};
  Constraint depthwise_constraint = {};
  Constraint pointwise_constraint = {};
  Constraint bias_constraint = {};
  std::string name = {};

  bool operator==(const SeparableConv1DOptions&) const = default;
};

/// Convolution in two: each feature by itself over time, then all features at each step.
///
///   h[t, c·M + m] = Σ_j x[t·strides + j·dilation_rate - left, c]·W[j, c, m]    M = depth_multiplier
///   y[t] = f(h[t]·P + b)
///
/// Shapes  x [B, T, C] -> y [B, T_out, filters]; T_out as of Conv1D
///         W "depthwise_kernel" [kernel_size, C, M]    P "pointwise_kernel" [1, C·M, filters]    b "bias" [filters]
/// Keeps   when training: h
/// Throws  OptionError for sizes of 0, or strides and dilation both above 1; ShapeError if x is not (batch, time,
///         features) or shorter than the span with valid padding
class SeparableConv1D {
 public:
  SEQNN_COLD SeparableConv1D(std::size_t filters, std::size_t kernel_size, SeparableConv1DOptions options = {})
      : filters_(filters), kernel_size_(kernel_size), options_(std::move(options)) {
    check_positive("SeparableConv1D", options_.name, "filters", filters);
    window().check("SeparableConv1D", options_.name);
    check_positive("SeparableConv1D", options_.name, "depth_multiplier", options_.depth_multiplier);
  }

  std::size_t filters() const { return filters_; }
  std::size_t kernel_size() const { return kernel_size_; }
  const SeparableConv1DOptions& options() const { return options_; }
  TimeWindow window() const { return {kernel_size_, options_.strides, options_.dilation_rate, options_.padding}; }

  SEQNN_COLD std::string to_string() const {
    const SeparableConv1DOptions standard;
    return Describe("SeparableConv1D")
        .argument(filters_)
        .argument(kernel_size_)
        .option("strides", options_.strides, standard.strides)
        .option("padding", options_.padding, standard.padding)
        .option("dilation_rate", options_.dilation_rate, standard.dilation_rate)
        .option("depth_multiplier", options_.depth_multiplier, standard.depth_multiplier)
        .option("activation", options_.activation, standard.activation)
        .option("use_bias", options_.use_bias, standard.use_bias)
        .option("depthwise_initializer", options_.depthwise_initializer, standard.depthwise_initializer)
        .option("pointwise_initializer", options_.pointwise_initializer, standard.pointwise_initializer)
        .option("bias_initializer", options_.bias_initializer, standard.bias_initializer)
        .option("depthwise_regularizer", options_.depthwise_regularizer, standard.depthwise_regularizer)
        .option("pointwise_regularizer", options_.pointwise_regularizer, standard.pointwise_regularizer)
        .option("bias_regularizer", options_.bias_regularizer, standard.bias_regularizer)
        .option("depthwise_constraint", options_.depthwise_constraint, standard.depthwise_constraint)
        .option("pointwise_constraint", options_.pointwise_constraint, standard.pointwise_constraint)
        .option("bias_constraint", options_.bias_constraint, standard.bias_constraint)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const SeparableConv1D&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  std::size_t filters_;
  std::size_t kernel_size_;
  SeparableConv1DOptions options_;
};

/// Computes SeparableConv1D.
template <class Real>
class SeparableConv1DLayer final : public Layer<Real> {
 public:
  SEQNN_COLD explicit SeparableConv1DLayer(const SeparableConv1D& conv)
      : filters_(conv.filters()), window_(conv.window()), options_(conv.options()) {
    this->set_name(options_.name);
  }

  std::string type() const override { return "SeparableConv1D"; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_sequence(this->title(), input, channels_);
    return {window_.outputs(this->title(), input), filters_};
  }

  SEQNN_COLD void build(const Shape& input, ParameterLayout& parameters) override {
    output_shape(input);
    channels_ = input[1];
    depthwise_ = parameters.declare(
        this->name() + "/depthwise_kernel", {window_.kernel_size, channels_, options_.depth_multiplier},
        options_.depthwise_initializer, true, options_.depthwise_regularizer, options_.depthwise_constraint);
    pointwise_ =
        parameters.declare(this->name() + "/pointwise_kernel", {1, columns(), filters_}, options_.pointwise_initializer,
                           true, options_.pointwise_regularizer, options_.pointwise_constraint);
    if (options_.use_bias) {
      bias_ = parameters.declare(this->name() + "/bias", {filters_}, options_.bias_initializer, true,
                                 options_.bias_regularizer, options_.bias_constraint);
    }
  }

  void plan(Pass<Real>& pass) const override {
    Memory(*this, pass);
    FusedActivation<Real>(options_.activation, pass);
  }

  void prepare(Pass<Real>& pass) const override {
    const Memory memory(*this, pass);
    memory.conv.prepare(pass[depthwise_]);
    pack_b(columns(), filters_, pass[pointwise_], filters_, memory.packed);
    if (memory.transposed != nullptr) pack_bt(filters_, columns(), pass[pointwise_], filters_, memory.transposed);
  }

  void forward(Pass<Real>& pass) const override {
    const Memory memory(*this, pass);
    const FusedActivation<Real> f(options_.activation, pass);
    const std::size_t steps = (*pass.output_shape)[0];
    for (std::size_t b = 0; b < pass.batch; ++b) {
      Real* const h = memory.h + (pass.training ? b * memory.conv.output_size() : 0);
      memory.conv.forward(pass, b, pass[depthwise_], nullptr, h);
      gemm<Real>(steps, filters_, columns(), h, columns(), packed(memory.packed), f.target(pass) + b * steps * filters_,
                 filters_, {.bias = pass[bias_], .activation = f.in_product()});
    }
    f.forward(pass);
  }

  void backward(Pass<Real>& pass) const override {
    const Memory memory(*this, pass);
    FusedActivation<Real>(options_.activation, pass).backward(pass);
    const std::size_t steps = (*pass.output_shape)[0];
    if (options_.use_bias) {
      column_sums_add(pass.batch * steps, filters_, pass.dy, filters_, pass.gradient(bias_));
    }
    for (std::size_t b = 0; b < pass.batch; ++b) {
      const Real* const da = pass.dy + b * steps * filters_;
      gemm_at<Real>(columns(), filters_, steps, memory.h + b * memory.conv.output_size(), columns(), {da, filters_},
                    pass.gradient(pointwise_), filters_, {.accumulate = true});
      gemm<Real>(steps, columns(), filters_, da, filters_, packed(memory.transposed), memory.dh, columns());
      memory.conv.backward(pass, b, memory.dh, pass.gradient(depthwise_));
    }
  }

 private:
  /// Everything the layer takes from the arenas.
  struct Memory {
    Depthwise<Real> conv;
    Real* packed;                // prepared: P
    Real* transposed = nullptr;  // prepared: Pᵀ
    Real* h = nullptr;           // kept: of all samples; scratch of one sample when not training
    Real* dh = nullptr;          // scratch: of one sample

    Memory(const SeparableConv1DLayer& layer, Pass<Real>& pass)
        : conv(layer.window_, layer.options_.depth_multiplier, pass),
          packed(pass.prepared.template take<Real>(packed_size<Real>(layer.columns(), layer.filters_))) {
      if (!pass.training) {
        h = pass.scratch.template take<Real>(conv.output_size());
        return;
      }
      transposed = pass.prepared.template take<Real>(packed_size<Real>(layer.filters_, layer.columns()));
      h = pass.kept.template take<Real>(pass.batch * conv.output_size());
      dh = pass.scratch.template take<Real>(conv.output_size());
    }
  };

  /// Of h.
  std::size_t columns() const { return channels_ * options_.depth_multiplier; }

  std::size_t filters_;
  TimeWindow window_;
  SeparableConv1DOptions options_;
  std::size_t channels_ = 0;
  Parameter depthwise_;
  Parameter pointwise_;
  Parameter bias_;
};

template <class Real>
std::unique_ptr<Layer<Real>> SeparableConv1D::make(For<Layer<Real>>) const {
  return std::make_unique<SeparableConv1DLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
