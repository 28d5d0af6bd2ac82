#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/denormals.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "seqnn/walkforward/point_forecaster.hpp"
#include "seqnn/walkforward/point_outcome.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Threads, each with a forecaster of its own, that compute chains of points one after another while another thread
/// takes the outcomes. Destroying it lets the points that are being computed come to their end, and no others.
class PointWorkers {
 public:
  /// Computes these chains.
  /// @throws as below
  SEQNN_COLD PointWorkers(const WalkForwardPlan& plan, const std::vector<PointChain>& chains,
                          const PointForecasterFactory& factory, std::size_t threads)
      : PointWorkers(plan, factory, threads) {
    for (const PointChain& chain : chains) add(chain);
    const std::lock_guard lock(mutex_);
    complete_ = true;
    given_.notify_all();
  }

  /// Makes the forecasters, on this thread, and begins with what `add` gives. Refers to the plan.
  /// @throws what the factory throws; StateError if it gives none
  SEQNN_COLD PointWorkers(const WalkForwardPlan& plan, const PointForecasterFactory& factory, std::size_t threads)
      : plan_(&plan), working_(threads) {
    if (!factory) throw StateError("run_walk_forward: factory must make forecasters, got an empty function");
    for (std::size_t i = 0; i < threads; ++i) {
      forecasters_.push_back(factory());
      if (forecasters_.back() == nullptr)
        throw StateError("run_walk_forward: factory must make a forecaster, got null");
    }
    try {
      for (const auto& forecaster : forecasters_) threads_.emplace_back([this, &forecaster] { work(*forecaster); });
    } catch (...) {
      stop();
      throw;
    }
  }
  PointWorkers(const PointWorkers&) = delete;
  PointWorkers& operator=(const PointWorkers&) = delete;
  SEQNN_COLD ~PointWorkers() { stop(); }

  /// Another chain to compute, after those given before.
  SEQNN_COLD void add(const PointChain& chain) {
    const std::lock_guard lock(mutex_);
    chains_.push_back(chain);
    given_.notify_one();
  }

  /// Waits for the next outcome; nothing once all have been given, if the constructor was given all chains.
  SEQNN_COLD std::optional<PointOutcome> next() {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [this] { return !outcomes_.empty() || working_ == 0; });
    return first_outcome();
  }

  /// Waits for the next outcome no longer than this; nothing if none came.
  SEQNN_COLD std::optional<PointOutcome> next_within(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    came_.wait_for(lock, time, [this] { return !outcomes_.empty() || failure_; });
    return first_outcome();
  }

 private:
  void work(PointForecaster& forecaster) {
    const FlushDenormals flush;
    std::exception_ptr failure;
    try {
      while (const auto chain = next_chain()) {
        compute_chain(*plan_, *chain, forecaster, [this](PointOutcome outcome) { return give(std::move(outcome)); });
      }
    } catch (...) {  // no memory for an outcome
      failure = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    if (failure) failure_ = failure;
    --working_;
    came_.notify_one();
  }

  std::optional<PointOutcome> first_outcome() {
    if (outcomes_.empty()) {
      if (failure_) std::rethrow_exception(failure_);
      return std::nullopt;
    }
    PointOutcome outcome = std::move(outcomes_.front());
    outcomes_.pop_front();
    return outcome;
  }

  std::optional<PointChain> next_chain() {
    std::unique_lock lock(mutex_);
    given_.wait(lock, [this] { return stopping_ || complete_ || !chains_.empty(); });
    if (stopping_ || chains_.empty()) return std::nullopt;
    const PointChain chain = chains_.front();
    chains_.pop_front();
    return chain;
  }

  /// Whether to go on.
  bool give(PointOutcome outcome) {
    const std::lock_guard lock(mutex_);
    outcomes_.push_back(std::move(outcome));
    came_.notify_one();
    return !stopping_;
  }

  SEQNN_COLD void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    given_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  const WalkForwardPlan* plan_;
  std::vector<std::unique_ptr<PointForecaster>> forecasters_;
  std::mutex mutex_;
  std::condition_variable given_;      // a chain
  std::condition_variable came_;       // an outcome
  std::deque<PointChain> chains_;      // that nobody has begun
  bool complete_ = false;              // no more will be given
  std::deque<PointOutcome> outcomes_;  // not yet taken, in the order in which they came
  std::size_t working_;                // threads
  bool stopping_ = false;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

}  // namespace seqnn::inline SEQNN_ABI
