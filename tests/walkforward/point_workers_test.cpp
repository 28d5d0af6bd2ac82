#include "seqnn/walkforward/point_workers.hpp"

#include "support/catch.hpp"
#include "support/walk_forward_runs.hpp"

#include <chrono>
#include <optional>
#include <vector>

using namespace seqnn;
using std::chrono::milliseconds;

TEST_CASE("Workers compute the chains that come while they run", "[walkforward][threads]") {
  const WalkForwardPlan plan = daily_plan(6);
  for (const std::size_t threads : {1U, 3U}) {
    PointWorkers workers(plan, counting(), threads);
    CHECK_FALSE(workers.next_within(milliseconds(1)));
    std::vector<double> values(6);
    for (const PointChain chain : {PointChain{4, 6}, PointChain{0, 1}}) {
      workers.add(chain);
      for (std::size_t i = chain.begin; i < chain.end; ++i) {
        std::optional<PointOutcome> outcome;
        while (!outcome) outcome = workers.next_within(milliseconds(10));
        values[outcome->point] = outcome->forecasts.at(0).value;
      }
    }
    CHECK(values == std::vector<double>{1, 0, 0, 0, 5, 5 + 6});
    CHECK_FALSE(workers.next_within(milliseconds(0)));
  }
}

TEST_CASE("Workers that are destroyed begin no other chain", "[walkforward][threads]") {
  const WalkForwardPlan plan = daily_plan(6);
  std::vector<std::size_t> points;
  {
    PointWorkers workers(plan, counting([&](const WalkForwardPoint& point) { points.push_back(point.index); }), 1);
    workers.add({2, 3});
    std::optional<PointOutcome> outcome;
    while (!outcome) outcome = workers.next_within(milliseconds(10));
  }
  CHECK(points == std::vector<std::size_t>{2});
}
