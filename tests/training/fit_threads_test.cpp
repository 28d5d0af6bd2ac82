#include "seqnn/training/fit.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"

#include <cstddef>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

struct Outcome {
  std::vector<float> weights;
  std::vector<double> losses;
  std::vector<double> validation_losses;
  std::vector<double> accuracies;

  bool operator==(const Outcome&) const = default;
};

Outcome train(std::size_t threads, std::size_t shards, std::uint64_t seed = 7, double dropout = 0.3) {
  const Reviews data(200);
  auto model = small_convnet(dropout);
  model.compile(Adam({.learning_rate = 0.01}), BinaryCrossentropy({.from_logits = true}), {BinaryAccuracy()});
  const History history = model.fit(data.x, data.y,
                                    {.epochs = 2,
                                     .batch_size = 48,
                                     .validation_split = 0.2,
                                     .class_weight = {{1, 2.0}},
                                     .verbose = Verbose::silent,
                                     .seed = seed,
                                     .threads = threads,
                                     .shards = shards});
  return {all_weights(model), history["loss"], history["val_loss"], history["binary_accuracy"]};
}

}  // namespace

TEST_CASE("fit gives the same weights and history on 1, 2 and 8 threads", "[training][fit][threads]") {
  for (const std::size_t shards : {0U, 1U, 3U, 8U}) {
    CAPTURE(shards);
    const Outcome one = train(1, shards);
    CHECK(train(2, shards) == one);
    CHECK(train(8, shards) == one);
    CHECK(train(1, shards) == one);
  }
}

TEST_CASE("Shards change the order of sums only, not dropout or batches", "[training][fit]") {
  const Outcome one = train(1, 1);
  for (const std::size_t shards : {3U, 8U}) {
    const Outcome other = train(1, shards);
    for (std::size_t e = 0; e < 2; ++e) {
      CHECK_THAT(other.losses[e], WithinRel(one.losses[e], 1e-4));
      CHECK_THAT(other.validation_losses[e], WithinRel(one.validation_losses[e], 1e-4));
    }
    for (std::size_t i = 0; i < one.weights.size(); ++i) CHECK_THAT(other.weights[i], WithinAbs(one.weights[i], 1e-3));
  }
}

TEST_CASE("Another seed is another training", "[training][fit]") {
  const Outcome one = train(1, 0);
  CHECK(train(1, 0, 8).losses != one.losses);
  CHECK(train(1, 0, 7, 0.31).losses != one.losses);
}
