#pragma once

#include "seqnn/kernels/repeat.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct RepeatVectorOptions {
  std::string name = {};

  bool operator==(const RepeatVectorOptions&) const = default;
};

/// Makes a sequence of a vector: the same at each of n steps. Between an encoder, which ends in one vector, and a
/// decoder, which reads a sequence.
///
///   y_t = x      dx = Σ_t dy_t
///
/// Shapes  x [B,D] -> y [B,n,D]
/// Throws  OptionError if n is 0; ShapeError if x is not (batch, features)
class RepeatVector {
 public:
  explicit RepeatVector(std::size_t n, RepeatVectorOptions options = {}) : n_(n), options_(std::move(options)) {
    check_positive("RepeatVector", options_.name, "n", n_);
  }

  std::size_t n() const { return n_; }
  const RepeatVectorOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    return Describe("RepeatVector").argument(n_).option("name", options_.name, RepeatVectorOptions().name).str();
  }

  bool operator==(const RepeatVector&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  std::size_t n_;
  RepeatVectorOptions options_;
};

/// Computes RepeatVector. Its input has no time axis, so no mask can belong to it.
template <class Real>
class RepeatVectorLayer final : public Layer<Real> {
 public:
  explicit RepeatVectorLayer(const RepeatVector& recipe) : n_(recipe.n()) { this->set_name(recipe.options().name); }

  std::string type() const override { return "RepeatVector"; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_rank(this->title(), input, 1, "(batch, features)", "it repeats one vector a sample");
    return {n_, input[0]};
  }

  void forward(Pass<Real>& pass) const override {
    const std::size_t D = (*pass.input_shape)[0];
    repeat_rows(pass.batch, n_, D, pass.x, pass.y);
  }

  void backward(Pass<Real>& pass) const override {
    if (pass.dx == nullptr) return;
    const std::size_t D = (*pass.input_shape)[0];
    repeat_rows_backward(pass.batch, n_, D, pass.dy, pass.dx);
  }

 private:
  std::size_t n_;
};

template <class Real>
std::unique_ptr<Layer<Real>> RepeatVector::make(For<Layer<Real>>) const {
  return std::make_unique<RepeatVectorLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
