#include "seqnn/metrics/rounded_accuracy.hpp"

#include "seqnn/losses/binary_crossentropy.hpp"
#include "seqnn/metrics/binary_accuracy.hpp"
#include "support/catch.hpp"

#include <vector>

using namespace seqnn;

TEST_CASE("rounded accuracy counts an output beyond 1.5 as wrong, binary accuracy as 1",
          "[metrics][rounded_accuracy]") {
  // rounded: 0 0 1 2 2 2 0 -1 (halves to the even number)
  const float predicted[] = {0.2F, 0.5F, 0.51F, 1.5F, 1.51F, 2.5F, -0.5F, -0.51F};
  const float targets[] = {0, 0, 1, 1, 1, 1, 0, 0};
  const Comparison<float> c{.samples = 8, .predicted = predicted, .values = targets};
  const auto rounded = RoundedAccuracy().make(For<Metric<float>>{});
  CHECK(rounded->name() == "rounded_accuracy");
  std::vector<double> sums(2, 0.0);
  rounded->update(c, sums);
  CHECK(rounded->result(sums) == 0.5);

  const auto binary = BinaryAccuracy().make(For<Metric<float>>{});
  sums = {0, 0};
  binary->update(c, sums);
  CHECK(binary->result(sums) == 1);
}

TEST_CASE("rounded accuracy is weighted by sample and does not depend on the loss", "[metrics][rounded_accuracy]") {
  const double predicted[] = {0.2, 0.9, 0.3, 1.2};
  const double targets[] = {0, 1, 1, 1};
  const double weights[] = {1, 3};
  const auto metric = RoundedAccuracy().make(For<Metric<double>>{});
  metric->bind(*BinaryCrossentropy({.from_logits = true}).make(For<Loss<double>>{}));
  std::vector<double> sums(2, 0.0);
  metric->update({.samples = 2, .positions = 2, .predicted = predicted, .values = targets, .sample_weights = weights},
                 sums);
  CHECK(metric->result(sums) == 0.625);  // (1 · 1 + 3 · 1/2) / 4
  CHECK(RoundedAccuracy().to_string() == "RoundedAccuracy()");
}
