#pragma once

#include "seqnn/core/activation.hpp"
#include "seqnn/core/constraint.hpp"
#include "seqnn/core/initializer.hpp"
#include "seqnn/core/padding.hpp"
#include "seqnn/core/regularizer.hpp"
#include "seqnn/kernels/column_sums.hpp"
#include "seqnn/kernels/conv1d.hpp"
#include "seqnn/kernels/conv1d_pooled.hpp"
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

/// Options of Conv1D, as in Keras.
struct Conv1DOptions {
  std::size_t strides = 1;
  Padding padding = Padding::valid;
  std::size_t dilation_rate = 1;  ///< distance of the taps in time
  std::size_t groups = 1;         ///< channels and filters are cut into so many parts that do not see each other
  Activation activation = Activation::linear;
  bool use_bias = true;
  Initializer kernel_initializer = glorot_uniform();
  Initializer bias_initializer = zeros();
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  std::string name = {};

  bool operator==(const Conv1DOptions&) const = default;
};

/// Convolution over time (a cross-correlation: the kernel is not flipped).
///
///   y[t] = f(Σ_j x[t·strides + j·dilation_rate - left]·W[j] + b),  x is 0 outside the sequence
///
/// Shapes  x [B, T, C] -> y [B, T_out, filters]
///         W "kernel" [kernel_size, C / groups, filters]   b "bias" [filters]
///         span = (kernel_size - 1)·dilation_rate + 1
///         valid   left 0            T_out = (T - span) / strides + 1
///         causal  left span - 1     T_out = ceil(T / strides): y[t] sees nothing after x[t·strides]
///         same    T_out = ceil(T / strides), padding on both sides, the odd one at the end
/// Throws  OptionError for sizes of 0, strides and dilation both above 1, or filters and channels that groups does not
///         divide; ShapeError if x is not (batch, time, features) or shorter than the span with valid padding
class Conv1D {
 public:
  SEQNN_COLD Conv1D(std::size_t filters, std::size_t kernel_size, Conv1DOptions options = {})
      : filters_(filters), kernel_size_(kernel_size), options_(std::move(options)) {
    check_positive("Conv1D", options_.name, "filters", filters);
    window().check("Conv1D", options_.name);
    check_positive("Conv1D", options_.name, "groups", options_.groups);
    if (filters % options_.groups != 0) {
      throw OptionError(text(option_title("Conv1D", options_.name), ": filters must be a multiple of groups, got ",
                             filters, " filters in ", options_.groups, " groups"));
    }
  }

  std::size_t filters() const { return filters_; }
  std::size_t kernel_size() const { return kernel_size_; }
  const Conv1DOptions& options() const { return options_; }
  TimeWindow window() const { return {kernel_size_, options_.strides, options_.dilation_rate, options_.padding}; }

  SEQNN_COLD std::string to_string() const {
    const Conv1DOptions standard;
    return Describe("Conv1D")
        .argument(filters_)
        .argument(kernel_size_)
        .option("strides", options_.strides, standard.strides)
        .option("padding", options_.padding, standard.padding)
        .option("dilation_rate", options_.dilation_rate, standard.dilation_rate)
        .option("groups", options_.groups, standard.groups)
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

  bool operator==(const Conv1D&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  std::size_t filters_;
  std::size_t kernel_size_;
  Conv1DOptions options_;
};

/// Computes Conv1D.
template <class Real>
class Conv1DLayer final : public Layer<Real> {
 public:
  SEQNN_COLD explicit Conv1DLayer(const Conv1D& conv)
      : filters_(conv.filters()), window_(conv.window()), options_(conv.options()) {
    this->set_name(options_.name);
  }

  std::string type() const override { return "Conv1D"; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_sequence(this->title(), input, channels_);
    return {window_.outputs(this->title(), input), filters_};
  }

  SEQNN_COLD void build(const Shape& input, ParameterLayout& parameters) override {
    output_shape(input);
    channels_ = input[1];
    if (channels_ % options_.groups != 0) {
      throw OptionError(text(this->title(), ": the number of features must be a multiple of groups, got ", channels_,
                             " features in ", options_.groups, " groups"));
    }
    kernel_ =
        parameters.declare(this->name() + "/kernel", {window_.kernel_size, channels_ / options_.groups, filters_},
                           options_.kernel_initializer, true, options_.kernel_regularizer, options_.kernel_constraint);
    if (options_.use_bias) {
      bias_ = parameters.declare(this->name() + "/bias", {filters_}, options_.bias_initializer, true,
                                 options_.bias_regularizer, options_.bias_constraint);
    }
  }

  /// The inputs that later outputs still see.
  std::size_t state_size(const Shape&) const override { return steps_alone() ? (window_.span() - 1) * channels_ : 0; }
  bool steps_alone() const override {
    return options_.strides == 1 && (options_.padding == Padding::causal || window_.span() == 1);
  }

  /// Activations that keep the order of values, and keep it apart where their slope is not 0.
  bool pools(const PoolWindow& windows) const override {
    const auto f = options_.activation.function();
    return windows.side_by_side() && (f == Activation::linear || f == Activation::relu);
  }

  void plan(Pass<Real>& pass) const override {
    Memory::take(*this, pass);
    FusedActivation<Real>(options_.activation, pass);
  }

  void prepare(Pass<Real>& pass) const override {
    const Conv1DSizes s = sizes(pass);
    const Memory memory = Memory::take(*this, pass);
    memory.kernel.pack(s, pass[kernel_]);
    if (memory.dwt != nullptr) std::fill_n(memory.dwt, s.F * s.row(), Real{0});
  }

  void forward(Pass<Real>& pass) const override {
    const Conv1DSizes s = sizes(pass);
    const Memory memory = Memory::take(*this, pass);
    const FusedActivation<Real> f(options_.activation, pass);
    for (std::size_t b = 0; b < pass.batch; ++b) {
      const Real* x = padded(pass, memory, b, true);
      if (pass.pool == nullptr) {
        conv1d_forward(s, x, memory.kernel, pass[bias_], f.in_product(), f.target(pass) + b * s.T_out * s.F);
      } else {
        const std::size_t at = b * pass.pool->T_out * s.F;
        conv1d_pooled_forward(s, *pass.pool, x, memory.kernel, pass[bias_], f.in_product(), pass.y + at,
                              memory.chosen == nullptr ? nullptr : memory.chosen + at, memory.output);
      }
    }
    f.forward(pass);
  }

  void backward(Pass<Real>& pass) const override {
    const Conv1DSizes s = sizes(pass);
    const Memory memory = Memory::take(*this, pass);
    const std::size_t steps = pass.pool == nullptr ? s.T_out : pass.pool->T_out;
    const std::size_t x_size = element_count(*pass.input_shape);
    FusedActivation<Real>(options_.activation, pass).backward(pass);
    if (options_.use_bias) column_sums_add(pass.batch * steps, s.F, pass.dy, s.F, pass.gradient(bias_));
    // Of the gradient by the padded input only the inside is wanted, unless the state is the padding.
    const bool inside = s.overlapping_rows() && s.stride == 1 && pass.state_gradient == nullptr;
    for (std::size_t b = 0; b < pass.batch; ++b) {
      const Real* x = padded(pass, memory, b, false);
      const Real* da = pass.dy + b * steps * s.F;
      Real* dx = pass.dx == nullptr ? nullptr : memory.dx != nullptr ? memory.dx : pass.dx + b * x_size;
      const Real* chosen = pass.pool == nullptr ? nullptr : memory.chosen + b * steps * s.F;
      const PooledGradient<Real> pooled{pass.pool, da, chosen};
      if (pass.pool != nullptr && s.overlapping_rows() && s.row() <= kNarrowRow && dx == nullptr) {
        conv1d_pooled_backward_narrow(s, x, pooled, pass.gradient(kernel_));
      } else if (!conv1d_sparse_pays<Real>(s, count_nonzero(steps * s.F, da))) {
        if (pass.pool != nullptr) {
          Real* whole = dx != nullptr && inside ? conv1d_gradient_place(s, memory.da) : memory.output;
          max_pool1d_backward(*pass.pool, da, pooled.chosen, whole);
          da = whole;
        }
        conv1d_backward_kernel(s, x, da, pass.gradient(kernel_));
        if (dx != nullptr && inside) {
          const std::size_t T = (*pass.input_shape)[0];
          conv1d_backward_input_part(s, da, memory.kernel, window_.sides(T).left, T, pass.dx + b * x_size, memory.da);
          continue;
        }
        if (dx != nullptr) conv1d_backward_input(s, da, memory.kernel, dx, memory.da);
      } else if (pass.pool != nullptr) {
        conv1d_pooled_backward_sparse(s, x, pooled, memory.kernel.filters, memory.dwt, dx, memory.sparse);
      } else {
        conv1d_backward_sparse(s, x, da, memory.kernel.filters, memory.dwt, dx, memory.sparse);
      }
      if (dx != nullptr && memory.dx != nullptr) {
        const std::size_t left = window_.sides((*pass.input_shape)[0]).left * s.C;
        if (pass.state_gradient != nullptr) {  // the state is the beginning of the padded input, and then its end
          Real* gradient = pass.state_gradient + b * left;
          add(left, gradient, dx + x_size);
          std::copy_n(dx, left, gradient);
        }
        std::copy_n(dx + left, x_size, pass.dx + b * x_size);
      }
    }
  }

  void finish(Pass<Real>& pass) const override {
    const Memory memory = Memory::take(*this, pass);
    if (memory.dwt != nullptr) conv1d_fold_sparse(sizes(pass), memory.dwt, pass.gradient(kernel_));
  }

 private:
  /// Everything the layer takes from the arenas.
  struct Memory {
    Conv1DKernel<Real> kernel;         // prepared
    Real* dwt = nullptr;               // prepared: gradient of the kernel from sparse tiles, [F, K·C]
    Real* x = nullptr;                 // kept: padded input of all samples; scratch of one sample when not training
    Real* dx = nullptr;                // scratch: gradient of one padded sample
    Real* da = nullptr;                // scratch: padded gradient for the dense product
    Real* chosen = nullptr;            // kept: which step of its window each maximum is, when Pass::pool asks for them
    Real* output = nullptr;            // scratch: output, or its gradient, of which only maxima are kept
    Conv1DSparseScratch<Real> sparse;  // scratch

    static Memory take(const Conv1DLayer& layer, Pass<Real>& pass) {
      const Conv1DSizes s = layer.sizes(pass);
      const bool pads = s.T != (*pass.input_shape)[0];
      Memory m;
      m.kernel = Conv1DKernel<Real>::take(s, pass.prepared, pass.training, pass.input_gradient);
      if (pass.pool != nullptr) {
        const std::size_t whole = pass.training ? s.T_out * s.F : 0;
        m.output = pass.scratch.template take<Real>(std::max(whole, conv1d_pooled_scratch<Real>(*pass.pool)));
      }
      if (!pass.training) {
        if (pads) m.x = pass.scratch.template take<Real>(s.T * s.C);
        return m;
      }
      if (pass.pool != nullptr) m.chosen = pass.kept.template take<Real>(pass.batch * pass.pool->T_out * s.F);
      if (pads) m.x = pass.kept.template take<Real>(pass.batch * s.T * s.C);
      if (s.overlapping_rows()) {
        m.dwt = pass.prepared.template take<Real>(s.F * s.row());
        const std::size_t least = pass.pool == nullptr ? 8 : std::max<std::size_t>(8, pass.pool->pool);
        m.sparse = Conv1DSparseScratch<Real>::take(s, pass.scratch, least);
      }
      if (pass.input_gradient) {
        if (pads) m.dx = pass.scratch.template take<Real>(s.T * s.C);
        m.da = pass.scratch.template take<Real>(conv1d_backward_input_scratch<Real>(s));
      }
      return m;
    }
  };

  Conv1DSizes sizes(const Pass<Real>& pass) const {
    const std::size_t T = (*pass.input_shape)[0];
    const auto [left, right] = window_.sides(T);
    return {.T = left + T + right,
            .C = channels_,
            .K = window_.kernel_size,
            .F = filters_,
            .T_out = (*pass.output_shape)[0],
            .stride = options_.strides,
            .dilation = options_.dilation_rate,
            .groups = options_.groups};
  }

  /// Sample b with its padding, which `write` puts around it.
  const Real* padded(const Pass<Real>& pass, const Memory& memory, std::size_t b, bool write) const {
    const std::size_t T = (*pass.input_shape)[0];
    const Real* x = pass.x + b * T * channels_;
    if (memory.x == nullptr) return x;
    const auto [left, right] = window_.sides(T);
    Real* to = memory.x + (pass.training ? b * (left + T + right) * channels_ : 0);
    if (write) {
      Real* state = pass.state == nullptr ? nullptr : pass.state + b * left * channels_;
      if (state == nullptr) {
        std::fill_n(to, left * channels_, Real{0});
      } else {
        std::copy_n(state, left * channels_, to);
      }
      std::copy_n(x, T * channels_, to + left * channels_);
      std::fill_n(to + (left + T) * channels_, right * channels_, Real{0});
      if (state != nullptr) std::copy_n(to + T * channels_, left * channels_, state);
    }
    return to;
  }

  std::size_t filters_;
  TimeWindow window_;
  Conv1DOptions options_;
  std::size_t channels_ = 0;
  Parameter kernel_;
  Parameter bias_;
};

template <class Real>
std::unique_ptr<Layer<Real>> Conv1D::make(For<Layer<Real>>) const {
  return std::make_unique<Conv1DLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
