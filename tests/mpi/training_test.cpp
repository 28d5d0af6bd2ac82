#include "mpi/world.hpp"
#include "seqnn/training/early_stopping.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"

#include <cstddef>
#include <string>
#include <vector>

using namespace seqnn;

// The exchange itself is tested in training/gradient_exchange_test.cpp, with threads for processes.

namespace {

struct Outcome {
  std::vector<float> weights;
  std::vector<double> losses;
  std::vector<double> validation_losses;

  bool operator==(const Outcome&) const = default;
};

Outcome train(ProcessGroup* processes, std::size_t shards, std::size_t threads, GradientClipping clipping = {},
              std::size_t batch_size = 48) {
  const Reviews data(200);
  auto model = small_convnet(0.3);
  model.compile(Adam({.learning_rate = 0.01, .global_clipnorm = clipping.global_clipnorm}),
                BinaryCrossentropy({.from_logits = true}), {BinaryAccuracy()});
  const History history = model.fit(data.x, data.y,
                                    {.epochs = 3,
                                     .batch_size = batch_size,
                                     .validation_split = 0.2,
                                     .class_weight = {{1, 2.0}},
                                     .callbacks = {EarlyStopping({.patience = 1})},
                                     .verbose = Verbose::silent,
                                     .seed = 7,
                                     .threads = threads,
                                     .shards = shards,
                                     .processes = processes});
  return {all_weights(model), history["loss"], history["val_loss"]};
}

}  // namespace

TEST_CASE("Over MPI, fit has the bits of one process", "[mpi][training]") {
  for (const std::size_t shards : {0U, 1U, 4U, 7U}) {
    CAPTURE(shards);
    CHECK(train(&world(), shards, 1) == train(nullptr, shards, 1));
    CHECK(train(&world(), shards, 2) == train(nullptr, shards, 1));
  }
  CHECK(train(&world(), 4, 1, {.global_clipnorm = 0.05}) == train(nullptr, 4, 1, {.global_clipnorm = 0.05}));
}

TEST_CASE("Over MPI, ranks that do not train the same are told so", "[mpi][training]") {
  if (world().size() == 1) return;
  std::string told;
  try {
    train(&world(), 0, 1, {}, world().rank() == 1 ? 40 : 48);
  } catch (const ProcessGroupError& error) {
    told = error.what();
  }
  CHECK(told == "fit: batch_size must be the same on all ranks, got 48 on rank 0 and 40 on rank 1");
}
