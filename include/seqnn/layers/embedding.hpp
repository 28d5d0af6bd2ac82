#pragma once

#include "seqnn/core/constraint.hpp"
#include "seqnn/core/initializer.hpp"
#include "seqnn/core/regularizer.hpp"
#include "seqnn/kernels/updates.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct EmbeddingOptions {
  Initializer embeddings_initializer = random_uniform();
  Regularizer embeddings_regularizer = {};
  Constraint embeddings_constraint = {};
  bool mask_zero = false;  ///< id 0 is padding: layers above leave such steps out
  std::string name = {};

  bool operator==(const EmbeddingOptions&) const = default;
};

/// A table of vectors, one for every token id; the layer that turns text into numbers.
///
///   y_t = E[ids_t]
///
/// Shapes  ids [B,T] -> y [B,T,output_dim]; any number of axes
///         embeddings E [input_dim, output_dim]
/// Init    uniform in ±0.05
/// Keeps   nothing
/// Throws  OptionError if a dimension is 0; DataError for an id that is negative or not below input_dim
class Embedding {
 public:
  /// @param input_dim   size of the vocabulary: one more than the largest id
  /// @param output_dim  length of a vector
  SEQNN_COLD Embedding(std::size_t input_dim, std::size_t output_dim, EmbeddingOptions options = {})
      : input_dim_(input_dim), output_dim_(output_dim), options_(std::move(options)) {
    check_positive("Embedding", options_.name, "input_dim", input_dim_);
    check_positive("Embedding", options_.name, "output_dim", output_dim_);
    constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
    if (input_dim_ > kMost) {
      throw OptionError(text(option_title("Embedding", options_.name), ": input_dim must be at most ", kMost,
                             " (ids are 32-bit integers), got ", input_dim_));
    }
  }

  std::size_t input_dim() const { return input_dim_; }
  std::size_t output_dim() const { return output_dim_; }
  const EmbeddingOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const EmbeddingOptions standard;
    return Describe("Embedding")
        .argument(input_dim_)
        .argument(output_dim_)
        .option("embeddings_initializer", options_.embeddings_initializer, standard.embeddings_initializer)
        .option("embeddings_regularizer", options_.embeddings_regularizer, standard.embeddings_regularizer)
        .option("embeddings_constraint", options_.embeddings_constraint, standard.embeddings_constraint)
        .option("mask_zero", options_.mask_zero, standard.mask_zero)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const Embedding&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  std::size_t input_dim_;
  std::size_t output_dim_;
  EmbeddingOptions options_;
};

template <class Real>
class EmbeddingLayer final : public Layer<Real> {
 public:
  explicit EmbeddingLayer(Embedding recipe) : recipe_(std::move(recipe)) { this->set_name(recipe_.options().name); }

  std::string type() const override { return "Embedding"; }
  InputKind input_kind() const override { return InputKind::ids; }
  MaskUse mask_use() const override { return recipe_.options().mask_zero ? MaskUse::makes : MaskUse::keeps; }
  bool steps_alone() const override { return true; }

  SEQNN_COLD void build(const Shape& input, ParameterLayout& parameters) override {
    check_not_empty(this->title(), input);
    embeddings_ = parameters.declare(this->name() + "/embeddings", {recipe_.input_dim(), recipe_.output_dim()},
                                     recipe_.options().embeddings_initializer, true,
                                     recipe_.options().embeddings_regularizer, recipe_.options().embeddings_constraint);
  }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_not_empty(this->title(), input);
    Shape output = input;
    output.push_back(recipe_.output_dim());
    return output;
  }

  void forward(Pass<Real>& pass) const override {
    const std::size_t D = recipe_.output_dim();
    const std::size_t n = pass.batch * element_count(*pass.input_shape);
    const Real* E = pass[embeddings_];
    for (std::size_t i = 0; i < n; ++i) std::copy_n(E + row(pass.ids[i]), D, pass.y + i * D);
    if (pass.output_mask != nullptr) {
      for (std::size_t i = 0; i < n; ++i) pass.output_mask[i] = pass.ids[i] != 0;
    }
  }

  void backward(Pass<Real>& pass) const override {
    const std::size_t D = recipe_.output_dim();
    const std::size_t n = pass.batch * element_count(*pass.input_shape);
    Real* dE = pass.gradient(embeddings_);
    for (std::size_t i = 0; i < n; ++i) add(D, pass.dy + i * D, dE + row(pass.ids[i]));
  }

  void check_ids(const std::int32_t* ids, std::size_t count, std::size_t row_length) const override {
    const auto vocabulary = static_cast<std::uint32_t>(recipe_.input_dim());
    // As unsigned numbers, negative ids are too large as well.
    const std::int32_t* bad =
        std::find_if(ids, ids + count, [=](std::int32_t id) { return static_cast<std::uint32_t>(id) >= vocabulary; });
    if (bad == ids + count) return;
    const auto i = static_cast<std::size_t>(bad - ids);
    throw DataError(text(this->title(), ": id ", *bad, " at (", i / row_length, ", ", i % row_length,
                         ") is outside the vocabulary of ", vocabulary, "; clip ids or raise input_dim"));
  }

 private:
  std::size_t row(std::int32_t id) const { return static_cast<std::size_t>(id) * recipe_.output_dim(); }

  Embedding recipe_;
  Parameter embeddings_;
};

template <class Real>
std::unique_ptr<Layer<Real>> Embedding::make(For<Layer<Real>>) const {
  return std::make_unique<EmbeddingLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
