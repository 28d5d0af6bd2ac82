#include "seqnn/mpi/walk_forward.hpp"

#include "mpi/world.hpp"
#include "seqnn/io/atomic_file.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/walk_forward_runs.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace seqnn;

namespace {

/// What all ranks throw in a run: rank 0's, then those of the others. "" for nothing.
std::vector<std::string> thrown_by(const WalkForwardPlan& plan, const PointForecasterFactory& factory,
                                   const WalkForwardRunOptions& options) {
  constexpr std::size_t kBlock = 256;
  std::string thrown;
  try {
    run_walk_forward(plan, factory, options, world());
  } catch (const std::exception& error) {
    thrown = error.what();
  }
  thrown.resize(kBlock, '\0');
  std::vector<std::byte> all(kBlock * world().size());
  world().all_gather(std::as_bytes(std::span(thrown)), all, std::vector<std::size_t>(world().size(), kBlock));
  std::vector<std::string> result;
  for (std::size_t r = 0; r < world().size(); ++r) result.emplace_back(reinterpret_cast<const char*>(&all[r * kBlock]));
  return result;
}

/// Files in a folder of rank 0's by which ranks wait for each other, from threads that must not use MPI.
class Marks {
 public:
  Marks() {
    std::string path = folder_ / "mark";
    path.resize(256, '\0');
    std::vector<std::byte> all(path.size() * world().size());
    world().all_gather(std::as_bytes(std::span(path)), all, std::vector<std::size_t>(world().size(), path.size()));
    path_ = reinterpret_cast<const char*>(all.data());
  }
  ~Marks() {
    std::vector<std::byte> all(64 * world().size());  // the folder stays until all have come here
    world().all_gather(std::vector<std::byte>(64), all, std::vector<std::size_t>(world().size(), 64));
  }

  void set() const { write_file(path_ + std::to_string(world().rank()), "here"); }
  void wait_for(std::size_t rank) const {
    std::FILE* file = nullptr;
    while ((file = std::fopen((path_ + std::to_string(rank)).c_str(), "rb")) == nullptr) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    std::fclose(file);
  }

 private:
  TemporaryFolder folder_;
  std::string path_;
};

/// Fails at some points.
PointForecasterFactory sometimes_failing() {
  return counting([](const WalkForwardPoint& point) {
    if (point.index % 7 == 3) throw std::runtime_error("the point cannot be forecast");
  });
}

}  // namespace

TEST_CASE("Messages between ranks come out as they went in", "[mpi][walkforward]") {
  const RunMessage message = {
      .kind = RunMessage::Kind::outcome,
      .threads = 3,
      .chain = {5, 9},
      .text = "why",
      .outcome = {.point = 7,
                  .forecasts = {{-5, "", 0.1, {}}, {6, "ABC", -1, {{"long_prob", 0.52}, {"class", 1}}}},
                  .error = "bad",
                  .seconds = 1.25}};
  const auto bytes = encode(message);
  const RunMessage back = decode(bytes);
  CHECK(back.kind == message.kind);
  CHECK(back.threads == 3);
  CHECK(back.chain == message.chain);
  CHECK(back.text == "why");
  CHECK(back.outcome.point == 7);
  CHECK(back.outcome.forecasts == message.outcome.forecasts);
  CHECK(back.outcome.error == message.outcome.error);
  CHECK(back.outcome.seconds == 1.25);
  CHECK_FALSE(decode(encode({})).outcome.error);
  CHECK_THROWS_WITH(decode(std::span(bytes).first(bytes.size() - 3)),
                    "run_walk_forward: a message between ranks must have 8 more bytes, got 5; run the same program on "
                    "all ranks");
}

TEST_CASE("A run on many ranks stores what one process does", "[mpi][walkforward]") {
  const WalkForwardPlan plan = daily_plan(40);
  for (const std::size_t warm_start : {0U, 3U}) {
    for (const std::size_t threads : {1U, 2U}) {
      CAPTURE(warm_start, threads);
      RecordingStore store, alone;
      const TemporaryFolder folder;
      const WalkForwardRun run = run_walk_forward(plan, sometimes_failing(),
                                                  {.store = world().rank() == 0 ? &store : nullptr,
                                                   .log = world().rank() == 0 ? folder / "log" : "",
                                                   .threads = threads,
                                                   .warm_start = warm_start,
                                                   .verbose = Verbose::silent},
                                                  world());
      if (world().rank() > 0) {
        CHECK(run.forecasts.empty());
        continue;
      }
      const WalkForwardRun one = run_walk_forward(
          plan, sometimes_failing(), {.store = &alone, .warm_start = warm_start, .verbose = Verbose::silent});
      CHECK(run.forecasts == one.forecasts);
      CHECK(run.failures == one.failures);
      CHECK(run.failures.size() == 6);
      CHECK(run.computed == 34);
      CHECK(run.seconds.size() == 34);
      CHECK(store.order == alone.order);
      CHECK(store.forecasts("model") == alone.forecasts("model"));
      CHECK(store.failures("model") == alone.failures("model"));
      CHECK(read_file(folder / "log").find("forecast length: 1") != std::string::npos);
    }
  }
}

TEST_CASE("All ranks compute points", "[mpi][walkforward]") {
  const Marks marks;
  std::size_t computed = 0;
  const auto meeting = counting([&](const WalkForwardPoint&) {
    ++computed;
    marks.set();
    for (std::size_t rank = 0; rank < world().size(); ++rank) marks.wait_for(rank);
  });
  run_walk_forward(daily_plan(12), meeting, {.verbose = Verbose::silent}, world());
  CHECK(computed > 0);
  CHECK(computed <= 13 - world().size());
}

TEST_CASE("A run on many ranks goes on where another ended", "[mpi][walkforward]") {
  const WalkForwardPlan plan = daily_plan(12);
  MemoryStore whole, store;
  run_walk_forward(plan, counting(), {.store = &whole, .verbose = Verbose::silent});
  const auto forecasts = whole.forecasts("model");
  store.write("model", std::span(forecasts).subspan(2, 5));
  for (std::size_t again : {0U, 1U}) {
    const WalkForwardRun run =
        run_walk_forward(plan, counting(), {.store = &store, .threads = 2, .verbose = Verbose::silent}, world());
    if (world().rank() > 0) continue;
    CHECK(run.computed == (again == 0 ? 7 : 0));
    CHECK(run.already_stored == (again == 0 ? 5 : 12));
    CHECK(run.forecasts == forecasts);
    CHECK(store.forecasts("model") == forecasts);
  }
}

TEST_CASE("A store that throws ends a run on all ranks", "[mpi][walkforward]") {
  const WalkForwardPlan plan = daily_plan(30);
  RecordingStore store;
  store.throws_at = 4;
  const auto thrown = thrown_by(plan, counting(), {.store = &store, .verbose = Verbose::silent});
  CHECK(thrown[0] == "the disk is full");
  for (std::size_t r = 1; r < thrown.size(); ++r) {
    CHECK(thrown[r] == "run_walk_forward: rank 0 failed: the disk is full");
  }
  if (world().rank() == 0) CHECK(store.order.size() == 3);
}

TEST_CASE("A factory that throws on one rank ends a run on all", "[mpi][walkforward]") {
  if (world().size() == 1) return;
  const Marks marks;
  const auto factory = [&]() -> std::unique_ptr<PointForecaster> {
    if (world().rank() == 1) {
      marks.set();
      throw std::runtime_error("no memory for a model");
    }
    return std::make_unique<CountingForecaster>([&](const WalkForwardPoint&) { marks.wait_for(1); });
  };
  const auto thrown = thrown_by(daily_plan(50), factory, {.verbose = Verbose::silent});
  for (std::size_t r = 0; r < thrown.size(); ++r) {
    CHECK(thrown[r] == (r == 1 ? "no memory for a model" : "run_walk_forward: rank 1 failed: no memory for a model"));
  }
}

TEST_CASE("A rank with a wrong option ends a run on all", "[mpi][walkforward]") {
  if (world().size() == 1) return;
  const std::size_t threads = world().rank() == 1 ? 0 : 1;
  const auto thrown = thrown_by(daily_plan(9), counting(), {.threads = threads, .verbose = Verbose::silent});
  // Rank 0 may have done all points before it hears of it.
  const std::string message = "run_walk_forward: threads must be at least 1, got 0";
  CHECK(thrown[1] == message);
  for (std::size_t r = 0; r < thrown.size(); ++r) {
    if (r != 1) CHECK((thrown[r].empty() || thrown[r] == "run_walk_forward: rank 1 failed: " + message));
  }
}

TEST_CASE("Ranks must have the same plan", "[mpi][walkforward]") {
  if (world().size() == 1) return;
  const bool other = world().rank() == 1;
  for (const auto& thrown : thrown_by(daily_plan(other ? 31 : 30), counting(), {.verbose = Verbose::silent})) {
    CHECK(thrown ==
          "run_walk_forward: rows of the plan must be the same on all ranks, got 35 on rank 0 and 36 on rank "
          "1; make the plan from the same data with the same options");
  }
  std::vector<std::int64_t> times = {1, 2, 3, 4, 5, other ? 7 : 6};
  const WalkForwardPlan plan(times, {.min_history = 2});
  for (const auto& thrown : thrown_by(plan, counting(), {.verbose = Verbose::silent})) {
    CHECK(thrown ==
          "run_walk_forward: times and symbols of the plan must be the same on all ranks, got others on rank "
          "1 than on rank 0; make the plan from the same data with the same options");
  }
  const WalkForwardPlan same = daily_plan(30);
  for (const auto& thrown : thrown_by(same, counting(), {.warm_start = other ? 2U : 0U, .verbose = Verbose::silent})) {
    CHECK(thrown == "run_walk_forward: warm_start must be the same on all ranks, got 0 on rank 0 and 2 on rank 1");
  }
}
