#include "seqnn/core/initializer.hpp"

#include "seqnn/core/parameters.hpp"
#include "seqnn/core/tensor.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

std::vector<double> draw(const Initializer& initializer, const Shape& shape) {
  std::vector<double> values(element_count(shape));
  RandomStream random({.seed = 12, .purpose = Purpose::initialize});
  initializer(shape, random, values);
  return values;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

double variance(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += (v - mean(values)) * (v - mean(values));
  return sum / static_cast<double>(values.size());
}

double largest(const std::vector<double>& values) {
  double result = 0;
  for (const double v : values) result = std::fmax(result, std::fabs(v));
  return result;
}

}  // namespace

TEST_CASE("Fans count inputs and outputs of a unit, times the taps of a convolution", "[core][initializer]") {
  CHECK(fans_of({3, 5}).in == 3);
  CHECK(fans_of({3, 5}).out == 5);
  CHECK(fans_of({7, 3, 5}).in == 21);
  CHECK(fans_of({7, 3, 5}).out == 35);
  CHECK(fans_of({2, 7, 3, 5}).in == 42);
  CHECK(fans_of({4}).in == 4);
  CHECK(fans_of({4}).out == 4);
  CHECK(fans_of({}).in == 1);
}

TEST_CASE("Constant initializers fill with their value", "[core][initializer]") {
  CHECK(draw(zeros(), {2, 2}) == std::vector<double>(4, 0.0));
  CHECK(draw(ones(), {3}) == std::vector<double>(3, 1.0));
  CHECK(draw(constant(-0.5), {3}) == std::vector<double>(3, -0.5));
}

TEST_CASE("Scaled initializers have the variance of their papers", "[core][initializer]") {
  struct Case {
    Initializer initializer;
    double variance;
    bool uniform;
  };
  // Shape (7, 30, 40): fan_in 210, fan_out 280. 8400 draws know their variance to 4 · sqrt(2/8400) = 6 %.
  const Shape shape{7, 30, 40};
  const Case cases[] = {{glorot_uniform(), 2.0 / 490, true}, {glorot_normal(), 2.0 / 490, false},
                        {he_uniform(), 2.0 / 210, true},     {he_normal(), 2.0 / 210, false},
                        {lecun_uniform(), 1.0 / 210, true},  {lecun_normal(), 1.0 / 210, false}};
  for (const Case& c : cases) {
    CAPTURE(c.initializer.to_string());
    const std::vector<double> values = draw(c.initializer, shape);
    CHECK_THAT(variance(values), WithinRel(c.variance, 0.06));
    CHECK_THAT(mean(values), WithinAbs(0, 4 * std::sqrt(c.variance / 8400)));
    // Uniform in ± sqrt(3 · variance); normal cut at two deviations of the normal distribution before the cut.
    const double limit = c.uniform ? std::sqrt(3 * c.variance) : 2 * std::sqrt(c.variance) / 0.87962566103423978;
    CHECK(largest(values) <= limit);
    CHECK(largest(values) > 0.98 * limit);
  }
}

TEST_CASE("Random initializers have the range and spread they are given", "[core][initializer]") {
  const std::vector<double> uniform = draw(random_uniform(-1, 3), {5000});
  CHECK(*std::min_element(uniform.begin(), uniform.end()) >= -1);
  CHECK(*std::max_element(uniform.begin(), uniform.end()) < 3);
  CHECK_THAT(mean(uniform), WithinAbs(1, 4 * std::sqrt(16.0 / 12 / 5000)));
  const std::vector<double> normal = draw(random_normal(2, 0.5), {5000});
  CHECK_THAT(mean(normal), WithinAbs(2, 4 * 0.5 / std::sqrt(5000)));
  CHECK_THAT(variance(normal), WithinRel(0.25, 4 * std::sqrt(2.0 / 5000)));
  CHECK(largest(normal) > 2 + 2 * 0.5);  // not cut at two deviations
}

TEST_CASE("orthogonal gives orthonormal columns or rows, times the gain", "[core][initializer]") {
  for (const Shape& shape : {Shape{6, 6}, Shape{9, 4}, Shape{4, 9}, Shape{3, 2, 4}, Shape{5}}) {
    CAPTURE(shape);
    const std::size_t columns = shape.back();
    const std::size_t rows = element_count(shape) / columns;
    const std::vector<double> q = draw(orthogonal(2.0), shape);
    const bool by_column = rows >= columns;
    const std::size_t count = by_column ? columns : rows;
    const std::size_t length = by_column ? rows : columns;
    const auto at = [&](std::size_t vector, std::size_t k) {
      return by_column ? q[k * columns + vector] : q[vector * columns + k];
    };
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j < count; ++j) {
        double dot = 0;
        for (std::size_t k = 0; k < length; ++k) dot += at(i, k) * at(j, k);
        CHECK_THAT(dot, WithinAbs(i == j ? 4.0 : 0.0, 1e-14));
      }
    }
  }
}

TEST_CASE("A model in float starts at the rounded values of the same model in double", "[core][initializer]") {
  for (const Initializer& initializer : {glorot_uniform(), he_normal(), orthogonal(), random_normal()}) {
    ParameterLayout layout;
    const Parameter p = layout.declare("w", {9, 7}, initializer);
    layout.place<double>();
    Buffer<double> doubles(layout.extent());
    layout.initialize<double>(3, doubles);
    const std::size_t offset = layout[p].offset;
    layout.place<float>();
    Buffer<float> floats(layout.extent());
    layout.initialize<float>(3, floats);
    for (std::size_t i = 0; i < 63; ++i) {
      CHECK(floats[layout[p].offset + i] == static_cast<float>(doubles[offset + i]));
    }
  }
}

TEST_CASE("Initializers print as written and compare by name and numbers", "[core][initializer]") {
  CHECK(glorot_uniform().to_string() == "glorot_uniform");
  CHECK(random_uniform(-1, 2).to_string() == "random_uniform(-1, 2)");
  CHECK(constant(3).to_string() == "constant(3)");
  CHECK(constant(0).to_string() == "constant(0)");
  CHECK(orthogonal().to_string() == "orthogonal(1)");
  CHECK(random_normal(0, 0.05) == random_normal());
  CHECK_FALSE(random_normal(0, 0.1) == random_normal());
  CHECK_FALSE(zeros() == ones());
}

TEST_CASE("A user's initializer is written like ours", "[core][initializer]") {
  const Initializer ramp(
      "ramp",
      [](const Shape&, double a, double b, RandomStream&, std::span<double> values) {
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = a + b * static_cast<double>(i);
      },
      1, 0.5);
  CHECK(draw(ramp, {3}) == std::vector<double>{1, 1.5, 2});
  CHECK(ramp.to_string() == "ramp(1, 0.5)");
}
