#pragma once

#include "seqnn/core/constraint.hpp"
#include "seqnn/core/initializer.hpp"
#include "seqnn/core/regularizer.hpp"
#include "seqnn/kernels/batch_normalization.hpp"
#include "seqnn/kernels/reductions.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Options of BatchNormalization, as in Keras.
struct BatchNormalizationOptions {
  double momentum = 0.99;  ///< of the moving averages: how much of them stays at a step
  double epsilon = 1e-3;   ///< added to the variance
  bool center = true;      ///< whether there is a beta
  bool scale = true;       ///< whether there is a gamma
  Initializer beta_initializer = zeros();
  Initializer gamma_initializer = ones();
  Initializer moving_mean_initializer = zeros();
  Initializer moving_variance_initializer = ones();
  Regularizer beta_regularizer = {};
  Regularizer gamma_regularizer = {};
  Constraint beta_constraint = {};
  Constraint gamma_constraint = {};
  std::string name = {};

  bool operator==(const BatchNormalizationOptions&) const = default;
};

/// Brings each feature to mean 0 and variance 1 over all positions of a batch, and then to a mean and a scale that are
/// learnt. In prediction the statistics are moving averages of those of the batches.
///
///   y = gamma ⊙ (x - mean) / sqrt(variance + epsilon) + beta    over all axes but the last
///   moving = momentum·moving + (1 - momentum)·statistic of the batch, after each step
///
/// Shapes  x [B, …, C] -> y, the same    gamma "gamma" [C]    beta "beta" [C]
///         "moving_mean" [C]    "moving_variance" [C], not trained
/// Masks   kept; masked steps are normalized as the others, but left out of the statistics
/// Keeps   when training: mean, variance and scale of the features
/// Throws  OptionError for a momentum outside [0, 1] or an epsilon that is not positive; ShapeError if the last axis is
///         not fixed
/// Source  Ioffe & Szegedy 2015
class BatchNormalization {
 public:
  SEQNN_COLD explicit BatchNormalization(BatchNormalizationOptions options = {}) : options_(std::move(options)) {
    const std::string title = option_title("BatchNormalization", options_.name);
    if (!(options_.momentum >= 0 && options_.momentum <= 1)) {
      throw OptionError(text(title, ": momentum must be in [0, 1], got ", options_.momentum));
    }
    if (!(options_.epsilon > 0 && std::isfinite(options_.epsilon))) {
      throw OptionError(text(title, ": epsilon must be a positive number, got ", options_.epsilon));
    }
  }

  const BatchNormalizationOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const BatchNormalizationOptions standard;
    return Describe("BatchNormalization")
        .option("momentum", options_.momentum, standard.momentum)
        .option("epsilon", options_.epsilon, standard.epsilon)
        .option("center", options_.center, standard.center)
        .option("scale", options_.scale, standard.scale)
        .option("beta_initializer", options_.beta_initializer, standard.beta_initializer)
        .option("gamma_initializer", options_.gamma_initializer, standard.gamma_initializer)
        .option("moving_mean_initializer", options_.moving_mean_initializer, standard.moving_mean_initializer)
        .option("moving_variance_initializer", options_.moving_variance_initializer,
                standard.moving_variance_initializer)
        .option("beta_regularizer", options_.beta_regularizer, standard.beta_regularizer)
        .option("gamma_regularizer", options_.gamma_regularizer, standard.gamma_regularizer)
        .option("beta_constraint", options_.beta_constraint, standard.beta_constraint)
        .option("gamma_constraint", options_.gamma_constraint, standard.gamma_constraint)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const BatchNormalization&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  BatchNormalizationOptions options_;
};

/// Computes BatchNormalization.
template <class Real>
class BatchNormalizationLayer final : public Layer<Real> {
 public:
  SEQNN_COLD explicit BatchNormalizationLayer(const BatchNormalization& recipe) : options_(recipe.options()) {
    this->set_name(options_.name);
  }

  std::string type() const override { return "BatchNormalization"; }
  MaskUse mask_use() const override { return MaskUse::keeps; }
  bool steps_alone() const override { return true; }
  bool whole_batch() const override { return true; }

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
    const auto declare = [&](const char* name, const Initializer& initializer, bool trainable,
                             Regularizer regularizer = {}, const Constraint& constraint = {}) {
      return parameters.declare(text(this->name(), '/', name), {features_}, initializer, trainable, regularizer,
                                constraint);
    };
    if (options_.scale)
      gamma_ =
          declare("gamma", options_.gamma_initializer, true, options_.gamma_regularizer, options_.gamma_constraint);
    if (options_.center) {
      beta_ = declare("beta", options_.beta_initializer, true, options_.beta_regularizer, options_.beta_constraint);
    }
    moving_mean_ = declare("moving_mean", options_.moving_mean_initializer, false);
    moving_variance_ = declare("moving_variance", options_.moving_variance_initializer, false);
  }

  void plan(Pass<Real>& pass) const override { Memory::take(features_, pass); }

  /// In prediction the scale is the same for all.
  void prepare(Pass<Real>& pass) const override {
    if (pass.training) return;
    const Memory memory = Memory::take(features_, pass);
    const Real* const variance = pass[moving_variance_];
    for (std::size_t j = 0; j < features_; ++j) memory.scale[j] = scale(pass, static_cast<double>(variance[j]), j);
  }

  void forward(Pass<Real>& pass) const override {
    const Memory m = Memory::take(features_, pass);
    const Real* center = pass[moving_mean_];
    if (pass.training) {
      const double weights = moments(pass, m);
      for (std::size_t j = 0; j < features_; ++j) {
        m.center[j] = static_cast<Real>(m.mean[j]);
        m.scale[j] = scale(pass, m.variance[j], j);
      }
      *m.weights = weights;
      center = m.center;
    }
    normalize_columns(rows(pass), features_, pass.x, center, m.scale, pass[beta_], pass.y);
  }

  /// With s = 1 / sqrt(variance + epsilon), g = gamma ⊙ dy and N positions:
  ///   dbeta += Σ dy    dgamma += s·Σ dy ⊙ (x - mean)    dx = s·g - s·Σg/N - s³·(x - mean)·Σ g ⊙ (x - mean)/N
  void backward(Pass<Real>& pass) const override {
    const Memory m = Memory::take(features_, pass);
    const std::size_t n = rows(pass);
    double* const sums = m.sums;
    double* const products = m.sums + features_;
    normalization_sums(n, features_, pass.x, pass.dy, m.center, sums, products, m.row);
    Real* const slope = m.row;
    Real* const offset = m.row + features_;
    const double N = *m.weights;
    for (std::size_t j = 0; j < features_; ++j) {
      const double s = 1 / std::sqrt(m.variance[j] + options_.epsilon);
      if (options_.scale) pass.gradient(gamma_)[j] += static_cast<Real>(s * products[j]);
      if (options_.center) pass.gradient(beta_)[j] += static_cast<Real>(sums[j]);
      const double g = s * (options_.scale ? static_cast<double>(pass[gamma_][j]) : 1.0);
      const double by_variance = -0.5 * s * s * g * products[j];
      // Keras' mean of masked steps is a little short of the mean, so that differences from it have a sum.
      const double by_mean = -g * sums[j] - 2 * by_variance * m.mean[j] * excess(pass) / N;
      slope[j] = static_cast<Real>(2 * by_variance / N);
      offset[j] = static_cast<Real>(by_mean / N);
    }
    if (pass.dx == nullptr) return;
    normalization_backward(n, features_, pass.x, pass.dy, row_mask(pass), m.center, m.scale, slope, offset, pass.dx);
  }

  /// The moving averages. A batch that is not finite leaves them as they are.
  void finish(Pass<Real>& pass) const override {
    const Memory m = Memory::take(features_, pass);
    Real* const mean = pass.moved(moving_mean_);
    Real* const variance = pass.moved(moving_variance_);
    if (mean == nullptr || !all_finite(features_, m.mean) || !all_finite(features_, m.variance)) return;
    const auto move = [&](Real& moving, double batch) {
      moving = static_cast<Real>(options_.momentum * static_cast<double>(moving) + (1 - options_.momentum) * batch);
    };
    for (std::size_t j = 0; j < features_; ++j) {
      move(mean[j], m.mean[j]);
      move(variance[j], m.variance[j]);
    }
  }

 private:
  struct Memory {
    double* weights = nullptr;  // kept: the number of positions that means are divided by
    double* mean = nullptr;     // kept, like all but the last two
    double* variance = nullptr;
    Real* center = nullptr;  // the mean
    Real* scale = nullptr;   // gamma / sqrt(variance + epsilon); prepared when not training
    double* sums = nullptr;  // scratch, two of each feature
    Real* row = nullptr;     // likewise

    static Memory take(std::size_t features, Pass<Real>& pass) {
      Memory m;
      if (!pass.training) {
        m.scale = pass.prepared.template take<Real>(features);
        return m;
      }
      m.weights = pass.kept.template take<double>(1);
      m.mean = pass.kept.template take<double>(features);
      m.variance = pass.kept.template take<double>(features);
      m.center = pass.kept.template take<Real>(features);
      m.scale = pass.kept.template take<Real>(features);
      m.sums = pass.scratch.template take<double>(2 * features);
      m.row = pass.scratch.template take<Real>(2 * features);
      return m;
    }
  };

  std::size_t rows(const Pass<Real>& pass) const { return pass.batch * (element_count(*pass.input_shape) / features_); }

  /// A step of the mask may have rows behind it: (T, 3, features) under a mask of (T) has 3.
  RowMask row_mask(const Pass<Real>& pass) const {
    if (pass.mask == nullptr) return {};
    return {pass.mask, element_count(*pass.input_shape) / features_ / pass.mask_steps};
  }

  /// What Keras adds to the number of steps that a mask counts.
  static double excess(const Pass<Real>& pass) { return pass.mask == nullptr ? 0 : 1e-7; }

  Real scale(const Pass<Real>& pass, double variance, std::size_t j) const {
    const double gamma = options_.scale ? static_cast<double>(pass[gamma_][j]) : 1.0;
    return static_cast<Real>(gamma / std::sqrt(variance + options_.epsilon));
  }

  /// Mean and variance of the batch.  @return what sums were divided by
  double moments(const Pass<Real>& pass, const Memory& m) const {
    const std::size_t n = column_moments(rows(pass), features_, pass.x, row_mask(pass), m.mean, m.variance, m.row);
    const double counted = static_cast<double>(n);
    const double N = counted + excess(pass);
    for (std::size_t j = 0; j < features_; ++j) {
      const double short_by = m.mean[j] * excess(pass) / N;
      m.mean[j] -= short_by;
      m.variance[j] = (m.variance[j] + counted * short_by * short_by) / N;
    }
    return N;
  }

  BatchNormalizationOptions options_;
  std::size_t features_ = 0;
  Parameter gamma_;
  Parameter beta_;
  Parameter moving_mean_;
  Parameter moving_variance_;
};

template <class Real>
std::unique_ptr<Layer<Real>> BatchNormalization::make(For<Layer<Real>>) const {
  return std::make_unique<BatchNormalizationLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
