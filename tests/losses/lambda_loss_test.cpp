#include "seqnn/losses/lambda_loss.hpp"

#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/losses/sparse_categorical_crossentropy.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/loss_gradients.hpp"

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

/// Too much costs once, too little three times.
auto asymmetric() {
  return LambdaLoss("asymmetric", [](auto y_true, auto y_pred, auto gradient) {
    double loss = 0;
    for (std::size_t i = 0; i < y_pred.size(); ++i) {
      const double error = static_cast<double>(y_pred[i]) - static_cast<double>(y_true[i]);
      loss += error > 0 ? error : -3 * error;
      gradient[i] = error > 0 ? 1 : -3;
    }
    return loss;
  });
}

/// MeanSquaredError by hand.
auto squares() {
  return LambdaLoss("squares", [](auto y_true, auto y_pred, auto gradient) {
    const double n = static_cast<double>(y_pred.size());
    double loss = 0;
    for (std::size_t i = 0; i < y_pred.size(); ++i) {
      const double error = static_cast<double>(y_pred[i]) - static_cast<double>(y_true[i]);
      loss += error * error / n;
      gradient[i] = static_cast<typename decltype(gradient)::value_type>(2 * error / n);
    }
    return loss;
  });
}

/// -log of the probability of a class.
auto surprise() {
  return LambdaLoss("surprise", [](std::int32_t y_true, auto y_pred, auto gradient) {
    const auto k = static_cast<std::size_t>(y_true);
    for (auto& value : gradient) value = 0;
    gradient[k] = -1 / y_pred[k];
    return -std::log(y_pred[k]);
  });
}

}  // namespace

TEST_CASE("a loss by a lambda by hand", "[losses][lambda_loss]") {
  const float predicted[] = {3, 1};
  const float targets[] = {1, 2};
  const float weights[] = {1, 2};
  float gradient[] = {99, 99};
  const auto loss = asymmetric().make(For<Loss<float>>{});
  const Comparison<float> c{.samples = 2, .predicted = predicted, .values = targets, .sample_weights = weights};
  CHECK((*loss)(c, 0.5F, gradient) == 2 + 2 * 3);
  CHECK(gradient[0] == 0.5F);
  CHECK(gradient[1] == -3);  // 0.5 · weight 2 · -3
  CHECK((*loss)(c, 0.5F, nullptr) == 8);
  CHECK(loss->name() == "asymmetric");
  CHECK(loss->target_kind() == TargetKind::values);
}

TEST_CASE("a loss by a lambda that repeats one of the library's gives the same", "[losses][lambda_loss]") {
  const double predicted[] = {2.5, -1.2, 0.6, 1, 7, 4, -3, 0.1};
  const double targets[] = {1, -2, 0.5, 3, 0, 0, -1, 2};
  const double weights[] = {0.5, 3};
  const Comparison<double> c{
      .samples = 2, .positions = 2, .width = 2, .predicted = predicted, .values = targets, .sample_weights = weights};
  double gradient[8], expected[8];
  const double value = (*squares().make(For<Loss<double>>{}))(c, 0.3, gradient);
  CHECK_THAT(value, WithinRel((*MeanSquaredError().make(For<Loss<double>>{}))(c, 0.3, expected), 1e-14));
  for (std::size_t i = 0; i < 8; ++i) CHECK_THAT(gradient[i], WithinRel(expected[i], 1e-14));
  check_loss_gradient(*squares().make(For<Loss<double>>{}), c, {predicted, predicted + 8});
  check_loss_gradient(*asymmetric().make(For<Loss<double>>{}), c, {predicted, predicted + 8});
}

TEST_CASE("a lambda with an integer target takes classes", "[losses][lambda_loss]") {
  const std::int32_t classes[] = {2, 0, 1, 1};
  const double predicted[] = {0.2, 0.3, 0.5, 0.6, 0.3, 0.1, 0.25, 0.5, 0.25, 0.1, 0.1, 0.8};
  const Comparison<double> c{.samples = 2, .positions = 2, .width = 3, .predicted = predicted, .classes = classes};
  const auto loss = surprise().make(For<Loss<double>>{});
  CHECK(loss->target_kind() == TargetKind::classes);
  const auto expected = SparseCategoricalCrossentropy().make(For<Loss<double>>{});
  CHECK_THAT((*loss)(c, 1, nullptr), WithinRel((*expected)(c, 1, nullptr), 1e-14));
  check_loss_gradient(*loss, c, {predicted, predicted + 12}, 1e-7);  // 1/p bends

  const std::int32_t wrong[] = {2, 0, 3, 1};
  Comparison<double> bad = c;
  bad.classes = wrong;
  CHECK_THROWS_MATCHES((*loss)(bad, 1, nullptr), DataError,
                       Message("surprise: target at (1, 0) must be a class in [0, 3), got 3; count classes from 0, or "
                               "give the last layer more units"));
}

TEST_CASE("a loss by a lambda is a metric too, and any recipe", "[losses][lambda_loss]") {
  const LossRecipe<double> loss = asymmetric();
  const MetricRecipe<float> metric = asymmetric();
  CHECK(loss.to_string() == "LambdaLoss(\"asymmetric\")");
  CHECK(metric.make()->name() == "asymmetric");
  const LossRecipe<float> only_floats =
      LambdaLoss("first", [](std::span<const float>, std::span<const float> p, std::span<float> g) {
        for (float& value : g) value = 0;
        g[0] = 1;
        return p[0];
      });
  const float predicted[] = {4, 1};
  CHECK((*only_floats.make())({.samples = 1, .width = 2, .predicted = predicted, .values = predicted}, 1, nullptr) ==
        4);
  CHECK_FALSE(
      std::is_constructible_v<LossRecipe<double>, LambdaLoss<double (*)(std::span<const float>, std::span<const float>,
                                                                        std::span<float>)>>);
  const auto copy = loss;
  CHECK(copy == loss);
  CHECK_FALSE(loss == LossRecipe<double>(asymmetric()));
}

TEST_CASE("a loss by a lambda says whether it takes logits", "[losses][lambda_loss]") {
  const auto zero = [](auto, auto, auto gradient) {
    for (auto& value : gradient) value = 0;
    return 0.0;
  };
  CHECK_FALSE(LambdaLoss("zero", zero).make(For<Loss<float>>{})->from_logits());
  const LambdaLoss logits("zero", zero, {.from_logits = true});
  CHECK(logits.make(For<Loss<float>>{})->from_logits());
  CHECK(logits.to_string() == "LambdaLoss(\"zero\", {.from_logits = true})");
  CHECK_THROWS_MATCHES(LambdaLoss("", zero), OptionError,
                       Message("LambdaLoss: name must not be empty, since messages and logs go by it, got \"\""));
}

TEST_CASE("a loss by a lambda allocates nothing after the first call", "[losses][lambda_loss]") {
  const float predicted[] = {3, 1};
  const float targets[] = {1, 2};
  float gradient[2];
  const auto loss = squares().make(For<Loss<float>>{});
  const Comparison<float> c{.samples = 1, .width = 2, .predicted = predicted, .values = targets};
  (*loss)(c, 1, nullptr);
  const AllocationCount allocations;
  (*loss)(c, 1, gradient);
  (*loss)(c, 1, nullptr);
  CHECK(allocations.so_far() == 0);
}
