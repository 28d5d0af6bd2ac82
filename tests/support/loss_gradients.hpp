#pragma once

#include "seqnn/losses/loss.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <vector>

/// Compares the gradient of a loss, at a scale other than 1, with central differences of its value, for every
/// prediction.
/// @param predicted a copy, moved during the test; c points to it afterwards
inline void check_loss_gradient(const seqnn::Loss<double>& loss, seqnn::Comparison<double> c,
                                std::vector<double> predicted, double tolerance = 1e-8) {
  constexpr double kScale = 0.75;
  constexpr double kStep = 1e-5;
  REQUIRE(predicted.size() == c.samples * c.positions * c.width);
  c.predicted = predicted.data();
  std::vector<double> gradient(predicted.size(), 99);
  const double value = loss(c, kScale, gradient.data());
  CHECK(value == loss(c, kScale, nullptr));
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    CAPTURE(i);
    const double middle = predicted[i];
    predicted[i] = middle + kStep;
    const double above = loss(c, 1, nullptr);
    predicted[i] = middle - kStep;
    const double below = loss(c, 1, nullptr);
    predicted[i] = middle;
    CHECK_THAT(gradient[i], Catch::Matchers::WithinAbs(kScale * (above - below) / (2 * kStep), tolerance));
  }
}
