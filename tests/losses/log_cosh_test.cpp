#include "seqnn/losses/log_cosh.hpp"

#include "support/catch.hpp"
#include "support/loss_gradients.hpp"

using namespace seqnn;
using Catch::Matchers::WithinRel;

namespace {

struct Result {
  double value;
  double gradient;
};

Result of_one(const LogCosh& loss, double predicted, double target) {
  double gradient = 99;
  const double value =
      (*loss.make(For<Loss<double>>{}))({.samples = 1, .predicted = &predicted, .values = &target}, 1, &gradient);
  return {value, gradient};
}

}  // namespace

TEST_CASE("log cosh by hand", "[losses][log_cosh]") {
  // cosh(log 2) = (2 + 1/2) / 2 = 1.25, tanh(log 2) = (2 - 1/2) / (2 + 1/2) = 0.6
  CHECK_THAT(of_one(LogCosh(), 0.693147180559945, 0).value, WithinRel(0.223143551314210, 1e-14));
  CHECK_THAT(of_one(LogCosh(), 0, 0.693147180559945).gradient, WithinRel(-0.6, 1e-14));
  CHECK(of_one(LogCosh(), 3, 3).value == 0);
  CHECK(of_one(LogCosh(), 3, 3).gradient == 0);
}

TEST_CASE("log cosh loses nothing for small errors and does not overflow for large ones", "[losses][log_cosh]") {
  CHECK_THAT(of_one(LogCosh(), 1e-6, 0).value, WithinRel(5e-13, 1e-12));  // e²/2 - e⁴/12
  for (const double e : {-1e6, 1e6}) {
    CHECK_THAT(of_one(LogCosh(), e, 0).value, WithinRel(1e6 - 0.693147180559945, 1e-15));
    CHECK(of_one(LogCosh(), e, 0).gradient == (e > 0 ? 1 : -1));
  }
  // The two formulas meet at 1: log cosh 1.
  CHECK_THAT(of_one(LogCosh(), 1, 0).value, WithinRel(0.433780830483027, 1e-14));
  CHECK_THAT(of_one(LogCosh(), 1 - 1e-12, 0).value, WithinRel(0.433780830483027, 1e-11));
}

TEST_CASE("the gradient of log cosh is its slope", "[losses][log_cosh]") {
  const double targets[] = {1, -2, 0.5, 3, 0, 0, -1, 2};
  const double weights[] = {0.5, 3};
  const Comparison<double> c{.samples = 2, .positions = 2, .width = 2, .values = targets, .sample_weights = weights};
  check_loss_gradient(*LogCosh().make(For<Loss<double>>{}), c, {2, -1, 0.6, 1, 7, 4, -3, 0.1});
}

TEST_CASE("log cosh writes itself as in a program", "[losses][log_cosh]") {
  CHECK(LogCosh().to_string() == "LogCosh()");
}
