#include "seqnn/mpi/communicator.hpp"

#include "mpi/world.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

using namespace seqnn;

namespace {

std::vector<std::byte> bytes(std::size_t count, std::size_t value) {
  return std::vector<std::byte>(count, static_cast<std::byte>(value));
}

Communicator::Message wait_for_message() {
  while (true) {
    if (auto message = world().receive()) return *message;
  }
}

}  // namespace

TEST_CASE("Ranks count from 0 to the number of processes", "[mpi]") {
  const std::size_t size = world().size();
  CHECK(world().rank() < size);
  std::vector<std::byte> all(size * 64);
  world().all_gather(bytes(64, world().rank()), all, std::vector<std::size_t>(size, 64));
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i] == static_cast<std::byte>(i / 64));
}

TEST_CASE("all_to_all sends every rank its block, of any size", "[mpi]") {
  // Rank a sends rank b a block of 64 (a + 2 b) bytes of value 10 a + b.
  const std::size_t size = world().size(), rank = world().rank();
  std::vector<std::byte> sent, expected;
  std::vector<std::size_t> sent_sizes, received_sizes;
  for (std::size_t r = 0; r < size; ++r) {
    sent_sizes.push_back(64 * (rank + 2 * r));
    received_sizes.push_back(64 * (r + 2 * rank));
    const auto to = bytes(sent_sizes.back(), 10 * rank + r), from = bytes(received_sizes.back(), 10 * r + rank);
    sent.insert(sent.end(), to.begin(), to.end());
    expected.insert(expected.end(), from.begin(), from.end());
  }
  std::vector<std::byte> received(expected.size());
  world().all_to_all(sent, sent_sizes, received, received_sizes);
  CHECK(received == expected);
}

TEST_CASE("all_gather brings blocks of all sizes together", "[mpi]") {
  const std::size_t size = world().size(), rank = world().rank();
  std::vector<std::byte> expected;
  std::vector<std::size_t> sizes;
  for (std::size_t r = 0; r < size; ++r) {
    sizes.push_back(64 * (2 - std::min<std::size_t>(r, 2)));  // 128, 64 and none
    const auto block = bytes(sizes.back(), 5 + r);
    expected.insert(expected.end(), block.begin(), block.end());
  }
  std::vector<std::byte> received(expected.size());
  world().all_gather(bytes(sizes[rank], 5 + rank), received, sizes);
  CHECK(received == expected);
}

TEST_CASE("Messages arrive whole and in order, with their sender", "[mpi]") {
  const std::size_t size = world().size(), rank = world().rank();
  if (rank == 0) {
    std::vector<std::size_t> next(size, 0);
    for (std::size_t i = 0; i < 3 * (size - 1); ++i) {
      const auto message = wait_for_message();
      const std::size_t length = std::vector<std::size_t>{0, 5, 300'000}[next[message.rank]++];
      CHECK(message.rank > 0);
      CHECK(message.bytes == bytes(length, message.rank));
    }
    for (std::size_t r = 1; r < size; ++r) world().send(r, bytes(1, r));
  } else {
    for (const std::size_t length : {0U, 5U, 300'000U}) world().send(0, bytes(length, rank));
    CHECK(wait_for_message().bytes == bytes(1, rank));
  }
  CHECK_FALSE(world().receive());
}

TEST_CASE("Messages and blocks that MPI cannot count are refused", "[mpi]") {
  const std::byte byte{};
  CHECK_THROWS_WITH(world().send(0, std::span(&byte, std::size_t{1} << 31)),
                    "Communicator: a message must be below 2 GB, got 2147483648 bytes");
  const std::vector<std::size_t> sizes(world().size(), std::size_t{1} << 37);
  CHECK_THROWS_WITH(world().all_gather({}, {}, sizes), text("Communicator: blocks must be below 128 GB together, got ",
                                                            (std::size_t{1} << 37) * world().size(), " bytes"));
}

// The rest are started one by one, each in a program that has not begun MPI.

TEST_CASE("MPI is not begun a second time", "[.ended]") {
  { const Communicator first; }
  CHECK_THROWS_WITH(Communicator(), "Communicator: must be made once in a program, got one after MPI has been ended");
}

TEST_CASE("A program that lets no threads beside MPI is told so", "[.single]") {
  int level = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SINGLE, &level);
  if (level == MPI_THREAD_SINGLE) {
    CHECK_THROWS_WITH(Communicator(),
                      "Communicator: MPI must allow threads beside the one that calls it (MPI_THREAD_FUNNELED), got "
                      "MPI_THREAD_SINGLE; let Communicator begin MPI, or use MPI_Init_thread");
  } else {
    CHECK(Communicator().size() == 1);  // an MPI that always allows them
  }
  MPI_Finalize();
}

// tests/CMakeLists.txt looks for the message.
TEST_CASE("A failing rank ends all", "[.abort]") {
  if (world().rank() == 1) world().abort("the file is missing");
  while (true) world().receive();
}

TEST_CASE("A rank that an exception leaves ends all", "[.unwind]") {
  try {
    Communicator inner;
    if (inner.rank() == 1) throw std::runtime_error("not reported: nobody knows the exception that passes");
    while (true) inner.receive();
  } catch (const std::exception&) {
  }
}
