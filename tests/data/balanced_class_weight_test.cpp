#include "seqnn/data/balanced_class_weight.hpp"

#include "seqnn/core/tensor.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <map>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinRel;

TEST_CASE("balanced_class_weight makes every class count the same", "[data][balanced_class_weight]") {
  const Tensor<std::int32_t, 1> labels = {0, 0, 0, 0, 0, 0, 3, 3};  // 8 / (2 · 6) and 8 / (2 · 2)
  const auto weights = balanced_class_weight(labels);
  REQUIRE(weights.size() == 2);
  CHECK_THAT(weights.at(0), WithinRel(2.0 / 3, 1e-15));
  CHECK(weights.at(3) == 2);
  const Tensor<float, 2> column = {{1}, {0}};  // as a loss takes them
  CHECK(balanced_class_weight(column) == std::map<int, double>{{0, 1}, {1, 1}});
}

TEST_CASE("balanced_class_weight needs labels", "[data][balanced_class_weight]") {
  const Tensor<std::int32_t, 1> none = xt::zeros<std::int32_t>({0});
  CHECK_THROWS_MATCHES(balanced_class_weight(none), DataError,
                       Message("balanced_class_weight: there must be labels to count, got none"));
  const Tensor<float, 1> half = {0, 0.5F};
  CHECK_THROWS_MATCHES(balanced_class_weight(half), DataError,
                       Message("balanced_class_weight: must be 32-bit integers, got 0.5 at (1,); token ids and class "
                               "indices count from 0"));
}
