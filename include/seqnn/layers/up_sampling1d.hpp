#pragma once

#include "seqnn/kernels/repeat.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct UpSampling1DOptions {
  std::string name = {};

  bool operator==(const UpSampling1DOptions&) const = default;
};

/// Every time step `size` times, one after the other.
///
///   y_t = x_{⌊t / size⌋}
///
/// Shapes  x [B,T,C] -> y [B, size·T, C]
/// Throws  OptionError if size is 0; ShapeError if x is not (batch, time, features)
class UpSampling1D {
 public:
  explicit UpSampling1D(std::size_t size = 2, UpSampling1DOptions options = {})
      : size_(size), options_(std::move(options)) {
    check_positive("UpSampling1D", options_.name, "size", size_);
  }

  std::size_t size() const { return size_; }
  const UpSampling1DOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const UpSampling1DOptions standard;
    return Describe("UpSampling1D").argument(size_).option("name", options_.name, standard.name).str();
  }

  bool operator==(const UpSampling1D&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  std::size_t size_;
  UpSampling1DOptions options_;
};

/// Computes UpSampling1D.
template <class Real>
class UpSampling1DLayer final : public Layer<Real> {
 public:
  explicit UpSampling1DLayer(const UpSampling1D& recipe) : size_(recipe.size()) {
    this->set_name(recipe.options().name);
  }

  std::string type() const override { return "UpSampling1D"; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_rank(this->title(), input, 2, "(batch, time, features)");
    return {input[0] == kAnyLength ? kAnyLength : size_ * input[0], input[1]};
  }

  void forward(Pass<Real>& pass) const override {
    const Shape& input = *pass.input_shape;
    repeat_rows(pass.batch * input[0], size_, input[1], pass.x, pass.y);
  }

  void backward(Pass<Real>& pass) const override {
    const Shape& input = *pass.input_shape;
    if (pass.dx != nullptr) repeat_rows_backward(pass.batch * input[0], size_, input[1], pass.dy, pass.dx);
  }

 private:
  std::size_t size_;
};

template <class Real>
std::unique_ptr<Layer<Real>> UpSampling1D::make(For<Layer<Real>>) const {
  return std::make_unique<UpSampling1DLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
