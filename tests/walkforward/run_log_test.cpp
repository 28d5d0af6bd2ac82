#include "seqnn/walkforward/run_log.hpp"

#include "support/catch.hpp"
#include "support/walk_forward_runs.hpp"

#include <string>
#include <vector>

using namespace seqnn;

TEST_CASE("The log of a classifier is the published one", "[walkforward][run]") {
  const WalkForwardPlan plan = daily_plan(3);
  const std::int64_t time = plan.time(plan[1].forecast.begin);
  PointOutcome outcome;
  outcome.point = 1;
  outcome.forecasts = {{time, "", -1, {{"short_prob", 0.5149}, {"long_prob", 0.4851}, {"class", 0}}}};
  outcome.seconds = 17.246;
  CHECK(log_record(plan, outcome) ==
        "\n"
        "2020-01-07 - 2020-01-07\n"
        "=======================\n"
        "    history: from: 2020-01-01, to: 2020-01-06, length: 6\n"
        "    forecast length: 1\n"
        "    forecast: [-1.0]\n"
        "    probs: [0.51]\n"
        "    time [training+forecasting]: 17.25 secs\n"
        "\n");
}

TEST_CASE("The log of a regressor has numbers as Python prints them, and no probabilities", "[walkforward][run]") {
  std::vector<std::int64_t> times;
  for (std::int64_t day = 0; day < 12; ++day)
    times.push_back(timestamp({.year = 1999, .month = 12, .day = 28, .hour = 16}) + day * kSecondsPerDay);
  const WalkForwardPlan plan(times, {.ahead = 3, .min_history = 2, .max_history = 2, .delay = 1});
  PointOutcome outcome;
  outcome.forecasts = {{0, "", 0.1, {}}, {0, "", -2, {{"class", 1}}}, {0, "", 1e-7, {}}};
  outcome.seconds = 0.5;
  CHECK(log_record(plan, outcome) ==
        "\n"
        "1999-12-31 - 2000-01-02\n"
        "=======================\n"
        "    history: from: 1999-12-28, to: 1999-12-29, length: 2\n"
        "    forecast length: 3\n"
        "    forecast: [0.1,-2.0,1e-07]\n"
        "    time [training+forecasting]: 0.5 secs\n"
        "\n");
}

TEST_CASE("The log tells a failed point's error in a line", "[walkforward][run]") {
  const WalkForwardPlan plan = daily_plan(1);
  PointOutcome outcome;
  outcome.error = "Conv1D: too\nshort";
  outcome.seconds = 0;
  CHECK(log_record(plan, outcome) ==
        "\n"
        "2020-01-06 - 2020-01-06\n"
        "=======================\n"
        "    history: from: 2020-01-01, to: 2020-01-05, length: 5\n"
        "    forecast length: 1\n"
        "    failed: Conv1D: too short\n"
        "    time [training+forecasting]: 0.0 secs\n"
        "\n");
}
