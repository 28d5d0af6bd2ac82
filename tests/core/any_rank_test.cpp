#include "seqnn/core/any_rank.hpp"

#include "support/catch.hpp"

#include <numeric>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

AnyRank<float> two_by_three() {
  auto values = Array<float>::from_shape({2, 3});
  std::iota(values.begin(), values.end(), 1.0F);
  return AnyRank<float>(values);
}

}  // namespace

TEST_CASE("AnyRank becomes the container that the caller names", "[core][any_rank]") {
  const Tensor<float, 2> made = two_by_three();
  CHECK(made(1, 0) == 4);
  xt::xtensor<float, 2> assigned;
  assigned = two_by_three();
  CHECK(assigned(0, 2) == 3);
  const xt::xtensor<float, 2, xt::layout_type::column_major> other_order(two_by_three());
  CHECK(other_order(1, 0) == 4);
  CHECK(other_order.data()[1] == 4);
  const xt::xtensor<double, 2> wider = two_by_three();
  CHECK(wider(1, 2) == 6);
  const xt::xarray<float> array = two_by_three();
  CHECK(array(1, 1) == 5);
}

TEST_CASE("AnyRank can be read without naming a container", "[core][any_rank]") {
  const auto values = two_by_three();
  CHECK(values.shape() == Shape{2, 3});
  CHECK(values.size() == 6);
  CHECK(values(1, 1) == 5);
  CHECK(values.data()[3] == 4);
  CHECK(std::vector<float>(values.begin(), values.end()) == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(values.array()(0, 1) == 2);
}

TEST_CASE("AnyRank refuses a tensor with another number of axes", "[core][any_rank]") {
  const auto values = two_by_three();
  const auto as_vector = [&] { return static_cast<xt::xtensor<float, 1>>(values); };
  CHECK_THROWS_MATCHES(as_vector(), ShapeError,
                       Message("tensor: must have 2 axes to hold values of shape (2, 3), got 1; name an xt::xtensor<…, "
                               "2>"));
  Tensor<float, 3> cube = Tensor<float, 3>::from_shape({1, 1, 1});
  CHECK_THROWS_AS(cube = values, ShapeError);
  CHECK(cube.size() == 1);
}
