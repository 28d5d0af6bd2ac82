#include "seqnn/core/thread_team.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

/// A number below the smallest normal one, unless denormals are flushed to zero.
double half_of_smallest() {
  volatile double smallest = std::numeric_limits<double>::min();
  return smallest / 2;
}

/// Blocks its callers until `count` of them have come: then that many threads are at work.
class Gathering {
 public:
  explicit Gathering(std::size_t count) : missing_(count) {}
  void wait() {
    std::unique_lock lock(mutex_);
    if (--missing_ == 0) all_here_.notify_all();
    all_here_.wait(lock, [this] { return missing_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_here_;
  std::size_t missing_;
};

}  // namespace

TEST_CASE("A team runs every task once", "[core][threads]") {
  for (const std::size_t threads : {0U, 1U, 2U, 5U}) {
    ThreadTeam team(threads);
    CHECK(team.size() == (threads == 0 ? 1 : threads));
    for (const std::size_t count : {0U, 1U, 2U, 3U, 64U}) {
      std::vector<std::atomic<int>> runs(count);
      team.run(count, [&](std::size_t i) { ++runs[i]; });
      for (const auto& n : runs) CHECK(n == 1);
    }
  }
}

TEST_CASE("A team's tasks run at the same time", "[core][threads]") {
  ThreadTeam team(3);
  Gathering gathering(3);
  std::array<std::thread::id, 3> ids;
  team.run(3, [&](std::size_t i) {
    gathering.wait();  // would never end with fewer than three threads
    ids[i] = std::this_thread::get_id();
  });
  CHECK(ids[0] != ids[1]);
  CHECK(ids[1] != ids[2]);
  CHECK(ids[0] != ids[2]);
}

TEST_CASE("A team of one works on the caller's thread", "[core][threads]") {
  ThreadTeam team(1);
  std::thread::id id;
  team.run(1, [&](std::size_t) { id = std::this_thread::get_id(); });
  CHECK(id == std::this_thread::get_id());
}

TEST_CASE("Of several exceptions a team throws that of the lowest task, after all others have run", "[core][threads]") {
  for (const std::size_t threads : {1U, 2U, 4U}) {
    ThreadTeam team(threads);
    for (int repeat = 0; repeat < 50; ++repeat) {
      std::atomic<int> finished = 0;
      const auto task = [&](std::size_t i) {
        if (i == 3 || i == 5 || i == 11) throw std::runtime_error("task " + std::to_string(i));
        ++finished;
      };
      CHECK_THROWS_MATCHES(team.run(12, task), std::runtime_error, Message("task 3"));
      CHECK(finished == 9);
    }
  }
}

TEST_CASE("A team can be used again after an exception", "[core][threads]") {
  ThreadTeam team(2);
  CHECK_THROWS(team.run(4, [](std::size_t) { throw 1; }));
  std::atomic<int> finished = 0;
  team.run(4, [&](std::size_t) { ++finished; });
  CHECK(finished == 4);
}

TEST_CASE("A team stands many short runs", "[core][threads]") {
  ThreadTeam team(4);
  std::atomic<std::size_t> sum = 0;
  for (std::size_t run = 0; run < 5000; ++run) {
    team.run(run % 5, [&](std::size_t i) { sum += i + 1; });
  }
  CHECK(sum == 1000 * (0 + 1 + 3 + 6 + 10));
}

TEST_CASE("A run allocates nothing", "[core][threads]") {
  ThreadTeam team(2);
  std::array<std::size_t, 8> in_tasks{};
  const auto task = [&](std::size_t i) { in_tasks[i] = i; };
  team.run(8, task);
  const AllocationCount allocations;
  for (int i = 0; i < 100; ++i) team.run(8, task);
  CHECK(allocations.so_far() == 0);
}

#if defined(__SSE__) || defined(__aarch64__)
TEST_CASE("Tasks run with denormals flushed, and the caller's setting comes back", "[core][threads]") {
  REQUIRE(half_of_smallest() > 0);
  ThreadTeam team(2);
  Gathering gathering(2);
  std::array<double, 2> halves{1, 1};
  team.run(2, [&](std::size_t i) {
    gathering.wait();  // one task on the caller's thread, one on the helper's
    halves[i] = half_of_smallest();
  });
  CHECK(halves[0] == 0);
  CHECK(halves[1] == 0);
  CHECK(half_of_smallest() > 0);

  CHECK_THROWS(team.run(1, [](std::size_t) { throw 1; }));
  CHECK(half_of_smallest() > 0);
  {
    const FlushDenormals outer;
    team.run(1, [](std::size_t) {});
    CHECK(half_of_smallest() == 0);
  }
  CHECK(half_of_smallest() > 0);
}
#endif
