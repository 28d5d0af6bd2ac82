#include "seqnn/losses/binary_focal_crossentropy.hpp"

#include "support/catch.hpp"
#include "support/loss_gradients.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

using Focal = BinaryFocalCrossentropy;

namespace {

struct Result {
  double value;
  double gradient;
};

Result of_one(const Focal& loss, double predicted, double target) {
  double gradient = 99;
  const double value =
      (*loss.make(For<Loss<double>>{}))({.samples = 1, .predicted = &predicted, .values = &target}, 1, &gradient);
  return {value, gradient};
}

}  // namespace

TEST_CASE("binary focal crossentropy by hand", "[losses][binary_focal_crossentropy]") {
  // p = 0.25, target 1: 0.75² · -log 0.25 = 0.5625 · 1.386294; slope 0.5625 · -4 - 2 · 0.75 · 1.386294
  CHECK_THAT(of_one(Focal(), 0.25, 1).value, WithinRel(0.779790578129939, 1e-14));
  CHECK_THAT(of_one(Focal(), 0.25, 1).gradient, WithinRel(-4.32944154167984, 1e-14));
  // target 0: 0.25² · -log 0.75
  CHECK_THAT(of_one(Focal(), 0.25, 0).value, WithinRel(0.0179801295282363, 1e-13));
  // balanced: 0.25 of the loss of a 1, 0.75 of that of a 0
  const Focal balanced({.apply_class_balancing = true});
  CHECK_THAT(of_one(balanced, 0.25, 1).value, WithinRel(0.779790578129939 / 4, 1e-14));
  CHECK_THAT(of_one(balanced, 0.25, 0).value, WithinRel(0.0179801295282363 * 3 / 4, 1e-13));
  // x = -log 3 is the logit of 0.25, where the slope is p·(1 - p) = 3/16 of that above
  const Focal of_logits({.from_logits = true});
  CHECK_THAT(of_one(of_logits, -1.0986122886681098, 1).value, WithinRel(0.779790578129939, 1e-14));
  CHECK_THAT(of_one(of_logits, -1.0986122886681098, 1).gradient, WithinRel(-4.32944154167984 * 3 / 16, 1e-14));
  // smoothing 0.2 makes 1 to 0.9: (0.9 · 0.75 + 0.1 · 0.25)² · (0.9 · 1.386294 + 0.1 · 0.287682)
  CHECK_THAT(of_one(Focal({.label_smoothing = 0.2}), 0.25, 1).value, WithinRel(0.49 * 1.27643313225308, 1e-13));
}

TEST_CASE("without focus it is binary crossentropy", "[losses][binary_focal_crossentropy]") {
  CHECK_THAT(of_one(Focal({.gamma = 0}), 0.25, 1).value, WithinAbs(1.386294361119891, 1e-15));
  CHECK_THAT(of_one(Focal({.gamma = 0}), 0.25, 1).gradient, WithinAbs(-4, 1e-14));
  for (const double x : {-800.0, 800.0}) {  // e^-800 is 0
    const auto wrong = of_one(Focal({.gamma = 0, .from_logits = true}), x, x > 0 ? 0 : 1);
    CHECK(wrong.value == 800);
    CHECK(wrong.gradient == (x > 0 ? 1 : -1));
    const auto right = of_one(Focal({.gamma = 0, .from_logits = true}), x, x > 0 ? 1 : 0);
    CHECK(right.value == 0);
    CHECK(right.gradient == 0);
  }
}

TEST_CASE("focal predictions outside (0, 1) are cut, and large logits are not", "[losses][binary_focal_crossentropy]") {
  for (const double gamma : {0.5, 2.0}) {
    for (const double p : {-3.0, 0.0, 1.0, 1.7}) {
      const auto wrong = of_one(Focal({.gamma = gamma}), p, p < 0.5 ? 1 : 0);
      CHECK_THAT(wrong.value, WithinAbs(16.118095, 1e-5));  // -log 1e-7
      CHECK(wrong.gradient == 0);
    }
    for (const double x : {-800.0, 800.0}) {
      const auto wrong = of_one(Focal({.gamma = gamma, .from_logits = true}), x, x > 0 ? 0 : 1);
      CHECK(wrong.value == 800);
      CHECK(wrong.gradient == (x > 0 ? 1 : -1));
      const auto right = of_one(Focal({.gamma = gamma, .from_logits = true}), x, x > 0 ? 1 : 0);
      CHECK(right.value == 0);
      CHECK(right.gradient == 0);
    }
  }
}

TEST_CASE("the gradient of binary focal crossentropy is its slope", "[losses][binary_focal_crossentropy]") {
  const double targets[] = {1, 0, 0.3, 1, 0, 0.6, 1, 1};
  const double weights[] = {0.5, 3};
  const Comparison<double> c{.samples = 2, .positions = 2, .width = 2, .values = targets, .sample_weights = weights};
  const std::vector<double> probabilities = {0.2, 0.7, 0.4, 0.9, 0.1, 0.55, 1.4, 0.35};
  std::vector<double> logits;
  for (const double p : probabilities) logits.push_back(6 * p - 3);
  for (const double gamma : {0.0, 0.5, 2.0}) {
    for (const double smoothing : {0.0, 0.15}) {
      for (const bool balancing : {false, true}) {
        BinaryFocalCrossentropyOptions options{
            .apply_class_balancing = balancing, .alpha = 0.3, .gamma = gamma, .label_smoothing = smoothing};
        check_loss_gradient(*Focal(options).make(For<Loss<double>>{}), c, probabilities);
        options.from_logits = true;
        check_loss_gradient(*Focal(options).make(For<Loss<double>>{}), c, logits);
      }
    }
  }
}

TEST_CASE("binary focal crossentropy refuses options out of range", "[losses][binary_focal_crossentropy]") {
  CHECK_THROWS_MATCHES(
      Focal({.label_smoothing = 1.5}), OptionError,
      Message("BinaryFocalCrossentropy: label_smoothing must be in [0, 1], got 1.5; it is the share of "
              "the target that is spread evenly over all classes"));
  CHECK_THROWS_MATCHES(
      Focal({.alpha = -0.5}), OptionError,
      Message("BinaryFocalCrossentropy: alpha must be in [0, 1], got -0.5; it is the weight of targets "
              "of 1, and 1 - alpha that of 0"));
  CHECK_THROWS_MATCHES(Focal({.gamma = -1}), OptionError,
                       Message("BinaryFocalCrossentropy: gamma must be a finite number not below 0, got -1; 2 is "
                               "usual, and 0 gives BinaryCrossentropy"));
  CHECK_THROWS_AS(Focal({.alpha = std::numeric_limits<double>::quiet_NaN()}), OptionError);
  CHECK_THROWS_AS(Focal({.gamma = std::numeric_limits<double>::infinity()}), OptionError);
}

TEST_CASE("binary focal crossentropy writes itself as in a program", "[losses][binary_focal_crossentropy]") {
  CHECK(Focal().to_string() == "BinaryFocalCrossentropy()");
  CHECK(Focal({.apply_class_balancing = true, .alpha = 0.5, .gamma = 1, .from_logits = true, .label_smoothing = 0.1})
            .to_string() ==
        "BinaryFocalCrossentropy({.apply_class_balancing = true, .alpha = 0.5, .gamma = 1, .from_logits = true, "
        ".label_smoothing = 0.1})");
}
