#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/io/terminal.hpp"
#include "seqnn/walkforward/forecast.hpp"
#include "seqnn/walkforward/result_store.hpp"

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Options of `run_walk_forward`.
struct WalkForwardRunOptions {
  std::string model = "model";   ///< the name under which the store keeps its forecasts
  ResultStore* store = nullptr;  ///< points whose forecasts are all there are not computed again; null: keeps none
  std::string log = {};          ///< file that a record of each point is appended to; empty: none
  std::size_t threads = 1;       ///< points at once, each on one thread; results do not depend on it
  std::size_t warm_start = 0;    ///< 0: a fresh model each point; K: chains of K points, whose model goes on
  Verbose verbose = Verbose::automatic;
  std::ostream* output = nullptr;  ///< where progress is printed; null: std::cout
};

/// What a run has done.
struct WalkForwardRun {
  std::size_t computed = 0;              ///< points that this run has forecast
  std::size_t already_stored = 0;        ///< points that it found in the store
  std::vector<FailedForecast> failures;  ///< points that it tried in vain, in the plan's order
  std::vector<Forecast> forecasts;       ///< of all points but those, whether computed or stored; in the plan's order
  std::vector<double> seconds;           ///< that each of the computed points took, in the plan's order
  double wall_seconds = 0;               ///< that the run took
};

}  // namespace seqnn::inline SEQNN_ABI
