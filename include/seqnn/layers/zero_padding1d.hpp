#pragma once

#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/ends.hpp"
#include "seqnn/layers/layer.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct ZeroPadding1DOptions {
  std::string name = {};

  bool operator==(const ZeroPadding1DOptions&) const = default;
};

/// Zeros before and after a sequence: `ZeroPadding1D(1)`, or `ZeroPadding1D({2, 1})` for 2 steps before and 1 after.
///
/// Shapes  x [B,T,C] -> y [B, before + T + after, C]
/// Throws  ShapeError if x is not (batch, time, features)
class ZeroPadding1D {
 public:
  explicit ZeroPadding1D(Ends padding = 1, ZeroPadding1DOptions options = {})
      : padding_(padding), options_(std::move(options)) {}

  Ends padding() const { return padding_; }
  const ZeroPadding1DOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const ZeroPadding1DOptions standard;
    return Describe("ZeroPadding1D").argument(padding_).option("name", options_.name, standard.name).str();
  }

  bool operator==(const ZeroPadding1D&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  Ends padding_;
  ZeroPadding1DOptions options_;
};

/// Computes ZeroPadding1D.
template <class Real>
class ZeroPadding1DLayer final : public Layer<Real> {
 public:
  explicit ZeroPadding1DLayer(const ZeroPadding1D& recipe) : padding_(recipe.padding()) {
    this->set_name(recipe.options().name);
  }

  std::string type() const override { return "ZeroPadding1D"; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_rank(this->title(), input, 2, "(batch, time, features)");
    return {input[0] == kAnyLength ? kAnyLength : padding_.sum() + input[0], input[1]};
  }

  void forward(Pass<Real>& pass) const override {
    const Shape& input = *pass.input_shape;
    pad_ends(pass.batch, input[0], input[1], padding_, pass.x, pass.y);
  }

  void backward(Pass<Real>& pass) const override {
    const Shape& input = *pass.input_shape;
    if (pass.dx != nullptr) crop_ends(pass.batch, input[0], input[1], padding_, pass.dy, pass.dx);
  }

 private:
  Ends padding_;
};

template <class Real>
std::unique_ptr<Layer<Real>> ZeroPadding1D::make(For<Layer<Real>>) const {
  return std::make_unique<ZeroPadding1DLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
