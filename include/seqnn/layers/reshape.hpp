#pragma once

#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct ReshapeOptions {
  std::string name = {};

  bool operator==(const ReshapeOptions&) const = default;
};

/// The same numbers in the same order under another shape: `Reshape({4, 3})`. One axis may be kAnyLength, which is
/// worked out from the others (Keras' -1).
///
/// Shapes  x [B,…] -> y [B, target_shape]
/// Throws  OptionError if an axis is 0 or more than one is kAnyLength; ShapeError if the numbers do not fit
class Reshape {
 public:
  explicit Reshape(Shape target_shape, ReshapeOptions options = {})
      : target_shape_(std::move(target_shape)), options_(std::move(options)) {
    const auto open = std::count(target_shape_.begin(), target_shape_.end(), kAnyLength);
    const auto empty = std::count(target_shape_.begin(), target_shape_.end(), std::size_t{0});
    if (open > 1 || empty > 0) {
      throw OptionError(text(option_title("Reshape", options_.name),
                             ": target_shape must have no axis of 0 and at most one of kAnyLength, got ",
                             braced(target_shape_)));
    }
  }

  const Shape& target_shape() const { return target_shape_; }
  const ReshapeOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const ReshapeOptions standard;
    return Describe("Reshape")
        .argument(std::string_view(braced(target_shape_)))
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const Reshape&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  Shape target_shape_;
  ReshapeOptions options_;
};

/// Computes Reshape.
template <class Real>
class ReshapeLayer final : public Layer<Real> {
 public:
  explicit ReshapeLayer(const Reshape& recipe) : target_shape_(recipe.target_shape()) {
    this->set_name(recipe.options().name);
  }

  std::string type() const override { return "Reshape"; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_not_empty(this->title(), input);
    if (std::find(input.begin(), input.end(), kAnyLength) != input.end()) return target_shape_;
    const std::size_t n = element_count(input);
    Shape output = target_shape_;
    const auto open = std::find(output.begin(), output.end(), kAnyLength);
    if (open != output.end()) {
      *open = 1;
      *open = n / element_count(output);
    }
    if (element_count(output) != n) {
      throw ShapeError(text(this->title(), ": target_shape must hold the ", n, " values of input ", with_batch(input),
                            ", got ", with_batch(target_shape_), "; one axis may be kAnyLength, to be worked out"));
    }
    return output;
  }

  bool passes_through(bool) const override { return true; }

  void forward(Pass<Real>& pass) const override {
    std::copy_n(pass.x, pass.batch * element_count(*pass.input_shape), pass.y);
  }

  void backward(Pass<Real>& pass) const override {
    if (pass.dx != nullptr) std::copy_n(pass.dy, pass.batch * element_count(*pass.input_shape), pass.dx);
  }

 private:
  Shape target_shape_;
};

template <class Real>
std::unique_ptr<Layer<Real>> Reshape::make(For<Layer<Real>>) const {
  return std::make_unique<ReshapeLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
