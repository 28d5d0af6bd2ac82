#pragma once

#include "seqnn/core/constraint.hpp"
#include "seqnn/core/initializer.hpp"
#include "seqnn/core/regularizer.hpp"
#include "seqnn/kernels/updates.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Options of PositionEmbedding, as in keras_hub.
struct PositionEmbeddingOptions {
  Initializer initializer = glorot_uniform();
  Regularizer embeddings_regularizer = {};
  Constraint embeddings_constraint = {};
  std::string name = {};

  bool operator==(const PositionEmbeddingOptions&) const = default;
};

/// Adds to every time step a vector that is learnt for its place in the sequence, so that layers which treat all steps
/// alike, as attention does, can tell them apart.
///
///   y_t = x_t + E_t
///
/// Shapes  x [B,T,D] -> y, the same, T ≤ sequence_length    E "embeddings" [sequence_length, D]
/// Throws  OptionError if sequence_length is 0; ShapeError if x is not (batch, time, features) or is longer
/// Source  Gehring et al. 2017
class PositionEmbedding {
 public:
  explicit PositionEmbedding(std::size_t sequence_length, PositionEmbeddingOptions options = {})
      : sequence_length_(sequence_length), options_(std::move(options)) {
    check_positive("PositionEmbedding", options_.name, "sequence_length", sequence_length);
  }

  std::size_t sequence_length() const { return sequence_length_; }
  const PositionEmbeddingOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const PositionEmbeddingOptions standard;
    return Describe("PositionEmbedding")
        .argument(sequence_length_)
        .option("initializer", options_.initializer, standard.initializer)
        .option("embeddings_regularizer", options_.embeddings_regularizer, standard.embeddings_regularizer)
        .option("embeddings_constraint", options_.embeddings_constraint, standard.embeddings_constraint)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const PositionEmbedding&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  std::size_t sequence_length_;
  PositionEmbeddingOptions options_;
};

/// Computes PositionEmbedding.
template <class Real>
class PositionEmbeddingLayer final : public Layer<Real> {
 public:
  explicit PositionEmbeddingLayer(PositionEmbedding recipe) : recipe_(std::move(recipe)) {
    this->set_name(recipe_.options().name);
  }

  std::string type() const override { return "PositionEmbedding"; }
  MaskUse mask_use() const override { return MaskUse::keeps; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_sequence(this->title(), input, features_);
    if (input[0] != kAnyLength && input[0] > recipe_.sequence_length()) {
      throw ShapeError(text(this->title(), ": input must have at most the ", recipe_.sequence_length(),
                            " time steps of sequence_length, got ", with_batch(input),
                            "; cut the sequences or raise sequence_length"));
    }
    return input;
  }

  SEQNN_COLD void build(const Shape& input, ParameterLayout& parameters) override {
    features_ = output_shape(input)[1];
    embeddings_ = parameters.declare(this->name() + "/embeddings", {recipe_.sequence_length(), features_},
                                     recipe_.options().initializer, true, recipe_.options().embeddings_regularizer,
                                     recipe_.options().embeddings_constraint);
  }

  void forward(Pass<Real>& pass) const override {
    const std::size_t n = element_count(*pass.input_shape);
    for (std::size_t b = 0; b < pass.batch; ++b) add(n, pass.x + b * n, pass[embeddings_], pass.y + b * n);
  }

  void backward(Pass<Real>& pass) const override {
    const std::size_t n = element_count(*pass.input_shape);
    for (std::size_t b = 0; b < pass.batch; ++b) add(n, pass.dy + b * n, pass.gradient(embeddings_));
    if (pass.dx != nullptr) std::copy_n(pass.dy, pass.batch * n, pass.dx);
  }

 private:
  PositionEmbedding recipe_;
  std::size_t features_ = 0;
  Parameter embeddings_;
};

template <class Real>
std::unique_ptr<Layer<Real>> PositionEmbedding::make(For<Layer<Real>>) const {
  return std::make_unique<PositionEmbeddingLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
