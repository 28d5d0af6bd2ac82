#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/kernels/updates.hpp"
#include "seqnn/training/non_finite.hpp"
#include "seqnn/training/process_group.hpp"
#include "seqnn/training/score_exchange.hpp"
#include "seqnn/training/shard.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <span>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Training steps of several processes: each computes some of a step's shards, and every one gets the sums over all of
/// them, added in the order of the shards. So results have the bits of a single process, however shards are spread.
///
/// A rank adds up one stretch of the gradients: it gets that stretch of every shard (one all-to-all) and hands the sums
/// and the scores of its own shards to all (one all-gather). With G bytes of gradients, S shards and R ranks a rank
/// sends about G·(S/R + 1)·(R - 1)/R bytes a step; sending all shards to everybody would be G·S/R·(R - 1).
///
/// Every block begins with the number of the step, so that a rank whose training has ended (or got ahead) is noticed.
template <class Real>
class GradientExchange {
 public:
  /// @param shards  parts a batch is cut into, by all processes together
  /// @param extent  of the gradients, a multiple of the cache line
  /// @param sums    of a score's metrics
  SEQNN_COLD GradientExchange(ProcessGroup& group, std::size_t shards, std::size_t extent, std::size_t sums)
      : group_(&group), shards_(shards), extent_(extent) {
    const std::size_t ranks = group.size();
    const std::size_t rank = group.rank();
    const std::size_t own = end_shard() - first_shard();
    const std::size_t stretch = stretch_begin(rank + 1) - stretch_begin(rank);
    score_.metrics.resize(sums);
    for (std::size_t r = 0; r < ranks; ++r) {
      const std::size_t its_shards = shard_begin(r + 1) - shard_begin(r);
      const std::size_t its_stretch = stretch_begin(r + 1) - stretch_begin(r);
      to_sizes_.push_back(kHeader + own * its_stretch * sizeof(Real));
      from_sizes_.push_back(kHeader + its_shards * stretch * sizeof(Real));
      result_sizes_.push_back(its_stretch * sizeof(Real) + ProcessGroup::block_size(its_shards * score_bytes(score_)));
    }
    const auto sum = [](const auto& sizes) { return std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}); };
    sent_.assign(sum(to_sizes_), std::byte{0});
    received_.assign(sum(from_sizes_), std::byte{0});
    result_.assign(result_sizes_[rank], std::byte{0});
    results_.assign(sum(result_sizes_), std::byte{0});
    total_.assign(extent, Real{0});
  }

  /// The shards of this process: [first_shard, end_shard), none if there are more processes than shards.
  std::size_t first_shard() const { return shard_begin(group_->rank()); }
  std::size_t end_shard() const { return shard_begin(group_->rank() + 1); }

  /// Sums over all shards of the last `add_up`.
  Buffer<Real>& total() { return total_; }

  /// Adds the gradients and scores of all processes' shards to `total()` and `score`, from zero. Allocates nothing.
  /// @param own  the shards of this process
  /// @throws ProcessGroupError in every process if they are not at the same step
  void add_up(std::span<const std::unique_ptr<Shard<Real>>> own, std::uint64_t step, Score& score) {
    exchange_stretches(own, step);
    add_stretch();
    std::byte* to = result_.data() + stretch_bytes(group_->rank());
    for (const auto& shard : own) to = write_score(shard->score(), to);
    group_->all_gather(result_, results_, result_sizes_);
    const std::byte* from = results_.data();
    for (std::size_t r = 0; r < group_->size(); ++r) {
      std::memcpy(total_.data() + stretch_begin(r), from, stretch_bytes(r));
      const std::byte* scores = from + stretch_bytes(r);
      for (std::size_t s = shard_begin(r); s < shard_begin(r + 1); ++s) {
        scores = read_score(scores, score_);
        score.add(score_);
      }
      from += result_sizes_[r];
    }
  }

  /// The first layer that any process has found to be not finite.
  SEQNN_COLD NonFiniteOutput first_of(NonFiniteOutput found) {
    constexpr std::size_t kBlock = ProcessGroup::block_size(sizeof found);
    std::vector<std::byte> sent(kBlock);
    std::vector<std::byte> received(kBlock * group_->size());
    std::memcpy(sent.data(), &found, sizeof found);
    group_->all_gather(sent, received, std::vector<std::size_t>(group_->size(), kBlock));
    NonFiniteOutput first;
    for (std::size_t r = 0; r < group_->size(); ++r) {
      std::memcpy(&found, received.data() + r * kBlock, sizeof found);
      if (found.layer < first.layer) first = found;
    }
    return first;
  }

  /// Called before what is not a step: the validation of an epoch, or the end.
  /// @throws ProcessGroupError in every process if others go on with steps
  void meet_after_epoch(std::uint64_t epoch) { exchange_stretches({}, kEpoch | epoch); }
  void meet_at_end() { exchange_stretches({}, kEnd); }

 private:
  static constexpr std::size_t kHeader = ProcessGroup::kBlockStep;
  static constexpr std::uint64_t kEpoch = std::uint64_t{1} << 62;  // beside the numbers of steps
  static constexpr std::uint64_t kEnd = std::uint64_t{1} << 63;

  std::size_t shard_begin(std::size_t rank) const { return share_begin(*group_, shards_, rank); }

  /// Where the part of the gradients begins that a rank adds up: at a cache line.
  std::size_t stretch_begin(std::size_t rank) const {
    constexpr std::size_t kStep = ProcessGroup::kBlockStep / sizeof(Real);
    return extent_ / kStep * rank / group_->size() * kStep;
  }
  std::size_t stretch_bytes(std::size_t rank) const {
    return (stretch_begin(rank + 1) - stretch_begin(rank)) * sizeof(Real);
  }

  void exchange_stretches(std::span<const std::unique_ptr<Shard<Real>>> own, std::uint64_t step) {
    std::byte* to = sent_.data();
    for (std::size_t r = 0; r < group_->size(); ++r) {
      std::memcpy(to, &step, sizeof step);
      std::byte* stretch = to + kHeader;
      for (const auto& shard : own) {
        std::memcpy(stretch, shard->gradients().data() + stretch_begin(r), stretch_bytes(r));
        stretch += stretch_bytes(r);
      }
      to += to_sizes_[r];
    }
    group_->all_to_all(sent_, to_sizes_, received_, from_sizes_);
    check_step(step);
  }

  /// The gradients of all shards in this rank's stretch, added in their order.
  void add_stretch() {
    const std::size_t count = stretch_bytes(group_->rank()) / sizeof(Real);
    Real* const sum = reinterpret_cast<Real*>(result_.data());
    const std::byte* from = received_.data();
    for (std::size_t r = 0; r < group_->size(); ++r) {
      const Real* gradients = reinterpret_cast<const Real*>(from + kHeader);
      for (std::size_t s = shard_begin(r); s < shard_begin(r + 1); ++s, gradients += count) {
        if (s == 0) {
          std::copy_n(gradients, count, sum);
        } else {
          add(count, gradients, sum);
        }
      }
      from += from_sizes_[r];
    }
  }

  void check_step(std::uint64_t step) const {
    const std::byte* from = received_.data();
    for (std::size_t r = 0; r < group_->size(); ++r) {
      std::uint64_t its_step = 0;
      std::memcpy(&its_step, from, sizeof its_step);
      if (its_step != step) throw_other_step(step, r, its_step);
      from += from_sizes_[r];
    }
  }

  [[noreturn]] SEQNN_COLD void throw_other_step(std::uint64_t step, std::size_t rank, std::uint64_t its_step) const {
    const auto shown = [](std::uint64_t s) {
      if (s == kEnd) return std::string("at its end");
      return s >= kEpoch ? text("after epoch ", s - kEpoch + 1) : text("in step ", s + 1);
    };
    throw ProcessGroupError(text("fit: all ranks must take the same steps, got rank ", group_->rank(), ' ', shown(step),
                                 " and rank ", rank, ' ', shown(its_step),
                                 "; callbacks must stop the training on all ranks alike"));
  }

  ProcessGroup* group_;
  std::size_t shards_;
  std::size_t extent_;
  std::vector<std::size_t> to_sizes_;      // by rank: header, its stretch of each of our shards
  std::vector<std::size_t> from_sizes_;    // by rank: header, our stretch of each of its shards
  std::vector<std::size_t> result_sizes_;  // by rank: sums over its stretch, scores of its shards
  Buffer<std::byte> sent_;
  Buffer<std::byte> received_;
  Buffer<std::byte> result_;
  Buffer<std::byte> results_;
  Buffer<Real> total_;
  Score score_;
};

}  // namespace seqnn::inline SEQNN_ABI
