#include "seqnn/losses/loss.hpp"

#include "fixtures/losses.hpp"
#include "seqnn/losses/binary_crossentropy.hpp"
#include "seqnn/losses/binary_focal_crossentropy.hpp"
#include "seqnn/losses/categorical_crossentropy.hpp"
#include "seqnn/losses/hinge.hpp"
#include "seqnn/losses/huber.hpp"
#include "seqnn/losses/kl_divergence.hpp"
#include "seqnn/losses/log_cosh.hpp"
#include "seqnn/losses/mean_absolute_error.hpp"
#include "seqnn/losses/mean_absolute_percentage_error.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/losses/poisson.hpp"
#include "seqnn/losses/quantile.hpp"
#include "seqnn/losses/sparse_categorical_crossentropy.hpp"
#include "seqnn/losses/squared_hinge.hpp"
#include "seqnn/training/counted_rows.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <vector>

// What all losses have in common.

using namespace seqnn;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

constexpr std::size_t kNumbers = fixtures::losses::kSamples * fixtures::losses::kPositions * fixtures::losses::kWidth;

/// The losses of the fixture, in its order.
template <class Real>
std::vector<LossRecipe<Real>> all_losses() {
  return {BinaryCrossentropy(),
          BinaryCrossentropy({.label_smoothing = 0.2}),
          BinaryCrossentropy({.from_logits = true}),
          BinaryCrossentropy({.from_logits = true, .label_smoothing = 0.2}),
          CategoricalCrossentropy(),
          CategoricalCrossentropy({.label_smoothing = 0.1}),
          CategoricalCrossentropy({.from_logits = true}),
          CategoricalCrossentropy({.from_logits = true, .label_smoothing = 0.1}),
          SparseCategoricalCrossentropy(),
          SparseCategoricalCrossentropy({.from_logits = true}),
          MeanSquaredError(),
          MeanAbsoluteError(),
          Huber(),
          Huber({.delta = 0.3}),
          LogCosh(),
          Quantile(0.9),
          Poisson(),
          KLDivergence(),
          Hinge(),
          Hinge(),
          SquaredHinge(),
          BinaryFocalCrossentropy(),
          BinaryFocalCrossentropy({.apply_class_balancing = true, .alpha = 0.7, .gamma = 1.5, .label_smoothing = 0.2}),
          BinaryFocalCrossentropy({.from_logits = true}),
          BinaryFocalCrossentropy(
              {.apply_class_balancing = true, .alpha = 0.7, .gamma = 1.5, .from_logits = true, .label_smoothing = 0.2}),
          MeanAbsolutePercentageError()};
}

/// The numbers of one case in Real.
template <class Real>
struct FixtureData {
  std::vector<Real> predicted, targets, weights;
  Comparison<Real> c;

  explicit FixtureData(const fixtures::losses::Case& example) {
    using namespace fixtures::losses;
    for (std::size_t i = 0; i < kNumbers; ++i) {
      predicted.push_back(static_cast<Real>(example.predicted[i]));
      if (example.targets != nullptr) targets.push_back(static_cast<Real>(example.targets[i]));
    }
    for (const double w : kWeights) weights.push_back(static_cast<Real>(w));
    c = {.samples = kSamples,
         .positions = kPositions,
         .width = kWidth,
         .predicted = predicted.data(),
         .values = targets.empty() ? nullptr : targets.data(),
         .classes = targets.empty() ? kClasses : nullptr,
         .sample_weights = weights.data()};
  }
};

/// A loss as a user writes it.
class Overshoot final : public Loss<double> {
 public:
  std::string name() const override { return "overshoot"; }
  double operator()(const Comparison<double>& c, double scale, double* gradient) const override {
    double total = 0;
    for (std::size_t i = 0; i < c.samples; ++i) {
      const double over = std::max(0.0, c.predicted[i] - c.values[i]);
      total += c.weight(i) * over;
      if (gradient != nullptr) gradient[i] = over > 0 ? scale * c.weight(i) : 0;
    }
    return total;
  }
};

}  // namespace

TEST_CASE("every loss and its gradient agree with PyTorch", "[losses]") {
  const auto losses = all_losses<double>();
  REQUIRE(losses.size() == std::size(fixtures::losses::kCases));
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const auto& example = fixtures::losses::kCases[i];
    CAPTURE(example.name, losses[i].to_string());
    const auto loss = losses[i].make();
    CHECK(std::string(example.name).rfind(loss->name(), 0) == 0);
    const FixtureData<double> data(example);
    REQUIRE(data.c.classes == (loss->target_kind() == TargetKind::classes ? fixtures::losses::kClasses : nullptr));
    std::vector<double> gradient(kNumbers, 99);
    CHECK_THAT((*loss)(data.c, 1, gradient.data()), WithinRel(example.value, 1e-13));
    for (std::size_t k = 0; k < kNumbers; ++k) {
      CAPTURE(k);
      // Near probability 1e-7 the gradient is 1e7 large.
      CHECK_THAT(gradient[k], WithinAbs(example.gradient[k], 1e-13) || WithinRel(example.gradient[k], 1e-13));
    }
  }
}

TEST_CASE("losses of floats agree with those of doubles", "[losses]") {
  const auto losses = all_losses<float>();
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const auto& example = fixtures::losses::kCases[i];
    CAPTURE(example.name);
    const auto loss = losses[i].make();
    const FixtureData<float> data(example);
    std::vector<float> gradient(kNumbers, 99);
    // Floats are cut at 1 - 1.19e-7 and not at 1 - 1e-7, which moves logarithms by up to log 1.19 = 0.18.
    const bool clips = loss->name().starts_with("binary_") && !loss->from_logits();
    CHECK_THAT((*loss)(data.c, 1, gradient.data()), WithinRel(example.value, clips ? 2e-2 : 1e-6));
    for (std::size_t k = 0; k < kNumbers; ++k) {
      CAPTURE(k);
      CHECK_THAT(static_cast<double>(gradient[k]),
                 WithinAbs(example.gradient[k], 1e-6) || WithinRel(example.gradient[k], 1e-6));
    }
  }
}

TEST_CASE("losses scale the gradient only and treat samples one by one", "[losses]") {
  const auto losses = all_losses<double>();
  for (std::size_t i = 0; i < losses.size(); ++i) {
    CAPTURE(losses[i].to_string());
    const auto loss = losses[i].make();
    const FixtureData<double> data(fixtures::losses::kCases[i]);
    std::vector<double> whole(kNumbers), parts(kNumbers);
    const double value = (*loss)(data.c, 1, whole.data());
    CHECK((*loss)(data.c, 0.5, parts.data()) == value);
    for (std::size_t k = 0; k < kNumbers; ++k) CHECK_THAT(parts[k], WithinRel(whole[k] / 2, 1e-14));

    const std::size_t size = data.c.positions * data.c.width;
    double sum = 0;
    for (std::size_t sample = 0; sample < data.c.samples; ++sample) {
      Comparison<double> one = data.c;
      one.samples = 1;
      one.predicted += sample * size;
      if (one.values != nullptr) one.values += sample * size;
      if (one.classes != nullptr) one.classes += sample * one.positions;
      one.sample_weights += sample;
      sum += (*loss)(one, 1, parts.data() + sample * size);
    }
    CHECK_THAT(sum, WithinRel(value, 1e-14));
    CHECK(parts == whole);
  }
}

TEST_CASE("a loss of sequences is a mean over their rows", "[losses]") {
  const auto losses = all_losses<double>();
  for (std::size_t i = 0; i < losses.size(); ++i) {
    CAPTURE(losses[i].to_string());
    const auto loss = losses[i].make();
    const FixtureData<double> data(fixtures::losses::kCases[i]);
    std::vector<double> whole(kNumbers), rows(kNumbers), weights;
    const double value = (*loss)(data.c, 1, whole.data());
    for (const double weight : data.weights) weights.insert(weights.end(), data.c.positions, weight);
    // Two runs, as a mask would leave them.
    const std::size_t all = data.c.samples * data.c.positions, half = 1;
    const double scale = 1.0 / static_cast<double>(data.c.positions);
    const double first = (*loss)(rows_as_samples(data.c, 0, half, weights.data()), scale, rows.data());
    const double rest =
        (*loss)(rows_as_samples(data.c, half, all - half, weights.data()), scale, rows.data() + half * data.c.width);
    CHECK_THAT((first + rest) * scale, WithinRel(value, 1e-14));
    for (std::size_t k = 0; k < kNumbers; ++k) CHECK_THAT(rows[k], WithinRel(whole[k], 1e-14));
  }
}

TEST_CASE("losses without weights count every sample once", "[losses]") {
  const auto losses = all_losses<double>();
  for (std::size_t i = 0; i < losses.size(); ++i) {
    CAPTURE(losses[i].to_string());
    const auto loss = losses[i].make();
    FixtureData<double> data(fixtures::losses::kCases[i]);
    data.weights = {1, 1, 1};
    const double weighted = (*loss)(data.c, 1, nullptr);
    data.c.sample_weights = nullptr;
    CHECK((*loss)(data.c, 1, nullptr) == weighted);
  }
}

TEST_CASE("a prediction that is NaN makes loss and gradient NaN", "[losses]") {
  const auto losses = all_losses<float>();
  for (std::size_t i = 0; i < losses.size(); ++i) {
    CAPTURE(losses[i].to_string());
    FixtureData<float> data(fixtures::losses::kCases[i]);
    data.predicted[5] = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> gradient(kNumbers);
    CHECK(std::isnan((*losses[i].make())(data.c, 1, gradient.data())));
    CHECK(std::isnan(gradient[5]));
  }
}

TEST_CASE("losses allocate nothing", "[losses]") {
  const auto losses = all_losses<float>();
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const FixtureData<float> data(fixtures::losses::kCases[i]);
    const auto loss = losses[i].make();
    std::vector<float> gradient(kNumbers);
    const AllocationCount allocations;
    (*loss)(data.c, 1, gradient.data());
    (*loss)(data.c, 1, nullptr);
    CHECK(allocations.so_far() == 0);
  }
}

TEST_CASE("loss values are equal by type and options", "[losses]") {
  const auto losses = all_losses<float>();
  for (std::size_t i = 0; i < losses.size(); ++i) {
    for (std::size_t k = 0; k < losses.size(); ++k) {
      // The fixture has Hinge twice, with different targets.
      CHECK((losses[i] == all_losses<float>()[k]) == (losses[i].to_string() == losses[k].to_string()));
    }
  }
}

TEST_CASE("a loss of the user's own can be listed like any other", "[losses]") {
  const LossRecipe<double> recipe = Overshoot();
  CHECK(recipe.to_string() == "overshoot");
  const double predicted[] = {3, 1};
  const double targets[] = {1, 2};
  double gradient[2];
  CHECK((*recipe.make())({.samples = 2, .predicted = predicted, .values = targets}, 1, gradient) == 2);
  CHECK(gradient[0] == 1);
  CHECK(gradient[1] == 0);
}
