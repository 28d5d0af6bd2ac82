#include "seqnn/walkforward/hit_rate.hpp"

#include "fixtures/evaluation.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

TEST_CASE("A hit has the sign of the outcome, zero being positive", "[walkforward][hit_rate]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const HitRate rate =
      hit_rate(std::vector<double>{1, -1, 0.2, -0.1, 0, 3, nan}, std::vector<double>{0.5, -3, -1, 0, 0, nan, 1});
  CHECK(rate.hits == 3);
  CHECK(rate.count == 5);
  CHECK_THAT(rate.rate(), WithinAbs(0.6, 1e-15));
  CHECK_THAT(rate.standard_error(), WithinAbs(std::sqrt(0.6 * 0.4 / 5), 1e-15));
  CHECK_THAT((HitRate{.hits = 3'600, .count = 7'127}.standard_error()), WithinAbs(0.0059, 5e-5));
}

TEST_CASE("The interval of a rate is SciPy's, Wilson's", "[walkforward][hit_rate]") {
  using fixtures::evaluation::kWilson;
  for (std::size_t i = 0; i < std::size(kWilson); i += 5) {
    const HitRate rate{.hits = static_cast<std::size_t>(kWilson[i]), .count = static_cast<std::size_t>(kWilson[i + 1])};
    const ConfidenceInterval interval = rate.interval(kWilson[i + 2]);
    CHECK_THAT(interval.low, WithinAbs(kWilson[i + 3], 1e-14));
    CHECK_THAT(interval.high, WithinAbs(kWilson[i + 4], 1e-14));
  }
}

TEST_CASE("Without forecasts there is no rate, and it may be anything", "[walkforward][hit_rate]") {
  const HitRate none = hit_rate({}, {});
  CHECK(std::isnan(none.rate()));
  CHECK(std::isnan(none.standard_error()));
  CHECK(none.interval().low == 0);
  CHECK(none.interval().high == 1);
}

TEST_CASE("Wrong lengths and confidences say so", "[walkforward][hit_rate]") {
  CHECK_THROWS_MATCHES(hit_rate(std::vector<double>{1, 2}, std::vector<double>{1}), ShapeError,
                       Message("hit_rate: there must be as many outcomes as forecasts, 2, got 1"));
  CHECK_THROWS_MATCHES((HitRate{.hits = 1, .count = 2}.interval(95)), OptionError,
                       Message("HitRate: confidence must be in (0, 1), got 95"));
}
