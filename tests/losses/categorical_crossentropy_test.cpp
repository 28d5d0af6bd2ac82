#include "seqnn/losses/categorical_crossentropy.hpp"

#include "support/catch.hpp"
#include "support/loss_gradients.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

double of_row(const CategoricalCrossentropy& loss, const std::vector<double>& predicted,
              const std::vector<double>& targets, std::vector<double>& gradient) {
  gradient.assign(predicted.size(), 99);
  return (*loss.make(For<Loss<double>>{}))(
      {.samples = 1, .width = predicted.size(), .predicted = predicted.data(), .values = targets.data()}, 1,
      gradient.data());
}

}  // namespace

TEST_CASE("categorical crossentropy by hand", "[losses][categorical_crossentropy]") {
  std::vector<double> gradient;
  // (1, 2, 1) is divided by 4: -log 0.5 = 0.693147; gradient 1/4 - (t ? 1/p : 0)
  CHECK_THAT(of_row(CategoricalCrossentropy(), {1, 2, 1}, {0, 1, 0}, gradient), WithinAbs(0.693147180559945, 1e-15));
  CHECK_THAT(gradient[0], WithinAbs(0.25, 1e-15));
  CHECK_THAT(gradient[1], WithinAbs(-0.25, 1e-15));
  // logits 0 and log 3: probabilities 1/4 and 3/4; -log 0.25 = 1.386294; gradient p - t
  const CategoricalCrossentropy of_logits({.from_logits = true});
  CHECK_THAT(of_row(of_logits, {0, 1.0986122886681098}, {1, 0}, gradient), WithinAbs(1.386294361119891, 1e-15));
  CHECK_THAT(gradient[0], WithinAbs(-0.75, 1e-15));
  CHECK_THAT(gradient[1], WithinAbs(0.75, 1e-15));
  // smoothing 0.2 over two classes makes (1, 0) to (0.9, 0.1): 0.9 · 1.386294 + 0.1 · 0.287682
  const CategoricalCrossentropy smoothed({.from_logits = true, .label_smoothing = 0.2});
  CHECK_THAT(of_row(smoothed, {0, 1.0986122886681098}, {1, 0}, gradient), WithinAbs(1.27643313225308, 1e-14));
}

TEST_CASE("a class of probability 0 costs -log 1e-7 and passes no gradient on", "[losses][categorical_crossentropy]") {
  std::vector<double> gradient;
  CHECK_THAT(of_row(CategoricalCrossentropy(), {0, 3, 1}, {1, 0, 0}, gradient), WithinAbs(16.11809565095832, 1e-12));
  CHECK(gradient == std::vector<double>{0, 0, 0});
}

TEST_CASE("a logit of -infinity is right where the target is 0", "[losses][categorical_crossentropy]") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<double> gradient;
  const CategoricalCrossentropy of_logits({.from_logits = true});
  CHECK_THAT(of_row(of_logits, {-kInfinity, 5, 5}, {0, 1, 0}, gradient), WithinAbs(0.693147180559945, 1e-15));
  CHECK(gradient[0] == 0);
  CHECK(of_row(of_logits, {-kInfinity, 5, 5}, {1, 0, 0}, gradient) == kInfinity);
}

TEST_CASE("the gradient of categorical crossentropy is its slope", "[losses][categorical_crossentropy]") {
  // Targets that do not add up to 1 are taken as they are.
  const std::vector<double> targets = {0, 1, 0, 0.2, 0.5, 0.3, 1, 0, 0, 0.9, 0.4, 0};
  const double weights[] = {0.5, 3};
  const Comparison<double> c{
      .samples = 2, .positions = 2, .width = 3, .values = targets.data(), .sample_weights = weights};
  const std::vector<double> positive = {0.2, 0.7, 0.4, 0.9, 1.1, 0.55, 1.4, 0.3, 0.35, 0.6, 2.5, 0.8};
  std::vector<double> logits;
  for (const double p : positive) logits.push_back(3 * p - 3);
  for (const double smoothing : {0.0, 0.15}) {
    check_loss_gradient(*CategoricalCrossentropy({.label_smoothing = smoothing}).make(For<Loss<double>>{}), c,
                        positive);
    check_loss_gradient(
        *CategoricalCrossentropy({.from_logits = true, .label_smoothing = smoothing}).make(For<Loss<double>>{}), c,
        logits);
  }
}

TEST_CASE("categorical crossentropy refuses a label_smoothing outside [0, 1]", "[losses][categorical_crossentropy]") {
  CHECK_THROWS_MATCHES(CategoricalCrossentropy({.label_smoothing = -1}), OptionError,
                       Message("CategoricalCrossentropy: label_smoothing must be in [0, 1], got -1; it is the share of "
                               "the target that is spread evenly over all classes"));
}

TEST_CASE("categorical crossentropy writes itself as in a program", "[losses][categorical_crossentropy]") {
  CHECK(CategoricalCrossentropy({.from_logits = true}).to_string() == "CategoricalCrossentropy({.from_logits = true})");
  CHECK(CategoricalCrossentropy({.label_smoothing = 0.1}).to_string() ==
        "CategoricalCrossentropy({.label_smoothing = 0.1})");
}
