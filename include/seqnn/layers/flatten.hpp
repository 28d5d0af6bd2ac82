#pragma once

#include "seqnn/layers/layer.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct FlattenOptions {
  std::string name = {};

  bool operator==(const FlattenOptions&) const = default;
};

/// Joins all axes of a sample into one. Only the shape changes: the numbers stay where they are.
///
/// Shapes  x [B,…] -> y [B,n], n the product of all axes but the first
class Flatten {
 public:
  explicit Flatten(FlattenOptions options = {}) : options_(std::move(options)) {}

  const FlattenOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    return Describe("Flatten").option("name", options_.name, FlattenOptions().name).str();
  }

  bool operator==(const Flatten&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  FlattenOptions options_;
};

template <class Real>
class FlattenLayer final : public Layer<Real> {
 public:
  explicit FlattenLayer(const Flatten& recipe) { this->set_name(recipe.options().name); }

  std::string type() const override { return "Flatten"; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    const bool open = std::find(input.begin(), input.end(), kAnyLength) != input.end();
    return {open ? kAnyLength : element_count(input)};
  }

  bool passes_through(bool) const override { return true; }

  void forward(Pass<Real>& pass) const override {
    std::copy_n(pass.x, pass.batch * element_count(*pass.input_shape), pass.y);
  }

  void backward(Pass<Real>& pass) const override {
    if (pass.dx != nullptr) std::copy_n(pass.dy, pass.batch * element_count(*pass.input_shape), pass.dx);
  }
};

template <class Real>
std::unique_ptr<Layer<Real>> Flatten::make(For<Layer<Real>>) const {
  return std::make_unique<FlattenLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
