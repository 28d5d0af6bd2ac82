#pragma once

#include "seqnn/kernels/permute.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct PermuteOptions {
  std::string name = {};

  bool operator==(const PermuteOptions&) const = default;
};

/// The axes of a sample in another order: `Permute({2, 1})` turns (batch, time, features) into (batch, features, time).
/// Axes are counted from 1, as in Keras: 0 would be the batch, which stays.
///
/// Shapes  x [B, n_1, …, n_k] -> y [B, n_dims[0], …, n_dims[k-1]]
/// Throws  OptionError if dims are not 1 … k in some order; ShapeError if x has not k axes beside the batch
class Permute {
 public:
  explicit Permute(Shape dims, PermuteOptions options = {}) : dims_(std::move(dims)), options_(std::move(options)) {
    for (std::size_t axis = 1; axis <= dims_.size(); ++axis) {
      if (std::count(dims_.begin(), dims_.end(), axis) != 1) {
        throw OptionError(text(option_title("Permute", options_.name), ": dims must be the numbers from 1 to ",
                               dims_.size(), ", each once, got ", braced(dims_)));
      }
    }
  }

  const Shape& dims() const { return dims_; }
  const PermuteOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const PermuteOptions standard;
    return Describe("Permute")
        .argument(std::string_view(braced(dims_)))
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const Permute&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  Shape dims_;
  PermuteOptions options_;
};

/// Computes Permute.
template <class Real>
class PermuteLayer final : public Layer<Real> {
 public:
  explicit PermuteLayer(const Permute& recipe) : dims_(recipe.dims()), inverse_(dims_.size()) {
    this->set_name(recipe.options().name);
    for (std::size_t i = 0; i < dims_.size(); ++i) inverse_[dims_[i] - 1] = i + 1;
  }

  std::string type() const override { return "Permute"; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    if (input.size() != dims_.size()) {
      throw ShapeError(text(this->title(), ": input must have ", dims_.size(), " axes beside the batch, got ",
                            with_batch(input), "; dims is a number for each"));
    }
    check_not_empty(this->title(), input);
    Shape output;
    for (const std::size_t axis : dims_) output.push_back(input[axis - 1]);
    return output;
  }

  void forward(Pass<Real>& pass) const override { permute(pass.batch, *pass.input_shape, dims_, pass.x, pass.y); }

  void backward(Pass<Real>& pass) const override {
    if (pass.dx != nullptr) permute(pass.batch, *pass.output_shape, inverse_, pass.dy, pass.dx);
  }

 private:
  Shape dims_;
  Shape inverse_;  ///< the dims that lead back
};

template <class Real>
std::unique_ptr<Layer<Real>> Permute::make(For<Layer<Real>>) const {
  return std::make_unique<PermuteLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
