#pragma once

#include "seqnn/kernels/depthwise_conv1d.hpp"
#include "seqnn/layers/layer.hpp"
#include "seqnn/layers/time_window.hpp"

#include <algorithm>
#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

/// The convolution of each feature by itself, with `depth_multiplier` M kernels a feature: what DepthwiseConv1D and the
/// first half of SeparableConv1D compute. Made in every call, taking its memory from the arenas of the pass.
///
///   h[t, c·M + m] = Σ_j x[t·strides + j·dilation_rate - left, c]·W[j, c, m] + b[c·M + m]
///
/// x is written M times, with its padding, so that one kernel serves every M; where there is neither padding nor
/// multiplier it is read where it lies.
template <class Real>
class Depthwise {
 public:
  Depthwise(const TimeWindow& window, std::size_t depth_multiplier, Pass<Real>& pass)
      : multiplier_(depth_multiplier),
        steps_((*pass.input_shape)[0]),
        left_(window.sides(steps_).left),
        features_((*pass.input_shape)[1]),
        sizes_{.T = window.padded(steps_),
               .C = features_ * depth_multiplier,
               .K = window.kernel_size,
               .T_out = (*pass.output_shape)[0],
               .stride = window.strides,
               .dilation = window.dilation_rate} {
    const bool copies = sizes_.T != steps_ || multiplier_ > 1;
    const std::size_t size = sizes_.T * sizes_.C;
    if (!pass.training) {
      if (copies) x_ = pass.scratch.template take<Real>(size);
      return;
    }
    if (copies) x_ = pass.kept.template take<Real>(pass.batch * size);
    if (!pass.input_gradient) return;
    reversed_ = pass.prepared.template take<Real>(sizes_.K * sizes_.C);
    stretched_ = pass.scratch.template take<Real>(sizes_.stretched() * sizes_.C);
    dx_ = pass.scratch.template take<Real>(size);
  }

  /// Numbers that a sample gives, [time', features·M].
  std::size_t output_size() const { return sizes_.T_out * sizes_.C; }

  void prepare(const Real* kernel) const {
    if (reversed_ != nullptr) reverse_taps(sizes_.K, sizes_.C, kernel, reversed_);
  }

  /// Sample `b` of the tile.
  void forward(const Pass<Real>& pass, std::size_t b, const Real* kernel, const Real* bias, Real* h) const {
    depthwise_forward(sizes_, widened(pass, b, true), kernel, bias, h);
  }

  /// Adds to the gradient of the kernel, and writes the sample's dx unless nobody needs it.
  void backward(const Pass<Real>& pass, std::size_t b, const Real* dh, Real* dkernel) const {
    depthwise_backward_kernel(sizes_, widened(pass, b, false), dh, dkernel);
    if (pass.dx == nullptr) return;
    depthwise_backward_input(sizes_, dh, reversed_, dx_, stretched_);
    const Real* from = dx_ + left_ * sizes_.C;
    Real* to = pass.dx + b * steps_ * features_;
    if (multiplier_ == 1) {
      std::copy_n(from, steps_ * features_, to);
      return;
    }
    for (std::size_t i = 0; i < steps_ * features_; ++i, from += multiplier_) {
      Real sum = 0;
      for (std::size_t m = 0; m < multiplier_; ++m) sum += from[m];
      to[i] = sum;
    }
  }

 private:
  /// A sample with its padding, each feature M times; `write` makes it.
  const Real* widened(const Pass<Real>& pass, std::size_t b, bool write) const {
    const Real* x = pass.x + b * steps_ * features_;
    if (x_ == nullptr) return x;
    Real* const whole = x_ + (pass.training ? b * sizes_.T * sizes_.C : 0);
    if (!write) return whole;
    Real* to = std::fill_n(whole, left_ * sizes_.C, Real{0});
    if (multiplier_ == 1) {
      to = std::copy_n(x, steps_ * features_, to);
    } else {
      for (std::size_t i = 0; i < steps_ * features_; ++i) to = std::fill_n(to, multiplier_, x[i]);
    }
    std::fill(to, whole + sizes_.T * sizes_.C, Real{0});
    return whole;
  }

  std::size_t multiplier_;
  std::size_t steps_;
  std::size_t left_;
  std::size_t features_;
  DepthwiseSizes sizes_;
  Real* x_ = nullptr;          // kept: widened samples of the tile; scratch of one when not training
  Real* reversed_ = nullptr;   // prepared
  Real* stretched_ = nullptr;  // scratch
  Real* dx_ = nullptr;         // scratch: gradient of a widened sample
};

}  // namespace seqnn::inline SEQNN_ABI
