#pragma once

#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/ends.hpp"
#include "seqnn/layers/layer.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct Cropping1DOptions {
  std::string name = {};

  bool operator==(const Cropping1DOptions&) const = default;
};

/// A sequence without its ends: `Cropping1D(1)`, or `Cropping1D({2, 1})` without the first 2 steps and the last.
///
/// Shapes  x [B,T,C] -> y [B, T - before - after, C]
/// Throws  ShapeError if x is not (batch, time, features), or nothing would be left
class Cropping1D {
 public:
  explicit Cropping1D(Ends cropping = 1, Cropping1DOptions options = {})
      : cropping_(cropping), options_(std::move(options)) {}

  Ends cropping() const { return cropping_; }
  const Cropping1DOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const Cropping1DOptions standard;
    return Describe("Cropping1D").argument(cropping_).option("name", options_.name, standard.name).str();
  }

  bool operator==(const Cropping1D&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  Ends cropping_;
  Cropping1DOptions options_;
};

/// Computes Cropping1D.
template <class Real>
class Cropping1DLayer final : public Layer<Real> {
 public:
  explicit Cropping1DLayer(const Cropping1D& recipe) : cropping_(recipe.cropping()) {
    this->set_name(recipe.options().name);
  }

  std::string type() const override { return "Cropping1D"; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_rank(this->title(), input, 2, "(batch, time, features)");
    if (input[0] == kAnyLength) return input;
    if (input[0] <= cropping_.sum()) {
      throw ShapeError(text(this->title(), ": cropping must leave a time step of input ", with_batch(input), ", got ",
                            cropping_.to_string(), "; crop less, or give longer sequences"));
    }
    return {input[0] - cropping_.sum(), input[1]};
  }

  void forward(Pass<Real>& pass) const override {
    const Shape& output = *pass.output_shape;
    crop_ends(pass.batch, output[0], output[1], cropping_, pass.x, pass.y);
  }

  void backward(Pass<Real>& pass) const override {
    const Shape& output = *pass.output_shape;
    if (pass.dx != nullptr) pad_ends(pass.batch, output[0], output[1], cropping_, pass.dy, pass.dx);
  }

 private:
  Ends cropping_;
};

template <class Real>
std::unique_ptr<Layer<Real>> Cropping1D::make(For<Layer<Real>>) const {
  return std::make_unique<Cropping1DLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
