#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/training/process_group.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

/// What `ThreadGroup` throws where processes would be ended.
struct Aborted : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Threads that stand in for the processes of a group, so that what they exchange can be tested in one program.
class ThreadGroup {
 public:
  class Member final : public seqnn::ProcessGroup {
   public:
    Member(ThreadGroup& group, std::size_t rank) : group_(&group), rank_(rank) {}
    std::size_t rank() const override { return rank_; }
    std::size_t size() const override { return group_->sent_.size(); }
    void all_to_all(std::span<const std::byte> sent, std::span<const std::size_t> sent_sizes,
                    std::span<std::byte> received, std::span<const std::size_t> received_sizes) override {
      group_->exchange(rank_, sent, sent_sizes, received, received_sizes);
    }
    void all_gather(std::span<const std::byte> sent, std::span<std::byte> received,
                    std::span<const std::size_t> sizes) override {
      group_->exchange(rank_, sent, {}, received, sizes);
    }
    void abort(const std::string& message) override { group_->abort(message); }

   private:
    ThreadGroup* group_;
    std::size_t rank_;
  };

  /// Calls `work(member)` on as many threads, and returns by rank what they threw: "" for nothing.
  template <class Work>
  static std::vector<std::string> run(std::size_t size, Work&& work) {
    ThreadGroup group(size);
    std::vector<std::string> thrown(size);
    std::vector<std::thread> threads;
    for (std::size_t rank = 0; rank < size; ++rank) {
      threads.emplace_back([&, rank] {
        Member member(group, rank);
        try {
          work(member);
        } catch (const std::exception& error) {
          thrown[rank] = error.what();
        }
      });
    }
    for (auto& thread : threads) thread.join();
    return thrown;
  }

 private:
  struct Sent {
    std::span<const std::byte> bytes;
    std::span<const std::size_t> sizes;  // by rank; empty: all bytes go to every rank
  };

  explicit ThreadGroup(std::size_t size) : sent_(size) {}

  void exchange(std::size_t rank, std::span<const std::byte> bytes, std::span<const std::size_t> sizes,
                std::span<std::byte> received, std::span<const std::size_t> received_sizes) {
    sent_[rank] = {bytes, sizes};
    wait_for_all();
    std::byte* to = received.data();
    for (std::size_t from = 0; from < sent_.size(); ++from) {
      const auto& [all, parts] = sent_[from];
      const std::size_t begin =
          parts.empty() ? 0 : std::accumulate(parts.begin(), parts.begin() + static_cast<long>(rank), std::size_t{0});
      const std::size_t size = parts.empty() ? all.size() : parts[rank];
      if (size != received_sizes[from] || size % seqnn::ProcessGroup::kBlockStep != 0) abort("blocks of other sizes");
      to = std::copy_n(all.data() + begin, size, to);
    }
    wait_for_all();
  }

  void wait_for_all() {
    std::unique_lock lock(mutex_);
    const std::size_t round = round_;
    if (++waiting_ == sent_.size()) {
      waiting_ = 0;
      ++round_;
      all_here_.notify_all();
    }
    all_here_.wait(lock, [&] { return round_ != round || !aborted_.empty(); });
    if (round_ == round) throw Aborted("aborted: " + aborted_);
  }

  void abort(const std::string& message) {
    const std::lock_guard lock(mutex_);
    if (aborted_.empty()) aborted_ = message;
    all_here_.notify_all();
  }

  std::vector<Sent> sent_;
  std::mutex mutex_;
  std::condition_variable all_here_;
  std::size_t waiting_ = 0;
  std::size_t round_ = 0;
  std::string aborted_;
};
