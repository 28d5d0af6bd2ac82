#include "seqnn/core/arena.hpp"

#include "seqnn/core/tensor.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>

using namespace seqnn;

namespace {

struct Blocks {
  float* a;
  std::uint8_t* b;
  double* none;
  double* c;
};

Blocks take_all(Arena& arena) {
  return {arena.take<float>(17), arena.take<std::uint8_t>(1), arena.take<double>(0), arena.take<double>(8)};
}

}  // namespace

TEST_CASE("An arena without memory measures what one with memory hands out", "[core][arena]") {
  Arena measure;
  CHECK(measure.measuring());
  const Blocks nothing = take_all(measure);
  CHECK(nothing.a == nullptr);
  CHECK(nothing.c == nullptr);
  // 17·4 = 68 bytes take two lines of 64, 1 byte one, nothing none, 8·8 = 64 one.
  CHECK(measure.used() == 256);

  Buffer<std::byte> memory(measure.used());
  Arena arena(memory.data());
  CHECK_FALSE(arena.measuring());
  const Blocks blocks = take_all(arena);
  CHECK(arena.used() == measure.used());
  CHECK(reinterpret_cast<std::byte*>(blocks.a) == memory.data());
  CHECK(reinterpret_cast<std::byte*>(blocks.b) == memory.data() + 128);
  CHECK(reinterpret_cast<std::byte*>(blocks.c) == memory.data() + 192);
  CHECK(reinterpret_cast<std::uintptr_t>(blocks.c) % kAlignment == 0);
}

TEST_CASE("Starting an arena again hands out the same blocks", "[core][arena]") {
  Buffer<std::byte> memory(256);
  Arena first(memory.data());
  Arena second(memory.data());
  CHECK(take_all(first).c == take_all(second).c);
}
