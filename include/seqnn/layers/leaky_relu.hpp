#pragma once

#include "seqnn/kernels/activations.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <cmath>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct LeakyReLUOptions {
  std::string name = {};

  bool operator==(const LeakyReLUOptions&) const = default;
};

/// A linear unit with a smaller slope below zero.
///
///   y = x where x > 0, else negative_slope · x
///
/// Shapes  x [B,…] -> y, the same
/// Throws  OptionError if negative_slope is negative or not a number
class LeakyReLU {
 public:
  explicit LeakyReLU(double negative_slope = 0.3, LeakyReLUOptions options = {})
      : negative_slope_(negative_slope), options_(std::move(options)) {
    if (!(negative_slope_ >= 0 && std::isfinite(negative_slope_))) {
      throw OptionError(text(option_title("LeakyReLU", options_.name),
                             ": negative_slope must be a number of at least 0, got ", negative_slope_));
    }
  }

  double negative_slope() const { return negative_slope_; }
  const LeakyReLUOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const LeakyReLUOptions standard;
    return Describe("LeakyReLU").argument(negative_slope_).option("name", options_.name, standard.name).str();
  }

  bool operator==(const LeakyReLU&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  double negative_slope_;
  LeakyReLUOptions options_;
};

/// Computes LeakyReLU.
template <class Real>
class LeakyReLULayer final : public Layer<Real> {
 public:
  explicit LeakyReLULayer(const LeakyReLU& recipe) : slope_(static_cast<Real>(recipe.negative_slope())) {
    this->set_name(recipe.options().name);
  }

  std::string type() const override { return "LeakyReLU"; }
  MaskUse mask_use() const override { return MaskUse::keeps; }
  bool steps_alone() const override { return true; }

  Shape output_shape(const Shape& input) const override { return input; }

  void forward(Pass<Real>& pass) const override { leaky_relu(count(pass), slope_, pass.x, pass.y); }

  void backward(Pass<Real>& pass) const override {
    if (pass.dx != nullptr) leaky_relu_backward(count(pass), slope_, pass.x, pass.dy, pass.dx);
  }

 private:
  static std::size_t count(const Pass<Real>& pass) { return pass.batch * element_count(*pass.input_shape); }

  Real slope_;
};

template <class Real>
std::unique_ptr<Layer<Real>> LeakyReLU::make(For<Layer<Real>>) const {
  return std::make_unique<LeakyReLULayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
