#include "seqnn/data/chunks/chunked_dataset.hpp"

#include "seqnn/core/thread_team.hpp"
#include "seqnn/data/dataset.hpp"
#include "support/allocations.hpp"
#include "support/array_dataset.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

using namespace seqnn;

namespace {

static_assert(Dataset<ChunkedDataset<float>>);
static_assert(Dataset<ChunkedDataset<std::int32_t, float>>);

/// What was read of FakeFiles, which the data set owns.
struct Reads {
  std::atomic<std::size_t> count = 0;
  std::atomic<int> at_once = 0;
  std::atomic<bool> overlapped = false;
  std::atomic<std::size_t> broken = static_cast<std::size_t>(-1);  // chunk that cannot be read
  std::chrono::microseconds takes{0};
};

/// Sample i is (i, i + 0.5) with target -i, in chunks of these sizes.
class FakeFiles final : public ChunkFiles<float, float> {
 public:
  FakeFiles(std::vector<std::size_t> sizes, Reads& reads) : sizes_(std::move(sizes)), reads_(&reads) {}

  std::size_t chunks() const override { return sizes_.size(); }
  std::size_t samples(std::size_t chunk) const override { return sizes_[chunk]; }
  Shape x_shape() const override { return {2}; }
  Shape y_shape() const override { return {}; }
  void read(std::size_t chunk, std::span<float> x, std::span<float> y) const override {
    if (reads_->at_once.fetch_add(1) > 0) reads_->overlapped = true;
    ++reads_->count;
    if (reads_->takes.count() > 0) std::this_thread::sleep_for(reads_->takes);
    std::size_t first = 0;
    for (std::size_t c = 0; c < chunk; ++c) first += sizes_[c];
    for (std::size_t i = 0; i < y.size(); ++i) {
      x[2 * i] = static_cast<float>(first + i);
      x[2 * i + 1] = static_cast<float>(first + i) + 0.5F;
      y[i] = -static_cast<float>(first + i);
    }
    --reads_->at_once;
    if (chunk == reads_->broken) throw FileError(text("chunk_", chunk, ".bin: must be readable, got a bad sector"));
  }

 private:
  std::vector<std::size_t> sizes_;
  Reads* reads_;
};

struct Chunked {
  explicit Chunked(std::vector<std::size_t> sizes, std::size_t ahead = 1)
      : data(std::make_unique<FakeFiles>(std::move(sizes), reads), {.ahead = ahead}) {}

  /// Whether these samples are gathered as they should be.
  bool right(std::span<const std::size_t> indices) const {
    std::vector<float> x(2 * indices.size());
    std::vector<float> y(indices.size());
    data.gather(indices, x, y);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const auto value = static_cast<float>(indices[i]);
      if (x[2 * i] != value || x[2 * i + 1] != value + 0.5F || y[i] != -value) return false;
    }
    return true;
  }

  std::vector<std::size_t> order(std::uint64_t seed, std::size_t pass) const {
    std::vector<std::size_t> result(data.size());
    data.order(seed, pass, result);
    return result;
  }

  /// Whether all samples are right, taken in this order and in batches.
  bool pass(const std::vector<std::size_t>& order, std::size_t batch) const {
    for (std::size_t at = 0; at < order.size(); at += batch) {
      if (!right(std::span(order).subspan(at, std::min(batch, order.size() - at)))) return false;
    }
    return true;
  }

  Reads reads;
  ChunkedDataset<float> data;
};

std::vector<std::size_t> upwards(std::size_t n) {
  std::vector<std::size_t> result(n);
  std::iota(result.begin(), result.end(), std::size_t{0});
  return result;
}

}  // namespace

TEST_CASE("A schedule expects files in order, or as announced for a pass and the next", "[training][chunks]") {
  ChunkSchedule schedule(4, 1);
  CHECK_FALSE(schedule.known());
  schedule.ask(0);
  CHECK(schedule.known());
  CHECK(schedule.soon(1));
  CHECK_FALSE(schedule.soon(2));
  schedule.ask(1);
  schedule.ask(0);  // a thread that lags behind
  CHECK(schedule.position() == 1);
  schedule.ask(2);
  schedule.ask(3);
  CHECK(schedule.soon(0));  // of the next pass
  schedule.ask(1);          // not next: what follows is not known …
  CHECK(schedule.position() == 5);

  ChunkSchedule many(100, 1);
  many.ask(0);
  many.ask(50);
  CHECK_FALSE(many.known());
  many.ask(20);
  CHECK_FALSE(many.known());
  many.ask(21);  // … until the next file is asked for
  CHECK(many.known());
  CHECK(many.at(many.position() + 1) == 22);

  many.announce(7, 3);
  std::vector<std::size_t> now(100), next(100);
  ChunkSchedule::shuffle_chunks(7, 3, now);
  ChunkSchedule::shuffle_chunks(7, 4, next);
  CHECK(std::equal(now.begin(), now.end(), many.announced().begin()));
  CHECK(now != next);
  CHECK(std::set<std::size_t>(now.begin(), now.end()).size() == 100);
  for (const std::size_t chunk : now) {
    many.ask(chunk);
    CHECK(many.known());
  }
  CHECK(many.soon(next[0]));
}

TEST_CASE("Samples of chunks are right in any order of calls", "[training][chunks]") {
  for (const std::size_t ahead : {1U, 3U}) {
    const Chunked chunked({5, 1, 7, 3, 4, 6, 2}, ahead);
    CHECK(chunked.data.size() == 28);
    CHECK(chunked.data.chunks() == 7);
    CHECK(chunked.data.memory_chunks() == ahead + 2);
    CHECK(chunked.data.x_shape() == Shape{2});
    CHECK(chunked.data.y_shape() == Shape{});
    auto order = upwards(28);
    for (const std::size_t batch : {1U, 4U, 28U}) CHECK(chunked.pass(order, batch));
    std::reverse(order.begin(), order.end());
    CHECK(chunked.pass(order, 3));
    RandomStream random({.seed = 1});
    for (int i = 0; i < 20; ++i) {
      for (std::size_t& sample : order) sample = static_cast<std::size_t>(random.below(28));
      CHECK(chunked.pass(order, 9));
    }
    CHECK(chunked.pass(chunked.order(1, 1), 4));
    CHECK_FALSE(chunked.reads.overlapped);
  }
}

TEST_CASE("One chunk, and fewer chunks than memory holds, are read once", "[training][chunks]") {
  for (const std::size_t chunks : {1U, 2U, 4U}) {
    const Chunked chunked(std::vector<std::size_t>(chunks, 3), 2);
    CHECK(chunked.data.memory_chunks() == chunks);
    for (std::size_t pass = 0; pass < 3; ++pass) CHECK(chunked.pass(chunked.order(5, pass), 2));
    CHECK(chunked.reads.count == chunks);
  }
}

TEST_CASE("A pass in order reads every chunk once", "[training][chunks]") {
  const Chunked chunked(std::vector<std::size_t>(12, 10), 2);
  CHECK(chunked.pass(upwards(120), 7));
  CHECK(chunked.reads.count >= 12);
  CHECK(chunked.reads.count <= 14);  // and what comes after the end

  const Chunked shuffled(std::vector<std::size_t>(12, 10), 2);
  for (std::size_t pass = 0; pass < 3; ++pass) CHECK(shuffled.pass(shuffled.order(3, pass), 7));
  CHECK(shuffled.reads.count >= 3 * 12 - 2 * 3);  // what is in memory when a pass begins is not read again
  CHECK(shuffled.reads.count <= 3 * 12 + 2);
}

TEST_CASE("Shuffling goes by chunks, and by samples within each", "[training][chunks]") {
  const Chunked chunked(std::vector<std::size_t>(10, 20));
  const auto first = chunked.order(4, 0);
  CHECK(chunked.order(4, 0) == first);
  CHECK(chunked.order(4, 1) != first);
  CHECK(chunked.order(5, 0) != first);
  CHECK(std::set<std::size_t>(first.begin(), first.end()).size() == 200);
  std::vector<std::size_t> chunks;
  for (std::size_t at = 0; at < 200; at += 20) {
    chunks.push_back(first[at] / 20);
    for (std::size_t i = at; i < at + 20; ++i) CHECK(first[i] / 20 == chunks.back());
    CHECK_FALSE(std::is_sorted(&first[at], &first[at] + 20));
  }
  CHECK_FALSE(std::is_sorted(chunks.begin(), chunks.end()));
}

TEST_CASE("Any number of threads may gather at once", "[training][chunks][threads]") {
  const Chunked chunked(std::vector<std::size_t>(9, 11));
  ThreadTeam team(4);
  std::atomic<int> wrong = 0;
  team.run(4, [&](std::size_t thread) {
    RandomStream random({.seed = thread});
    std::vector<std::size_t> batch(8);
    for (int i = 0; i < 100; ++i) {
      for (std::size_t& sample : batch) sample = static_cast<std::size_t>(random.below(99));
      if (!chunked.right(batch)) ++wrong;
    }
  });
  CHECK(wrong == 0);
}

TEST_CASE("Training from chunks in order is training from arrays", "[training][chunks][threads]") {
  auto x = Tensor<float, 2>::from_shape({60, 2});
  auto y = Tensor<float, 1>::from_shape({60});
  for (std::size_t i = 0; i < 60; ++i) {
    x(i, 0) = static_cast<float>(i);
    x(i, 1) = static_cast<float>(i) + 0.5F;
    y(i) = -static_cast<float>(i);
  }
  const auto trained = [](std::size_t threads, bool shuffle, auto&&... source) {
    Sequential<float> model({Dense(4), Dense(1)});
    model.compile(Adam(), MeanSquaredError());
    const History history = model.fit(source..., {.epochs = 4,
                                                  .batch_size = 16,
                                                  .shuffle = shuffle,
                                                  .verbose = Verbose::silent,
                                                  .threads = threads,
                                                  .shards = 3});
    CHECK(history["loss"].back() < history["loss"].front());
    return std::pair(all_weights(model), model.evaluate(source...)["loss"]);
  };
  const Chunked chunked({10, 13, 7, 20, 4, 6});
  const auto of_arrays = trained(1, false, x, y);
  CHECK(trained(1, false, chunked.data) == of_arrays);
  CHECK(trained(3, false, chunked.data) == of_arrays);
  CHECK(trained(1, true, chunked.data) == trained(3, true, chunked.data));
  CHECK(trained(1, true, chunked.data) != of_arrays);
}

TEST_CASE("A chunk that cannot be read is an error of fit, and can be tried again", "[training][chunks][threads]") {
  Chunked chunked({8, 8, 8, 8});
  chunked.reads.broken = 2;
  Sequential<float> model({Dense(1)});
  model.compile(SGD({.learning_rate = 1e-4}), MeanSquaredError());
  for (const std::size_t threads : {1U, 2U}) {
    CHECK_THROWS_WITH(
        model.fit(chunked.data, {.batch_size = 4, .verbose = Verbose::silent, .threads = threads, .shards = 2}),
        "chunk_2.bin: must be readable, got a bad sector");
  }
  const auto others = upwards(16);
  CHECK(chunked.right(others));
  chunked.reads.broken = 99;
  const History history = model.fit(chunked.data, {.batch_size = 4, .verbose = Verbose::silent});
  CHECK(history.epochs() == 1);
  CHECK(chunked.pass(upwards(32), 5));
}

TEST_CASE("A data set may go while it loads", "[training][chunks]") {
  for (int i = 0; i < 20; ++i) {
    Chunked chunked({3, 3, 3, 3, 3}, 3);
    chunked.reads.takes = std::chrono::microseconds(i % 2 == 0 ? 0 : 300);
    chunked.order(0, 0);  // begins to load
  }
  SUCCEED();
}

TEST_CASE("Waiting for chunks is counted, and gathering what is there does not wait", "[training][chunks]") {
  Chunked chunked({4, 4, 4});
  chunked.reads.takes = std::chrono::milliseconds(2);
  CHECK(chunked.data.stalled() == 0);
  CHECK(chunked.right(upwards(4)));
  const double first = chunked.data.stalled();
  CHECK(first > 1e-3);  // nothing had been announced
  CHECK(chunked.right(upwards(4)));
  CHECK(chunked.data.stalled() == first);
}

TEST_CASE("Gathering from chunks allocates nothing on the thread that asks", "[training][chunks]") {
  const Chunked chunked({4, 4, 4, 4, 4, 4});
  std::vector<float> x(8), y(4);
  std::vector<std::size_t> order(24);
  const std::vector<std::size_t> last = {23, 0, 8, 13};
  chunked.data.gather(last, x, y);
  const AllocationCount allocations;
  for (std::size_t pass = 0; pass < 3; ++pass) {
    chunked.data.order(0, pass, order);
    for (std::size_t at = 0; at < 24; at += 4) chunked.data.gather(std::span(order).subspan(at, 4), x, y);
    chunked.data.gather(last, x, y);
  }
  CHECK(allocations.so_far() == 0);
}

TEST_CASE("Chunks say what is wrong with options", "[training][chunks]") {
  Reads reads;
  CHECK_THROWS_WITH(ChunkedDataset<float>(std::make_unique<FakeFiles>(std::vector<std::size_t>{}, reads)),
                    "ChunkedDataset: must have at least one file, got none");
  CHECK_THROWS_WITH(
      ChunkedDataset<float>(std::make_unique<FakeFiles>(std::vector<std::size_t>{1}, reads), {.ahead = 0}),
      "ChunkedDataset: ahead must be at least 1, got 0");
}
