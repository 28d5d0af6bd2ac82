#include "seqnn/data/any_array.hpp"

#include "support/catch.hpp"

#if __has_include(<xtensor/views/xview.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xview.hpp>
#endif

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

std::vector<double> values(const AnyArray& array) {
  std::vector<double> result(array.size());
  array.copy_to(result.data());
  return result;
}

using Numbers = std::vector<double>;

}  // namespace

TEST_CASE("AnyArray refers to a row-major tensor and copies any other expression", "[data][any_array]") {
  xt::xtensor<float, 2> tensor = {{1, 2, 3}, {4, 5, 6}};
  const AnyArray referring(tensor);
  CHECK(referring.as<float>() == tensor.data());
  CHECK(referring.as<double>() == nullptr);
  CHECK(referring.shape() == Shape{2, 3});
  CHECK(referring.size() == 6);
  CHECK_FALSE(referring.integers());

  const AnyArray sum(tensor + 1);
  CHECK(values(sum) == Numbers{2, 3, 4, 5, 6, 7});
  const AnyArray moved(xt::xtensor<float, 2>{tensor});
  CHECK(moved.as<float>() != tensor.data());
  CHECK(values(moved) == Numbers{1, 2, 3, 4, 5, 6});
  const AnyArray copy = moved;  // shares what it holds
  CHECK(copy.as<float>() == moved.as<float>());
}

TEST_CASE("AnyArray reads in row-major order whatever the layout", "[data][any_array]") {
  xt::xtensor<double, 2, xt::layout_type::column_major> columns = {{1, 2, 3}, {4, 5, 6}};
  CHECK(values(columns) == Numbers{1, 2, 3, 4, 5, 6});
  xt::xarray<int, xt::layout_type::dynamic> dynamic({2, 3}, xt::layout_type::column_major);
  for (int i = 0; i < 6; ++i) dynamic(static_cast<std::size_t>(i / 3), static_cast<std::size_t>(i % 3)) = i;
  CHECK(values(dynamic) == Numbers{0, 1, 2, 3, 4, 5});
  const double raw[] = {1, 2, 3, 4, 5, 6};
  const auto adapted = xt::adapt(raw, {3, 2});
  CHECK(AnyArray(adapted).as<double>() == raw);
}

TEST_CASE("AnyArray takes views, contiguous or not", "[data][any_array]") {
  xt::xtensor<float, 2> t = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
  auto rows = xt::view(t, xt::range(1, 3), xt::all());
  CHECK(AnyArray(rows).as<float>() == t.data() + 3);
  CHECK(values(rows) == Numbers{4, 5, 6, 7, 8, 9});
  auto column = xt::view(t, xt::all(), 1);  // one axis, but three numbers apart
  CHECK(values(column) == Numbers{2, 5, 8});
  auto columns = xt::view(t, xt::all(), xt::range(0, 2));
  CHECK(values(columns) == Numbers{1, 2, 4, 5, 7, 8});
  auto every_second = xt::view(t, xt::range(0, 3, 2), xt::all());
  CHECK(values(every_second) == Numbers{1, 2, 3, 7, 8, 9});
  auto first_of_row = xt::view(t, xt::range(0, 1), xt::all());
  CHECK(AnyArray(first_of_row).as<float>() == t.data());
}

TEST_CASE("AnyArray knows integers and truth values from other numbers", "[data][any_array]") {
  const xt::xtensor<std::uint8_t, 1> bytes = {0, 255};
  CHECK(AnyArray(bytes).integers());
  CHECK(values(bytes) == Numbers{0, 255});
  xt::xtensor<float, 1> t = {1, 2, 3};
  const AnyArray above(t > 1.5F);
  CHECK(above.integers());
  CHECK(values(above) == Numbers{0, 1, 1});
  xt::xtensor<bool, 1> flags = t > 2.5F;
  CHECK(values(flags) == Numbers{0, 0, 1});
}

TEST_CASE("AnyArray tells no array from one without elements", "[data][any_array]") {
  CHECK(AnyArray().empty());
  const auto nothing = xt::xtensor<float, 2>::from_shape({0, 3});
  CHECK_FALSE(AnyArray(nothing).empty());
  CHECK(AnyArray(nothing).shape() == Shape{0, 3});
}

TEST_CASE("AnyArray takes the result of a function", "[data][any_array]") {
  const AnyRank<float> result(Array<float>{{1, 2}, {3, 4}});
  CHECK(AnyArray(result).as<float>() == result.data());
  CHECK(values(AnyRank<float>(Array<float>{{1, 2}, {3, 4}})) == Numbers{1, 2, 3, 4});
}

TEST_CASE("Values are the array's own where the type is the same", "[data][any_array]") {
  const xt::xtensor<float, 1> t = {1.5F, 2};
  CHECK(Values<float>(t).data() == t.data());
  const Values<double> converted{AnyArray(t)};
  CHECK(converted.data()[0] == 1.5);
  CHECK(Values<float>(AnyArray()).data() == nullptr);

  const Values<float> kept(t + 1);  // holds what the caller does not
  CHECK(kept.data()[1] == 3);

  const xt::xtensor<std::int32_t, 1> ids = {7, -3};
  CHECK(Values<std::int32_t>(ids, "x").data() == ids.data());
  const xt::xtensor<std::int64_t, 1> wide = {7, 2'147'483'647, -2'147'483'648};
  const Values<std::int32_t> narrow(wide, "x");
  CHECK(narrow.data()[1] == 2'147'483'647);
  CHECK(narrow.data()[2] == std::numeric_limits<std::int32_t>::min());
  const xt::xtensor<double, 1> whole = {3, 0};
  CHECK(Values<std::int32_t>(whole, "y").data()[0] == 3);
}

TEST_CASE("Values name the number that is no 32-bit integer", "[data][any_array]") {
  xt::xtensor<double, 2> numbers = {{0, 1}, {2, 2.5}};
  CHECK_THROWS_MATCHES(Values<std::int32_t>(numbers, "y"), DataError,
                       Message("y: must be 32-bit integers, got 2.5 at (1, 1); token ids and class indices count from "
                               "0"));
  numbers(1, 0) = std::nan("");
  CHECK_THROWS_MATCHES(Values<std::int32_t>(numbers, "y"), DataError,
                       Message("y: must be 32-bit integers, got nan at (1, 0); token ids and class indices count from "
                               "0"));
  const xt::xtensor<std::int64_t, 1> large = {0, 2'147'483'648};
  CHECK_THROWS_MATCHES(Values<std::int32_t>(large, "x"), DataError,
                       Message("x: must be 32-bit integers, got 2147483648 at (1,); token ids and class indices count "
                               "from 0"));
  const xt::xtensor<std::uint64_t, 1> huge = {std::numeric_limits<std::uint64_t>::max() - (std::uint64_t{1} << 40)};
  CHECK_THROWS_AS(Values<std::int32_t>(huge, "x"), DataError);
}

TEST_CASE("A vector is an array of one axis", "[data][any_array]") {
  const Numbers numbers{1, 2, 3};
  const AnyArray array = numbers;
  CHECK(array.shape() == Shape{3});
  CHECK(array.as<double>() == numbers.data());
  const AnyArray held = std::vector<std::int64_t>{7, 8};
  CHECK(held.integers());
  CHECK(values(held) == Numbers{7, 8});
  const Buffer<float> aligned{0.5F};
  CHECK(AnyArray(aligned).as<float>() == aligned.data());
  const AnyArray none = Numbers();
  CHECK(none.shape() == Shape{0});
  CHECK_FALSE(none.empty());
}

TEST_CASE("position_of counts through all axes", "[data][any_array]") {
  CHECK(position_of(0, {2, 3, 4}) == Shape{0, 0, 0});
  CHECK(position_of(23, {2, 3, 4}) == Shape{1, 2, 3});
  CHECK(position_of(5, {9}) == Shape{5});
}
