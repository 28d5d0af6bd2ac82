#pragma once

#include "seqnn/core/constraint.hpp"
#include "seqnn/core/initializer.hpp"
#include "seqnn/core/regularizer.hpp"
#include "seqnn/kernels/layer_normalization.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <cmath>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Options of LayerNormalization, as in Keras.
struct LayerNormalizationOptions {
  double epsilon = 1e-3;  ///< added to the variance
  bool center = true;     ///< whether there is a beta
  bool scale = true;      ///< whether there is a gamma
  Initializer beta_initializer = zeros();
  Initializer gamma_initializer = ones();
  Regularizer beta_regularizer = {};
  Regularizer gamma_regularizer = {};
  Constraint beta_constraint = {};
  Constraint gamma_constraint = {};
  std::string name = {};

  bool operator==(const LayerNormalizationOptions&) const = default;
};

/// Brings the features of every position to mean 0 and variance 1, and then to a mean and a scale that are learnt.
///
///   y = gamma ⊙ (x - mean(x)) / sqrt(variance(x) + epsilon) + beta    over the last axis
///
/// Shapes  x [B, …, C] -> y, the same    gamma "gamma" [C]    beta "beta" [C]
/// Keeps   when training: mean and scale of every position
/// Throws  OptionError if epsilon is not a positive number; ShapeError if the last axis is not fixed
/// Source  Ba, Kiros & Hinton 2016
class LayerNormalization {
 public:
  explicit LayerNormalization(LayerNormalizationOptions options = {}) : options_(std::move(options)) {
    if (!(options_.epsilon > 0 && std::isfinite(options_.epsilon))) {
      throw OptionError(text(option_title("LayerNormalization", options_.name),
                             ": epsilon must be a positive number, got ", options_.epsilon));
    }
  }

  const LayerNormalizationOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const LayerNormalizationOptions standard;
    return Describe("LayerNormalization")
        .option("epsilon", options_.epsilon, standard.epsilon)
        .option("center", options_.center, standard.center)
        .option("scale", options_.scale, standard.scale)
        .option("beta_initializer", options_.beta_initializer, standard.beta_initializer)
        .option("gamma_initializer", options_.gamma_initializer, standard.gamma_initializer)
        .option("beta_regularizer", options_.beta_regularizer, standard.beta_regularizer)
        .option("gamma_regularizer", options_.gamma_regularizer, standard.gamma_regularizer)
        .option("beta_constraint", options_.beta_constraint, standard.beta_constraint)
        .option("gamma_constraint", options_.gamma_constraint, standard.gamma_constraint)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const LayerNormalization&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  LayerNormalizationOptions options_;
};

/// Computes LayerNormalization.
template <class Real>
class LayerNormalizationLayer final : public Layer<Real> {
 public:
  explicit LayerNormalizationLayer(const LayerNormalization& recipe) : options_(recipe.options()) {
    this->set_name(options_.name);
  }

  std::string type() const override { return "LayerNormalization"; }
  MaskUse mask_use() const override { return MaskUse::keeps; }
  bool steps_alone() const override { return true; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    if (input.empty() || input.back() == kAnyLength || (features_ != 0 && input.back() != features_)) {
      throw ShapeError(text(this->title(), ": input must be (batch, …, ",
                            features_ == 0 ? std::string("features") : std::to_string(features_), "), got ",
                            with_batch(input), "; the last axis is the number of features and must be fixed"));
    }
    check_not_empty(this->title(), input);
    return input;
  }

  SEQNN_COLD void build(const Shape& input, ParameterLayout& parameters) override {
    features_ = output_shape(input).back();
    if (options_.scale) {
      gamma_ = parameters.declare(this->name() + "/gamma", {features_}, options_.gamma_initializer, true,
                                  options_.gamma_regularizer, options_.gamma_constraint);
    }
    if (options_.center) {
      beta_ = parameters.declare(this->name() + "/beta", {features_}, options_.beta_initializer, true,
                                 options_.beta_regularizer, options_.beta_constraint);
    }
  }

  void plan(Pass<Real>& pass) const override { (void)take_rows(pass); }

  void forward(Pass<Real>& pass) const override {
    RowScale<Real>* kept = take_rows(pass);
    const auto epsilon = static_cast<Real>(options_.epsilon);
    for (std::size_t r = 0; r < rows(pass); ++r) {
      const std::size_t at = r * features_;
      const RowScale<Real> row =
          layer_normalization_forward(features_, epsilon, pass[gamma_], pass[beta_], pass.x + at, pass.y + at);
      if (kept != nullptr) kept[r] = row;
    }
  }

  void backward(Pass<Real>& pass) const override {
    const RowScale<Real>* kept = take_rows(pass);
    for (std::size_t r = 0; r < rows(pass); ++r) {
      const std::size_t at = r * features_;
      layer_normalization_backward(features_, kept[r], pass[gamma_], pass.x + at, pass.dy + at, pass.gradient(gamma_),
                                   pass.gradient(beta_), pass.dx == nullptr ? nullptr : pass.dx + at);
    }
  }

 private:
  std::size_t rows(const Pass<Real>& pass) const { return pass.batch * (element_count(*pass.input_shape) / features_); }

  RowScale<Real>* take_rows(Pass<Real>& pass) const {
    return pass.training ? pass.kept.template take<RowScale<Real>>(rows(pass)) : nullptr;
  }

  LayerNormalizationOptions options_;
  std::size_t features_ = 0;
  Parameter gamma_;
  Parameter beta_;
};

template <class Real>
std::unique_ptr<Layer<Real>> LayerNormalization::make(For<Layer<Real>>) const {
  return std::make_unique<LayerNormalizationLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
