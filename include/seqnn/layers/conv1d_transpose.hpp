#pragma once

#include "seqnn/core/activation.hpp"
#include "seqnn/core/constraint.hpp"
#include "seqnn/core/initializer.hpp"
#include "seqnn/core/padding.hpp"
#include "seqnn/core/regularizer.hpp"
#include "seqnn/kernels/column_sums.hpp"
#include "seqnn/kernels/conv1d.hpp"
#include "seqnn/kernels/updates.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/fused_activation.hpp"
#include "seqnn/layers/layer.hpp"
#include "seqnn/layers/time_window.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Options of Conv1DTranspose, as in Keras.
struct Conv1DTransposeOptions {
  std::size_t strides = 1;
  Padding padding = Padding::valid;
  std::size_t dilation_rate = 1;  ///< distance of the taps in time
  Activation activation = Activation::linear;
  bool use_bias = true;
  Initializer kernel_initializer = glorot_uniform();
  Initializer bias_initializer = zeros();
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  std::string name = {};

  bool operator==(const Conv1DTransposeOptions&) const = default;
};

/// Convolution that makes sequences longer: each step of x adds its features times the kernel to the steps of y around
/// it, as a convolution's backward pass does.
///
///   full[t·strides + j·dilation_rate] += W[j]·x[t]        y = f(full from step `left` on + b)
///
/// Shapes  x [B, T, C] -> y [B, T_out, filters]    W "kernel" [kernel_size, filters, C]    b "bias" [filters]
///         span = (kernel_size - 1)·dilation_rate + 1
///         valid  left 0                                   T_out = (T - 1)·strides + max(span, strides)
///         same   left (span - strides) / 2, at least 0    T_out = T·strides
/// Throws  OptionError for sizes of 0, strides and dilation both above 1, or causal padding; ShapeError if x is not
///         (batch, time, features)
class Conv1DTranspose {
 public:
  SEQNN_COLD Conv1DTranspose(std::size_t filters, std::size_t kernel_size, Conv1DTransposeOptions options = {})
      : filters_(filters), kernel_size_(kernel_size), options_(std::move(options)) {
    check_positive("Conv1DTranspose", options_.name, "filters", filters);
    window().check("Conv1DTranspose", options_.name);
    if (options_.padding == Padding::causal) {
      throw OptionError(text(option_title("Conv1DTranspose", options_.name),
                             ": padding must be Padding::valid or Padding::same, got Padding::causal"));
    }
  }

  std::size_t filters() const { return filters_; }
  std::size_t kernel_size() const { return kernel_size_; }
  const Conv1DTransposeOptions& options() const { return options_; }
  TimeWindow window() const { return {kernel_size_, options_.strides, options_.dilation_rate, options_.padding}; }

  SEQNN_COLD std::string to_string() const {
    const Conv1DTransposeOptions standard;
    return Describe("Conv1DTranspose")
        .argument(filters_)
        .argument(kernel_size_)
        .option("strides", options_.strides, standard.strides)
        .option("padding", options_.padding, standard.padding)
        .option("dilation_rate", options_.dilation_rate, standard.dilation_rate)
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

  bool operator==(const Conv1DTranspose&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  std::size_t filters_;
  std::size_t kernel_size_;
  Conv1DTransposeOptions options_;
};

/// Computes Conv1DTranspose: the convolution from full to x, backward for y and forward for dx.
template <class Real>
class Conv1DTransposeLayer final : public Layer<Real> {
 public:
  SEQNN_COLD explicit Conv1DTransposeLayer(const Conv1DTranspose& conv)
      : filters_(conv.filters()), window_(conv.window()), options_(conv.options()) {
    this->set_name(options_.name);
  }

  std::string type() const override { return "Conv1DTranspose"; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_sequence(this->title(), input, channels_);
    if (input[0] == kAnyLength) return {kAnyLength, filters_};
    const std::size_t step = options_.strides;
    return {
        options_.padding == Padding::same ? input[0] * step : (input[0] - 1) * step + std::max(window_.span(), step),
        filters_};
  }

  SEQNN_COLD void build(const Shape& input, ParameterLayout& parameters) override {
    output_shape(input);
    channels_ = input[1];
    kernel_ =
        parameters.declare(this->name() + "/kernel", {window_.kernel_size, filters_, channels_},
                           options_.kernel_initializer, true, options_.kernel_regularizer, options_.kernel_constraint);
    if (options_.use_bias) {
      bias_ = parameters.declare(this->name() + "/bias", {filters_}, options_.bias_initializer, true,
                                 options_.bias_regularizer, options_.bias_constraint);
    }
  }

  void plan(Pass<Real>& pass) const override {
    Memory(*this, pass);
    FusedActivation<Real>(options_.activation, pass);
  }

  void prepare(Pass<Real>& pass) const override { Memory(*this, pass).kernel.pack(sizes(pass), pass[kernel_]); }

  void forward(Pass<Real>& pass) const override {
    const Conv1DSizes s = sizes(pass);
    const Memory memory(*this, pass);
    const FusedActivation<Real> f(options_.activation, pass);
    const std::size_t steps = (*pass.output_shape)[0];
    for (std::size_t b = 0; b < pass.batch; ++b) {
      conv1d_backward_input(s, pass.x + b * s.T_out * s.F, memory.kernel, memory.full, memory.stretched);
      Real* const a = f.target(pass) + b * steps * filters_;
      const std::size_t inside = std::min(steps, s.T - left());  // strides above the span leave gaps, also at the end
      for (std::size_t t = 0; t < steps; ++t) {
        Real* const row = a + t * filters_;
        if (t < inside) {
          std::copy_n(memory.full + (left() + t) * filters_, filters_, row);
        } else {
          std::fill_n(row, filters_, Real{0});
        }
        if (options_.use_bias) add(filters_, pass[bias_], row);
      }
      activate_rows(f.in_product(), steps, filters_, a, a);
    }
    f.forward(pass);
  }

  void backward(Pass<Real>& pass) const override {
    const Conv1DSizes s = sizes(pass);
    const Memory memory(*this, pass);
    FusedActivation<Real>(options_.activation, pass).backward(pass);
    const std::size_t steps = (*pass.output_shape)[0];
    if (options_.use_bias) {
      column_sums_add(pass.batch * steps, filters_, pass.dy, filters_, pass.gradient(bias_));
    }
    const std::size_t inside = std::min(steps, s.T - left());
    for (std::size_t b = 0; b < pass.batch; ++b) {
      Real* to = std::fill_n(memory.full, left() * filters_, Real{0});
      to = std::copy_n(pass.dy + b * steps * filters_, inside * filters_, to);
      std::fill(to, memory.full + s.T * filters_, Real{0});
      const Real* const x = pass.x + b * s.T_out * s.F;
      conv1d_backward_kernel(s, memory.full, x, pass.gradient(kernel_));
      if (pass.dx == nullptr) continue;
      conv1d_forward<Real>(s, memory.full, memory.kernel, nullptr, Activation::linear, pass.dx + b * s.T_out * s.F);
    }
  }

 private:
  /// Everything the layer takes from the arenas.
  struct Memory {
    Conv1DKernel<Real> kernel;  // prepared
    Real* full;                 // scratch: of one sample, or its gradient
    Real* stretched;            // scratch

    Memory(const Conv1DTransposeLayer& layer, Pass<Real>& pass)
        : kernel(Conv1DKernel<Real>::take(layer.sizes(pass), pass.prepared, true, true)) {
      const Conv1DSizes s = layer.sizes(pass);
      full = pass.scratch.template take<Real>(s.T * s.C);
      stretched = pass.scratch.template take<Real>(conv1d_backward_input_scratch<Real>(s));
    }
  };

  /// Steps of full that are cut off before y.
  std::size_t left() const {
    const std::size_t span = window_.span();
    return options_.padding == Padding::same && span > options_.strides ? (span - options_.strides) / 2 : 0;
  }

  /// Those of the convolution from full to x.
  Conv1DSizes sizes(const Pass<Real>& pass) const {
    const std::size_t T = (*pass.input_shape)[0];
    return {.T = (T - 1) * options_.strides + window_.span(),
            .C = filters_,
            .K = window_.kernel_size,
            .F = channels_,
            .T_out = T,
            .stride = options_.strides,
            .dilation = options_.dilation_rate};
  }

  std::size_t filters_;
  TimeWindow window_;
  Conv1DTransposeOptions options_;
  std::size_t channels_ = 0;
  Parameter kernel_;
  Parameter bias_;
};

template <class Real>
std::unique_ptr<Layer<Real>> Conv1DTranspose::make(For<Layer<Real>>) const {
  return std::make_unique<Conv1DTransposeLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
