#include "seqnn/losses/quantile.hpp"

#include "support/catch.hpp"
#include "support/loss_gradients.hpp"

#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinRel;

namespace {

struct Result {
  double value;
  double gradient;
};

Result of_one(const Quantile& loss, double predicted, double target) {
  double gradient = 99;
  const double value =
      (*loss.make(For<Loss<double>>{}))({.samples = 1, .predicted = &predicted, .values = &target}, 1, &gradient);
  return {value, gradient};
}

}  // namespace

TEST_CASE("the quantile loss by hand", "[losses][quantile]") {
  CHECK_THAT(of_one(Quantile(0.9), 3, 5).value, WithinRel(1.8, 1e-15));  // 0.9 · 2
  CHECK(of_one(Quantile(0.9), 3, 5).gradient == -0.9);
  CHECK_THAT(of_one(Quantile(0.9), 5, 3).value, WithinRel(0.2, 1e-15));  // 0.1 · 2
  CHECK_THAT(of_one(Quantile(0.9), 5, 3).gradient, WithinRel(0.1, 1e-15));
  CHECK(of_one(Quantile(0.9), 3, 3).value == 0);
  CHECK(of_one(Quantile(0.9), 3, 3).gradient == 0);
}

TEST_CASE("the best constant prediction is the quantile of the targets", "[losses][quantile]") {
  std::vector<double> targets(11);
  for (std::size_t i = 0; i < targets.size(); ++i) targets[i] = static_cast<double>((7 * i) % 11);  // 0 … 10, mixed
  const auto loss = Quantile(0.75).make(For<Loss<double>>{});
  double best = 0, least = std::numeric_limits<double>::infinity();
  for (int guess = -2; guess <= 12; ++guess) {
    const std::vector<double> predicted(targets.size(), guess);
    const double value =
        (*loss)({.samples = targets.size(), .predicted = predicted.data(), .values = targets.data()}, 1, nullptr);
    if (value < least) {
      least = value;
      best = guess;
    }
  }
  CHECK(best == 8);  // 8 of 11 lie below, which is the first share not less than 0.75 with 8 itself
}

TEST_CASE("the gradient of the quantile loss is its slope", "[losses][quantile]") {
  const double targets[] = {1, -2, 0.5, 3, 0, 0, -1, 2};
  const double weights[] = {0.5, 3};
  const Comparison<double> c{.samples = 2, .positions = 2, .width = 2, .values = targets, .sample_weights = weights};
  check_loss_gradient(*Quantile(0.9).make(For<Loss<double>>{}), c, {2, -1, 0.6, 1, 7, 4, -3, 0.1});
  check_loss_gradient(*Quantile(0.1).make(For<Loss<double>>{}), c, {2, -1, 0.6, 1, 7, 4, -3, 0.1});
}

TEST_CASE("the quantile must be between 0 and 1", "[losses][quantile]") {
  CHECK_THROWS_MATCHES(
      Quantile(1.5), OptionError,
      Message("Quantile: quantile must be in (0, 1), got 1.5; it is the share of targets that lie below "
              "a good prediction, such as 0.9"));
  CHECK_THROWS_AS(Quantile(0), OptionError);
  CHECK_THROWS_AS(Quantile(1), OptionError);
  CHECK_THROWS_AS(Quantile(std::numeric_limits<double>::quiet_NaN()), OptionError);
}

TEST_CASE("the quantile loss writes itself as in a program", "[losses][quantile]") {
  CHECK(Quantile(0.9).to_string() == "Quantile(0.9)");
}
