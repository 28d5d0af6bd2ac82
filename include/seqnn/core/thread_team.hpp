#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/denormals.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace seqnn::inline SEQNN_ABI {

/// A fixed number of threads that work through numbered tasks: shards of a batch, windows of a walk-forward run. Idle
/// threads look for work for 50 µs, which spans the time between two training steps, and then sleep. The caller's
/// thread is one of them, so a team of one starts no thread at all. Every task runs with denormals flushed to zero.
class ThreadTeam {
 public:
  /// @param threads  at least 1; 0 is taken as 1
  explicit ThreadTeam(std::size_t threads = 1) {
    for (std::size_t i = 1; i < threads; ++i) helpers_.emplace_back([this] { help(); });
  }

  ~ThreadTeam() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (auto& helper : helpers_) helper.join();
  }

  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  std::size_t size() const { return helpers_.size() + 1; }

  /// Calls `task(i)` once for every i below `count`, each on some thread of the team, and returns when all are done.
  /// If tasks throw, the exception of the lowest i is rethrown after the others have finished. Allocates nothing.
  template <class Task>
  void run(std::size_t count, Task&& task) {
    using Callable = std::remove_reference_t<Task>;
    start(
        count, [](void* callable, std::size_t i) { (*static_cast<Callable*>(callable))(i); },
        const_cast<void*>(static_cast<const void*>(&task)));
  }

 private:
  using Call = void (*)(void*, std::size_t);

  void start(std::size_t count, Call call, void* callable) {
    std::unique_lock lock(mutex_);
    call_ = call;
    callable_ = callable;
    count_ = count;
    next_ = 0;
    unfinished_ = count;
    failure_ = nullptr;
    finished_.store(count == 0, std::memory_order_release);
    waiting_.store(count > 0, std::memory_order_release);
    if (count > 1) wake_.notify_all();
    work(lock);
    if (unfinished_ > 0) {
      lock.unlock();
      look_for([this] { return finished_.load(std::memory_order_acquire); });
      lock.lock();
    }
    done_.wait(lock, [this] { return unfinished_ == 0; });
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

  void help() {
    std::unique_lock lock(mutex_);
    while (true) {
      if (!stopping_ && next_ >= count_) {
        lock.unlock();
        look_for([this] { return waiting_.load(std::memory_order_acquire); });
        lock.lock();
      }
      wake_.wait(lock, [this] { return stopping_ || next_ < count_; });
      if (stopping_) return;
      work(lock);
    }
  }

  /// Waits until `ready()`, but not for long: waking a thread that sleeps takes longer than many a training step.
  template <class Ready>
  static void look_for(Ready&& ready) {
    const auto start = std::chrono::steady_clock::now();
    while (!ready()) {
      for (int i = 0; i < 64 && !ready(); ++i) {
#if defined(__SSE2__)
        _mm_pause();
#endif
      }
      if (std::chrono::steady_clock::now() - start > std::chrono::microseconds(50)) return;
    }
  }

  /// Takes tasks until none is left; `lock` is held except while a task runs.
  void work(std::unique_lock<std::mutex>& lock) {
    while (next_ < count_) {
      const std::size_t i = next_++;
      if (next_ == count_) waiting_.store(false, std::memory_order_release);
      const Call call = call_;
      void* const callable = callable_;
      lock.unlock();
      std::exception_ptr failure;
      try {
        const FlushDenormals flush;
        call(callable, i);
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      if (failure && (!failure_ || i < failed_)) {
        failure_ = failure;
        failed_ = i;
      }
      if (--unfinished_ == 0) {
        finished_.store(true, std::memory_order_release);
        done_.notify_all();
      }
    }
  }

  std::vector<std::thread> helpers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  Call call_ = nullptr;
  void* callable_ = nullptr;
  std::size_t count_ = 0;
  std::size_t next_ = 0;
  std::size_t unfinished_ = 0;
  std::size_t failed_ = 0;
  std::exception_ptr failure_;
  bool stopping_ = false;
  std::atomic<bool> waiting_ = false;   // hints for look_for, beside what the mutex protects: tasks wait …
  std::atomic<bool> finished_ = false;  // … and all tasks are done
};

}  // namespace seqnn::inline SEQNN_ABI
