#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/random.hpp"
#include "seqnn/core/thread_team.hpp"
#include "seqnn/kernels/updates.hpp"
#include "seqnn/models/network.hpp"
#include "seqnn/models/workspace.hpp"
#include "seqnn/optimizers/optimizer.hpp"
#include "seqnn/training/gradient_exchange.hpp"
#include "seqnn/training/non_finite.hpp"
#include "seqnn/training/process_group.hpp"
#include "seqnn/training/samples.hpp"
#include "seqnn/training/score_exchange.hpp"
#include "seqnn/training/shard.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Parts a batch is cut into unless the user says: at most 4, of at least 16 samples, or of 64 where each part's own
/// gradients (and its own reading of the weights) would cost more than a thread gains; 1 where a layer must see the
/// whole batch. A function of model and batch alone: results depend on the number of shards, and must not depend on the
/// machine.
template <class Real>
std::size_t default_shards(const Network<Real>& network, std::size_t batch_size) {
  if (network.whole_batch() != nullptr) return 1;
  constexpr std::size_t kManyParameters = std::size_t{1} << 18;
  const std::size_t samples = network.layout().trainable_extent() > kManyParameters ? 64 : 16;
  return std::clamp<std::size_t>(batch_size / samples, 1, 4);
}

/// Training steps. One parallel region computes gradients shard by shard, a second adds them up in the order of the
/// shards and updates the parameters; results are the same for any number of threads. Steps allocate nothing. In a
/// group of processes each computes its own of the shards, and all of them the same updates.
template <class Real>
class Trainer {
 public:
  /// @param batch_size  most samples in a step
  /// @param shards      0: default_shards
  /// @param states      of a stateful network, for as many samples as a batch has
  /// @param processes   that share the shards of each step; null: this one alone
  /// @throws OptionError for several shards or processes where a layer must see the whole batch
  SEQNN_COLD Trainer(Network<Real>& network, const Objective<Real>& objective, Optimizer<Real>& optimizer,
                     ThreadTeam& team, const Samples<Real>& samples, std::size_t batch_size, std::size_t shards,
                     std::uint64_t seed, States<Real>* states = nullptr, ProcessGroup* processes = nullptr)
      : network_(&network), optimizer_(&optimizer), team_(&team), samples_(&samples), seed_(seed) {
    if (shards == 0) shards = default_shards(network, batch_size);
    shards = std::min(shards, batch_size);
    const auto* const whole = network.whole_batch();
    if (whole != nullptr && shards > 1) {
      throw OptionError(text("shards: must be 1, or 0 for the standard, as ", whole->title(),
                             " takes statistics of the whole batch, got ", shards));
    }
    shard_count_ = shards;
    if (processes != nullptr) {
      if (whole != nullptr && processes->size() > 1) {
        throw OptionError(text("fit: must run in one process, as ", whole->title(),
                               " takes statistics of the whole batch, got ", processes->size(), " processes"));
      }
      exchange_.emplace(*processes, shards, network.layout().trainable_extent(), objective.sum_count());
      first_shard_ = exchange_->first_shard();
    }
    const std::size_t end_shard = exchange_ ? exchange_->end_shard() : shards;
    const std::size_t largest = (batch_size + shards - 1) / shards;
    const std::size_t tile = tile_size(network, samples.x_shape(), largest, true);
    for (std::size_t s = first_shard_; s < end_shard; ++s) {
      shards_.push_back(std::make_unique<Shard<Real>>(network, objective, samples, tile, true, states));
    }
    if (whole != nullptr) shards_.front()->let_move(network.parameters().data());
    score_.metrics.resize(objective.sum_count());
  }

  /// One step on these samples. @return score of the batch, with the parameters before the step
  const Score& step(std::span<const std::size_t> batch, std::uint32_t step) {
    const Real scale = Real(1) / static_cast<Real>(batch.size());
    team_->run(shards_.size(), [&](std::size_t s) {
      const auto [begin, end] = part(batch.size(), s);
      shards_[s]->train(*samples_, batch.subspan(begin, end - begin), begin, scale, seed_, step);
    });
    score_.reset();
    if (exchange_) {
      exchange_->add_up(shards_, step, score_);
    } else {
      for (const auto& shard : shards_) score_.add(shard->score());
    }
    const double factor = mask_factor(score_);
    score_.loss *= factor;
    score_.loss += network_->penalty() * static_cast<double>(batch.size());
    const bool finite = std::isfinite(score_.loss);
    if (!finite && finite_) first_non_finite_ = find_non_finite(batch, step);  // before the update spreads it
    finite_ = finite;
    update(static_cast<Real>(factor));
    ++steps_;
    return score_;
  }

  /// Where numbers stopped being finite in the first step that had no finite loss, of the last row of such steps; empty
  /// if there was none.
  const std::string& first_non_finite() const { return first_non_finite_; }

  /// Parts a batch is cut into, by all processes together.
  std::size_t shards() const { return shard_count_; }

  /// Lets processes that go on with steps be noticed before they are waited for elsewhere. @throws ProcessGroupError
  void meet_after_epoch(std::size_t epoch) {
    if (exchange_) exchange_->meet_after_epoch(epoch);
  }
  void meet_at_end() {
    if (exchange_) exchange_->meet_at_end();
  }

 private:
  /// Numbers that are added up and updated by one thread at a time: 128 KB of floats, so that they stay in L2.
  static constexpr std::size_t kChunk = std::size_t{1} << 15;

  /// @param factor  of the sum of the shards' gradients: they cannot know how many rows of the batch masks leave
  void update(Real factor) {
    Buffer<Real>& total = exchange_ ? exchange_->total() : shards_.front()->gradients();
    const std::size_t summands = exchange_ ? 1 : shards_.size();
    const std::size_t chunks = (total.size() + kChunk - 1) / kChunk;
    const auto parameters = network_->parameters().first(total.size());
    const auto sum = [&](std::size_t begin, std::size_t count) {
      for (std::size_t s = 1; s < summands; ++s) {
        add(count, shards_[s]->gradients().data() + begin, total.data() + begin);
      }
      if (factor != 1) seqnn::scale(count, factor, total.data() + begin);
      network_->add_penalty_gradient(begin, count, total.data());
    };
    const auto length = [&](std::size_t chunk) { return std::min(kChunk, total.size() - chunk * kChunk); };
    const bool whole = optimizer_->needs_all_gradients();
    if (whole) team_->run(chunks, [&](std::size_t chunk) { sum(chunk * kChunk, length(chunk)); });
    optimizer_->begin_step(total);
    team_->run(chunks, [&](std::size_t chunk) {
      if (!whole) sum(chunk * kChunk, length(chunk));
      optimizer_->update(chunk * kChunk, length(chunk), parameters, total);
    });
    const std::size_t constrained = network_->constrained_count();  // a norm may reach over chunks
    if (constrained > 0) team_->run(constrained, [&](std::size_t i) { network_->constrain(i); });
  }

  SEQNN_COLD std::string find_non_finite(std::span<const std::size_t> batch, std::uint32_t step) {
    const std::string parameter = non_finite_parameter(*network_, steps_ == 0);
    if (!parameter.empty()) return parameter;
    NonFiniteOutput first;
    for (std::size_t s = 0; s < shards_.size(); ++s) {
      const auto [begin, end] = part(batch.size(), s);
      const auto found = shards_[s]->find_non_finite(*samples_, batch.subspan(begin, end - begin), begin, seed_, step);
      if (found.layer < first.layer) first = found;
    }
    if (exchange_) first = exchange_->first_of(first);
    return describe(*network_, first);
  }

  /// The samples of a batch that the process's shard `s` gets: from first on, up to second.
  std::pair<std::size_t, std::size_t> part(std::size_t batch, std::size_t s) const {
    return {batch * (first_shard_ + s) / shard_count_, batch * (first_shard_ + s + 1) / shard_count_};
  }

  Network<Real>* network_;
  Optimizer<Real>* optimizer_;
  ThreadTeam* team_;
  const Samples<Real>* samples_;
  std::uint64_t seed_;
  std::size_t shard_count_ = 0;
  std::size_t first_shard_ = 0;
  std::vector<std::unique_ptr<Shard<Real>>> shards_;  // those of this process
  std::optional<GradientExchange<Real>> exchange_;
  Score score_;
  std::size_t steps_ = 0;
  bool finite_ = true;  // the loss of the last step
  std::string first_non_finite_;
};

/// Passes samples through a network without training: evaluation and prediction, the samples in chunks over the
/// threads. Results do not depend on threads or chunks.
template <class Real>
class Evaluator {
 public:
  /// @param processes  that share the chunks of `evaluate`; null: this one alone
  SEQNN_COLD Evaluator(const Network<Real>& network, const Objective<Real>& objective, ThreadTeam& team,
                       const Samples<Real>& samples, std::size_t batch_size, States<Real>* states = nullptr,
                       ProcessGroup* processes = nullptr)
      : network_(&network), team_(&team), samples_(&samples), processes_(processes) {
    const std::size_t tile = tile_size(network, samples.x_shape(), std::min(batch_size, samples.count()), false);
    // Batches that continue each other come one after the other, on one thread.
    chunk_ = states == nullptr ? kChunk : batch_size;
    chunks_ = (samples.count() + chunk_ - 1) / chunk_;
    for (std::size_t i = 0; i < (states == nullptr ? std::min(team.size(), chunks_) : 1); ++i) {
      lanes_.push_back(std::make_unique<Shard<Real>>(network, objective, samples, tile, false, states));
    }
    scores_.resize(chunks_);
    for (auto& score : scores_) score.metrics.resize(objective.sum_count());
    total_.metrics.resize(objective.sum_count());
  }

  /// Score of all samples with the present parameters.
  const Score& evaluate() {
    if (processes_ == nullptr) {
      pass(0, chunks_, nullptr, 0);
    } else {
      const std::size_t rank = processes_->rank();
      pass(share_begin(*processes_, chunks_, rank), share_begin(*processes_, chunks_, rank + 1), nullptr, 0);
      gather_scores(*processes_, scores_);
    }
    total_.reset();
    for (const auto& score : scores_) total_.add(score);
    total_.loss *= mask_factor(total_);
    total_.loss += network_->penalty() * static_cast<double>(total_.samples);
    return total_;
  }

  /// Outputs of all samples. @param width  outputs a sample
  void predict(Real* outputs, std::size_t width) { pass(0, chunks_, outputs, width); }

 private:
  /// Samples whose sums are gathered together: fixed, so that sums are the same for any number of threads.
  static constexpr std::size_t kChunk = 256;

  /// Passes the samples of these chunks through; writes their outputs, or without `outputs` the scores of the chunks.
  void pass(std::size_t first_chunk, std::size_t end_chunk, Real* outputs, std::size_t width) {
    team_->run(lanes_.size(), [&](std::size_t l) {
      Shard<Real>& lane = *lanes_[l];
      lane.begin_inference();
      for (std::size_t chunk = first_chunk + l; chunk < end_chunk; chunk += lanes_.size()) {
        const std::size_t begin = chunk * chunk_;
        const std::size_t end = std::min(begin + chunk_, samples_->count());
        if (outputs != nullptr) {
          lane.predict(*samples_, begin, end, outputs + begin * width);
        } else {
          lane.reset_score();
          lane.evaluate(*samples_, begin, end);
          scores_[chunk] = lane.score();
        }
      }
    });
  }

  const Network<Real>* network_;
  ThreadTeam* team_;
  const Samples<Real>* samples_;
  ProcessGroup* processes_;
  std::size_t chunk_ = kChunk;
  std::size_t chunks_ = 0;
  std::vector<std::unique_ptr<Shard<Real>>> lanes_;
  std::vector<Score> scores_;
  Score total_;
};

}  // namespace seqnn::inline SEQNN_ABI
