#pragma once

#include "support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <span>

/// Every value is the expected one but for `tolerance` times 1 or its magnitude, whichever is more.
inline void check_close(std::span<const double> values, std::span<const double> expected, double tolerance) {
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CAPTURE(i);
    CHECK_THAT(values[i], Catch::Matchers::WithinAbs(expected[i], tolerance * std::fmax(1.0, std::fabs(expected[i]))));
  }
}
