#include "seqnn/core/random.hpp"

#include "fixtures/random_numbers.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <set>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
namespace expected = fixtures::random_numbers;

namespace {

RandomStream stream_of_fixture() {
  return RandomStream({.seed = expected::seed,
                       .purpose = static_cast<Purpose>(expected::purpose),
                       .index = expected::index,
                       .step = expected::step,
                       .sample = expected::sample});
}

}  // namespace

TEST_CASE("philox4x32 gives the published known answers", "[core][random]") {
  // Random123, tests/kat_vectors, lines "philox4x32 10".
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint32_t kOnes = 0xffffffff;
  CHECK(philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}) ==
        PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("A stream gives the words of its key in order", "[core][random]") {
  RandomStream random = stream_of_fixture();
  for (const std::uint32_t word : expected::words) CHECK(random.bits() == word);
  RandomStream wide = stream_of_fixture();
  CHECK(wide.bits64() == (std::uint64_t{expected::words[1]} << 32 | expected::words[0]));
}

TEST_CASE("fill gives the same words as bits, wherever it begins", "[core][random]") {
  for (const std::size_t before : {0U, 1U, 4U, 6U}) {
    for (const std::size_t n : {0U, 1U, 3U, 128U, 129U, 300U}) {
      CAPTURE(before, n);
      RandomStream one = stream_of_fixture();
      RandomStream many = stream_of_fixture();
      for (std::size_t i = 0; i < before; ++i) CHECK(one.bits() == many.bits());
      std::vector<std::uint32_t> words(n + 1, 77);
      many.fill(words.data(), n);
      for (std::size_t i = 0; i < n; ++i) REQUIRE(words[i] == one.bits());
      CHECK(words[n] == 77);
      CHECK(one.bits() == many.bits());
    }
  }
}

TEST_CASE("Streams of different keys are different", "[core][random]") {
  std::set<std::uint64_t> first;
  const RandomKey keys[] = {{.seed = 1},
                            {.seed = 2},
                            {.seed = std::uint64_t{1} << 32},
                            {.seed = 1, .purpose = Purpose::dropout},
                            {.seed = 1, .index = 1},
                            {.seed = 1, .step = 1},
                            {.seed = 1, .sample = 1}};
  for (const RandomKey& key : keys) first.insert(RandomStream(key).bits64());
  CHECK(first.size() == std::size(keys));
}

TEST_CASE("A copy of a stream goes on from the same place", "[core][random]") {
  RandomStream random = stream_of_fixture();
  random.bits();
  RandomStream copy = random;
  for (int i = 0; i < 9; ++i) CHECK(copy.bits() == random.bits());
}

TEST_CASE("uniform lies in its interval and fills it evenly", "[core][random]") {
  RandomStream random({.seed = 5});
  double sum = 0;
  std::size_t lowest_tenth = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double u = random.uniform();
    REQUIRE(u >= 0);
    REQUIRE(u < 1);
    sum += u;
    lowest_tenth += u < 0.1 ? 1 : 0;
  }
  CHECK_THAT(sum / 10'000, WithinAbs(0.5, 4 * std::sqrt(1.0 / 12 / 10'000)));  // four standard deviations
  CHECK_THAT(static_cast<double>(lowest_tenth), WithinAbs(1000, 4 * std::sqrt(10'000 * 0.1 * 0.9)));
  for (int i = 0; i < 1000; ++i) {
    const double u = random.uniform(-3, -1);
    REQUIRE(u >= -3);
    REQUIRE(u < -1);
  }
}

TEST_CASE("normal_quantile is right to a few units in the last place, also in the tails", "[core][random]") {
  for (std::size_t i = 0; i < std::size(expected::probabilities); ++i) {
    CAPTURE(expected::probabilities[i]);
    CHECK_THAT(normal_quantile(expected::probabilities[i]),
               WithinRel(expected::quantiles[i], 2e-15) || WithinAbs(expected::quantiles[i], 0));
  }
  CHECK(normal_quantile(0.5) == 0);
  CHECK(normal_quantile(0.25) == -normal_quantile(0.75));
}

TEST_CASE("Normal draws agree with exact arithmetic, and their bits are pinned", "[core][random]") {
  RandomStream random = stream_of_fixture();
  for (const double value : expected::normals) CHECK_THAT(random.normal(), WithinRel(value, 2e-15));
  // All bits of a thousand draws in one number: whatever compiler, instruction set or machine computes them.
  std::uint64_t digest = 0;
  for (int i = 0; i < 1000; ++i) digest = std::rotl(digest, 7) ^ std::bit_cast<std::uint64_t>(random.normal());
  CHECK(digest == 0xe2c77377c3694f4cU);
}

TEST_CASE("Normal draws have mean 0 and variance 1", "[core][random]") {
  RandomStream random({.seed = 6});
  double sum = 0;
  double squares = 0;
  constexpr int n = 20'000;
  for (int i = 0; i < n; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
  }
  CHECK_THAT(sum / n, WithinAbs(0, 4 / std::sqrt(n)));
  CHECK_THAT(squares / n, WithinAbs(1, 4 * std::sqrt(2.0 / n)));
}

TEST_CASE("below gives every number the same chance", "[core][random]") {
  RandomStream random({.seed = 7});
  int counts[7] = {};
  for (int i = 0; i < 7000; ++i) ++counts[random.below(7)];
  for (const int count : counts) CHECK_THAT(count, WithinAbs(1000, 4 * std::sqrt(7000 * 6.0 / 49)));
  // Where n is three quarters of 2^64, a remainder alone would give the lowest third twice its chance.
  const std::uint64_t n = std::uint64_t{3} << 62;
  int lowest_third = 0;
  for (int i = 0; i < 9000; ++i) lowest_third += random.below(n) < n / 3 ? 1 : 0;
  CHECK_THAT(lowest_third, WithinAbs(3000, 4 * std::sqrt(9000 * 2.0 / 9)));
  CHECK(random.below(1) == 0);
}

TEST_CASE("shuffle gives the permutation that belongs to the key", "[core][random]") {
  std::vector<int> sequence(20);
  for (int i = 0; i < 20; ++i) sequence[static_cast<std::size_t>(i)] = i;
  RandomStream random = stream_of_fixture();
  shuffle(sequence, random);
  CHECK(
      std::equal(sequence.begin(), sequence.end(), std::begin(expected::permutation), std::end(expected::permutation)));
  std::vector<int> none;
  shuffle(none, random);
  CHECK(none.empty());
}
