#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/core/random.hpp"
#include "seqnn/core/seed.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/any_array.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Options of train_test_split, with scikit-learn's names and defaults.
struct TrainTestSplitOptions {
  double test_size =
      0;  ///< share of the samples below 1, rounded up, or their number; 0: what train_size leaves, or 1/4
  double train_size = 0;   ///< likewise, rounded down; 0: what is left
  bool shuffle = true;     ///< in random order; false: in the order given, so that the test follows the training
  AnyArray stratify = {};  ///< a class for each sample: every class has its share in both parts
  std::uint64_t seed = default_seed();  ///< scikit-learn's random_state
};

/// The samples of the two parts.
struct TrainTestIndices {
  std::vector<std::size_t> train;
  std::vector<std::size_t> test;
};

namespace detail {

/// Number of samples that a size asks for; 0 if none is given.
SEQNN_COLD inline std::size_t split_count(const char* name, double size, std::size_t samples, bool up) {
  const auto n = static_cast<double>(samples);
  if (!(size >= 0) || size > n || (size >= 1 && size != std::floor(size))) {
    throw OptionError(text("train_test_split: ", name, " must be a share in (0, 1) or a number of the ", samples,
                           " samples, got ", size));
  }
  if (size == 0 || size >= 1) return static_cast<std::size_t>(size);
  // A share such as 0.29 is a little more or less than it says.
  return static_cast<std::size_t>(up ? std::ceil(n * size - 1e-9) : std::floor(n * size + 1e-9));
}

/// Divides `wanted` over classes of these sizes in proportion: whole parts, then one each to the largest remainders.
SEQNN_COLD inline std::vector<std::size_t> in_proportion(const std::vector<std::size_t>& sizes, std::size_t wanted) {
  const std::size_t all = std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
  std::vector<std::size_t> parts(sizes.size()), order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::size_t left = wanted;
  for (std::size_t k = 0; k < sizes.size(); ++k) left -= parts[k] = sizes[k] * wanted / all;
  const auto remainder = [&](std::size_t k) { return sizes[k] * wanted % all; };
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return remainder(a) > remainder(b); });
  for (std::size_t i = 0; i < left; ++i) ++parts[order[i]];
  return parts;
}

}  // namespace detail

/// Divides samples into those to train on and those to test with.
///
///     const auto [train, test] = train_test_indices(samples, {.test_size = 0.2, .stratify = y});
///
/// With `stratify` classes are divided in proportion; where that gives no whole number the largest remainders get one
/// more, of equal ones the lower class (scikit-learn: a random one). Which samples are drawn is not scikit-learn's
/// choice.
/// @throws OptionError for sizes that leave a part empty or exceed the samples, and for stratify without shuffle;
///         ShapeError for another number of classes than samples; DataError for a class of one sample, or more classes
///         than a part has samples
SEQNN_COLD inline TrainTestIndices train_test_indices(std::size_t samples, const TrainTestSplitOptions& options = {}) {
  std::size_t test = detail::split_count("test_size", options.test_size, samples, true);
  std::size_t train = detail::split_count("train_size", options.train_size, samples, false);
  if (options.test_size == 0 && options.train_size == 0) test = detail::split_count("test_size", 0.25, samples, true);
  if (options.train_size == 0) train = samples - test;
  if (options.test_size == 0) test = options.train_size == 0 ? test : samples - train;
  if (train == 0 || test == 0 || train + test > samples) {
    throw OptionError(text("train_test_split: test_size and train_size must leave samples on both sides, got ", test,
                           " and ", train, " of ", samples));
  }
  TrainTestIndices result;
  std::vector<std::size_t> order(samples);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto append = [&](const std::vector<std::size_t>& from, std::size_t tests, std::size_t trains) {
    const auto begin = from.begin(), middle = begin + static_cast<std::ptrdiff_t>(tests);
    result.test.insert(result.test.end(), begin, middle);
    result.train.insert(result.train.end(), middle, middle + static_cast<std::ptrdiff_t>(trains));
  };
  if (!options.shuffle) {
    if (!options.stratify.empty()) {
      throw OptionError(
          "train_test_split: stratify draws samples of each class, so shuffle must be true, got false; "
          "leave one out");
    }
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(train);
    result.train.assign(order.begin(), end);
    result.test.assign(end, end + static_cast<std::ptrdiff_t>(test));
    return result;
  }
  RandomStream random({.seed = options.seed, .purpose = Purpose::data});
  shuffle(order, random);
  if (options.stratify.empty()) {
    append(order, test, train);
    return result;
  }
  if (options.stratify.size() != samples) {
    throw ShapeError(text("train_test_split: stratify must have a class for each of the ", samples, " samples, got ",
                          options.stratify.shape()));
  }
  const Values<std::int32_t> classes(options.stratify, "stratify");
  std::map<std::int32_t, std::vector<std::size_t>> members;
  for (const std::size_t i : order) members[classes.data()[i]].push_back(i);
  std::vector<std::size_t> sizes;
  for (const auto& [label, of_class] : members) {
    if (of_class.size() < 2) {
      throw DataError(
          text("train_test_split: every class of stratify must have at least 2 samples, got 1 of class ", label));
    }
    sizes.push_back(of_class.size());
  }
  if (std::min(train, test) < members.size()) {
    throw DataError(text("train_test_split: both parts must have a sample for each of the ", members.size(),
                         " classes of stratify, got ", test, " to test and ", train, " to train"));
  }
  const auto trains = detail::in_proportion(sizes, train);
  for (std::size_t k = 0; k < sizes.size(); ++k) sizes[k] -= trains[k];
  const auto tests = detail::in_proportion(sizes, test);
  std::size_t k = 0;
  for (const auto& [label, of_class] : members) {
    append(of_class, tests[k], trains[k]);
    ++k;
  }
  shuffle(result.train, random);
  shuffle(result.test, random);
  return result;
}

/// The samples with these indices: rows along the first axis, in this order.
/// @throws ShapeError for a scalar; DataError for an index that is not there
template <class E>
auto take_rows(const xt::xexpression<E>& array, std::span<const std::size_t> indices) {
  using Value = std::remove_cv_t<typename E::value_type>;
  const Shape shape = shape_of(array);
  if (shape.empty()) throw ShapeError("take_rows: the array must have a first axis, got a scalar");
  const auto copy = [&](auto result, const auto& whole) {
    const std::size_t row = shape[0] == 0 ? 0 : whole.size() / shape[0];
    for (std::size_t i = 0; i < indices.size(); ++i) {
      if (indices[i] >= shape[0]) {
        throw DataError(text("take_rows: indices must be in [0, ", shape[0], "), got ", indices[i], " at (", i, ",)"));
      }
      std::copy_n(whole.data() + indices[i] * row, row, result.data() + i * row);
    }
    return result;
  };
  Shape taken = shape;
  taken[0] = indices.size();
  constexpr std::size_t kRank = xt::get_rank<E>::value;
  if constexpr (kRank == static_cast<std::size_t>(-1)) {
    using Whole = Array<Value>;
    if constexpr (std::same_as<E, Whole>)
      return copy(Whole::from_shape(taken), array.derived_cast());
    else
      return copy(Whole::from_shape(taken), Whole(array.derived_cast()));
  } else {
    using Whole = Tensor<Value, kRank>;
    typename Whole::shape_type extents;
    std::copy(taken.begin(), taken.end(), extents.begin());
    if constexpr (std::same_as<E, Whole>)
      return copy(Whole::from_shape(extents), array.derived_cast());
    else
      return copy(Whole::from_shape(extents), Whole(array.derived_cast()));
  }
}

/// Inputs and targets of the two parts.
template <class X, class Y>
struct TrainTestSplit {
  X x_train, x_test;
  Y y_train, y_test;
};

/// Divides inputs and targets into those to train on and those to test with, as scikit-learn's function:
///
///     const auto [x_train, x_test, y_train, y_test] = train_test_split(x, y, {.test_size = 0.2, .stratify = y});
///     const auto [x_old, x_new, y_old, y_new] = train_test_split(x, y, {.shuffle = false});  // in the order of time
///
/// The parts are copies. Arrays that have more than inputs and targets: train_test_indices, and `take_rows` for each.
/// @throws ShapeError if x and y have not as many samples; as train_test_indices
template <class X, class Y>
auto train_test_split(const xt::xexpression<X>& x, const xt::xexpression<Y>& y,
                      const TrainTestSplitOptions& options = {}) {
  const Shape x_shape = shape_of(x);
  const Shape y_shape = shape_of(y);
  if (x_shape.empty() || y_shape.empty() || x_shape[0] != y_shape[0]) {
    throw ShapeError(text("train_test_split: x and y must have as many samples, got ", x_shape, " and ", y_shape));
  }
  const TrainTestIndices parts = train_test_indices(x_shape[0], options);
  return TrainTestSplit<decltype(take_rows(x, parts.train)), decltype(take_rows(y, parts.train))>{
      take_rows(x, parts.train), take_rows(x, parts.test), take_rows(y, parts.train), take_rows(y, parts.test)};
}

}  // namespace seqnn::inline SEQNN_ABI
