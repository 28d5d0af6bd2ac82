#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/mpi/communicator.hpp"
#include "seqnn/mpi/run_message.hpp"
#include "seqnn/training/process_group.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "seqnn/walkforward/point_forecaster.hpp"
#include "seqnn/walkforward/point_workers.hpp"
#include "seqnn/walkforward/run.hpp"
#include "seqnn/walkforward/run_collector.hpp"
#include "seqnn/walkforward/run_options.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

/// How long a rank that has nothing to do sleeps before it looks for messages again: MPI's own waiting would keep a
/// core busy that computes points.
inline constexpr std::chrono::milliseconds kNap{1};

/// Rank 0: gives chains to the threads of all ranks, its own too, and takes what comes of them.
class RunLeader {
 public:
  SEQNN_COLD RunLeader(const WalkForwardPlan& plan, const PointForecasterFactory& factory,
                       const WalkForwardRunOptions& options, Communicator& ranks)
      : plan_(&plan), factory_(&factory), options_(options), ranks_(&ranks), idle_(ranks.size(), 0) {}

  SEQNN_COLD WalkForwardRun run() {
    try {
      WalkForwardRun run = compute();
      end_others("");
      return run;
    } catch (const ProcessGroupError& error) {
      end_others(error.what());
      throw;
    } catch (const std::exception& error) {
      end_others(text("run_walk_forward: rank 0 failed: ", error.what()));
      throw;
    }
  }

 private:
  using Kind = RunMessage::Kind;

  SEQNN_COLD WalkForwardRun compute() {
    RunCollector collector(*plan_, options_);
    const auto& chains = collector.chains();
    for (const PointChain& chain : chains) awaited_ += chain.end - chain.begin;
    chain_ends_.assign(plan_->size(), false);
    for (const PointChain& chain : chains) chain_ends_[chain.end - 1] = true;
    idle_[0] = std::min(options_.threads, chains.size());
    PointWorkers workers(*plan_, *factory_, idle_[0]);
    while (awaited_ > 0) {
      while (const auto message = ranks_->receive()) take(decode(message->bytes), message->rank, collector);
      give(chains, workers);
      if (auto outcome = workers.next_within(kNap)) take(std::move(*outcome), 0, collector);
    }
    return collector.finish();
  }

  SEQNN_COLD void take(RunMessage message, std::size_t rank, RunCollector& collector) {
    if (message.kind == Kind::ready) idle_[rank] += message.threads;
    if (message.kind == Kind::outcome) take(std::move(message.outcome), rank, collector);
    if (message.kind == Kind::failed) {
      throw ProcessGroupError(text("run_walk_forward: rank ", rank, " failed: ", message.text));
    }
  }

  SEQNN_COLD void take(PointOutcome outcome, std::size_t rank, RunCollector& collector) {
    if (chain_ends_[outcome.point]) ++idle_[rank];
    --awaited_;
    collector.take(std::move(outcome));
  }

  /// Gives chains to idle threads, those of rank 0 last: they can be given more at once.
  SEQNN_COLD void give(const std::vector<PointChain>& chains, PointWorkers& workers) {
    for (std::size_t rank = ranks_->size(); rank-- > 0;) {
      for (; idle_[rank] > 0 && given_ < chains.size(); --idle_[rank], ++given_) {
        if (rank == 0) {
          workers.add(chains[given_]);
        } else {
          ranks_->send(rank, encode({.kind = Kind::chain, .chain = chains[given_]}));
        }
      }
    }
  }

  /// Waits until the others have stopped, and leaves aside what they still send.
  SEQNN_COLD void end_others(const std::string& reason) {
    for (std::size_t rank = 1; rank < ranks_->size(); ++rank) {
      ranks_->send(rank, encode({.kind = Kind::end, .text = reason}));
    }
    for (std::size_t left = 1; left < ranks_->size();) {
      if (const auto message = ranks_->receive()) {
        if (decode(message->bytes).kind == Kind::left) ++left;
      } else {
        std::this_thread::sleep_for(kNap);
      }
    }
  }

  const WalkForwardPlan* plan_;
  const PointForecasterFactory* factory_;
  WalkForwardRunOptions options_;
  Communicator* ranks_;
  std::vector<std::size_t> idle_;  // threads without a chain, by rank
  std::vector<bool> chain_ends_;   // whether a chain ends with a point
  std::size_t given_ = 0;          // chains
  std::size_t awaited_ = 0;        // outcomes
};

/// Another rank: computes the chains that rank 0 sends.
class RunFollower {
 public:
  SEQNN_COLD RunFollower(const WalkForwardPlan& plan, const PointForecasterFactory& factory,
                         const WalkForwardRunOptions& options, Communicator& ranks)
      : plan_(&plan), factory_(&factory), threads_(options.threads), ranks_(&ranks) {}

  SEQNN_COLD void run() {
    std::exception_ptr failure;
    try {
      compute();
    } catch (const std::exception& error) {
      failure = std::current_exception();
      tell({.kind = Kind::failed, .text = error.what()});
    }
    while (!ended_) {
      receive();
      std::this_thread::sleep_for(kNap);
    }
    tell({.kind = Kind::left});
    if (failure) std::rethrow_exception(failure);
    if (!reason_.empty()) throw ProcessGroupError(reason_);
  }

 private:
  using Kind = RunMessage::Kind;

  SEQNN_COLD void compute() {
    if (threads_ == 0) throw OptionError("run_walk_forward: threads must be at least 1, got 0");
    tell({.kind = Kind::ready, .threads = threads_});
    std::optional<PointWorkers> workers;  // from the first chain on
    while (true) {
      receive();
      if (ended_) return;
      if (!workers && !chains_.empty()) workers.emplace(*plan_, *factory_, threads_);
      for (const PointChain& chain : chains_) workers->add(chain);
      chains_.clear();
      if (!workers) {
        std::this_thread::sleep_for(kNap);
      } else if (auto outcome = workers->next_within(kNap)) {
        tell({.kind = Kind::outcome, .outcome = std::move(*outcome)});
      }
    }
  }

  SEQNN_COLD void receive() {
    while (const auto received = ranks_->receive()) {
      const RunMessage message = decode(received->bytes);
      if (message.kind == Kind::chain) chains_.push_back(message.chain);
      if (message.kind == Kind::end) {
        ended_ = true;
        reason_ = message.text;
      }
    }
  }

  SEQNN_COLD void tell(const RunMessage& message) { ranks_->send(0, encode(message)); }

  const WalkForwardPlan* plan_;
  const PointForecasterFactory* factory_;
  std::size_t threads_;
  Communicator* ranks_;
  std::vector<PointChain> chains_;  // received, not yet begun
  bool ended_ = false;
  std::string reason_;
};

/// That all ranks have the same plan. @throws ProcessGroupError on all
SEQNN_COLD inline void agree_on_plan(const WalkForwardPlan& plan, const WalkForwardRunOptions& options,
                                     Communicator& ranks) {
  std::vector<std::uint64_t> points;
  for (const WalkForwardPoint& point : plan) {
    for (const std::size_t row : {point.train.begin, point.train.end, point.forecast.begin, point.forecast.end}) {
      points.push_back(row);
    }
  }
  std::string rows;
  for (std::size_t row = 0; row < plan.rows(); ++row) rows += text(plan.time(row), ' ', plan.symbol(row), '\n');
  const char* const repair = "make the plan from the same data with the same options";
  const auto of = [](const auto& values) { return fingerprint(std::as_bytes(std::span(values))); };
  const std::array numbers = {
      Agreed{"rows of the plan", plan.rows(), repair},
      Agreed{"points of the plan", plan.size(), repair},
      Agreed{"times and symbols of the plan", of(rows), repair, false},
      Agreed{"the rows of each point", of(points), repair, false},
      Agreed{"warm_start", options.warm_start},
  };
  agree(ranks, "run_walk_forward", numbers);
}

}  // namespace detail

/// The run of walkforward/run.hpp on the threads of all ranks. Each rank makes the same plan and calls this; rank 0
/// gives out points (or chains of them) as threads become free, on itself too, and keeps store, log and progress: those
/// options count there only, `threads` on every rank. Results are those of one process.
///
///     Communicator world(argc, argv);
///     std::unique_ptr<ResultStore> store;
///     if (world.rank() == 0) store = open_result_store("sqlite:///results.db");
///     run_walk_forward(plan, factory, {.store = store.get(), .threads = 2}, world);
///
/// A rank that waits sleeps a millisecond at a time. @return what the run has done on rank 0; nothing on the others
///
/// Throws  ProcessGroupError on all ranks if plans differ; what a rank throws (the store on rank 0, the factory on any)
///         there, and ProcessGroupError with its message on the others, once the points being computed have ended
SEQNN_COLD inline WalkForwardRun run_walk_forward(const WalkForwardPlan& plan, const PointForecasterFactory& factory,
                                                  const WalkForwardRunOptions& options, Communicator& ranks) {
  if (ranks.size() == 1) return run_walk_forward(plan, factory, options);
  detail::agree_on_plan(plan, options, ranks);
  if (ranks.rank() == 0) return detail::RunLeader(plan, factory, options, ranks).run();
  detail::RunFollower(plan, factory, options, ranks).run();
  return {};
}

}  // namespace seqnn::inline SEQNN_ABI
