#pragma once

#include "seqnn/kernels/pooling.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct GlobalMaxPool1DOptions {
  bool keepdims = false;  ///< whether the time axis stays, with one step
  std::string name = {};

  bool operator==(const GlobalMaxPool1DOptions&) const = default;
};

/// The largest value of the whole sequence, feature by feature.
///
/// Shapes  x [B,T,C] -> y [B,C], or [B,1,C] if keepdims
/// Keeps   when training: the step chosen for every feature [B,C]. Of equal values the first is chosen; a NaN is taken
///         for the largest
/// Throws  ShapeError if x is not (batch, time, features), or has 2^24 time steps or more
class GlobalMaxPool1D {
 public:
  explicit GlobalMaxPool1D(GlobalMaxPool1DOptions options = {}) : options_(std::move(options)) {}

  const GlobalMaxPool1DOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const GlobalMaxPool1DOptions standard;
    return Describe("GlobalMaxPool1D")
        .option("keepdims", options_.keepdims, standard.keepdims)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const GlobalMaxPool1D&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  GlobalMaxPool1DOptions options_;
};

template <class Real>
class GlobalMaxPool1DLayer final : public Layer<Real> {
 public:
  explicit GlobalMaxPool1DLayer(GlobalMaxPool1D recipe) : recipe_(std::move(recipe)) {
    this->set_name(recipe_.options().name);
  }

  std::string type() const override { return "GlobalMaxPool1D"; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_rank(this->title(), input, 2, "(batch, time, features)", "put it where the input still is a sequence");
    if (input[0] != kAnyLength && input[0] >= (std::size_t{1} << 24)) {
      throw ShapeError(text(this->title(), ": time must be below 2^24 steps, got ", with_batch(input)));
    }
    return recipe_.options().keepdims ? Shape{1, input[1]} : Shape{input[1]};
  }

  void plan(Pass<Real>& pass) const override { (void)take_chosen(pass); }

  void forward(Pass<Real>& pass) const override {
    const std::size_t T = (*pass.input_shape)[0];
    const std::size_t C = (*pass.input_shape)[1];
    std::int32_t* chosen = take_chosen(pass);
    for (std::size_t b = 0; b < pass.batch; ++b) {
      global_max_pool1d_forward(T, C, pass.x + b * T * C, pass.y + b * C, pass.training ? chosen + b * C : nullptr);
    }
  }

  void backward(Pass<Real>& pass) const override {
    if (pass.dx == nullptr) return;
    const std::size_t T = (*pass.input_shape)[0];
    const std::size_t C = (*pass.input_shape)[1];
    const std::int32_t* chosen = take_chosen(pass);
    for (std::size_t b = 0; b < pass.batch; ++b) {
      global_max_pool1d_backward(T, C, pass.dy + b * C, chosen + b * C, pass.dx + b * T * C);
    }
  }

 private:
  std::int32_t* take_chosen(Pass<Real>& pass) const {
    return pass.training ? pass.kept.template take<std::int32_t>(pass.batch * (*pass.input_shape)[1]) : nullptr;
  }

  GlobalMaxPool1D recipe_;
};

template <class Real>
std::unique_ptr<Layer<Real>> GlobalMaxPool1D::make(For<Layer<Real>>) const {
  return std::make_unique<GlobalMaxPool1DLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
