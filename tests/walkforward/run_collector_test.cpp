#include "seqnn/walkforward/run_collector.hpp"

#include "support/catch.hpp"
#include "support/walk_forward_runs.hpp"

#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

PointOutcome outcome(const WalkForwardPlan& plan, std::size_t point) {
  CountingForecaster forecaster;
  return compute_point(plan, point, forecaster, true);
}

}  // namespace

TEST_CASE("RunCollector hands outcomes on in the plan's order", "[walkforward][run]") {
  const WalkForwardPlan plan = daily_plan(4);
  RecordingStore store;
  RunCollector collector(plan, {.store = &store, .verbose = Verbose::silent});
  CHECK(collector.chains() == std::vector<PointChain>{{0, 1}, {1, 2}, {2, 3}, {3, 4}});
  const auto times = [&](std::vector<std::size_t> points) {
    std::vector<std::int64_t> result;
    for (const std::size_t point : points) result.push_back(plan.time(plan[point].forecast.begin));
    return result;
  };
  collector.take(outcome(plan, 2));
  CHECK(store.order.empty());
  collector.take(outcome(plan, 0));
  CHECK(store.order == times({0}));
  collector.take(outcome(plan, 0));  // had it already
  CHECK(store.order == times({0}));
  CHECK_THROWS_MATCHES(collector.finish(), StateError,
                       Message("RunCollector: finish must come after the outcomes of all 4 points, got it after 1"));
  collector.take(outcome(plan, 1));
  CHECK(store.order == times({0, 1, 2}));
  collector.take(outcome(plan, 3));
  const WalkForwardRun run = collector.finish();
  CHECK(run.computed == 4);
  CHECK(run.forecasts == store.forecasts("model"));
}

TEST_CASE("RunCollector's chains begin where they would in a new run", "[walkforward][run]") {
  const WalkForwardPlan plan = daily_plan(8);
  MemoryStore store;
  const auto chains = [&] {
    return RunCollector(plan, {.store = &store, .warm_start = 3, .verbose = Verbose::silent}).chains();
  };
  CHECK(chains() == std::vector<PointChain>{{0, 3}, {3, 6}, {6, 8}});
  for (const std::size_t point : {0U, 3U, 4U, 5U, 7U}) store.write("model", outcome(plan, point).forecasts);
  CHECK(chains() == std::vector<PointChain>{{0, 3}, {6, 7}});
}

TEST_CASE("RunCollector tells what is stored already, and each failure", "[walkforward][run]") {
  const WalkForwardPlan plan = daily_plan(3);
  MemoryStore store;
  store.write("model", outcome(plan, 1).forecasts);
  std::ostringstream out;
  RunCollector collector(plan, {.store = &store, .verbose = Verbose::line, .output = &out});
  collector.take({.point = 0, .error = "no memory"});
  CHECK(out.str().find("1 points already stored, 2 to compute\n2020-01-06 failed: no memory\n1/2 points - ") == 0);
  CHECK(out.str().find(" - failed: 1\n") != std::string::npos);
}
