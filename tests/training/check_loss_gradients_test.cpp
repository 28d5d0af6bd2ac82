#include "seqnn/training/check_loss_gradients.hpp"

#include "seqnn/losses/lambda_loss.hpp"
#include "seqnn/losses/sparse_categorical_crossentropy.hpp"
#include "support/catch.hpp"

#include <cstdint>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

/// Σ error³, with a gradient `factor` times too large.
auto cubes(double factor) {
  return LambdaLoss("cubes", [factor](auto y_true, auto y_pred, auto gradient) {
    double loss = 0;
    for (std::size_t i = 0; i < y_pred.size(); ++i) {
      const double error = y_pred[i] - y_true[i];
      loss += error * error * error;
      gradient[i] = factor * 3 * error * error;
    }
    return loss;
  });
}

const Tensor<double, 2> kPredicted{{1, 2, 3}, {-1, 0.5, 2}};
const Tensor<double, 2> kTargets{{0, 2.5, 1}, {1, 1, 1}};

}  // namespace

TEST_CASE("the check of a loss passes a right gradient and says where a wrong one is", "[training][check_gradients]") {
  const GradientReport right = check_loss_gradients(cubes(1), kTargets, kPredicted);
  CHECK(right.passed());
  CHECK(right.layer == "cubes");
  const GradientReport wrong = check_loss_gradients(cubes(2), kTargets, kPredicted);
  CHECK_FALSE(wrong.passed());
  REQUIRE(wrong.arguments.size() == 1);
  CHECK(wrong.arguments[0].name == "y_pred");
  CHECK(wrong.arguments[0].worst.size() == 2);
}

TEST_CASE("the check of a loss notices a value that depends on the gradient", "[training][check_gradients]") {
  struct Fickle final : Loss<double> {
    std::string name() const override { return "fickle"; }
    double operator()(const Comparison<double>&, double, double* gradient) const override {
      if (gradient == nullptr) return 1;
      gradient[0] = 0;
      return 2;
    }
  };
  const Tensor<double, 2> one{{1}};
  const GradientReport report = check_loss_gradients(Fickle(), one, one);
  CHECK_FALSE(report.passed());
  REQUIRE(report.faults.size() == 1);
  CHECK(report.faults[0] == "the value is another when no gradient is wanted (null), or is not a number");
}

TEST_CASE("the check of a loss takes classes", "[training][check_gradients]") {
  const Tensor<std::int32_t, 1> classes{2, 0};
  CHECK(check_loss_gradients(SparseCategoricalCrossentropy({.from_logits = true}), classes, kPredicted).passed());
  const Tensor<std::int32_t, 1> beyond{2, 3};
  CHECK_THROWS_MATCHES(check_loss_gradients(SparseCategoricalCrossentropy(), beyond, kPredicted), DataError,
                       Message("y_true: target at (1,) must be a class in [0, 3), got 3; count classes from 0, or give "
                               "the last layer more units"));
}

TEST_CASE("the check of a loss refuses arrays that do not fit", "[training][check_gradients]") {
  const Tensor<double, 1> line{1, 2};
  CHECK_THROWS_MATCHES(check_loss_gradients(cubes(1), line, line), ShapeError,
                       Message("check_loss_gradients: y_pred must be (samples, …, width), got (2,)"));
  CHECK_THROWS_MATCHES(
      check_loss_gradients(cubes(1), line, kPredicted), ShapeError,
      Message("check_loss_gradients: y_true must have 6 numbers for loss cubes on predictions of (2, 3), got (2,)"));
}
