#include "seqnn/layers/spatial_dropout1d.hpp"

#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("SpatialDropout1D drops a feature at all steps or at none", "[layers][spatial_dropout1d]") {
  // rate 0.25: dropped below 0.25 · 2^32 = 0x40000000, the others times 1 / 0.75. Feature c takes word c.
  constexpr std::size_t kTime = 3;
  constexpr std::size_t kFeatures = 20;
  LayerRun<double> run(SpatialDropout1D(0.25), {kTime, kFeatures}, {.batch = 2, .seed = 9});
  run.set_step(3);
  const std::vector<double> x(2 * kTime * kFeatures, 3);
  std::vector<double> expected;
  for (std::uint32_t sample = 0; sample < 2; ++sample) {
    for (std::size_t t = 0; t < kTime; ++t) {
      RandomStream random({.seed = 9, .purpose = Purpose::dropout, .index = 0, .step = 3, .sample = sample});
      for (std::size_t c = 0; c < kFeatures; ++c) expected.push_back(random.bits() < 0x40000000U ? 0 : 4);
    }
  }
  const auto dropped = static_cast<std::size_t>(std::count(expected.begin(), expected.end(), 0.0));
  REQUIRE(dropped > 0);
  REQUIRE(dropped < expected.size());
  check_close(run.forward(x), expected, 1e-15);
  check_close(run.backward(x), expected, 1e-15);
}

TEST_CASE("SpatialDropout1D draws anew for every sample, step and seed", "[layers][spatial_dropout1d]") {
  const auto factors = [](const SpatialDropout1D& dropout, const LayerRunOptions& options, std::uint32_t step = 0) {
    LayerRun<double> run(dropout, {1, 64}, options);
    run.set_step(step);
    const auto y = run.forward(std::vector<double>(64, 1.0));
    return std::vector<double>(y.begin(), y.end());
  };
  const std::vector<double> first = factors(SpatialDropout1D(0.5), {.seed = 4});
  CHECK(factors(SpatialDropout1D(0.5), {.seed = 4}) == first);
  CHECK(factors(SpatialDropout1D(0.5), {.seed = 5}) != first);
  CHECK(factors(SpatialDropout1D(0.5, {.seed = 1}), {.seed = 4}) != first);
  CHECK(factors(SpatialDropout1D(0.5), {.seed = 4, .first_sample = 1}) != first);
  CHECK(factors(SpatialDropout1D(0.5), {.seed = 4}, 1) != first);
}

TEST_CASE("SpatialDropout1D passes its input through in prediction and at rate 0", "[layers][spatial_dropout1d]") {
  CHECK(SpatialDropout1DLayer<float>(SpatialDropout1D(0.5)).passes_through(false));
  CHECK_FALSE(SpatialDropout1DLayer<float>(SpatialDropout1D(0.5)).passes_through(true));
  CHECK(SpatialDropout1DLayer<float>(SpatialDropout1D(0)).passes_through(true));
  CHECK(LayerRun<float>(SpatialDropout1D(0.5), {4, 3}, {.training = false}).kept_bytes() == 0);
}

TEST_CASE("SpatialDropout1D's gradients agree with central differences", "[layers][spatial_dropout1d]") {
  {
    const GradientReport report = check_gradients(SpatialDropout1D(0.4), {5, 3});
    INFO(report.to_string());
    CHECK(report.passed());
  }
  {
    const GradientReport report = check_gradients(SpatialDropout1D(0.4), {2, 131});
    INFO(report.to_string());
    CHECK(report.passed());
  }
}

TEST_CASE("SpatialDropout1D refuses rates outside [0, 1) and what is no sequence", "[layers][spatial_dropout1d]") {
  CHECK_THROWS_MATCHES(SpatialDropout1D(1, {.name = "drop"}), OptionError,
                       Message("SpatialDropout1D \"drop\": rate must be in [0, 1), got 1"));
  CHECK_THROWS_MATCHES(SpatialDropout1D(-0.1), OptionError,
                       Message("SpatialDropout1D: rate must be in [0, 1), got -0.1"));
  CHECK_THROWS_AS(SpatialDropout1D(std::numeric_limits<double>::quiet_NaN()), OptionError);
  const SpatialDropout1DLayer<float> layer(SpatialDropout1D(0.5, {.name = "drop"}));
  CHECK(layer.mask_use() == MaskUse::keeps);
  CHECK_THROWS_MATCHES(layer.output_shape({10}), ShapeError,
                       Message("SpatialDropout1D \"drop\": input must be (batch, time, features), got (batch, 10)"));
}

TEST_CASE("SpatialDropout1D is a value that prints as written", "[layers][spatial_dropout1d]") {
  CHECK(SpatialDropout1D(0.5).to_string() == "SpatialDropout1D(0.5)");
  CHECK(SpatialDropout1D(0.25, {.seed = 3, .name = "d"}).to_string() ==
        "SpatialDropout1D(0.25, {.seed = 3, .name = \"d\"})");
  CHECK(SpatialDropout1D(0.5) == SpatialDropout1D(0.5));
  CHECK_FALSE(SpatialDropout1D(0.5) == SpatialDropout1D(0.5, {.seed = 1}));
}

TEST_CASE("SpatialDropout1D allocates nothing in steady state", "[layers][spatial_dropout1d]") {
  LayerRun<float> run(SpatialDropout1D(0.3), {11, 9}, {.batch = 3});
  const std::vector<float> x(3 * 11 * 9, 1.0F);
  const std::vector<float> dy(3 * 11 * 9, 1.0F);
  run.forward(x);
  run.backward(dy);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
