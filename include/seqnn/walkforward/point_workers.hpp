#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/denormals.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "seqnn/walkforward/point_forecaster.hpp"
#include "seqnn/walkforward/point_outcome.hpp"

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
  /// Makes the forecasters, on this thread, and begins. Refers to plan and chains.
  /// @throws what the factory throws; StateError if it gives none
  SEQNN_COLD PointWorkers(const WalkForwardPlan& plan, const std::vector<PointChain>& chains,
                          const PointForecasterFactory& factory, std::size_t threads)
      : plan_(&plan), chains_(&chains), working_(threads) {
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

  /// Waits for the next outcome; nothing once all have been given.
  SEQNN_COLD std::optional<PointOutcome> next() {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [this] { return !outcomes_.empty() || working_ == 0; });
    if (outcomes_.empty()) {
      if (failure_) std::rethrow_exception(failure_);
      return std::nullopt;
    }
    PointOutcome outcome = std::move(outcomes_.front());
    outcomes_.pop_front();
    return outcome;
  }

 private:
  void work(PointForecaster& forecaster) {
    const FlushDenormals flush;
    std::exception_ptr failure;
    try {
      while (const PointChain* const chain = next_chain()) {
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

  const PointChain* next_chain() {
    const std::lock_guard lock(mutex_);
    return stopping_ || next_ == chains_->size() ? nullptr : &(*chains_)[next_++];
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
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  const WalkForwardPlan* plan_;
  const std::vector<PointChain>* chains_;
  std::vector<std::unique_ptr<PointForecaster>> forecasters_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<PointOutcome> outcomes_;  // not yet taken, in the order in which they came
  std::size_t next_ = 0;               // of the chains
  std::size_t working_;                // threads
  bool stopping_ = false;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

}  // namespace seqnn::inline SEQNN_ABI
