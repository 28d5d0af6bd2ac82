#include "seqnn/metrics/confusion_matrix.hpp"

#include "support/catch.hpp"

#include <cstdint>
#include <limits>
#include <string>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

const Tensor<int, 1> kTrue{2, 0, 2, 2, 0, 1};
const Tensor<int, 1> kPredicted{0, 0, 2, 2, 0, 2};

void check_equal(const ConfusionMatrix& matrix, const Tensor<double, 2>& expected) {
  REQUIRE(matrix.classes() == expected.shape()[0]);
  for (std::size_t t = 0; t < matrix.classes(); ++t) {
    for (std::size_t p = 0; p < matrix.classes(); ++p) CHECK(matrix(t, p) == Approx(expected(t, p)));
  }
}

}  // namespace

TEST_CASE("the confusion matrix of scikit-learn's documentation", "[metrics][confusion_matrix]") {
  check_equal(confusion_matrix(kTrue, kPredicted), {{2, 0, 0}, {0, 0, 1}, {1, 0, 2}});
  check_equal(confusion_matrix(kTrue, kPredicted, {.normalize = Normalize::truth}),
              {{1, 0, 0}, {0, 0, 1}, {1.0 / 3, 0, 2.0 / 3}});
  check_equal(confusion_matrix(kTrue, kPredicted, {.normalize = Normalize::predicted}),
              {{2.0 / 3, 0, 0}, {0, 0, 1.0 / 3}, {1.0 / 3, 0, 2.0 / 3}});
  check_equal(confusion_matrix(kTrue, kPredicted, {.normalize = Normalize::all}),
              {{2.0 / 6, 0, 0}, {0, 0, 1.0 / 6}, {1.0 / 6, 0, 2.0 / 6}});
  const Tensor<double, 1> weights{1, 2, 3, 4, 5, 6.5};
  check_equal(confusion_matrix(kTrue, kPredicted, {.sample_weight = weights}), {{7, 0, 0}, {0, 0, 6.5}, {1, 0, 7}});
  check_equal(confusion_matrix(kTrue, kPredicted, {.classes = 4}),
              {{2, 0, 0, 0}, {0, 0, 1, 0}, {1, 0, 2, 0}, {0, 0, 0, 0}});
}

TEST_CASE("the confusion matrix takes outputs", "[metrics][confusion_matrix]") {
  const Tensor<float, 2> scores{{0.1F, 0.7F, 0.2F}, {5, 1, -1}, {0, 0, 3}};
  const Tensor<int, 1> truth{1, 0, 1};
  check_equal(confusion_matrix(truth, scores), {{1, 0, 0}, {0, 1, 1}, {0, 0, 0}});
  const Tensor<float, 2> one_hot{{0, 1, 0}, {1, 0, 0}, {0, 1, 0}};
  CHECK(confusion_matrix(one_hot, scores) == confusion_matrix(truth, scores));

  const Tensor<float, 2> single{{0.2F}, {0.9F}, {0.6F}, {0.5F}};
  const Tensor<float, 1> yes{0, 1, 0, 1};
  check_equal(confusion_matrix(yes, single), {{1, 1}, {1, 1}});
  CHECK(confusion_matrix(yes, Tensor<float, 1>{0.2F, 0.9F, 0.6F, 0.5F}) == confusion_matrix(yes, single));
  check_equal(confusion_matrix(yes, single, {.threshold = 0.1}), {{0, 2}, {0, 2}});

  const Tensor<float, 3> sequence{{{1, 0}, {0, 1}}, {{0, 1}, {0, 1}}};
  const Tensor<std::int64_t, 2> steps{{0, 1}, {0, 1}};
  check_equal(confusion_matrix(steps, sequence), {{1, 1}, {0, 2}});
}

TEST_CASE("the confusion matrix as a table", "[metrics][confusion_matrix]") {
  CHECK(confusion_matrix(kTrue, kPredicted).to_string() ==
        "true \\ predicted  0  1  2\n"
        "0                 2  0  0\n"
        "1                 0  0  1\n"
        "2                 1  0  2\n");
  CHECK(confusion_matrix(kTrue, kPredicted, {.normalize = Normalize::truth}).to_string({"ant", "bee", "c"}) ==
        "true \\ predicted     ant  bee       c\n"
        "ant                    1    0       0\n"
        "bee                    0    0       1\n"
        "c                 0.3333    0  0.6667\n");
  CHECK_THROWS_MATCHES(confusion_matrix(kTrue, kPredicted).to_string({"ant"}), ShapeError,
                       Message("ConfusionMatrix: names must be one for each of the 3 classes, got 1"));
}

TEST_CASE("shares of nothing are 0", "[metrics][confusion_matrix]") {
  const Tensor<int, 1> zero{0, 0};
  check_equal(confusion_matrix(zero, zero, {.classes = 2, .normalize = Normalize::truth}), {{1, 0}, {0, 0}});
}

TEST_CASE("the confusion matrix refuses what does not fit", "[metrics][confusion_matrix]") {
  const Tensor<int, 1> two{0, 1};
  CHECK_THROWS_MATCHES(confusion_matrix(two, kPredicted), ShapeError,
                       Message("confusion_matrix: y_true must have one class for each row of y_pred (6,), got (2,)"));
  CHECK_THROWS_MATCHES(confusion_matrix(kTrue, kPredicted, {.classes = 2}), DataError,
                       Message("confusion_matrix: y_true must be classes in [0, 2), got 2 in row 0; set .classes"));
  CHECK_THROWS_MATCHES(confusion_matrix(kTrue, kPredicted, {.sample_weight = two}), ShapeError,
                       Message("confusion_matrix: sample_weight must be one for each of the 6 rows, got (2,)"));
  const Tensor<int, 1> negative{0, -1};
  CHECK_THROWS_MATCHES(
      confusion_matrix(negative, two), DataError,
      Message("confusion_matrix: y_true must be classes counted from 0, below 65536, got -1 in row 1"));
  const Tensor<float, 2> nan{{std::numeric_limits<float>::quiet_NaN()}, {1}};
  CHECK_THROWS_MATCHES(confusion_matrix(two, nan), DataError,
                       Message("confusion_matrix: y_pred must be numbers, got NaN in row 0"));
}
