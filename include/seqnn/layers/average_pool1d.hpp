#pragma once

#include "seqnn/core/padding.hpp"
#include "seqnn/kernels/pooling.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"
#include "seqnn/layers/pool1d.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct AveragePool1DOptions {
  std::size_t strides = 0;  ///< time steps between windows; 0 means pool_size
  Padding padding = Padding::valid;
  std::string name = {};

  bool operator==(const AveragePool1DOptions&) const = default;
};

/// The mean of every window of time steps, feature by feature.
///
///   y_t = mean(x_{t·s} … x_{t·s+pool_size-1})    s = strides
///
/// Padding does not take part: a window that reaches over an end is the mean of fewer steps.
///
/// Shapes  x [B,T,C] -> y [B,T_out,C]; T_out = (T - pool_size) / s + 1 if valid, ceil(T / s) if same
/// Keeps   nothing
/// Throws  OptionError for pool_size 0 and Padding::causal; ShapeError if x is not (batch, time, features) or, if
///         valid, shorter than one window
class AveragePool1D {
 public:
  SEQNN_COLD explicit AveragePool1D(std::size_t pool_size = 2, AveragePool1DOptions options = {})
      : pool_size_(pool_size), options_(std::move(options)) {
    windows().check("AveragePool1D", options_.name);
  }

  std::size_t pool_size() const { return pool_size_; }
  std::size_t strides() const { return options_.strides == 0 ? pool_size_ : options_.strides; }
  const AveragePool1DOptions& options() const { return options_; }
  Pool1D windows() const { return {pool_size_, strides(), options_.padding}; }

  SEQNN_COLD std::string to_string() const {
    const AveragePool1DOptions standard;
    return Describe("AveragePool1D")
        .argument(pool_size_)
        .option("strides", options_.strides, standard.strides)
        .option("padding", options_.padding, standard.padding)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const AveragePool1D&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  std::size_t pool_size_;
  AveragePool1DOptions options_;
};

template <class Real>
class AveragePool1DLayer final : public Layer<Real> {
 public:
  explicit AveragePool1DLayer(AveragePool1D recipe) : recipe_(std::move(recipe)) {
    this->set_name(recipe_.options().name);
  }

  std::string type() const override { return "AveragePool1D"; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    return recipe_.windows().output_shape(this->title(), input);
  }

  void forward(Pass<Real>& pass) const override {
    const PoolWindow w = recipe_.windows().over(*pass.input_shape);
    for (std::size_t b = 0; b < pass.batch; ++b) {
      average_pool1d_forward(w, pass.x + b * w.T * w.C, pass.y + b * w.T_out * w.C);
    }
  }

  void backward(Pass<Real>& pass) const override {
    if (pass.dx == nullptr) return;
    const PoolWindow w = recipe_.windows().over(*pass.input_shape);
    for (std::size_t b = 0; b < pass.batch; ++b) {
      average_pool1d_backward(w, pass.dy + b * w.T_out * w.C, pass.dx + b * w.T * w.C);
    }
  }

 private:
  AveragePool1D recipe_;
};

template <class Real>
std::unique_ptr<Layer<Real>> AveragePool1D::make(For<Layer<Real>>) const {
  return std::make_unique<AveragePool1DLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
