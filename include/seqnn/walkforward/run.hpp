#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "seqnn/walkforward/point_forecaster.hpp"
#include "seqnn/walkforward/point_workers.hpp"
#include "seqnn/walkforward/run_collector.hpp"
#include "seqnn/walkforward/run_options.hpp"

#include <algorithm>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Forecasts the points of a plan: each by a forecaster that the factory made, as many at once as there are threads,
/// while the calling thread writes what comes, in the plan's order.
///
///     WalkForwardRun run = run_walk_forward(plan, factory, {.model = "convnet", .store = &store, .threads = 2});
///
/// Points that the store has already are left out, so a run that was ended at any moment goes on where it was. A point
/// that throws is recorded and listed in the result, and the others go on; it is tried again by the next run.
///
/// Throws  before the first point what the factory or the store throws, OptionError, FileError; later what the store
///         throws, and FileError of the log, once the points that are being computed have ended: what has been stored
///         by then stays
SEQNN_COLD inline WalkForwardRun run_walk_forward(const WalkForwardPlan& plan, const PointForecasterFactory& factory,
                                                  const WalkForwardRunOptions& options = {}) {
  RunCollector collector(plan, options);
  const auto& chains = collector.chains();
  PointWorkers workers(plan, chains, factory, std::min(options.threads, chains.size()));
  while (auto outcome = workers.next()) collector.take(std::move(*outcome));
  return collector.finish();
}

}  // namespace seqnn::inline SEQNN_ABI
