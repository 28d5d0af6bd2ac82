#include "seqnn/data/to_categorical.hpp"

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

template <std::size_t N>
bool same(const AnyRank<float>& one_hot, const Tensor<float, N>& expected) {
  const Tensor<float, N> values = one_hot;
  return values == expected;
}

}  // namespace

TEST_CASE("to_categorical makes labels one-hot", "[data][to_categorical]") {
  const Tensor<std::int32_t, 1> labels = {2, 0, 1};
  const Tensor<float, 2> expected = {{0, 0, 1}, {1, 0, 0}, {0, 1, 0}};
  CHECK(same(to_categorical(labels), expected));
  const Tensor<float, 2> wider = {{0, 0, 1, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}};
  CHECK(same(to_categorical(labels, 4), wider));
  const Tensor<float, 2> column = {{2}, {0}, {1}};  // as a loss takes them; also floats that are integers
  CHECK(same(to_categorical(column), expected));
}

TEST_CASE("to_categorical adds an axis to labels by step", "[data][to_categorical]") {
  const Tensor<std::int64_t, 2> labels = {{1, 0}, {0, 0}};
  const Tensor<float, 3> expected = {{{0, 1}, {1, 0}}, {{1, 0}, {1, 0}}};
  CHECK(same(to_categorical(labels), expected));
  const Tensor<std::int32_t, 1> one = {0};  // a single axis stays
  CHECK(to_categorical(one).shape() == Shape{1, 1});
}

TEST_CASE("to_categorical refuses what is no class", "[data][to_categorical]") {
  const Tensor<std::int32_t, 2> labels = {{0, 1}, {2, -1}};
  CHECK_THROWS_MATCHES(to_categorical(labels), DataError,
                       Message("to_categorical: label at (1, 1) must be a class in [0, 3), got -1; count classes from "
                               "0"));
  CHECK_THROWS_MATCHES(to_categorical(labels, 2), DataError,
                       Message("to_categorical: label at (1, 0) must be a class in [0, 2), got 2; count classes from "
                               "0"));
  const Tensor<float, 1> half = {0, 0.5F};
  CHECK_THROWS_MATCHES(to_categorical(half), DataError,
                       Message("to_categorical: must be 32-bit integers, got 0.5 at (1,); token ids and class indices "
                               "count from 0"));
  const Tensor<std::int32_t, 1> none = xt::zeros<std::int32_t>({0});
  CHECK_THROWS_MATCHES(to_categorical(none), DataError,
                       Message("to_categorical: there must be labels to count classes by, got none; give num_classes"));
  CHECK(to_categorical(none, 3).shape() == Shape{0, 3});
}
