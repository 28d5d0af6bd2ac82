#include "seqnn/walkforward/open_result_store.hpp"
#include "seqnn/walkforward/run.hpp"
#include "support/catch.hpp"
#include "support/walk_forward_runs.hpp"
#include "walkforward_store/databases.hpp"

#include <csignal>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace seqnn;

// Runs that are killed by SIGKILL at every kind of place, and go on. Where is decided by counting, not by time.

namespace {

constexpr std::size_t kPoints = 24;

void kill_this_process() { std::raise(SIGKILL); }

/// Kills the process at a write: before the store has it, or behind.
class KillingStore : public ResultStore {
 public:
  KillingStore(std::unique_ptr<ResultStore> store, std::size_t write, bool before)
      : store_(std::move(store)), left_(write), before_(before) {}

  void write(const std::string& model, std::span<const Forecast> forecasts) override {
    const bool last = left_-- == 0;
    if (last && before_) kill_this_process();
    store_->write(model, forecasts);
    if (last) kill_this_process();
  }
  void write_failure(const std::string& model, const FailedForecast& failure) override {
    store_->write_failure(model, failure);
  }
  std::vector<Forecast> forecasts(const std::string& model) override { return store_->forecasts(model); }
  std::vector<FailedForecast> failures(const std::string& model) override { return store_->failures(model); }

 private:
  std::unique_ptr<ResultStore> store_;
  std::size_t left_;  // writes before the one at which it happens
  bool before_;
};

/// Whether a process that does this was killed.
bool is_killed(const std::function<void()>& what) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    try {
      what();
    } catch (...) {
      ::_exit(2);
    }
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

}  // namespace

TEMPLATE_TEST_CASE("A run that is killed again and again ends with the table of one that is not", "[store][run]",
                   Sqlite, Postgresql) {
  const TestType whole, killed;
  if (!whole.is_there()) return;
  const WalkForwardPlan plan = daily_plan(kPoints);
  const auto run = [&](ResultStore& store, std::size_t threads, const PointForecasterFactory& factory = counting()) {
    return run_walk_forward(
        plan, factory,
        {.model = "net", .store = &store, .threads = threads, .warm_start = 5, .verbose = Verbose::silent});
  };
  {
    const auto store = open_result_store(whole.url());
    run(*store, 1);
  }
  // Each killed process leaves some points more: a write before or behind which it is killed, then a point in whose
  // computing it is.
  for (std::size_t threads = 1; threads <= 3; ++threads) {
    for (const bool before : {true, false}) {
      CHECK(is_killed([&] {
        KillingStore store(open_result_store(killed.url()), threads, before);
        run(store, threads);
      }));
    }
  }
  const std::size_t stored = open_result_store(killed.url())->forecasts("net").size();
  CHECK(stored == 1 + 2 + 2 + 3 + 3 + 4);
  for (std::size_t point = stored + 1; point < kPoints; point += 3) {
    CHECK(is_killed([&] {
      const auto store = open_result_store(killed.url());
      run(*store, 2, counting([&](const WalkForwardPoint& p) {
        if (p.index == point) kill_this_process();
      }));
    }));
  }
  const auto store = open_result_store(killed.url());
  const WalkForwardRun last = run(*store, 2);
  CHECK(last.already_stored >= stored);
  CHECK(last.forecasts.size() == kPoints);

  soci::session expected = whole.connect(), got = killed.connect();
  CHECK(rows(got) == rows(expected));
  CHECK(store->forecasts("net") == open_result_store(whole.url())->forecasts("net"));
}
