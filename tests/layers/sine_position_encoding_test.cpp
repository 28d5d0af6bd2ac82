#include "seqnn/layers/sine_position_encoding.hpp"

#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

template <class Real>
std::vector<Real> copy_of(std::span<const Real> values) {
  return {values.begin(), values.end()};
}

}  // namespace

TEST_CASE("SinePositionEncoding adds waves of growing length", "[layers][sine_position_encoding]") {
  // The formula of keras_hub, one element after the other; an odd number of features ends with a sine.
  for (const std::size_t D : Sizes{1, 2, 5, 8}) {
    constexpr std::size_t T = 2000;
    LayerRun<double> run(SinePositionEncoding({.max_wavelength = 500}), {T, D}, {.batch = 2, .poison = true});
    const std::vector<double> x = normal_values<double>(2 * T * D, 1);
    const auto y = run.forward(x);
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t d = i % D;
      const double power = static_cast<double>(2 * (d / 2)) / static_cast<double>(D);
      const double angle = static_cast<double>(i / D % T) * std::pow(1.0 / 500, power);
      worst = std::max(worst, std::fabs(y[i] - x[i] - (d % 2 == 0 ? std::sin(angle) : std::cos(angle))));
    }
    CHECK(worst < 1e-12);
    CHECK(copy_of(run.backward(x)) == x);
    CHECK(run.layout().infos().empty());
  }
}

TEST_CASE("SinePositionEncoding's gradients agree with central differences", "[layers][sine_position_encoding]") {
  const GradientReport report = check_gradients(SinePositionEncoding(), {4, 3});
  INFO(report.to_string());
  CHECK(report.passed());
}

TEST_CASE("SinePositionEncoding refuses other than sequences", "[layers][sine_position_encoding]") {
  CHECK_THROWS_MATCHES(SinePositionEncoding({.max_wavelength = 0, .name = "s"}), OptionError,
                       Message("SinePositionEncoding \"s\": max_wavelength must be a positive number, got 0"));
  CHECK_THROWS_AS(SinePositionEncoding({.max_wavelength = std::numeric_limits<double>::quiet_NaN()}), OptionError);
  SinePositionEncodingLayer<float> sine(SinePositionEncoding({.name = "s"}));
  CHECK_THROWS_MATCHES(
      sine.output_shape({3, kAnyLength}), ShapeError,
      Message("SinePositionEncoding \"s\": input must be (batch, time, features), got (batch, 3, any); "
              "the last axis is the number of features and must be fixed"));
}

TEST_CASE("SinePositionEncoding keeps masks and leaves the time axis open", "[layers][sine_position_encoding]") {
  const SinePositionEncodingLayer<float> layer{SinePositionEncoding()};
  CHECK(layer.mask_use() == MaskUse::keeps);
  CHECK(layer.output_shape({kAnyLength, 4}) == Shape{kAnyLength, 4});
  CHECK_FALSE(layer.steps_alone());
}

TEST_CASE("SinePositionEncoding is a value that prints as written", "[layers][sine_position_encoding]") {
  CHECK(SinePositionEncoding().to_string() == "SinePositionEncoding()");
  CHECK(SinePositionEncoding({.max_wavelength = 100, .name = "s"}).to_string() ==
        "SinePositionEncoding({.max_wavelength = 1e+02, .name = \"s\"})");
  CHECK_FALSE(SinePositionEncoding() == SinePositionEncoding({.max_wavelength = 100}));
}

TEST_CASE("SinePositionEncoding allocates nothing in steady state", "[layers][sine_position_encoding]") {
  LayerRun<float> run(SinePositionEncoding(), {11, 9}, {.batch = 3});
  const std::vector<float> x = normal_values<float>(3 * 11 * 9, 1);
  run.forward(x);
  run.backward(x);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(x);
  CHECK(allocations.so_far() == 0);
}
