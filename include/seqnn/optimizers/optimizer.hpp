#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/parameters.hpp"
#include "seqnn/core/recipe.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/kernels/optimizer_updates.hpp"
#include "seqnn/kernels/reductions.hpp"
#include "seqnn/kernels/updates.hpp"
#include "seqnn/optimizers/option_checks.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Turns gradients into new parameters. All state lies in slots shaped like the flat buffer of parameters.
template <class Real>
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// "RMSprop"
  virtual std::string type() const = 0;

  /// Makes slots for these parameters, all zero, and forgets earlier steps.
  SEQNN_COLD void build(const ParameterLayout& layout) {
    extent_ = layout.trainable_extent();
    iterations_ = accumulated_ = 0;
    for (auto& [name, values] : slots_) values.assign(extent_, Real(0));
    ranges_.clear();
    for (const auto& info : layout.infos()) {
      if (info.trainable) ranges_.emplace_back(info.offset, info.size());
    }
  }

  /// One step: clips `gradients` in place, then updates `parameters`. Both are the trainable part of the flat buffer.
  /// Allocates nothing.
  /// @throws ShapeError if the buffers are not as long as those of the layout of `build`
  void step(std::span<Real> parameters, std::span<Real> gradients) {
    if (parameters.size() != extent_ || gradients.size() != extent_) {
      throw ShapeError(text(type(), ": parameters and gradients must have the ", extent_,
                            " values of the built layout, got ", parameters.size(), " and ", gradients.size(),
                            "; call build with the layout of this model"));
    }
    begin_step(gradients);
    update(0, extent_, parameters, gradients);
  }

  /// The same in parts that several threads can share: first the accumulation, clipping and counting, once …
  void begin_step(std::span<Real> gradients) {
    earlier_updates_ = iterations_;
    updates_ = accumulate(gradients);
    if (!updates_) return;
    clip_gradients(gradients);
    ++iterations_;
  }

  /// … then the update of every stretch [begin, begin + count), which must start at a cache line.
  void update(std::size_t begin, std::size_t count, std::span<Real> parameters, std::span<const Real> gradients) {
    if (updates_ && weight_decay_ > 0) {
      decay_weights(count, static_cast<Real>(weight_decay_ * learning_rate_), parameters.data() + begin);
    }
    if (updates_) update_stretch(begin, count, gradients.data() + begin, parameters.data() + begin, iterations_);
    if (step_options_.use_ema) average(begin, count, parameters.data() + begin);
  }

  /// Puts the moving average of the weights in their place, if there is one: called when training ends.
  void finalize(std::span<Real> parameters) {
    if (step_options_.use_ema && iterations_ > 0) std::copy_n(slot(average_slot_, 0), extent_, parameters.data());
  }

  /// Whether `begin_step` looks at gradients, which must then be complete.
  bool needs_all_gradients() const { return clips() || step_options_.gradient_accumulation_steps > 0; }

  /// Whether gradients have a limit.
  bool clips() const { return clipping_.clipnorm > 0 || clipping_.clipvalue > 0 || clipping_.global_clipnorm > 0; }

  double learning_rate() const { return learning_rate_; }

  /// @throws OptionError if the rate is negative or not finite
  SEQNN_COLD void set_learning_rate(double rate) {
    check_learning_rate(type(), rate);
    learning_rate_ = rate;
  }

  /// Updates made since `build`.
  std::size_t iterations() const { return iterations_; }

  /// Goes on from a checkpoint, together with its slots, which must be set before. Gradients that were accumulated for
  /// the next update are dropped, those of the checkpoint as well: it does not say how many they are of.
  SEQNN_COLD void set_iterations(std::size_t iterations) {
    iterations_ = iterations;
    accumulated_ = 0;
    if (step_options_.gradient_accumulation_steps == 0) return;
    auto& sum = slots_[accumulator_slot_].second;
    std::fill(sum.begin(), sum.end(), Real(0));
  }

  /// State by name, for checkpoints.
  std::vector<std::pair<std::string, Buffer<Real>>>& slots() { return slots_; }
  const std::vector<std::pair<std::string, Buffer<Real>>>& slots() const { return slots_; }

 protected:
  /// @param weight_decay  before each update w -= weight_decay·η·w, for all parameters and apart from the gradients
  /// @throws OptionError if the rate, the decay or a limit is negative or not finite, or more than one limit is set; as
  ///         check_step_options
  SEQNN_COLD Optimizer(double learning_rate, GradientClipping clipping, std::vector<std::string> slot_names,
                       double weight_decay = 0, StepOptions options = {})
      : learning_rate_(learning_rate), clipping_(clipping), weight_decay_(weight_decay), step_options_(options) {
    check_learning_rate("Optimizer", learning_rate);
    check_clipping("Optimizer", clipping);
    check_weight_decay("Optimizer", weight_decay);
    check_step_options("Optimizer", options);
    if (options.gradient_accumulation_steps > 0) {
      accumulator_slot_ = slot_names.size();
      slot_names.push_back("gradient_accumulator");
    }
    if (options.use_ema) {
      average_slot_ = slot_names.size();
      slot_names.push_back("moving_average");
    }
    for (auto& name : slot_names) slots_.emplace_back(std::move(name), Buffer<Real>());
  }

  /// The update rule for `count` parameters that begin at `begin` in the flat buffer and in the slots; `gradients` and
  /// `parameters` point there already. `iteration` counts from 1.
  virtual void update_stretch(std::size_t begin, std::size_t count, const Real* gradients, Real* parameters,
                              std::size_t iteration) = 0;

  Real* slot(std::size_t i, std::size_t begin) { return slots_[i].second.data() + begin; }

 private:
  /// Whether this step makes an update: of several whose gradients are added up, the last, which gets their mean.
  bool accumulate(std::span<Real> gradients) {
    const std::size_t steps = step_options_.gradient_accumulation_steps;
    if (steps == 0) return true;
    Real* const sum = slot(accumulator_slot_, 0);
    if (++accumulated_ < steps) {
      add(extent_, gradients.data(), sum);
      return false;
    }
    add(extent_, sum, gradients.data());
    scale(extent_, Real(1) / static_cast<Real>(steps), gradients.data());
    std::fill_n(sum, extent_, Real(0));
    accumulated_ = 0;
    return true;
  }

  /// Averages, and overwrites the parameters when it is time. The first update begins the average.
  void average(std::size_t begin, std::size_t count, Real* parameters) {
    Real* const averages = slot(average_slot_, begin);
    const std::size_t every = step_options_.ema_overwrite_frequency;
    average_weights(count, static_cast<Real>(earlier_updates_ == 0 ? 0 : step_options_.ema_momentum), parameters,
                    averages);
    if (every > 0 && (earlier_updates_ + 1) % every == 0) std::copy_n(averages, count, parameters);
  }

  void clip_gradients(std::span<Real> gradients) const {
    if (clipping_.clipnorm > 0) {
      for (const auto& [offset, size] : ranges_) {
        const auto gradient = gradients.subspan(offset, size);
        scale_to_norm(gradient, std::sqrt(sum_of_squares_wide(size, gradient.data())), clipping_.clipnorm);
      }
    } else if (clipping_.global_clipnorm > 0) {
      const double norm = std::sqrt(sum_of_squares_wide(gradients.size(), gradients.data()));  // gaps are zero
      // Infinite gradients have no direction left: NaN, as in Keras, and not a step of zero.
      const double global_norm = norm + (norm - norm);
      // Parameter by parameter, so that a NaN does not get into the gaps.
      for (const auto& [offset, size] : ranges_) {
        scale_to_norm(gradients.subspan(offset, size), global_norm, clipping_.global_clipnorm);
      }
    } else if (clipping_.clipvalue > 0) {
      clip(gradients.size(), static_cast<Real>(clipping_.clipvalue), gradients.data());
    }
  }

  /// Scales down to the norm `limit` unless `norm` is within it; a norm of NaN makes everything NaN.
  static void scale_to_norm(std::span<Real> gradient, double norm, double limit) {
    if (norm <= limit) return;
    scale(gradient.size(), static_cast<Real>(limit / norm), gradient.data());
  }

  double learning_rate_;
  GradientClipping clipping_;
  double weight_decay_;
  StepOptions step_options_;
  std::size_t iterations_ = 0;
  std::size_t earlier_updates_ = 0;  // before this step
  std::size_t accumulated_ = 0;      // gradients in the accumulator
  bool updates_ = true;              // whether this step makes an update
  std::size_t accumulator_slot_ = 0;
  std::size_t average_slot_ = 0;
  std::size_t extent_ = 0;
  std::vector<std::pair<std::string, Buffer<Real>>> slots_;
  std::vector<std::pair<std::size_t, std::size_t>> ranges_;  // offset and size of each parameter, for clipnorm
};

template <class Real>
using OptimizerRecipe = Recipe<Optimizer<Real>>;

}  // namespace seqnn::inline SEQNN_ABI
