#pragma once

#include "seqnn/core/padding.hpp"
#include "seqnn/kernels/pooling.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"
#include "seqnn/layers/pool1d.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct MaxPool1DOptions {
  std::size_t strides = 0;  ///< time steps between windows; 0 means pool_size
  Padding padding = Padding::valid;
  std::string name = {};

  bool operator==(const MaxPool1DOptions&) const = default;
};

/// The largest value of every window of time steps, feature by feature.
///
///   y_t = max(x_{t·s} … x_{t·s+pool_size-1})    s = strides
///
/// Padding does not take part: a window that reaches over an end holds fewer steps.
///
/// Shapes  x [B,T,C] -> y [B,T_out,C]; T_out = (T - pool_size) / s + 1 if valid, ceil(T / s) if same
/// Keeps   when training: the step chosen by every window [B,T_out,C]. Of equal values the first is chosen; a NaN is
///         taken for the largest
/// Throws  OptionError for pool_size 0 and Padding::causal; ShapeError if x is not (batch, time, features) or, if
/// valid,
///         shorter than one window
class MaxPool1D {
 public:
  SEQNN_COLD explicit MaxPool1D(std::size_t pool_size = 2, MaxPool1DOptions options = {})
      : pool_size_(pool_size), options_(std::move(options)) {
    windows().check("MaxPool1D", options_.name);
    if (pool_size_ >= (std::size_t{1} << 24)) {
      throw OptionError(
          text(option_title("MaxPool1D", options_.name), ": pool_size must be below 2^24, got ", pool_size_));
    }
  }

  std::size_t pool_size() const { return pool_size_; }
  std::size_t strides() const { return options_.strides == 0 ? pool_size_ : options_.strides; }
  const MaxPool1DOptions& options() const { return options_; }
  Pool1D windows() const { return {pool_size_, strides(), options_.padding}; }

  SEQNN_COLD std::string to_string() const {
    const MaxPool1DOptions standard;
    return Describe("MaxPool1D")
        .argument(pool_size_)
        .option("strides", options_.strides, standard.strides)
        .option("padding", options_.padding, standard.padding)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const MaxPool1D&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  std::size_t pool_size_;
  MaxPool1DOptions options_;
};

template <class Real>
class MaxPool1DLayer final : public Layer<Real> {
 public:
  explicit MaxPool1DLayer(MaxPool1D recipe) : recipe_(std::move(recipe)) { this->set_name(recipe_.options().name); }

  std::string type() const override { return "MaxPool1D"; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    return recipe_.windows().output_shape(this->title(), input);
  }

  std::optional<PoolWindow> max_windows(const Shape& input) const override { return recipe_.windows().over(input); }

  void plan(Pass<Real>& pass) const override { (void)take_chosen(pass); }

  void forward(Pass<Real>& pass) const override {
    const PoolWindow w = recipe_.windows().over(*pass.input_shape);
    Real* chosen = take_chosen(pass);
    for (std::size_t b = 0; b < pass.batch; ++b) {
      const std::size_t out = b * w.T_out * w.C;
      max_pool1d_forward(w, pass.x + b * w.T * w.C, pass.y + out, pass.training ? chosen + out : nullptr);
    }
  }

  void backward(Pass<Real>& pass) const override {
    if (pass.dx == nullptr) return;
    const PoolWindow w = recipe_.windows().over(*pass.input_shape);
    const Real* chosen = take_chosen(pass);
    for (std::size_t b = 0; b < pass.batch; ++b) {
      const std::size_t out = b * w.T_out * w.C;
      max_pool1d_backward(w, pass.dy + out, chosen + out, pass.dx + b * w.T * w.C);
    }
  }

 private:
  Real* take_chosen(Pass<Real>& pass) const {
    return pass.training ? pass.kept.template take<Real>(pass.batch * element_count(*pass.output_shape)) : nullptr;
  }

  MaxPool1D recipe_;
};

template <class Real>
std::unique_ptr<Layer<Real>> MaxPool1D::make(For<Layer<Real>>) const {
  return std::make_unique<MaxPool1DLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
