#pragma once

#include "seqnn/core/tensor.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/metrics/metric.hpp"
#include "seqnn/models/network.hpp"
#include "seqnn/models/workspace.hpp"
#include "seqnn/training/counted_rows.hpp"
#include "seqnn/training/non_finite.hpp"
#include "seqnn/training/sample_parts.hpp"
#include "seqnn/training/samples.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// What a model is judged by.
template <class Real>
struct Objective {
  const Loss<Real>* loss = nullptr;
  std::span<const std::unique_ptr<Metric<Real>>> metrics;

  SEQNN_COLD std::size_t sum_count() const {
    std::size_t n = 0;
    for (const auto& metric : metrics) n += metric->sum_count();
    return n;
  }
};

/// Loss and metrics gathered over samples; sums of parts add up. Sample weights count for the loss only, as in Keras;
/// steps that a mask leaves out count for nothing.
struct Score {
  double loss = 0;  ///< sum over samples
  std::size_t samples = 0;
  std::size_t rows = 0;         ///< of the outputs, where there is a mask; else 0
  std::size_t masked_rows = 0;  ///< those that the mask leaves out
  std::vector<double> metrics;  ///< the sums of all metrics, one after another

  void reset() {
    loss = 0;
    samples = rows = masked_rows = 0;
    std::fill(metrics.begin(), metrics.end(), 0.0);
  }

  void add(const Score& other) {
    loss += other.loss;
    samples += other.samples;
    rows += other.rows;
    masked_rows += other.masked_rows;
    for (std::size_t i = 0; i < metrics.size(); ++i) metrics[i] += other.metrics[i];
  }

  /// Calls `visit` with each of the numbers, which processes exchange.
  template <class Score, class Visit>
  static void each_number(Score& score, Visit&& visit) {
    visit(score.loss);
    visit(score.samples);
    visit(score.rows);
    visit(score.masked_rows);
    for (auto& sum : score.metrics) visit(sum);
  }
};

/// What turns the mean loss over all rows of outputs into that over the rows that a mask leaves, as in Keras; 0 if it
/// leaves none.
inline double mask_factor(const Score& score) {
  if (score.masked_rows == 0) return 1;
  const std::size_t counted = score.rows - score.masked_rows;
  return counted == 0 ? 0 : static_cast<double>(score.rows) / static_cast<double>(counted);
}

/// A part of a batch on one thread: gathers its samples tile by tile, passes them through the network and gathers
/// gradients and score. Without training, samples in memory are read where they lie. Owns all it writes; a step
/// allocates nothing.
template <class Real>
class Shard {
 public:
  /// @param tile  most samples in a pass
  SEQNN_COLD Shard(const Network<Real>& network, const Objective<Real>& objective, const Samples<Real>& samples,
                   std::size_t tile, bool training, States<Real>* states = nullptr)
      : network_(&network), objective_(objective), workspace_(network, samples.x_shape(), tile, training, states) {
    if (training) gradients_.resize(network.layout().trainable_extent());
    if (training || !samples.in_memory()) make_room(samples);
    weighs_rows_ = samples.weight_size() > 1;
    if (samples.weighted() && !weighs_rows_ && network.has_mask(network.layers().size() - 1)) {
      row_weights_.resize(tile * positions());
    }
    score_.metrics.resize(objective.sum_count());
  }

  const Score& score() const { return score_; }
  Workspace<Real>& workspace() { return workspace_; }
  const Buffer<Real>& gradients() const { return gradients_; }
  Buffer<Real>& gradients() { return gradients_; }

  /// Lets layers replace their parameters that are not trained: for the only shard of a step.
  void let_move(Real* parameters) { workspace_.let_move(parameters); }

  /// Gradients and score of these samples, in this order.
  /// @param first  position of the first of them in the batch
  /// @param scale  of the gradients: 1 / size of the batch
  void train(const Samples<Real>& samples, std::span<const std::size_t> indices, std::size_t first, Real scale,
             std::uint64_t seed, std::uint32_t step) {
    std::fill(gradients_.begin(), gradients_.end(), Real{0});
    score_.reset();
    if (indices.empty()) return;
    workspace_.begin(network_->parameters().data(), gradients_.data(), seed, step);
    for (std::size_t at = 0; at < indices.size(); at += workspace_.tile()) {
      const std::size_t count = std::min(workspace_.tile(), indices.size() - at);
      samples.gather(indices.subspan(at, count), room_);
      judge(room_, count, pass(room_, count, first + at), scale, workspace_.output_gradient());
      workspace_.backward();
    }
    workspace_.finish();
  }

  /// Passes samples of a training step forward once more, and looks for the first layer with an output that is not
  /// finite. Layers with states that stay continue those the step has left; they are not finite from the same layer on.
  SEQNN_COLD NonFiniteOutput find_non_finite(const Samples<Real>& samples, std::span<const std::size_t> indices,
                                             std::size_t first, std::uint64_t seed, std::uint32_t step) {
    NonFiniteOutput found;
    workspace_.begin(network_->parameters().data(), gradients_.data(), seed, step);
    for (std::size_t at = 0; at < indices.size(); at += workspace_.tile()) {
      const std::size_t count = std::min(workspace_.tile(), indices.size() - at);
      samples.gather(indices.subspan(at, count), room_);
      pass(room_, count, first + at);
      for (std::size_t l = 0; l < std::min(found.layer, network_->layers().size()); ++l) {
        const Real* const output = workspace_.output_of(l);
        if (output == nullptr) continue;
        const std::size_t width = element_count(workspace_.output_shape_of(l));
        const Real* const end = output + count * width;
        const Real* const wrong = std::find_if(output, end, [](Real value) { return !std::isfinite(value); });
        if (wrong == end) continue;
        found = {l, indices[at + static_cast<std::size_t>(wrong - output) / width], std::isnan(*wrong)};
      }
    }
    return found;
  }

  /// Makes ready for `evaluate` and `predict` with the present parameters.
  void begin_inference() { workspace_.begin(network_->parameters().data(), nullptr, 0, 0); }

  /// Adds samples [begin, end) to the score.
  void evaluate(const Samples<Real>& samples, std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end; at += workspace_.tile()) {
      const std::size_t count = std::min(workspace_.tile(), end - at);
      const Parts parts = read(samples, at, count);
      judge(parts, count, pass(parts, count, at - begin), Real{1}, nullptr);
    }
  }

  /// Writes the outputs of samples [begin, end) to `outputs`.
  void predict(const Samples<Real>& samples, std::size_t begin, std::size_t end, Real* outputs) {
    const std::size_t width = element_count(workspace_.output_shape());
    for (std::size_t at = begin; at < end; at += workspace_.tile()) {
      const std::size_t count = std::min(workspace_.tile(), end - at);
      const Real* predicted = pass(read(samples, at, count), count, at - begin);
      std::copy_n(predicted, count * width, outputs + (at - begin) * width);
    }
  }

  void reset_score() { score_.reset(); }

 private:
  using Parts = SampleParts<const Real, const std::int32_t>;

  SEQNN_COLD void make_room(const Samples<Real>& samples) {
    const std::size_t tile = workspace_.tile();
    indices_.resize(samples.in_memory() ? 0 : tile);
    y_values_.resize(samples.compares_classes() ? 0 : tile * samples.y_size());
    y_classes_.resize(samples.compares_classes() ? tile * samples.y_size() : 0);
    weights_.resize(samples.weighted() ? tile * samples.weight_size() : 0);
    const auto place = [](auto& buffer) { return buffer.empty() ? nullptr : buffer.data(); };
    room_ = {workspace_.input_values(), workspace_.input_ids(), place(y_values_), place(y_classes_), place(weights_)};
  }

  /// `count` samples from `begin` on: where they lie in memory, or gathered.
  Parts read(const Samples<Real>& samples, std::size_t begin, std::size_t count) {
    if (samples.in_memory()) return samples.at(begin);
    for (std::size_t i = 0; i < count; ++i) indices_[i] = begin + i;
    samples.gather(std::span(indices_).first(count), room_);
    return room_;
  }

  const Real* pass(const Parts& parts, std::size_t count, std::size_t first) {
    return workspace_.forward(count, parts.x_values, parts.x_ids, first);
  }

  void judge(const Parts& parts, std::size_t count, const Real* predicted, Real scale, Real* gradient) {
    const Shape& shape = workspace_.output_shape();
    const std::size_t width = shape.empty() ? 1 : shape.back();
    const Comparison<Real> comparison = {.samples = count,
                                         .positions = positions(),
                                         .width = width,
                                         .predicted = predicted,
                                         .values = parts.y_values,
                                         .classes = parts.y_classes,
                                         .sample_weights = parts.weights};
    score_.samples += count;
    if (weighs_rows_ || workspace_.output_mask() != nullptr) return judge_rows(comparison, scale, gradient);
    score_.loss += (*objective_.loss)(comparison, scale, gradient);
    update_metrics(comparison);
  }

  /// Where rows have weights of their own, or are masked: each counts as a sample. Losses and metrics never see those
  /// that are masked.
  void judge_rows(const Comparison<Real>& c, Real scale, Real* gradient) {
    const std::size_t rows = c.samples * c.positions;
    const double share = 1.0 / static_cast<double>(c.positions);  // of a row in the loss of its sample
    const std::uint8_t* const mask = workspace_.output_mask();
    const std::size_t steps = mask == nullptr ? rows : c.samples * workspace_.mask_steps();
    const Real* const weights = row_weights(c);
    if (mask != nullptr && gradient != nullptr) std::fill_n(gradient, rows * c.width, Real{0});
    std::size_t counted = 0;
    for_each_counted_run(mask, steps, rows / steps, [&](std::size_t first, std::size_t count) {
      const Comparison<Real> run = rows_as_samples(c, first, count, weights);
      Real* const run_gradient = gradient == nullptr ? nullptr : gradient + first * c.width;
      score_.loss += share * (*objective_.loss)(run, static_cast<Real>(scale * share), run_gradient);
      update_metrics(run);
      counted += count;
    });
    if (mask == nullptr) return;
    score_.rows += rows;
    score_.masked_rows += rows - counted;
  }

  /// The weight of every row: its own, or its sample's.
  const Real* row_weights(const Comparison<Real>& c) {
    if (weighs_rows_ || c.sample_weights == nullptr) return c.sample_weights;
    for (std::size_t sample = 0; sample < c.samples; ++sample) {
      std::fill_n(row_weights_.data() + sample * c.positions, c.positions, c.sample_weights[sample]);
    }
    return row_weights_.data();
  }

  void update_metrics(Comparison<Real> comparison) {
    comparison.sample_weights = nullptr;  // weights change what is learnt, not what is reported
    std::span<double> sums = score_.metrics;
    for (const auto& metric : objective_.metrics) {
      metric->update(comparison, sums.first(metric->sum_count()));
      sums = sums.subspan(metric->sum_count());
    }
  }

  /// Rows of outputs of a sample.
  std::size_t positions() const {
    const Shape& shape = workspace_.output_shape();
    return shape.empty() ? 1 : element_count(shape) / shape.back();
  }

  const Network<Real>* network_;
  Objective<Real> objective_;
  Workspace<Real> workspace_;
  Buffer<Real> gradients_;
  SampleParts<Real> room_;  // where samples are gathered to: the workspace's input, and the three below
  std::vector<std::size_t> indices_;
  Buffer<Real> y_values_;
  Buffer<std::int32_t> y_classes_;
  Buffer<Real> weights_;
  Buffer<Real> row_weights_;  // where samples have weights and there is a mask
  bool weighs_rows_ = false;  // whether every row has a weight of its own
  Score score_;
};

}  // namespace seqnn::inline SEQNN_ABI
