#include "seqnn/losses/binary_crossentropy.hpp"

#include "support/catch.hpp"
#include "support/loss_gradients.hpp"

#include <limits>
#include <memory>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

template <class Real>
struct Result {
  double value;
  Real gradient;
};

template <class Real>
Result<Real> of_one(const BinaryCrossentropy& loss, Real predicted, Real target) {
  Real gradient = 99;
  const double value =
      (*loss.make(For<Loss<Real>>{}))({.samples = 1, .predicted = &predicted, .values = &target}, 1, &gradient);
  return {value, gradient};
}

const BinaryCrossentropy kOfLogits({.from_logits = true});

}  // namespace

TEST_CASE("binary crossentropy by hand", "[losses][binary_crossentropy]") {
  // p = 0.25: -log 0.25 = 1.386294, -log 0.75 = 0.287682; gradients -1/p and 1/(1-p)
  const auto yes = of_one(BinaryCrossentropy(), 0.25, 1.0);
  CHECK_THAT(yes.value, WithinAbs(1.386294361119891, 1e-15));
  CHECK_THAT(yes.gradient, WithinAbs(-4, 1e-14));
  const auto no = of_one(BinaryCrossentropy(), 0.25, 0.0);
  CHECK_THAT(no.value, WithinAbs(0.287682072451781, 1e-15));
  CHECK_THAT(no.gradient, WithinAbs(4.0 / 3, 1e-14));
  // x = -log 3 is the logit of p = 0.25; gradients p - t
  const auto logit = of_one(kOfLogits, -1.0986122886681098, 1.0);
  CHECK_THAT(logit.value, WithinAbs(1.386294361119891, 1e-15));
  CHECK_THAT(logit.gradient, WithinAbs(-0.75, 1e-15));
  // smoothing 0.2 makes 1 to 0.9: 0.9 · 1.386294 + 0.1 · 0.287682
  const auto smoothed = of_one(BinaryCrossentropy({.label_smoothing = 0.2}), 0.25, 1.0);
  CHECK_THAT(smoothed.value, WithinAbs(1.27643313225308, 1e-14));
}

TEST_CASE("predictions outside (0, 1) are cut and have no gradient", "[losses][binary_crossentropy]") {
  for (const double p : {-3.0, 0.0, 0.99e-7}) {
    CHECK_THAT(of_one(BinaryCrossentropy(), p, 1.0).value, WithinAbs(16.11809565095832, 1e-12));  // -log 1e-7
    CHECK(of_one(BinaryCrossentropy(), p, 1.0).gradient == 0);
  }
  for (const double p : {1.0, 1.7}) {
    CHECK_THAT(of_one(BinaryCrossentropy(), p, 0.0).value, WithinAbs(16.11809565095832, 1e-8));
    CHECK(of_one(BinaryCrossentropy(), p, 0.0).gradient == 0);
  }
  CHECK_THAT(of_one(BinaryCrossentropy(), 2e-7, 1.0).gradient, WithinRel(-5e6, 1e-12));
  // The nearest float below 1 is 1 - 5.96e-8, so that the limit is 1 - 1.19e-7: -log 1.19e-7, as in Keras.
  CHECK_THAT(of_one(BinaryCrossentropy(), 1.0F, 0.0F).value, WithinAbs(15.942385, 1e-6));
}

TEST_CASE("crossentropy of large logits loses nothing", "[losses][binary_crossentropy]") {
  for (const double x : {-1000.0, -40.0, 40.0, 1000.0}) {
    const double right = x > 0 ? 1 : 0;
    const auto good = of_one(kOfLogits, x, right);
    CHECK_THAT(good.value, WithinRel(std::exp(-std::abs(x)), 1e-15));
    CHECK(std::isfinite(good.gradient));
    const auto bad = of_one(kOfLogits, x, 1 - right);
    CHECK_THAT(bad.value, WithinRel(std::abs(x), 1e-15));
    CHECK_THAT(bad.gradient, WithinRel(x > 0 ? 1.0 : -1.0, 1e-15));
  }
}

TEST_CASE("the gradient of binary crossentropy is its slope", "[losses][binary_crossentropy]") {
  const std::vector<double> targets = {1, 0, 0.3, 1, 0, 0.6, 1, 1, 0, 0, 0.5, 1};
  const double weights[] = {0.5, 3};
  const Comparison<double> c{
      .samples = 2, .positions = 3, .width = 2, .values = targets.data(), .sample_weights = weights};
  const std::vector<double> probabilities = {0.2, 0.7, 0.4, 0.9, 0.1, 0.55, 1.4, -0.3, 0.35, 0.65, 0.5, 0.8};
  std::vector<double> logits;
  for (const double p : probabilities) logits.push_back(6 * p - 3);
  for (const double smoothing : {0.0, 0.15}) {
    check_loss_gradient(*BinaryCrossentropy({.label_smoothing = smoothing}).make(For<Loss<double>>{}), c,
                        probabilities);
    check_loss_gradient(
        *BinaryCrossentropy({.from_logits = true, .label_smoothing = smoothing}).make(For<Loss<double>>{}), c, logits);
  }
}

TEST_CASE("binary crossentropy refuses a label_smoothing outside [0, 1]", "[losses][binary_crossentropy]") {
  CHECK_THROWS_MATCHES(BinaryCrossentropy({.label_smoothing = 1.5}), OptionError,
                       Message("BinaryCrossentropy: label_smoothing must be in [0, 1], got 1.5; it is the share of the "
                               "target that is spread evenly over all classes"));
  CHECK_THROWS_AS(BinaryCrossentropy({.label_smoothing = -0.1}), OptionError);
  CHECK_THROWS_AS(BinaryCrossentropy({.label_smoothing = std::numeric_limits<double>::quiet_NaN()}), OptionError);
}

TEST_CASE("binary crossentropy writes itself as in a program", "[losses][binary_crossentropy]") {
  CHECK(BinaryCrossentropy().to_string() == "BinaryCrossentropy()");
  CHECK(BinaryCrossentropy({.from_logits = true, .label_smoothing = 0.1}).to_string() ==
        "BinaryCrossentropy({.from_logits = true, .label_smoothing = 0.1})");
}
