#include "seqnn/data/check_finite.hpp"

#include "support/catch.hpp"

#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("check_finite names the first value that is no number, and where it is", "[data][check_finite]") {
  std::vector<float> values(24, 1.0F);
  CHECK_NOTHROW(check_finite("x", values.data(), {2, 3, 4}));
  values[23] = -std::numeric_limits<float>::infinity();
  CHECK_THROWS_MATCHES(check_finite("y", values.data(), {2, 3, 4}), DataError,
                       Message("y: values must be finite, got infinity at (1, 2, 3); clean or fill the data first"));
  values[6] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_MATCHES(check_finite("x", values.data(), {2, 3, 4}), DataError,
                       Message("x: values must be finite, got NaN at (0, 1, 2); clean or fill the data first"));
}
