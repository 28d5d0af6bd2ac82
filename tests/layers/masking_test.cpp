#include "seqnn/layers/masking.hpp"

#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/lstm.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/optimizers/sgd.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/values.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

/// What Masking writes, with the mask.
template <class Real>
struct Written {
  std::vector<Real> y;
  std::vector<std::uint8_t> mask;
};

template <class Real>
Written<Real> written(const Masking& masking, const Shape& input, const std::vector<Real>& x,
                      const std::uint8_t* mask = nullptr) {
  const MaskingLayer<Real> layer(masking);
  Written<Real> result{std::vector<Real>(x.size(), Real(7)), std::vector<std::uint8_t>(x.size() / input[1], 7)};
  Pass<Real> pass;
  pass.batch = x.size() / element_count(input);
  pass.input_shape = &input;
  pass.output_shape = &input;
  pass.x = x.data();
  pass.mask = mask;
  pass.y = result.y.data();
  pass.output_mask = result.mask.data();
  layer.forward(pass);
  return result;
}

std::vector<float> predictions(const Sequential<float>& model, const AnyArray& x) {
  const auto p = model.predict(x);
  return {p.begin(), p.end()};
}

}  // namespace

TEMPLATE_TEST_CASE("Masking masks the steps that are mask_value throughout", "[layers][masking]", float, double) {
  using Values = std::vector<TestType>;
  using Mask = std::vector<std::uint8_t>;
  const Values x = {1, 2, 0, 3, 0, 0, 5, 5, 5, 0, 0, 0};
  const auto zero = written<TestType>(Masking(), {3, 2}, x);
  CHECK(zero.mask == Mask{1, 1, 0, 1, 1, 0});
  CHECK(zero.y == x);
  const auto five = written<TestType>(Masking(5), {3, 2}, x);
  CHECK(five.mask == Mask{1, 1, 1, 0, 1, 1});
  CHECK(five.y == Values{1, 2, 0, 3, 0, 0, 0, 0, 5, 0, 0, 0});
}

TEST_CASE("Masking replaces a mask that was there", "[layers][masking]") {
  const std::uint8_t before[] = {0, 1};
  const auto result = written<float>(Masking(), {2, 2}, {1, 2, 0, 0}, before);
  CHECK(result.mask == std::vector<std::uint8_t>{1, 0});
}

TEST_CASE("Masking compares in the layer's precision, and neither NaN nor -0 misleads it", "[layers][masking]") {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  CHECK(written<float>(Masking(0.1), {1, 2}, {0.1F, 0.1F}).mask[0] == 0);
  CHECK(written<float>(Masking(), {1, 2}, {-0.0F, 0.0F}).mask[0] == 0);
  CHECK(written<float>(Masking(), {1, 2}, {kNaN, 0.0F}).mask[0] == 1);
  const auto infinite = written<float>(Masking(HUGE_VAL), {1, 2}, {kInfinity, kInfinity});
  CHECK(infinite.mask[0] == 0);
  CHECK(infinite.y == std::vector<float>{0, 0});
}

TEST_CASE("Masking lets no gradient through masked steps", "[layers][masking]") {
  LayerRun<float> run(Masking(5), {3, 2}, {.poison = true});
  run.forward(std::vector<float>{1, 5, 5, 5, 0, 0});
  const auto dx = run.backward(std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(std::vector<float>(dx.begin(), dx.end()) == std::vector<float>{1, 2, 0, 0, 5, 6});
}

TEST_CASE("Masking's gradients agree with central differences", "[layers][masking]") {
  const GradientReport report = check_gradients(Masking(), {4, 3});
  INFO(report.to_string());
  CHECK(report.passed());
}

TEST_CASE("Masking makes layers above leave the steps out", "[layers][masking]") {
  // The padded end changes nothing: the last output is that after the third step.
  const std::vector<LayerRecipe<float>> layers = {Masking(-1), LSTM(4), Dense(1)};
  Sequential<float> model(layers);
  model.compile(SGD(), MeanSquaredError());
  model.build({kAnyLength, 2}, 3);
  Tensor<float, 3> x = Tensor<float, 3>::from_shape({2, 3, 2});
  Tensor<float, 3> padded = Tensor<float, 3>::from_shape({2, 6, 2});
  padded.fill(-1);
  const std::vector<float> values = normal_values<float>(12, 1);
  for (std::size_t b = 0; b < 2; ++b) {
    for (std::size_t i = 0; i < 6; ++i) {
      x(b, i / 2, i % 2) = padded(b, i / 2, i % 2) = values[b * 6 + i];
    }
  }
  const std::vector<float> y = predictions(model, x);
  CHECK(predictions(model, padded) == y);
  Sequential<float> unmasked({LSTM(4), Dense(1)});
  unmasked.build({kAnyLength, 2}, 3);
  CHECK(predictions(unmasked, x) == y);
  CHECK_FALSE(predictions(unmasked, padded) == y);

  // So it learns the same from both.
  Sequential<float> other(layers);
  other.compile(SGD(), MeanSquaredError());
  other.build({kAnyLength, 2}, 3);
  const Tensor<float, 1> target = {1, -2};
  model.fit(x, target, {.epochs = 1, .verbose = Verbose::silent});
  other.fit(padded, target, {.epochs = 1, .verbose = Verbose::silent});
  CHECK(predictions(model, x) == predictions(other, padded));
  CHECK_FALSE(predictions(model, x) == y);
}

TEST_CASE("Masking refuses inputs without time, and NaN as mask_value", "[layers][masking]") {
  const MaskingLayer<float> layer(Masking(0, {.name = "m"}));
  CHECK(layer.output_shape({kAnyLength, 3}) == Shape{kAnyLength, 3});
  CHECK_THROWS_MATCHES(layer.output_shape({3}), ShapeError,
                       Message("Masking \"m\": input must be (batch, time, features), got (batch, 3)"));
  CHECK_THROWS_MATCHES(layer.output_shape({3, 0}), ShapeError,
                       Message("Masking \"m\": no axis of the input may be empty, got (batch, 3, 0)"));
  CHECK_THROWS_MATCHES(Masking(std::nan("")), OptionError,
                       Message("Masking: mask_value must be a number, got nan, which equals no value; replace it in "
                               "the data"));
}

TEST_CASE("Masking is a value that prints as written", "[layers][masking]") {
  CHECK(Masking().to_string() == "Masking(0)");
  CHECK(Masking(-1, {.name = "m"}).to_string() == "Masking(-1, {.name = \"m\"})");
  CHECK(Masking(2) == Masking(2));
  CHECK_FALSE(Masking(2) == Masking(3));
  CHECK_FALSE(Masking(2) == Masking(2, {.name = "m"}));
  CHECK(LayerRecipe<float>(Masking(0, {.name = "m"})).make()->name() == "m");
  const MaskingLayer<float> layer(Masking{});
  CHECK(layer.mask_use() == MaskUse::makes);
  CHECK(layer.steps_alone());
}

TEST_CASE("Masking allocates nothing in steady state", "[layers][masking]") {
  LayerRun<float> run(Masking(), {5, 3}, {.batch = 2});
  const std::vector<float> x = normal_values<float>(30, 1);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(x);
  CHECK(allocations.so_far() == 0);
}
