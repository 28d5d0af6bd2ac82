#include "seqnn/layers/gaussian_noise.hpp"

#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/close_to.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

TEST_CASE("GaussianNoise adds the normal numbers of the sample's stream", "[layers][gaussian_noise]") {
  // Value i takes word i, as a share of 2^32, and of that the quantile.
  LayerRun<double> run(GaussianNoise(0.5), {5}, {.batch = 2, .seed = 9});
  run.set_step(3);
  const std::vector<double> x = {3, 6, 9, 12, 15, 3, 6, 9, 12, 15};
  std::vector<double> expected = x;
  for (std::uint32_t sample = 0; sample < 2; ++sample) {
    RandomStream random({.seed = 9, .purpose = Purpose::dropout, .index = 0, .step = 3, .sample = sample});
    for (std::size_t i = 0; i < 5; ++i)
      expected[5 * sample + i] += 0.5 * normal_quantile((random.bits() + 0.5) / 0x1p32);
  }
  check_close(run.forward(x), expected, 1e-15);
  check_close(run.backward(x), x, 0);
}

TEST_CASE("GaussianNoise has mean 0 and its standard deviation", "[layers][gaussian_noise]") {
  // 200,000 values: the standard error of the mean is 0.3/447 < 0.0007; the stream is fixed.
  LayerRun<double> run(GaussianNoise(0.3), {20'000}, {.batch = 10, .seed = 2});
  const auto y = run.forward(std::vector<double>(200'000, 0.0));
  double sum = 0;
  double squares = 0;
  for (const double v : y) {
    sum += v;
    squares += v * v;
  }
  CHECK_THAT(sum / 200'000, WithinAbs(0, 0.002));
  CHECK_THAT(squares / 200'000, WithinAbs(0.09, 0.001));
}

TEST_CASE("GaussianNoise draws anew for every sample, step and seed", "[layers][gaussian_noise]") {
  const auto noise = [](const GaussianNoise& layer, const LayerRunOptions& options, std::uint32_t step = 0) {
    LayerRun<double> run(layer, {8}, options);
    run.set_step(step);
    const auto y = run.forward(std::vector<double>(8, 1.0));
    return std::vector<double>(y.begin(), y.end());
  };
  const std::vector<double> first = noise(GaussianNoise(0.5), {.seed = 4});
  CHECK(noise(GaussianNoise(0.5), {.seed = 4}) == first);
  CHECK(noise(GaussianNoise(0.5), {.seed = 5}) != first);
  CHECK(noise(GaussianNoise(0.5, {.seed = 1}), {.seed = 4}) != first);
  CHECK(noise(GaussianNoise(0.5), {.seed = 4, .first_sample = 1}) != first);
  CHECK(noise(GaussianNoise(0.5), {.seed = 4}, 1) != first);
  CHECK(noise(GaussianNoise(0.5), {.training = false}) == std::vector<double>(8, 1.0));
}

TEST_CASE("GaussianNoise's gradients agree with central differences", "[layers][gaussian_noise]") {
  {
    const GradientReport report = check_gradients(GaussianNoise(0.4), {5, 3});
    INFO(report.to_string());
    CHECK(report.passed());
  }
}

TEST_CASE("GaussianNoise refuses a stddev outside [0, 1]", "[layers][gaussian_noise]") {
  CHECK_THROWS_MATCHES(GaussianNoise(1.5, {.name = "noise"}), OptionError,
                       Message("GaussianNoise \"noise\": stddev must be in [0, 1], got 1.5; scale the data instead"));
  CHECK_THROWS_AS(GaussianNoise(-0.1), OptionError);
  CHECK_THROWS_AS(GaussianNoise(std::numeric_limits<double>::quiet_NaN()), OptionError);
}

TEST_CASE("GaussianNoise is a value that prints as written, and keeps masks", "[layers][gaussian_noise]") {
  CHECK(GaussianNoise(0.5).to_string() == "GaussianNoise(0.5)");
  CHECK(GaussianNoise(0.25, {.seed = 3, .name = "n"}).to_string() == "GaussianNoise(0.25, {.seed = 3, .name = \"n\"})");
  CHECK(GaussianNoise(0.5) == GaussianNoise(0.5));
  CHECK_FALSE(GaussianNoise(0.5) == GaussianNoise(0.5, {.seed = 1}));
  const GaussianNoiseLayer<float> layer(GaussianNoise(0.5));
  CHECK(layer.mask_use() == MaskUse::keeps);
  CHECK(layer.passes_through(false));
  CHECK_FALSE(layer.passes_through(true));
  CHECK(GaussianNoiseLayer<float>(GaussianNoise(0)).passes_through(true));
}

TEST_CASE("GaussianNoise allocates nothing in steady state", "[layers][gaussian_noise]") {
  LayerRun<float> run(GaussianNoise(0.3), {11, 9}, {.batch = 3});
  const std::vector<float> x(3 * 11 * 9, 1.0F);
  const std::vector<float> dy(3 * 11 * 9, 1.0F);
  run.forward(x);
  run.backward(dy);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
