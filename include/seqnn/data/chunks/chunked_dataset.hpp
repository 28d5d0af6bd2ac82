#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/random.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/chunks/chunk_files.hpp"
#include "seqnn/data/chunks/chunk_schedule.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

struct ChunkOptions {
  std::size_t ahead = 1;  ///< chunks loaded before they are needed; memory holds two more
};

/// A data set whose samples lie in files, too many for memory: a background thread reads the next chunks while training
/// uses the present one.
///
/// Memory holds at most `ahead` + 2 chunks: the present one, the one before, which a batch may share with it, and those
/// read ahead. It is taken once; gathering allocates nothing.
///
/// When `fit` shuffles, it shuffles by chunks: their order is new in every pass, and the samples within each. Samples
/// of distant chunks do not meet in a batch, so files should not be sorted by target. Without shuffling samples come in
/// the order of the files. Any other order of `gather` is right as well, but may read a file for every sample.
///
/// Throws  FileError if a file cannot be read, when its samples are asked for; a later call tries again
template <class X, class Y = X>
class ChunkedDataset {
 public:
  explicit ChunkedDataset(std::unique_ptr<const ChunkFiles<X, Y>> files, const ChunkOptions& options = {})
      : files_(std::move(files)),
        x_shape_(files_->x_shape()),
        y_shape_(files_->y_shape()),
        x_size_(element_count(x_shape_)),
        y_size_(element_count(y_shape_)),
        ahead_(options.ahead),
        schedule_(files_->chunks(), options.ahead) {
    if (files_->chunks() == 0) throw DataError("ChunkedDataset: must have at least one file, got none");
    if (ahead_ == 0) throw OptionError("ChunkedDataset: ahead must be at least 1, got 0");
    std::size_t largest = 0;
    first_.push_back(0);
    for (std::size_t chunk = 0; chunk < files_->chunks(); ++chunk) {
      first_.push_back(first_.back() + files_->samples(chunk));
      largest = std::max(largest, files_->samples(chunk));
    }
    slots_.resize(std::min(ahead_ + 2, files_->chunks()));
    for (Slot& slot : slots_) {
      slot.x.resize(largest * x_size_);
      slot.y.resize(largest * y_size_);
    }
    urgent_.reserve(files_->chunks());
    loader_ = std::thread([this] { load(); });
  }

  ~ChunkedDataset() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    loader_.join();
  }

  ChunkedDataset(const ChunkedDataset&) = delete;
  ChunkedDataset& operator=(const ChunkedDataset&) = delete;

  std::size_t size() const { return first_.back(); }
  Shape x_shape() const { return x_shape_; }
  Shape y_shape() const { return y_shape_; }
  std::size_t chunks() const { return first_.size() - 1; }

  /// Most chunks in memory.
  std::size_t memory_chunks() const { return slots_.size(); }

  /// Seconds that calls of `gather` have waited for a file, added up over all threads.
  double stalled() const {
    const std::lock_guard lock(mutex_);
    return stalled_.count();
  }

  /// Writes these samples; any number of threads at once. @throws FileError
  void gather(std::span<const std::size_t> indices, std::span<X> x, std::span<Y> y) const {
    for (std::size_t i = 0; i < indices.size();) {
      const std::size_t chunk = chunk_of(indices[i]);
      const Slot& slot = hold(chunk);
      for (; i < indices.size() && first_[chunk] <= indices[i] && indices[i] < first_[chunk + 1]; ++i) {
        const std::size_t row = indices[i] - first_[chunk];
        std::copy_n(slot.x.data() + row * x_size_, x_size_, x.data() + i * x_size_);
        std::copy_n(slot.y.data() + row * y_size_, y_size_, y.data() + i * y_size_);
      }
      release(slot);
    }
  }

  /// The chunks in random order, and the samples within each: a function of seed and pass. Begins to load.
  void order(std::uint64_t seed, std::size_t pass, std::span<std::size_t> order) const {
    const std::lock_guard lock(mutex_);
    schedule_.announce(seed, pass);
    for (const std::size_t chunk : schedule_.announced()) {
      const auto samples = order.first(first_[chunk + 1] - first_[chunk]);
      for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = first_[chunk] + i;
      RandomStream random({.seed = seed,
                           .purpose = Purpose::shuffle,
                           .index = 3,
                           .step = static_cast<std::uint32_t>(pass),
                           .sample = static_cast<std::uint32_t>(chunk)});
      shuffle(samples, random);
      order = order.subspan(samples.size());
    }
    wake_.notify_all();
  }

 private:
  enum class State { empty, loading, ready, failed };

  /// Room for a chunk.
  struct Slot {
    State state = State::empty;
    std::size_t chunk = 0;
    std::size_t holders = 0;      // threads that copy from it
    std::uint64_t last_used = 0;  // by the clock of requests
    std::exception_ptr failure;
    Buffer<X> x;
    Buffer<Y> y;
  };

  std::size_t chunk_of(std::size_t sample) const {
    return static_cast<std::size_t>(std::upper_bound(first_.begin(), first_.end(), sample) - first_.begin()) - 1;
  }

  Slot* find(std::size_t chunk) const {
    for (Slot& slot : slots_) {
      if (slot.state != State::empty && slot.chunk == chunk) return &slot;
    }
    return nullptr;
  }

  /// Waits until a chunk is there, and keeps it until `release`.
  const Slot& hold(std::size_t chunk) const {
    std::unique_lock lock(mutex_);
    const std::size_t before = schedule_.position();
    schedule_.ask(chunk);
    if (schedule_.position() != before) wake_.notify_all();
    Slot* slot = find(chunk);
    if (slot == nullptr || slot->state == State::loading) {
      const auto start = std::chrono::steady_clock::now();
      while ((slot = find(chunk)) == nullptr || slot->state == State::loading) {
        if (slot == nullptr && std::find(urgent_.begin(), urgent_.end(), chunk) == urgent_.end()) {
          urgent_.push_back(chunk);
          wake_.notify_all();
        }
        changed_.wait(lock);
      }
      stalled_ += std::chrono::steady_clock::now() - start;
    }
    if (slot->state == State::failed) {
      slot->state = State::empty;
      changed_.notify_all();  // others that wait for it ask again
      std::rethrow_exception(std::exchange(slot->failure, nullptr));
    }
    ++slot->holders;
    slot->last_used = ++clock_;
    return *slot;
  }

  void release(const Slot& held) const {
    const std::lock_guard lock(mutex_);
    Slot& slot = slots_[static_cast<std::size_t>(&held - slots_.data())];
    if (--slot.holders == 0 && no_room_) wake_.notify_all();
  }

  /// What the background thread does: reads chunks that are waited for, then those that come next.
  void load() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      no_room_ = false;
      Slot* const slot = next_load();
      if (slot == nullptr) {
        wake_.wait(lock);
        continue;
      }
      lock.unlock();
      std::exception_ptr failure;
      try {
        const std::size_t n = files_->samples(slot->chunk);
        files_->read(slot->chunk, std::span(slot->x).first(n * x_size_), std::span(slot->y).first(n * y_size_));
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      slot->state = failure ? State::failed : State::ready;
      slot->failure = failure;
      slot->last_used = ++clock_;
      changed_.notify_all();
    }
  }

  /// The slot to read a chunk into next, which then is loading; null if there is nothing to read or no room.
  Slot* next_load() {
    if (!urgent_.empty()) {
      Slot* slot = room(false);
      if (slot == nullptr) slot = room(true);
      if (slot == nullptr) return nullptr;
      begin(*slot, urgent_.front());
      urgent_.erase(urgent_.begin());
      return slot;
    }
    if (!schedule_.known()) return nullptr;
    for (std::size_t step = 0; step <= ahead_; ++step) {
      const std::size_t chunk = schedule_.at(schedule_.position() + step);
      if (find(chunk) != nullptr) continue;
      Slot* const slot = room(false);
      if (slot != nullptr) begin(*slot, chunk);
      return slot;
    }
    return nullptr;
  }

  static void begin(Slot& slot, std::size_t chunk) {
    slot.state = State::loading;
    slot.chunk = chunk;
    slot.failure = nullptr;
  }

  /// An empty slot, or the one unused for longest that nobody holds.
  /// @param needed  whether it may be one whose chunk is soon needed
  Slot* room(bool needed) {
    Slot* best = nullptr;
    for (Slot& slot : slots_) {
      if (slot.state == State::empty) return &slot;
      if (slot.state == State::loading || slot.holders > 0 || (!needed && schedule_.soon(slot.chunk))) continue;
      if (best == nullptr || slot.last_used < best->last_used) best = &slot;
    }
    no_room_ = best == nullptr;
    return best;
  }

  std::unique_ptr<const ChunkFiles<X, Y>> files_;
  Shape x_shape_;
  Shape y_shape_;
  std::size_t x_size_;
  std::size_t y_size_;
  std::size_t ahead_;
  std::vector<std::size_t> first_;  // sample of each chunk, and one past the last

  mutable std::mutex mutex_;                 // of all below, but the contents of slots that are loading or held
  mutable std::condition_variable wake_;     // there may be something to load
  mutable std::condition_variable changed_;  // a chunk has come
  mutable ChunkSchedule schedule_;
  mutable std::vector<Slot> slots_;
  mutable std::vector<std::size_t> urgent_;  // chunks that threads wait for
  mutable std::chrono::duration<double> stalled_{0};
  mutable std::uint64_t clock_ = 0;
  bool no_room_ = false;  // whether the background thread waits for a slot that nobody holds
  bool stopping_ = false;
  std::thread loader_;
};

}  // namespace seqnn::inline SEQNN_ABI
