#include "seqnn/losses/huber.hpp"

#include "support/catch.hpp"
#include "support/loss_gradients.hpp"

#include <limits>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

struct Result {
  double value;
  double gradient;
};

Result of_one(const Huber& loss, double predicted, double target) {
  double gradient = 99;
  const double value =
      (*loss.make(For<Loss<double>>{}))({.samples = 1, .predicted = &predicted, .values = &target}, 1, &gradient);
  return {value, gradient};
}

}  // namespace

TEST_CASE("huber by hand", "[losses][huber]") {
  CHECK(of_one(Huber(), 3.5, 3).value == 0.125);  // 0.5² / 2
  CHECK(of_one(Huber(), 3.5, 3).gradient == 0.5);
  CHECK(of_one(Huber(), 4, 3).value == 0.5);  // square and line meet, in value and slope
  CHECK(of_one(Huber(), 4, 3).gradient == 1);
  CHECK(of_one(Huber(), -1, 3).value == 3.5);  // 4 - 1/2
  CHECK(of_one(Huber(), -1, 3).gradient == -1);
  CHECK(of_one(Huber({.delta = 3}), 8, 3).value == 10.5);  // 3 · (5 - 3/2)
  CHECK(of_one(Huber({.delta = 3}), 8, 3).gradient == 3);
}

TEST_CASE("the gradient of huber is its slope", "[losses][huber]") {
  const double targets[] = {1, -2, 0.5, 3, 0, 0, -1, 2};
  const double weights[] = {0.5, 3};
  const Comparison<double> c{.samples = 2, .positions = 2, .width = 2, .values = targets, .sample_weights = weights};
  check_loss_gradient(*Huber().make(For<Loss<double>>{}), c, {2.5, -1.2, 0.6, 1, 7, 4, -3, 0.1});
  check_loss_gradient(*Huber({.delta = 2.5}).make(For<Loss<double>>{}), c, {2.5, -1.2, 0.6, 1, 7, 4, -3, 0.1});
}

TEST_CASE("huber refuses a delta that is not above 0", "[losses][huber]") {
  CHECK_THROWS_MATCHES(Huber({.delta = 0}), OptionError,
                       Message("Huber: delta must be a finite number above 0, got 0; it is the error at which the "
                               "square goes over into a line, 1 by default"));
  CHECK_THROWS_AS(Huber({.delta = -1}), OptionError);
  CHECK_THROWS_AS(Huber({.delta = std::numeric_limits<double>::infinity()}), OptionError);
  CHECK_THROWS_AS(Huber({.delta = std::numeric_limits<double>::quiet_NaN()}), OptionError);
}

TEST_CASE("huber writes itself as in a program", "[losses][huber]") {
  CHECK(Huber().to_string() == "Huber()");
  CHECK(Huber({.delta = 2}).to_string() == "Huber({.delta = 2})");
}
