#include "seqnn/core/parameters.hpp"

#include "seqnn/core/tensor.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("Parameters lie in one buffer, each at a cache line, trainable ones first", "[core][parameters]") {
  ParameterLayout layout;
  const Parameter kernel = layout.declare("dense/kernel", {3, 7}, ones());
  const Parameter mean = layout.declare("norm/mean", {5}, constant(2), false);
  const Parameter bias = layout.declare("dense/bias", {16}, constant(3));
  CHECK_FALSE(Parameter{}.declared());
  CHECK(mean.declared());
  layout.place<float>();  // 16 floats a line
  CHECK(layout[kernel].offset == 0);
  CHECK(layout[bias].offset == 32);
  CHECK(layout[mean].offset == 48);
  CHECK(layout.trainable_extent() == 48);
  CHECK(layout.extent() == 64);
  CHECK(layout.count(true) == 37);
  CHECK(layout.count(false) == 5);
  CHECK(layout.infos()[1].name == "norm/mean");
  CHECK(layout[kernel].size() == 21);
  layout.place<double>();  // 8 doubles a line
  CHECK(layout[bias].offset == 24);
  CHECK(layout[mean].offset == 40);
  CHECK(layout.extent() == 48);
}

TEST_CASE("First values leave the gaps between parameters at zero", "[core][parameters]") {
  ParameterLayout layout;
  layout.declare("a", {3}, ones());
  layout.declare("b", {2}, constant(5));
  layout.place<float>();
  Buffer<float> values(layout.extent(), 77.0F);
  layout.initialize<float>(0, values);
  std::vector<float> expected(32, 0.0F);
  expected[0] = expected[1] = expected[2] = 1;
  expected[16] = expected[17] = 5;
  CHECK(std::vector<float>(values.begin(), values.end()) == expected);
}

TEST_CASE("First values depend on the seed and the place of a parameter only", "[core][parameters]") {
  const auto values = [](std::size_t first_size, std::uint64_t seed) {
    ParameterLayout layout;
    layout.declare("a", {first_size}, random_normal());
    const Parameter b = layout.declare("b", {6}, random_normal());
    layout.place<double>();
    Buffer<double> buffer(layout.extent());
    layout.initialize<double>(seed, buffer);
    const auto begin = buffer.begin() + static_cast<std::ptrdiff_t>(layout[b].offset);
    return std::vector<double>(begin, begin + 6);
  };
  CHECK(values(3, 1) == values(100, 1));
  CHECK(values(3, 1) != values(3, 2));

  ParameterLayout twins;
  twins.declare("a", {6}, random_normal());
  twins.declare("b", {6}, random_normal());
  twins.place<double>();
  Buffer<double> buffer(twins.extent());
  twins.initialize<double>(1, buffer);
  CHECK(buffer[0] != buffer[8]);
}

TEST_CASE("Two parameters of one name are refused", "[core][parameters]") {
  ParameterLayout layout;
  layout.declare("dense/kernel", {3, 7}, ones());
  CHECK_THROWS_MATCHES(layout.declare("dense/kernel", {3}, ones()), OptionError,
                       Message("parameter \"dense/kernel\" exists twice; give the layers names of their own"));
  CHECK(layout.infos().size() == 1);
}
