#include "seqnn/data/train_test_split.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

using Indices = std::vector<std::size_t>;

Indices sorted(Indices indices) {
  std::sort(indices.begin(), indices.end());
  return indices;
}

Indices together(const TrainTestIndices& parts) {
  Indices all = parts.train;
  all.insert(all.end(), parts.test.begin(), parts.test.end());
  return sorted(all);
}

Indices up_to(std::size_t n) {
  Indices result(n);
  for (std::size_t i = 0; i < n; ++i) result[i] = i;
  return result;
}

}  // namespace

TEST_CASE("a split in the order of time", "[data][train_test_split]") {
  const auto parts = train_test_indices(10, {.test_size = 0.3, .shuffle = false});
  CHECK(parts.train == Indices{0, 1, 2, 3, 4, 5, 6});
  CHECK(parts.test == Indices{7, 8, 9});
  const auto shorter = train_test_indices(10, {.test_size = 2, .train_size = 5, .shuffle = false});
  CHECK(shorter.train == Indices{0, 1, 2, 3, 4});
  CHECK(shorter.test == Indices{5, 6});
}

TEST_CASE("sizes are rounded as scikit-learn's", "[data][train_test_split]") {
  const auto sizes = [](std::size_t n, const TrainTestSplitOptions& options) {
    const auto parts = train_test_indices(n, options);
    return std::pair(parts.train.size(), parts.test.size());
  };
  CHECK(sizes(10, {}) == std::pair<std::size_t, std::size_t>(7, 3));  // a quarter, up
  CHECK(sizes(11, {.test_size = 0.5}) == std::pair<std::size_t, std::size_t>(5, 6));
  CHECK(sizes(11, {.train_size = 0.5}) == std::pair<std::size_t, std::size_t>(5, 6));  // down
  CHECK(sizes(100, {.test_size = 0.29}) == std::pair<std::size_t, std::size_t>(71, 29));
  CHECK(sizes(10, {.test_size = 1}) == std::pair<std::size_t, std::size_t>(9, 1));
  CHECK(sizes(10, {.test_size = 0.2, .train_size = 0.35}) == std::pair<std::size_t, std::size_t>(3, 2));
}

TEST_CASE("a shuffled split has every sample once, and depends on the seed alone", "[data][train_test_split]") {
  const auto parts = train_test_indices(100, {.seed = 3});
  CHECK(together(parts) == up_to(100));
  CHECK(parts.test.size() == 25);
  CHECK_FALSE(parts.train == sorted(parts.train));
  CHECK(train_test_indices(100, {.seed = 3}).test == parts.test);
  CHECK_FALSE(train_test_indices(100, {.seed = 4}).test == parts.test);
  set_seed(4);
  const auto chosen = train_test_indices(100);
  set_seed(0);
  CHECK(chosen.test == train_test_indices(100, {.seed = 4}).test);
}

TEST_CASE("a stratified split has each class in proportion", "[data][train_test_split]") {
  auto y = Tensor<std::int32_t, 1>::from_shape({60});
  for (std::size_t i = 0; i < 60; ++i) y(i) = i < 6 ? 7 : i < 20 ? -1 : 2;  // 6, 14 and 40
  const auto parts = train_test_indices(60, {.test_size = 0.25, .stratify = y, .seed = 5});
  CHECK(together(parts) == up_to(60));
  const auto count = [&](const Indices& indices, int label) {
    return std::count_if(indices.begin(), indices.end(), [&](std::size_t i) { return y(i) == label; });
  };
  CHECK(parts.test.size() == 15);
  // To train 45 of 60: 10.5, 30 and 4.5, of which the lower class gets the one that is left.
  CHECK(count(parts.test, -1) == 3);
  CHECK(count(parts.test, 2) == 10);
  CHECK(count(parts.test, 7) == 2);
  CHECK_FALSE(std::is_sorted(parts.test.begin(), parts.test.end(), [&](auto a, auto b) { return y(a) < y(b); }));
}

TEST_CASE("arrays are split alike", "[data][train_test_split]") {
  auto x = Tensor<float, 3>::from_shape({8, 2, 3});
  auto y = Array<int>::from_shape({8});
  for (std::size_t i = 0; i < 8; ++i) {
    y(i) = static_cast<int>(i);
    for (std::size_t k = 0; k < 6; ++k) x.data()[6 * i + k] = static_cast<float>(10 * i + k);
  }
  const auto [x_train, x_test, y_train, y_test] = train_test_split(x, y, {.seed = 1});
  static_assert(std::same_as<std::remove_cvref_t<decltype(x_train)>, Tensor<float, 3>>);
  static_assert(std::same_as<std::remove_cvref_t<decltype(y_test)>, Array<int>>);
  CHECK(shape_of(x_train) == Shape{6, 2, 3});
  CHECK(shape_of(y_test) == Shape{2});
  const auto agree = [](const auto& xs, const auto& ys) {
    for (std::size_t i = 0; i < ys.size(); ++i) {
      CHECK(xs(i, 0, 0) == static_cast<float>(10 * ys(i)));
      CHECK(xs(i, 1, 2) == static_cast<float>(10 * ys(i) + 5));
    }
  };
  agree(x_train, y_train);
  agree(x_test, y_test);
  const auto sums = train_test_split(x + x, 2 * y, {.shuffle = false});  // any expressions
  CHECK(sums.y_test(0) == 12);
  CHECK(sums.x_test(0, 0, 0) == 120);
}

TEST_CASE("take_rows chooses rows", "[data][train_test_split]") {
  const Tensor<int, 2> x{{1, 2}, {3, 4}, {5, 6}};
  CHECK((take_rows(x, Indices{2, 0, 2}) == Tensor<int, 2>{{5, 6}, {1, 2}, {5, 6}}));
  CHECK_THROWS_MATCHES(take_rows(x, Indices{0, 3}), DataError,
                       Message("take_rows: indices must be in [0, 3), got 3 at (1,)"));
}

TEST_CASE("splits that cannot be are refused", "[data][train_test_split]") {
  CHECK_THROWS_MATCHES(
      train_test_indices(10, {.test_size = 1.5}), OptionError,
      Message("train_test_split: test_size must be a share in (0, 1) or a number of the 10 samples, got 1.5"));
  CHECK_THROWS_MATCHES(
      train_test_indices(10, {.train_size = -0.5}), OptionError,
      Message("train_test_split: train_size must be a share in (0, 1) or a number of the 10 samples, got -0.5"));
  CHECK_THROWS_MATCHES(train_test_indices(10, {.test_size = 6, .train_size = 6}), OptionError,
                       Message("train_test_split: test_size and train_size must leave samples on both sides, got 6 "
                               "and 6 of 10"));
  CHECK_THROWS_AS(train_test_indices(10, {.test_size = 10}), OptionError);
  CHECK_THROWS_AS(train_test_indices(0), OptionError);
  const Tensor<int, 1> y{0, 0, 1, 1, 2};
  CHECK_THROWS_MATCHES(train_test_indices(5, {.shuffle = false, .stratify = y}), OptionError,
                       Message("train_test_split: stratify draws samples of each class, so shuffle must be true, got "
                               "false; leave one out"));
  CHECK_THROWS_MATCHES(train_test_indices(4, {.stratify = y}), ShapeError,
                       Message("train_test_split: stratify must have a class for each of the 4 samples, got (5,)"));
  CHECK_THROWS_MATCHES(
      train_test_indices(5, {.stratify = y}), DataError,
      Message("train_test_split: every class of stratify must have at least 2 samples, got 1 of class 2"));
  const Tensor<int, 1> pairs{0, 0, 1, 1, 2, 2};
  CHECK_THROWS_MATCHES(train_test_indices(6, {.test_size = 2, .stratify = pairs}), DataError,
                       Message("train_test_split: both parts must have a sample for each of the 3 classes of "
                               "stratify, got 2 to test and 4 to train"));
  CHECK_THROWS_MATCHES(train_test_split(y, pairs), ShapeError,
                       Message("train_test_split: x and y must have as many samples, got (5,) and (6,)"));
}
