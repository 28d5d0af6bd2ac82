#pragma once

#include "seqnn/core/tensor.hpp"
#include "seqnn/losses/loss.hpp"
#include "seqnn/metrics/metric.hpp"
#include "seqnn/models/network.hpp"
#include "seqnn/models/workspace.hpp"
#include "seqnn/training/samples.hpp"

#include <algorithm>
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

/// Loss and metrics gathered over samples; sums of parts add up. Sample weights count for the loss only, as in Keras.
struct Score {
  double loss = 0;  ///< sum over samples
  std::size_t samples = 0;
  std::vector<double> metrics;  ///< the sums of all metrics, one after another

  void reset() {
    loss = 0;
    samples = 0;
    std::fill(metrics.begin(), metrics.end(), 0.0);
  }

  void add(const Score& other) {
    loss += other.loss;
    samples += other.samples;
    for (std::size_t i = 0; i < metrics.size(); ++i) metrics[i] += other.metrics[i];
  }
};

/// A part of a batch on one thread: gathers its samples tile by tile, passes them through the network and gathers
/// gradients and score. Owns all it writes; a step allocates nothing.
template <class Real>
class Shard {
 public:
  /// @param tile  most samples in a pass
  SEQNN_COLD Shard(const Network<Real>& network, const Objective<Real>& objective, const Samples<Real>& samples,
                   std::size_t tile, bool training, States<Real>* states = nullptr)
      : network_(&network), objective_(objective), workspace_(network, samples.x_shape(), tile, training, states) {
    if (training) {
      gradients_.resize(network.layout().trainable_extent());
      y_values_.resize(samples.y_values(0) == nullptr ? 0 : tile * samples.y_size());
      y_classes_.resize(samples.y_classes(0) == nullptr ? 0 : tile * samples.y_size());
      weights_.resize(samples.weights(0) == nullptr ? 0 : tile);
    }
    score_.metrics.resize(objective.sum_count());
  }

  const Score& score() const { return score_; }
  const Buffer<Real>& gradients() const { return gradients_; }
  Buffer<Real>& gradients() { return gradients_; }

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
      gather(samples, indices.subspan(at, count));
      const bool ids = samples.x_ids(0) != nullptr;
      const Real* predicted = workspace_.forward(count, ids ? nullptr : workspace_.input_values(),
                                                 ids ? workspace_.input_ids() : nullptr, first + at);
      auto comparison = compare(count, predicted);
      comparison.values = y_values_.empty() ? nullptr : y_values_.data();
      comparison.classes = y_classes_.empty() ? nullptr : y_classes_.data();
      comparison.sample_weights = weights_.empty() ? nullptr : weights_.data();
      judge(comparison, scale, workspace_.output_gradient());
      workspace_.backward();
    }
    workspace_.finish();
  }

  /// Makes ready for `evaluate` and `predict` with the present parameters.
  void begin_inference() { workspace_.begin(network_->parameters().data(), nullptr, 0, 0); }

  /// Adds samples [begin, end) to the score.
  void evaluate(const Samples<Real>& samples, std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end; at += workspace_.tile()) {
      const std::size_t count = std::min(workspace_.tile(), end - at);
      const Real* predicted = workspace_.forward(count, samples.x_values(at), samples.x_ids(at), at - begin);
      auto comparison = compare(count, predicted);
      comparison.values = samples.y_values(at);
      comparison.classes = samples.y_classes(at);
      comparison.sample_weights = samples.weights(at);
      judge(comparison, Real{1}, nullptr);
    }
  }

  /// Writes the outputs of samples [begin, end) to `outputs`.
  void predict(const Samples<Real>& samples, std::size_t begin, std::size_t end, Real* outputs) {
    const std::size_t width = element_count(workspace_.output_shape());
    for (std::size_t at = begin; at < end; at += workspace_.tile()) {
      const std::size_t count = std::min(workspace_.tile(), end - at);
      const Real* predicted = workspace_.forward(count, samples.x_values(at), samples.x_ids(at), at - begin);
      std::copy_n(predicted, count * width, outputs + (at - begin) * width);
    }
  }

  void reset_score() { score_.reset(); }

 private:
  void gather(const Samples<Real>& samples, std::span<const std::size_t> indices) {
    const auto copy = [&](auto row_of, std::size_t size, auto* to) {
      if (to == nullptr || row_of(0) == nullptr) return;
      for (std::size_t i = 0; i < indices.size(); ++i) std::copy_n(row_of(indices[i]), size, to + i * size);
    };
    copy([&](std::size_t i) { return samples.x_values(i); }, samples.x_size(), workspace_.input_values());
    copy([&](std::size_t i) { return samples.x_ids(i); }, samples.x_size(), workspace_.input_ids());
    copy([&](std::size_t i) { return samples.y_values(i); }, samples.y_size(), y_values_.data());
    copy([&](std::size_t i) { return samples.y_classes(i); }, samples.y_size(), y_classes_.data());
    copy([&](std::size_t i) { return samples.weights(i); }, 1, weights_.data());
  }

  Comparison<Real> compare(std::size_t count, const Real* predicted) const {
    const Shape& shape = workspace_.output_shape();
    const std::size_t width = shape.empty() ? 1 : shape.back();
    return {.samples = count, .positions = element_count(shape) / width, .width = width, .predicted = predicted};
  }

  void judge(const Comparison<Real>& comparison, Real scale, Real* gradient) {
    score_.loss += (*objective_.loss)(comparison, scale, gradient);
    score_.samples += comparison.samples;
    Comparison<Real> unweighted = comparison;  // weights change what is learnt, not what is reported
    unweighted.sample_weights = nullptr;
    std::span<double> sums = score_.metrics;
    for (const auto& metric : objective_.metrics) {
      metric->update(unweighted, sums.first(metric->sum_count()));
      sums = sums.subspan(metric->sum_count());
    }
  }

  const Network<Real>* network_;
  Objective<Real> objective_;
  Workspace<Real> workspace_;
  Buffer<Real> gradients_;
  Buffer<Real> y_values_;
  Buffer<std::int32_t> y_classes_;
  Buffer<Real> weights_;
  Score score_;
};

}  // namespace seqnn::inline SEQNN_ABI
