#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Processes, on one machine or many, that work on one task and exchange what they computed; `Communicator` of
/// seqnn/mpi/ is one. All must make the same calls in the same order: each call waits for the others.
///
/// What is exchanged are blocks of bytes, as many as there are ranks, one behind the other in the order of the ranks.
/// Sizes of blocks, which both sides know, are multiples of `kBlockStep`.
class ProcessGroup {
 public:
  static constexpr std::size_t kBlockStep = 64;

  ProcessGroup() = default;
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;
  virtual ~ProcessGroup() = default;

  /// The number of this process, below `size`.
  virtual std::size_t rank() const = 0;

  /// How many processes there are.
  virtual std::size_t size() const = 0;

  /// Sends block r of `sent` to rank r, and receives a block from each.
  virtual void all_to_all(std::span<const std::byte> sent, std::span<const std::size_t> sent_sizes,
                          std::span<std::byte> received, std::span<const std::size_t> received_sizes) = 0;

  /// Sends one block to all ranks, this one too, and receives those of all. @param sizes  of the blocks by rank
  virtual void all_gather(std::span<const std::byte> sent, std::span<std::byte> received,
                          std::span<const std::size_t> sizes) = 0;

  /// Ends the other processes, which would wait for this one, and says why. Over MPI it ends this one too.
  virtual void abort(const std::string& message) = 0;

  /// The next multiple of `kBlockStep`.
  static constexpr std::size_t block_size(std::size_t bytes) {
    return (bytes + kBlockStep - 1) / kBlockStep * kBlockStep;
  }
};

/// What every process of a group has noticed at the same place, so that none is left waiting.
class ProcessGroupError : public Error {
 public:
  using Error::Error;
};

/// A number that must be the same in all processes.
struct Agreed {
  const char* name;
  std::uint64_t value;
  const char* repair = "";  ///< what to do if it is not
  bool shown = true;        ///< whether the number says something to the user
};

/// Compares these numbers between all processes.
/// @throws ProcessGroupError in every process, naming the first that differs
SEQNN_COLD inline void agree(ProcessGroup& group, const char* caller, std::span<const Agreed> numbers) {
  const std::size_t block = ProcessGroup::block_size(numbers.size() * sizeof(std::uint64_t));
  std::vector<std::byte> sent(block);
  std::vector<std::byte> received(block * group.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    std::memcpy(sent.data() + i * sizeof(std::uint64_t), &numbers[i].value, sizeof(std::uint64_t));
  }
  group.all_gather(sent, received, std::vector<std::size_t>(group.size(), block));
  const auto number = [&](std::size_t rank, std::size_t i) {
    std::uint64_t value = 0;
    std::memcpy(&value, received.data() + rank * block + i * sizeof value, sizeof value);
    return value;
  };
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    for (std::size_t rank = 1; rank < group.size(); ++rank) {
      if (number(rank, i) == number(0, i)) continue;
      const std::string got = numbers[i].shown
                                  ? text(number(0, i), " on rank 0 and ", number(rank, i), " on rank ", rank)
                                  : text("others on rank ", rank, " than on rank 0");
      throw ProcessGroupError(text(caller, ": ", numbers[i].name, " must be the same on all ranks, got ", got,
                                   numbers[i].repair[0] == '\0' ? "" : "; ", numbers[i].repair));
    }
  }
}

/// A number that tells whether bytes are the same (FNV-1a, on words of 8 bytes).
SEQNN_COLD inline std::uint64_t fingerprint(std::span<const std::byte> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min(sizeof word, bytes.size() - at));
    hash = (hash ^ word) * 0x100000001b3U;
  }
  return hash;
}

}  // namespace seqnn::inline SEQNN_ABI
