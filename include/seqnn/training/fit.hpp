#pragma once

#include "seqnn/core/random.hpp"
#include "seqnn/core/thread_team.hpp"
#include "seqnn/models/summary.hpp"
#include "seqnn/training/callback.hpp"
#include "seqnn/training/fit_options.hpp"
#include "seqnn/training/history.hpp"
#include "seqnn/training/logs.hpp"
#include "seqnn/training/process_group.hpp"
#include "seqnn/training/progress_bar.hpp"
#include "seqnn/training/trainer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// The names under which a score is reported: "loss", then the metrics; `prefix` is "val_" or nothing.
template <class Real>
SEQNN_COLD std::vector<std::string> log_names(const Objective<Real>& objective, const char* prefix = "") {
  std::vector<std::string> names;
  names.push_back(text(prefix, "loss"));
  for (const auto& metric : objective.metrics) names.push_back(text(prefix, metric->name()));
  return names;
}

/// Loss and metrics of a score under these names; NaN if there are no samples in it.
template <class Real>
void set_logs(Logs& logs, const std::vector<std::string>& names, const Objective<Real>& objective, const Score& score) {
  const bool none = score.samples == 0;
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  logs.set(names[0], none ? kNone : score.loss / static_cast<double>(score.samples));
  std::span<const double> sums = score.metrics;
  for (std::size_t m = 0; m < objective.metrics.size(); ++m) {
    const auto& metric = *objective.metrics[m];
    logs.set(names[m + 1], none ? kNone : metric.result(sums.first(metric.sum_count())));
    sums = sums.subspan(metric.sum_count());
  }
}

/// One call of fit: passes over the samples in random order or random draws of them, validation, callbacks, history.
template <class Real>
class Fit final : public Training {
 public:
  /// `samples` are those to train on, the first `count` of them; `validation` may be null, else validates on all of it.
  SEQNN_COLD Fit(Network<Real>& network, const Objective<Real>& objective, Optimizer<Real>& optimizer,
                 const Samples<Real>& samples, std::size_t count, const Samples<Real>* validation, FitOptions& options,
                 States<Real>* states = nullptr)
      : network_(&network),
        objective_(objective),
        optimizer_(&optimizer),
        options_(&options),
        team_(options.threads),
        steps_per_pass_(options.even_batches ? std::max<std::size_t>(1, count / options.batch_size)
                                             : (count + options.batch_size - 1) / options.batch_size),
        batch_size_(options.replacement    ? options.batch_size
                    : options.even_batches ? (count + steps_per_pass_ - 1) / steps_per_pass_
                                           : std::min(options.batch_size, count)),
        trainer_(network, objective, optimizer, team_, samples, batch_size_, options.shards, options.seed, states,
                 options.processes),
        states_(states),
        samples_(&samples),
        count_(count),
        order_(options.replacement ? batch_size_ : count) {
    if (validation != nullptr) {
      if (states != nullptr) {
        validation_states_.emplace(network, validation->x_shape(), options.batch_size, Continues::stateful);
      }
      validator_.emplace(network, objective, team_, *validation,
                         states != nullptr ? options.batch_size : EvaluateOptions{}.batch_size,
                         validation_states_ ? &*validation_states_ : nullptr, options.processes);
    }
    steps_per_epoch_ = options.steps_per_epoch > 0 ? options.steps_per_epoch : steps_per_pass_;
    epoch_score_.metrics.resize(objective.sum_count());
    if (options.processes != nullptr) agree_on_training(validation == nullptr ? 0 : validation->count());
  }

  SEQNN_COLD History run() {
    History history;
    const bool silent = options_->processes != nullptr && options_->processes->rank() > 0;
    ProgressBar bar(options_->output == nullptr ? std::cout : *options_->output,
                    {.verbose = silent ? Verbose::silent : options_->verbose});
    bar_ = &bar;
    const auto tell = [&](auto&& what) {
      what(bar);
      for (auto& callback : options_->callbacks) what(*callback);
    };

    const auto names = log_names(objective_);
    const auto validation_names = log_names(objective_, "val_");
    epoch_score_.reset();
    set_logs(logs_, names, objective_, epoch_score_);
    if (validator_) set_logs(logs_, validation_names, objective_, epoch_score_);
    tell([&](Callback& c) { c.on_train_begin(*this); });
    for (std::size_t epoch = options_->initial_epoch; epoch < options_->epochs && stop_reason_.empty(); ++epoch) {
      const auto start = std::chrono::steady_clock::now();
      tell([&](Callback& c) { c.on_epoch_begin(*this, epoch); });
      epoch_score_.reset();
      Logs batch_logs;
      for (std::size_t step = 0; step < steps_per_epoch_; ++step) {
        tell([&](Callback& c) { c.on_batch_begin(*this, step); });
        const Score& score = trainer_.step(next_batch(epoch * steps_per_epoch_ + step),
                                           static_cast<std::uint32_t>(epoch * steps_per_epoch_ + step));
        batch_loss_ = score.loss / static_cast<double>(score.samples);
        epoch_score_.add(score);
        set_logs(batch_logs, names, objective_, epoch_score_);
        tell([&](Callback& c) { c.on_batch_end(*this, step, batch_logs); });
        if (!stop_reason_.empty()) break;
      }
      set_logs(logs_, names, objective_, epoch_score_);
      if (validation_states_) validation_states_->reset();
      if (validator_) {
        trainer_.meet_after_epoch(epoch);
        set_logs(logs_, validation_names, objective_, validator_->evaluate());
      }
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
      history.append(epoch, logs_, elapsed.count());
      tell([&](Callback& c) { c.on_epoch_end(*this, epoch, logs_); });
    }
    optimizer_->finalize(network_->parameters());
    tell([&](Callback& c) { c.on_train_end(*this); });
    if (options_->processes != nullptr) {
      trainer_.meet_at_end();
      agree(*options_->processes, "fit",
            std::array{weights_agreed("weights after training", "give all the same data, optimizer and callbacks")});
    }
    history.set_stop_reason(stop_reason_);
    history.set_notes(std::move(notes_));
    return history;
  }

  std::size_t epochs() const override { return options_->epochs; }
  std::size_t steps_per_epoch() const override { return steps_per_epoch_; }
  const Logs& logs() const override { return logs_; }
  void stop(std::string reason) override {
    if (stop_reason_.empty()) stop_reason_ = std::move(reason);
  }
  const std::string& stop_reason() const override { return stop_reason_; }
  void note(std::string sentence) override {
    bar_->note(sentence);
    notes_.push_back(std::move(sentence));
  }
  double batch_loss() const override { return batch_loss_; }
  std::string first_non_finite() const override { return trainer_.first_non_finite(); }
  double learning_rate() const override { return optimizer_->learning_rate(); }
  void set_learning_rate(double rate) override { optimizer_->set_learning_rate(rate); }
  void keep_weights(KeptWeights& kept) const override {
    const auto bytes = std::as_bytes(std::span<const Real>(network_->parameters()));
    kept.assign(bytes.begin(), bytes.end());
  }
  void restore_weights(const KeptWeights& kept) override {
    std::memcpy(network_->parameters().data(), kept.data(), kept.size());
  }
  SEQNN_COLD std::vector<WeightView> weights() const override {
    std::vector<WeightView> result;
    for (const auto& info : network_->layout().infos()) {
      const std::span<const Real> values = std::as_const(*network_).parameters().subspan(info.offset, info.size());
      result.push_back({info.name, info.shape, info.trainable, sizeof(Real), std::as_bytes(values)});
    }
    return result;
  }
  std::string summary() const override { return summarize(*network_); }
  void reset_optimizer() override {
    optimizer_->build(network_->layout());
    if (states_ != nullptr) states_->reset();
  }

 private:
  /// What would make the processes of a group wait for each other in vain, or learn different models.
  SEQNN_COLD void agree_on_training(std::size_t validation_samples) const {
    const std::array numbers = {
        Agreed{"bytes a number of the model", sizeof(Real)},
        Agreed{"trainable parameters", network_->layout().count(true)},
        Agreed{"other parameters", network_->layout().count(false)},
        Agreed{"metrics", objective_.metrics.size()},
        Agreed{"training samples", count_},
        Agreed{"validation samples", validation_samples},
        Agreed{"batch_size", batch_size_},
        Agreed{"shards", trainer_.shards()},
        Agreed{"seed", options_->seed},
        Agreed{"epochs", options_->epochs},
        Agreed{"initial_epoch", options_->initial_epoch},
        Agreed{"steps an epoch", steps_per_epoch_},
        Agreed{"steps the optimizer has taken", optimizer_->iterations()},
        weights_agreed("first weights", "build the model with the same seed"),
    };
    agree(*options_->processes, "fit", numbers);
  }

  SEQNN_COLD Agreed weights_agreed(const char* name, const char* repair) const {
    return {name, fingerprint(std::as_bytes(std::span<const Real>(network_->parameters()))), repair, false};
  }

  /// Indices of the samples of a step; passes follow each other, each in an order of its own.
  std::span<const std::size_t> next_batch(std::size_t step) {
    if (options_->replacement) {
      RandomStream random = stream(Draws::replacement, step);
      for (std::size_t& sample : order_) sample = static_cast<std::size_t>(random.below(count_));
      return order_;
    }
    const std::size_t pass = step / steps_per_pass_;
    if (!ordered_ || pass != pass_) arrange(pass);
    const std::size_t begin = batch_begin(step % steps_per_pass_);
    return std::span(order_).subspan(begin, batch_begin(step % steps_per_pass_ + 1) - begin);
  }

  /// Where a batch begins in its pass. Of even batches the first ones have a sample more, as numpy.array_split has it.
  std::size_t batch_begin(std::size_t batch) const {
    if (!options_->even_batches) return std::min(batch * batch_size_, count_);
    return batch * (count_ / steps_per_pass_) + std::min(batch, count_ % steps_per_pass_);
  }

  /// Puts the samples in the order of a pass.
  void arrange(std::size_t pass) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    if (options_->shuffle && samples_->dataset().has_order()) {
      samples_->dataset().order(options_->seed, pass, order_);
      check_order();
    } else if (options_->shuffle) {
      RandomStream random = stream(Draws::order, pass);
      shuffle(order_, random);
    }
    pass_ = pass;
    ordered_ = true;
  }

  /// An order with a sample too many would not be noticed, and one beyond the last would read foreign memory.
  void check_order() {
    seen_.assign(count_, false);
    for (const std::size_t sample : order_) {
      if (sample >= count_ || seen_[sample]) {
        throw DataError(text("dataset: order must hold each of the ", count_, " samples once, got ", sample,
                             sample >= count_ ? "" : " twice"));
      }
      seen_[sample] = true;
    }
  }

  /// What random numbers choose, and the index of their streams.
  enum class Draws : std::uint32_t { order = 0, replacement = 1 };

  RandomStream stream(Draws draws, std::size_t step) const {
    return RandomStream({.seed = options_->seed,
                         .purpose = Purpose::shuffle,
                         .index = static_cast<std::uint32_t>(draws),
                         .step = static_cast<std::uint32_t>(step)});
  }

  Network<Real>* network_;
  Objective<Real> objective_;
  Optimizer<Real>* optimizer_;
  FitOptions* options_;
  ThreadTeam team_;
  std::size_t steps_per_pass_;
  std::size_t batch_size_;  // of the largest batch
  Trainer<Real> trainer_;
  States<Real>* states_;
  const Samples<Real>* samples_;
  std::size_t count_;
  std::optional<States<Real>> validation_states_;
  std::optional<Evaluator<Real>> validator_;
  std::vector<std::size_t> order_;  // of the pass, or the batch drawn
  std::vector<bool> seen_;
  std::size_t pass_ = 0;
  bool ordered_ = false;
  std::size_t steps_per_epoch_ = 0;
  Score epoch_score_;
  Logs logs_;
  ProgressBar* bar_ = nullptr;  // while run runs
  double batch_loss_ = std::numeric_limits<double>::quiet_NaN();
  std::string stop_reason_;
  std::vector<std::string> notes_;
};

}  // namespace seqnn::inline SEQNN_ABI
