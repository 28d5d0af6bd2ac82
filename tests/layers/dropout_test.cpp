#include "seqnn/layers/dropout.hpp"

#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

/// y for an input of ones: the mask, scaled.
std::vector<double> masks(const Dropout& dropout, const Shape& shape, const LayerRunOptions& options,
                          std::uint32_t step = 0) {
  LayerRun<double> run(dropout, shape, options);
  run.set_step(step);
  const auto y = run.forward(std::vector<double>(options.batch * element_count(shape), 1.0));
  return {y.begin(), y.end()};
}

}  // namespace

TEST_CASE("Dropout drops where the stream of the sample is below the rate", "[layers][dropout]") {
  // rate 0.25: dropped below 0.25 · 2^32 = 0x40000000, the others times 1 / 0.75. Value i takes word i.
  LayerRun<double> run(Dropout(0.25), {5}, {.batch = 2, .seed = 9});
  run.set_step(3);
  const std::vector<double> x = {3, 6, 9, 12, 15, 3, 6, 9, 12, 15};
  const auto y = run.forward(x);
  const auto dx = run.backward(std::vector<double>(10, 3.0));
  for (std::uint32_t sample = 0; sample < 2; ++sample) {
    RandomStream random({.seed = 9, .purpose = Purpose::dropout, .index = 0, .step = 3, .sample = sample});
    for (std::size_t i = 0; i < 5; ++i) {
      const bool dropped = random.bits() < 0x40000000U;
      CHECK_THAT(y[5 * sample + i], WithinAbs(dropped ? 0 : x[i] / 0.75, 1e-15));
      CHECK_THAT(dx[5 * sample + i], WithinAbs(dropped ? 0 : 4.0, 1e-15));
    }
  }
}

TEST_CASE("Dropout's masks do not depend on the division into tiles", "[layers][dropout]") {
  const Shape shape{50, 7};
  const std::vector<double> whole = masks(Dropout(0.5), shape, {.batch = 6, .seed = 4});
  std::vector<double> parts = masks(Dropout(0.5), shape, {.batch = 2, .seed = 4});
  const std::vector<double> rest = masks(Dropout(0.5), shape, {.batch = 4, .seed = 4, .first_sample = 2});
  parts.insert(parts.end(), rest.begin(), rest.end());
  CHECK(parts == whole);
}

TEST_CASE("Dropout draws a new mask for every sample, step and seed", "[layers][dropout]") {
  const Shape shape{64};
  const std::vector<double> first = masks(Dropout(0.5), shape, {.seed = 4});
  CHECK(masks(Dropout(0.5), shape, {.seed = 4}) == first);
  CHECK(masks(Dropout(0.5), shape, {.seed = 5}) != first);
  CHECK(masks(Dropout(0.5, {.seed = 1}), shape, {.seed = 4}) != first);
  CHECK(masks(Dropout(0.5), shape, {.seed = 4, .first_sample = 1}) != first);
  CHECK(masks(Dropout(0.5), shape, {.seed = 4}, 1) != first);
}

TEST_CASE("Dropout meets its rate and keeps the mean", "[layers][dropout]") {
  // 200,000 values: the standard deviation of the share is sqrt(r(1-r)/n) < 0.0012; the stream is fixed.
  for (const double rate : {0.1, 0.5, 0.9}) {
    const std::vector<double> y = masks(Dropout(rate), {1000, 20}, {.batch = 10, .seed = 11});
    double sum = 0;
    for (const double v : y) sum += v;
    const auto dropped = static_cast<double>(std::count(y.begin(), y.end(), 0.0));
    CHECK_THAT(dropped / 200'000, WithinAbs(rate, 0.004));
    CHECK_THAT(sum / 200'000, WithinAbs(1.0, 0.004 / (1 - rate)));
  }
}

TEST_CASE("Dropout passes its input through in prediction and at rate 0", "[layers][dropout]") {
  CHECK(DropoutLayer<float>(Dropout(0.5)).passes_through(false));
  CHECK_FALSE(DropoutLayer<float>(Dropout(0.5)).passes_through(true));
  CHECK(DropoutLayer<float>(Dropout(0)).passes_through(true));
  CHECK(masks(Dropout(0.5), {20}, {.training = false}) == std::vector<double>(20, 1.0));
  LayerRun<double> run(Dropout(0), {3}, {});
  const auto dx = run.backward(run.forward(std::vector<double>{1, 2, 3}));
  CHECK(std::vector<double>(dx.begin(), dx.end()) == std::vector<double>{1, 2, 3});
}

TEST_CASE("Dropout's gradients agree with central differences", "[layers][dropout]") {
  for (const Shape& shape : {Shape{5, 3}, Shape{131}}) {
    const GradientReport report = check_gradients(Dropout(0.4), shape);
    INFO(report.to_string());
    CHECK(report.passed());
  }
}

TEST_CASE("Dropout refuses rates outside [0, 1)", "[layers][dropout]") {
  CHECK_THROWS_MATCHES(Dropout(1, {.name = "drop"}), OptionError,
                       Message("Dropout \"drop\": rate must be in [0, 1), got 1"));
  CHECK_THROWS_MATCHES(Dropout(-0.1), OptionError, Message("Dropout: rate must be in [0, 1), got -0.1"));
  CHECK_THROWS_AS(Dropout(std::numeric_limits<double>::quiet_NaN()), OptionError);
}

TEST_CASE("Dropout is a value that prints as written", "[layers][dropout]") {
  CHECK(Dropout(0.5).to_string() == "Dropout(0.5)");
  CHECK(Dropout(0.25, {.seed = 3, .name = "d"}).to_string() == "Dropout(0.25, {.seed = 3, .name = \"d\"})");
  CHECK(Dropout(0.5) == Dropout(0.5));
  CHECK_FALSE(Dropout(0.5) == Dropout(0.5, {.seed = 1}));
}

TEST_CASE("Dropout allocates nothing in steady state", "[layers][dropout]") {
  LayerRun<float> run(Dropout(0.3), {11, 9}, {.batch = 3});
  const std::vector<float> x(3 * 11 * 9, 1.0F);
  run.forward(x);
  run.backward(x);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(x);
  CHECK(allocations.so_far() == 0);
}
