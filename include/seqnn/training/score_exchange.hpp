#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/training/process_group.hpp"
#include "seqnn/training/shard.hpp"

#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

// Scores as bytes, for the exchange between processes.

inline std::size_t score_bytes(const Score& score) {
  std::size_t bytes = 0;
  Score::each_number(score, [&](const auto& number) { bytes += sizeof number; });
  return bytes;
}

/// @return where the next one goes
inline std::byte* write_score(const Score& score, std::byte* to) {
  Score::each_number(score, [&](const auto& number) {
    std::memcpy(to, &number, sizeof number);
    to += sizeof number;
  });
  return to;
}

/// @return where the next one is
inline const std::byte* read_score(const std::byte* from, Score& score) {
  Score::each_number(score, [&](auto& number) {
    std::memcpy(&number, from, sizeof number);
    from += sizeof number;
  });
  return from;
}

/// Of `count` parts of a task, which process does which: [begin(r), begin(r + 1)), as even as can be.
inline std::size_t share_begin(const ProcessGroup& group, std::size_t count, std::size_t rank) {
  return count * rank / group.size();
}

/// Gives every process the scores that each has for its share of them.
SEQNN_COLD inline void gather_scores(ProcessGroup& group, std::span<Score> scores) {
  std::vector<std::size_t> sizes;
  std::size_t all = 0;
  for (std::size_t r = 0; r < group.size(); ++r) {
    const std::size_t share = share_begin(group, scores.size(), r + 1) - share_begin(group, scores.size(), r);
    sizes.push_back(scores.empty() ? 0 : ProcessGroup::block_size(share * score_bytes(scores[0])));
    all += sizes.back();
  }
  std::vector<std::byte> sent(sizes[group.rank()]);
  std::vector<std::byte> received(all);
  std::byte* to = sent.data();
  const std::size_t end = share_begin(group, scores.size(), group.rank() + 1);
  for (std::size_t i = share_begin(group, scores.size(), group.rank()); i < end; ++i) to = write_score(scores[i], to);
  group.all_gather(sent, received, sizes);
  const std::byte* block = received.data();
  for (std::size_t r = 0; r < group.size(); ++r) {
    const std::byte* from = block;
    for (std::size_t i = share_begin(group, scores.size(), r); i < share_begin(group, scores.size(), r + 1); ++i) {
      from = read_score(from, scores[i]);
    }
    block += sizes[r];
  }
}

}  // namespace seqnn::inline SEQNN_ABI
