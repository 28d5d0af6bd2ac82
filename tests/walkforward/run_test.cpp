#include "seqnn/walkforward/run.hpp"

#include "seqnn/io/atomic_file.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/walk_forward_runs.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

constexpr auto kSilent = Verbose::silent;

std::vector<double> values(const std::vector<Forecast>& forecasts) {
  std::vector<double> result;
  for (const Forecast& forecast : forecasts) result.push_back(forecast.value);
  return result;
}

/// Lets points come to their end in the order of `sequence`, whatever thread has them.
class Sequence {
 public:
  explicit Sequence(std::vector<std::size_t> sequence) : sequence_(std::move(sequence)) {}

  void wait_for_turn(std::size_t point) {
    std::unique_lock lock(mutex_);
    turned_.wait(lock, [&] { return sequence_[next_] == point; });
    ++next_;
    turned_.notify_all();
  }

 private:
  std::vector<std::size_t> sequence_;
  std::size_t next_ = 0;
  std::mutex mutex_;
  std::condition_variable turned_;
};

}  // namespace

TEST_CASE("A run forecasts every point of its plan and stores it", "[walkforward][run]") {
  const WalkForwardPlan plan = daily_plan(3);
  MemoryStore store;
  const WalkForwardRun run = run_walk_forward(plan, counting(), {.model = "net", .store = &store, .verbose = kSilent});
  const std::int64_t first = timestamp({.year = 2020, .day = 6});
  const std::vector<Forecast> expected{
      {first, "", 1, {}}, {first + kSecondsPerDay, "", 2, {}}, {first + 2 * kSecondsPerDay, "", 3, {}}};
  CHECK(run.forecasts == expected);
  CHECK(store.forecasts("net") == expected);
  CHECK(run.computed == 3);
  CHECK(run.already_stored == 0);
  CHECK(run.failures.empty());
  REQUIRE(run.seconds.size() == 3);
  CHECK(*std::min_element(run.seconds.begin(), run.seconds.end()) >= 0);
  CHECK(run.wall_seconds > 0);
}

TEST_CASE("Without a store a run gives its forecasts alone", "[walkforward][run]") {
  CHECK(values(run_walk_forward(daily_plan(4), counting(), {.verbose = kSilent}).forecasts) ==
        std::vector<double>{1, 2, 3, 4});
}

TEST_CASE("Points that end in any order are written in the plan's", "[walkforward][run]") {
  const WalkForwardPlan plan = daily_plan(6);
  const TemporaryFolder folder;
  Sequence sequence({2, 1, 0, 5, 4, 3});
  RecordingStore store;
  const WalkForwardRun run =
      run_walk_forward(plan, counting([&](const WalkForwardPoint& p) { sequence.wait_for_turn(p.index); }),
                       {.store = &store, .log = folder / "log", .threads = 3, .verbose = kSilent});
  CHECK(values(run.forecasts) == std::vector<double>{1, 2, 3, 4, 5, 6});
  std::vector<std::int64_t> order;
  for (const Forecast& forecast : run.forecasts) order.push_back(forecast.time);
  CHECK(store.order == order);
  const std::string log = read_file(folder / "log");
  std::vector<std::size_t> places;
  for (int day = 6; day < 12; ++day) {
    const std::string date = text(day < 10 ? "2020-01-0" : "2020-01-", day);
    places.push_back(log.find('\n' + date + " - " + date + '\n'));
  }
  CHECK(std::is_sorted(places.begin(), places.end()));
  CHECK(places.back() != std::string::npos);
}

TEST_CASE("The number of threads changes no result", "[walkforward][run]") {
  const WalkForwardPlan plan = daily_plan(20);
  for (const std::size_t warm_start : {0U, 1U, 3U}) {
    const auto run = [&](std::size_t threads) {
      return run_walk_forward(plan, counting(), {.threads = threads, .warm_start = warm_start, .verbose = kSilent});
    };
    const WalkForwardRun one = run(1);
    for (const std::size_t threads : {2U, 3U, 50U}) CHECK(run(threads).forecasts == one.forecasts);
  }
}

TEST_CASE("Points that are stored are not computed again", "[walkforward][run]") {
  const WalkForwardPlan plan = daily_plan(6);
  MemoryStore whole;
  run_walk_forward(plan, counting(), {.store = &whole, .verbose = kSilent});

  MemoryStore store;
  const auto forecasts = whole.forecasts("model");
  store.write("model", std::span(forecasts).subspan(1, 2));
  store.write("other", forecasts);
  std::vector<std::size_t> points;
  const auto write_down = counting([&](const WalkForwardPoint& point) { points.push_back(point.index); });
  const WalkForwardRun run = run_walk_forward(plan, write_down, {.store = &store, .verbose = kSilent});
  CHECK(points == std::vector<std::size_t>{0, 3, 4, 5});
  CHECK(run.computed == 4);
  CHECK(run.already_stored == 2);
  CHECK(run.seconds.size() == 4);
  CHECK(run.forecasts == forecasts);
  CHECK(store.forecasts("model") == forecasts);

  points.clear();
  std::size_t made = 0;
  const WalkForwardRun again = run_walk_forward(plan,
                                                [&]() -> std::unique_ptr<PointForecaster> {
                                                  ++made;
                                                  return std::make_unique<CountingForecaster>();
                                                },
                                                {.store = &store, .verbose = kSilent});
  CHECK(made == 0);
  CHECK(again.already_stored == 6);
  CHECK(again.forecasts == forecasts);
}

TEST_CASE("A point of a panel is stored when all its symbols are", "[walkforward][run]") {
  const std::vector<std::int64_t> times{0, 0, 86'400, 86'400, 2 * 86'400, 2 * 86'400};
  const WalkForwardPlan plan(times, std::vector<std::string>{"B", "A", "B", "A", "B", "A"}, {.min_history = 1});
  MemoryStore store;
  const WalkForwardRun whole = run_walk_forward(plan, counting(), {.store = &store, .verbose = kSilent});
  REQUIRE(whole.forecasts.size() == 4);
  CHECK(whole.forecasts[0].symbol == "B");
  CHECK(whole.forecasts[1].symbol == "A");

  MemoryStore part;
  part.write("model", std::span(whole.forecasts).subspan(0, 3));
  const WalkForwardRun run = run_walk_forward(plan, counting(), {.store = &part, .verbose = kSilent});
  CHECK(run.already_stored == 1);
  CHECK(run.computed == 1);
  CHECK(run.forecasts == whole.forecasts);
  CHECK(part.forecasts("model") == store.forecasts("model"));
}

TEST_CASE("What is stored stays when the store throws, and the next run goes on", "[walkforward][run]") {
  const WalkForwardPlan plan = daily_plan(10);
  RecordingStore whole;
  run_walk_forward(plan, counting(), {.store = &whole, .verbose = kSilent});
  for (const std::size_t threads : {1U, 2U, 3U}) {
    RecordingStore store;
    for (std::size_t at = 3; at < 10; at += 3) {
      store.throws_at = at;
      CHECK_THROWS_MATCHES(
          run_walk_forward(plan, counting(), {.store = &store, .threads = threads, .verbose = kSilent}),
          std::runtime_error, Message("the disk is full"));
    }
    // The third write of the first run, then the third and the third behind it, were in vain.
    CHECK(store.order.size() == 6);
    const WalkForwardRun run =
        run_walk_forward(plan, counting(), {.store = &store, .threads = threads, .verbose = kSilent});
    CHECK(run.already_stored == 6);
    CHECK(store.order == whole.order);
    CHECK(store.forecasts("model") == whole.forecasts("model"));
  }
}

TEST_CASE("A point that throws is recorded, and the others go on", "[walkforward][run]") {
  const WalkForwardPlan plan = daily_plan(5);
  std::atomic<bool> broken = true;
  const auto factory = counting([&](const WalkForwardPoint& point) {
    if (broken && point.index == 1) throw DataError("weights are NaN");
    if (broken && point.index == 3) throw 42;
  });
  for (const std::size_t threads : {1U, 2U}) {
    broken = true;
    RecordingStore store;
    const WalkForwardRun run =
        run_walk_forward(plan, factory, {.store = &store, .threads = threads, .verbose = kSilent});
    const std::vector<FailedForecast> failures{
        {timestamp({.year = 2020, .day = 7}), "weights are NaN"},
        {timestamp({.year = 2020, .day = 9}), "an exception that is no std::exception"}};
    CHECK(run.failures == failures);
    CHECK(store.failures("model") == failures);
    CHECK(values(run.forecasts) == std::vector<double>{1, 3, 5});
    CHECK(run.computed == 3);
    CHECK(run.seconds.size() == 3);

    broken = false;  // tried again
    const WalkForwardRun again =
        run_walk_forward(plan, factory, {.store = &store, .threads = threads, .verbose = kSilent});
    CHECK(again.computed == 2);
    CHECK(again.failures.empty());
    CHECK(store.failures("model").empty());
    CHECK(values(again.forecasts) == std::vector<double>{1, 2, 3, 4, 5});
  }
}

TEST_CASE("A forecast that is none is a failed point", "[walkforward][run]") {
  struct Wrong : PointForecaster {
    std::vector<Forecast> forecast(const WalkForwardPlan& plan, const WalkForwardPoint& point, bool) override {
      const double nan = std::numeric_limits<double>::quiet_NaN();
      const std::int64_t time = plan.time(point.forecast.begin);
      switch (point.index) {
        case 0:
          return {};
        case 1:
          return {{time + 1, "", 1, {}}};
        case 2:
          return {{time, "AAPL", 1, {}}};
        case 3:
          return {{time, "", nan, {}}};
        default:
          return {{time, "", 1, {{"long_prob", nan}}}};
      }
    }
  };
  const WalkForwardRun run =
      run_walk_forward(daily_plan(5), [] { return std::make_unique<Wrong>(); }, {.verbose = kSilent});
  REQUIRE(run.failures.size() == 5);
  CHECK(run.failures[0].error == "forecast: there must be one for each of the 1 rows, got 0");
  CHECK(run.failures[1].error ==
        "forecast: number 0 must be for 2020-01-07, got 2020-01-07 00:00:01; keep the order of the rows");
  CHECK(run.failures[2].error ==
        "forecast: number 0 must be for 2020-01-08, got AAPL of 2020-01-08; keep the order of the rows");
  CHECK(run.failures[3].error == "forecast: value must be a number, got nan for 2020-01-09; did the training diverge?");
  CHECK(run.failures[4].error ==
        "forecast: long_prob must be a number, got nan for 2020-01-10; did the training diverge?");
}

TEST_CASE("With warm start a model goes on from point to point of its chain", "[walkforward][run]") {
  const WalkForwardPlan plan = daily_plan(7);
  const auto run = [&](ResultStore* store, const PointForecasterFactory& factory, std::size_t threads = 1) {
    return run_walk_forward(plan, factory, {.store = store, .threads = threads, .warm_start = 3, .verbose = kSilent});
  };
  const std::vector<double> chained{1, 1 + 2, 1 + 2 + 3, 4, 4 + 5, 4 + 5 + 6, 7};
  CHECK(values(run(nullptr, counting()).forecasts) == chained);
  CHECK(values(run(nullptr, counting(), 2).forecasts) == chained);

  // Points 1 and 5 are missing: their chains begin where they would, points behind them are not computed, and what is
  // stored is not written again.
  RecordingStore store;
  const auto forecasts = run(&store, counting()).forecasts;
  RecordingStore holes;
  for (const std::size_t i : {0U, 2U, 3U, 4U, 6U}) holes.kept.write("model", std::span(forecasts).subspan(i, 1));
  std::vector<std::size_t> points;
  const WalkForwardRun resumed =
      run(&holes, counting([&](const WalkForwardPoint& point) { points.push_back(point.index); }));
  CHECK(points == std::vector<std::size_t>{0, 1, 3, 4, 5});
  CHECK(holes.order == std::vector<std::int64_t>{forecasts[1].time, forecasts[5].time});
  CHECK(resumed.computed == 2);
  CHECK(resumed.already_stored == 5);
  CHECK(resumed.forecasts == forecasts);
}

TEST_CASE("After a failed point a chain goes on with a fresh model", "[walkforward][run]") {
  const WalkForwardRun run = run_walk_forward(daily_plan(4), counting([](const WalkForwardPoint& point) {
                                                if (point.index == 1) throw DataError("no");
                                              }),
                                              {.warm_start = 4, .verbose = kSilent});
  CHECK(values(run.forecasts) == std::vector<double>{1, 3, 3 + 4});
}

TEST_CASE("A factory that throws ends a run before its first point", "[walkforward][run]") {
  const WalkForwardPlan plan = daily_plan(3);
  RecordingStore store;
  std::size_t points = 0, made = 0;
  const auto second_throws = [&]() -> std::unique_ptr<PointForecaster> {
    if (++made == 2) throw OptionError("no such model");
    return std::make_unique<CountingForecaster>([&](const WalkForwardPoint&) { ++points; });
  };
  CHECK_THROWS_MATCHES(run_walk_forward(plan, second_throws, {.store = &store, .threads = 2, .verbose = kSilent}),
                       OptionError, Message("no such model"));
  CHECK(points == 0);
  CHECK(store.order.empty());
  CHECK_THROWS_MATCHES(run_walk_forward(plan, {}, {.verbose = kSilent}), StateError,
                       Message("run_walk_forward: factory must make forecasters, got an empty function"));
  CHECK_THROWS_MATCHES(run_walk_forward(plan, [] { return nullptr; }, {.verbose = kSilent}), StateError,
                       Message("run_walk_forward: factory must make a forecaster, got null"));
}

TEST_CASE("A run refuses options out of range, and a log that cannot be written", "[walkforward][run]") {
  const WalkForwardPlan plan = daily_plan(1);
  CHECK_THROWS_MATCHES(run_walk_forward(plan, counting(), {.threads = 0}), OptionError,
                       Message("run_walk_forward: threads must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(run_walk_forward(plan, counting(), {.model = ""}), OptionError,
                       Message("run_walk_forward: model must be a name, under which forecasts are stored, got \"\""));
  const TemporaryFolder folder;
  CHECK_THROWS_AS(run_walk_forward(plan, counting(), {.log = folder / "none/log"}), FileError);
}

TEST_CASE("There are no more workers than chains", "[walkforward][run]") {
  std::size_t made = 0;
  const auto factory = [&]() -> std::unique_ptr<PointForecaster> {
    ++made;
    return std::make_unique<CountingForecaster>();
  };
  run_walk_forward(daily_plan(5), factory, {.threads = 8, .warm_start = 2, .verbose = kSilent});
  CHECK(made == 3);
}
