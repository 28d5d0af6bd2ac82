#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/io/append_file.hpp"
#include "seqnn/walkforward/forecast.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "seqnn/walkforward/point_outcome.hpp"
#include "seqnn/walkforward/run_log.hpp"
#include "seqnn/walkforward/run_options.hpp"
#include "seqnn/walkforward/run_progress.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// The bookkeeping of a walk-forward run: says which points are to be computed, takes their outcomes in any order and
/// hands them in the plan's order to the store, one transaction a point, to the log and to the progress. So what is
/// written, even its order, does not depend on who computed it. One thread at a time. Refers to the plan.
///
///     RunCollector collector(plan, options);
///     for (const PointChain& chain : collector.chains()) …      // on any thread, machine, in any order
///       collector.take(compute_point(…));
///     WalkForwardRun run = collector.finish();
class RunCollector {
 public:
  /// Looks what the store has already.
  /// @throws OptionError for options out of range, FileError if the log cannot be opened, whatever the store throws
  SEQNN_COLD RunCollector(const WalkForwardPlan& plan, const WalkForwardRunOptions& options)
      : plan_(&plan), options_(options), start_(std::chrono::steady_clock::now()), found_(plan.size()) {
    if (options.threads == 0) throw OptionError("run_walk_forward: threads must be at least 1, got 0");
    if (options.model.empty()) {
      throw OptionError("run_walk_forward: model must be a name, under which forecasts are stored, got \"\"");
    }
    if (!options.log.empty()) log_.emplace(options.log);
    if (options.store != nullptr) find_stored(options.store->forecasts(options.model));
    for (std::size_t index = 0; index < plan.size(); ++index) {
      if (found_[index].empty()) missing_.push_back(index);
    }
    run_.already_stored = plan.size() - missing_.size();
    make_chains();
    progress_.emplace(options.output == nullptr ? std::cout : *options.output, missing_.size(), run_.already_stored,
                      RunProgressOptions{.verbose = options.verbose});
  }

  /// What is to be computed, in the plan's order, each chain by one forecaster. With warm start a chain begins where it
  /// would in a new run, so that a point is computed again if one behind it is missing.
  const std::vector<PointChain>& chains() const { return chains_; }

  /// Takes the outcome of a point, and hands on those whose turn it is. A point that was stored already, or taken,
  /// stays as it is.
  /// @throws what the store throws, FileError of the log; what has been stored before stays
  SEQNN_COLD void take(PointOutcome outcome) {
    const std::size_t point = outcome.point;
    if (!std::binary_search(missing_.begin() + static_cast<std::ptrdiff_t>(handed_on_), missing_.end(), point)) return;
    waiting_.insert_or_assign(point, std::move(outcome));
    while (!waiting_.empty() && waiting_.begin()->first == missing_[handed_on_]) {
      auto next = waiting_.extract(waiting_.begin());
      hand_on(next.mapped());
      if (++handed_on_ == missing_.size()) return;
    }
  }

  /// What the run has done, once all outcomes are taken.
  /// @throws StateError if one is missing
  SEQNN_COLD WalkForwardRun finish() {
    if (handed_on_ != missing_.size()) {
      throw StateError(text("RunCollector: finish must come after the outcomes of all ", missing_.size(),
                            " points, got it after ", handed_on_));
    }
    for (std::vector<Forecast>& forecasts : found_) {
      std::move(forecasts.begin(), forecasts.end(), std::back_inserter(run_.forecasts));
      forecasts.clear();
    }
    run_.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    return std::move(run_);
  }

 private:
  /// Takes over the forecasts of the points of which the store has all.
  /// @param stored  by time, then symbol
  SEQNN_COLD void find_stored(const std::vector<Forecast>& stored) {
    for (const WalkForwardPoint& point : *plan_) {
      std::vector<Forecast> forecasts;
      for (std::size_t row = point.forecast.begin; row < point.forecast.end; ++row) {
        const std::string& symbol = plan_->symbol(row);
        const std::int64_t time = plan_->time(row);
        const auto before = [&](const Forecast& forecast) {
          return forecast.time != time ? forecast.time < time : forecast.symbol < symbol;
        };
        const auto found = std::partition_point(stored.begin(), stored.end(), before);
        if (found == stored.end() || found->time != time || found->symbol != symbol) break;
        forecasts.push_back(*found);
      }
      if (forecasts.size() == point.forecast.size()) found_[point.index] = std::move(forecasts);
    }
  }

  SEQNN_COLD void make_chains() {
    const std::size_t length = std::max<std::size_t>(1, options_.warm_start);
    for (const std::size_t point : missing_) {
      const std::size_t begin = point - point % length;
      if (chains_.empty() || chains_.back().begin != begin) chains_.push_back({begin, point});
      chains_.back().end = point + 1;
    }
  }

  SEQNN_COLD void hand_on(PointOutcome& outcome) {
    const FailedForecast failure{plan_->time((*plan_)[outcome.point].forecast.begin), outcome.error.value_or("")};
    if (options_.store != nullptr && outcome.error) options_.store->write_failure(options_.model, failure);
    if (options_.store != nullptr && !outcome.error) options_.store->write(options_.model, outcome.forecasts);
    if (log_) log_->append(log_record(*plan_, outcome));
    if (outcome.error) {
      run_.failures.push_back(failure);
      progress_->add(failure);
      return;
    }
    ++run_.computed;
    run_.seconds.push_back(outcome.seconds);
    found_[outcome.point] = std::move(outcome.forecasts);
    progress_->add();
  }

  const WalkForwardPlan* plan_;
  WalkForwardRunOptions options_;
  std::chrono::steady_clock::time_point start_;
  std::optional<AppendFile> log_;
  std::optional<RunProgress> progress_;
  std::vector<std::vector<Forecast>> found_;  // by point, empty where there is none (yet)
  std::vector<std::size_t> missing_;          // points to be computed
  std::vector<PointChain> chains_;
  std::map<std::size_t, PointOutcome> waiting_;  // until those before them have come
  std::size_t handed_on_ = 0;                    // of missing_
  WalkForwardRun run_;
};

}  // namespace seqnn::inline SEQNN_ABI
