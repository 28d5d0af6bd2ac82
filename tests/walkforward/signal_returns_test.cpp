#include "seqnn/walkforward/signal_returns.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

TEST_CASE("A signal gains the return with its sign, in equal parts", "[walkforward][signal_returns]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const WalkForwardPlan plan({1, 2, 2, 3, 3, 4}, std::vector<std::string>{"A", "A", "B", "A", "B", "A"},
                             {.min_history = 1});
  const SignalReturns made = signal_returns(plan, std::vector<double>{nan, -0.3, 2, 0, nan, nan},
                                            std::vector<double>{0.1, -0.5, -0.25, 0.125, 0.5, 1});
  CHECK(made.times == std::vector<std::int64_t>{2, 3});
  CHECK(made.signal == std::vector<double>{0.125, 0.125});
  CHECK(made.always_long == std::vector<double>{-0.375, 0.125});
  CHECK_THROWS_MATCHES(
      signal_returns(plan, std::vector<double>{1}, std::vector<double>{1}), ShapeError,
      Message("signal_returns: scores must be one for each of the plan's 6 rows, got 1; NaN stands for "
              "none"));
}

TEST_CASE("Growth multiplies, and the ratio is by hand", "[walkforward][signal_returns]") {
  CHECK(growth(std::vector<double>{0.5, -0.5, 1}) == std::vector<double>{1.5, 0.75, 1.5});
  CHECK(growth({}).empty());
  // mean 2, deviations -1 0 1, variance 2 / 2
  CHECK_THAT(mean_over_deviation(std::vector<double>{1, 2, 3}, 9), WithinAbs(6, 1e-14));
  CHECK(std::isnan(mean_over_deviation(std::vector<double>{1, 1}, 9)));
  CHECK(std::isnan(mean_over_deviation(std::vector<double>{1}, 9)));
}
