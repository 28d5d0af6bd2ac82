#pragma once

#include "seqnn/core/activation.hpp"
#include "seqnn/core/constraint.hpp"
#include "seqnn/core/initializer.hpp"
#include "seqnn/core/padding.hpp"
#include "seqnn/core/regularizer.hpp"
#include "seqnn/kernels/column_sums.hpp"
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

/// Options of DepthwiseConv1D, as in Keras.
struct DepthwiseConv1DOptions {
  std::size_t strides = 1;
  Padding padding = Padding::valid;
  std::size_t depth_multiplier = 1;  ///< kernels a feature
  std::size_t dilation_rate = 1;     ///< distance of the taps in time
  Activation activation = Activation::linear;
  bool use_bias = true;
  Initializer depthwise_initializer = glorot_uniform();
  Initializer bias_initializer = zeros();
  Regularizer depthwise_regularizer = {};
  Regularizer bias_regularizer = {};
  Constraint depthwise_constraint = {};
  Constraint bias_constraint = {};
  std::string name = {};

  bool operator==(const DepthwiseConv1DOptions&) const = default;
};

/// Convolution over time of each feature by itself, with M = depth_multiplier kernels.
///
///   y[t, c·M + m] = f(Σ_j x[t·strides + j·dilation_rate - left, c]·W[j, c, m] + b[c·M + m])
///
/// Shapes  x [B, T, C] -> y [B, T_out, C·M]    W "kernel" [kernel_size, C, M]    b "bias" [C·M]; T_out as of Conv1D
/// Throws  OptionError for sizes of 0, or strides and dilation both above 1; ShapeError if x is not (batch, time,
///         features) or shorter than the span with valid padding
class DepthwiseConv1D {
 public:
  SEQNN_COLD explicit DepthwiseConv1D(std::size_t kernel_size, DepthwiseConv1DOptions options = {})
      : kernel_size_(kernel_size), options_(std::move(options)) {
    window().check("DepthwiseConv1D", options_.name);
    check_positive("DepthwiseConv1D", options_.name, "depth_multiplier", options_.depth_multiplier);
  }

  std::size_t kernel_size() const { return kernel_size_; }
  const DepthwiseConv1DOptions& options() const { return options_; }
  TimeWindow window() const { return {kernel_size_, options_.strides, options_.dilation_rate, options_.padding}; }

  SEQNN_COLD std::string to_string() const {
    const DepthwiseConv1DOptions standard;
    return Describe("DepthwiseConv1D")
        .argument(kernel_size_)
        .option("strides", options_.strides, standard.strides)
        .option("padding", options_.padding, standard.padding)
        .option("depth_multiplier", options_.depth_multiplier, standard.depth_multiplier)
        .option("dilation_rate", options_.dilation_rate, standard.dilation_rate)
        .option("activation", options_.activation, standard.activation)
        .option("use_bias", options_.use_bias, standard.use_bias)
        .option("depthwise_initializer", options_.depthwise_initializer, standard.depthwise_initializer)
        .option("bias_initializer", options_.bias_initializer, standard.bias_initializer)
        .option("depthwise_regularizer", options_.depthwise_regularizer, standard.depthwise_regularizer)
        .option("bias_regularizer", options_.bias_regularizer, standard.bias_regularizer)
        .option("depthwise_constraint", options_.depthwise_constraint, standard.depthwise_constraint)
        .option("bias_constraint", options_.bias_constraint, standard.bias_constraint)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const DepthwiseConv1D&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  std::size_t kernel_size_;
  DepthwiseConv1DOptions options_;
};

/// Computes DepthwiseConv1D.
template <class Real>
class DepthwiseConv1DLayer final : public Layer<Real> {
 public:
  SEQNN_COLD explicit DepthwiseConv1DLayer(const DepthwiseConv1D& conv)
      : window_(conv.window()), options_(conv.options()) {
    this->set_name(options_.name);
  }

  std::string type() const override { return "DepthwiseConv1D"; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_sequence(this->title(), input, channels_);
    return {window_.outputs(this->title(), input), input[1] * options_.depth_multiplier};
  }

  SEQNN_COLD void build(const Shape& input, ParameterLayout& parameters) override {
    const std::size_t columns = output_shape(input)[1];
    channels_ = input[1];
    kernel_ = parameters.declare(this->name() + "/kernel", {window_.kernel_size, channels_, options_.depth_multiplier},
                                 options_.depthwise_initializer, true, options_.depthwise_regularizer,
                                 options_.depthwise_constraint);
    if (options_.use_bias) {
      bias_ = parameters.declare(this->name() + "/bias", {columns}, options_.bias_initializer, true,
                                 options_.bias_regularizer, options_.bias_constraint);
    }
  }

  void plan(Pass<Real>& pass) const override {
    depthwise(pass);
    FusedActivation<Real>(options_.activation, pass);
  }

  void prepare(Pass<Real>& pass) const override { depthwise(pass).prepare(pass[kernel_]); }

  void forward(Pass<Real>& pass) const override {
    const Depthwise<Real> conv = depthwise(pass);
    const FusedActivation<Real> f(options_.activation, pass);
    const std::size_t width = (*pass.output_shape)[1];
    for (std::size_t b = 0; b < pass.batch; ++b) {
      Real* const a = f.target(pass) + b * conv.output_size();
      conv.forward(pass, b, pass[kernel_], pass[bias_], a);
      activate_rows(f.in_product(), conv.output_size() / width, width, a, a);
    }
    f.forward(pass);
  }

  void backward(Pass<Real>& pass) const override {
    const Depthwise<Real> conv = depthwise(pass);
    FusedActivation<Real>(options_.activation, pass).backward(pass);
    const std::size_t width = (*pass.output_shape)[1];
    if (options_.use_bias) {
      column_sums_add(pass.batch * conv.output_size() / width, width, pass.dy, width, pass.gradient(bias_));
    }
    for (std::size_t b = 0; b < pass.batch; ++b) {
      conv.backward(pass, b, pass.dy + b * conv.output_size(), pass.gradient(kernel_));
    }
  }

 private:
  Depthwise<Real> depthwise(Pass<Real>& pass) const { return {window_, options_.depth_multiplier, pass}; }

  TimeWindow window_;
  DepthwiseConv1DOptions options_;
  std::size_t channels_ = 0;
  Parameter kernel_;
  Parameter bias_;
};

template <class Real>
std::unique_ptr<Layer<Real>> DepthwiseConv1D::make(For<Layer<Real>>) const {
  return std::make_unique<DepthwiseConv1DLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
