#include "seqnn/training/gradient_exchange.hpp"

#include "seqnn/layers/lstm.hpp"
#include "seqnn/optimizers/rmsprop.hpp"
#include "seqnn/training/early_stopping.hpp"
#include "seqnn/training/lambda_callback.hpp"
#include "seqnn/training/terminate_on_nan.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"
#include "support/thread_group.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

using namespace seqnn;

// Threads stand in for processes here; tests/mpi has the same over MPI.

namespace {

struct Outcome {
  std::vector<float> weights;
  std::vector<std::vector<double>> history;
  std::string stop_reason;

  bool operator==(const Outcome&) const = default;
};

FitOptions options_of(ProcessGroup* processes, std::size_t shards = 0, std::size_t threads = 1) {
  FitOptions options = {.epochs = 3, .batch_size = 48, .validation_split = 0.2, .class_weight = {{1, 2.0}}};
  options.verbose = Verbose::silent;
  options.seed = 7;
  options.threads = threads;
  options.shards = shards;
  options.processes = processes;
  return options;
}

Outcome train(FitOptions options, OptimizerRecipe<float> optimizer = Adam({.learning_rate = 0.01})) {
  const Reviews data(200);
  auto model = small_convnet(0.3);
  model.compile(optimizer, BinaryCrossentropy({.from_logits = true}), {BinaryAccuracy()});
  const History history = model.fit(data.x, data.y, options);
  return {all_weights(model),
          {history["loss"], history["val_loss"], history["binary_accuracy"], history["val_binary_accuracy"]},
          history.stop_reason()};
}

/// Whether every rank of groups of 2 and 3 (and of more ranks than shards) ends with what one process gets.
void check_same_as_alone(const std::function<Outcome(ProcessGroup*)>& training) {
  const Outcome alone = training(nullptr);
  for (const std::size_t ranks : {1U, 2U, 3U, 5U}) {
    CAPTURE(ranks);
    std::vector<Outcome> outcomes(ranks);
    const auto thrown =
        ThreadGroup::run(ranks, [&](ProcessGroup& member) { outcomes[member.rank()] = training(&member); });
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      CHECK(thrown[rank] == "");
      CHECK(outcomes[rank] == alone);
    }
  }
}

}  // namespace

TEST_CASE("A group adds gradients and scores in the order of the shards", "[training][processes]") {
  // 1e8 + (-1e8) + 1 is 1 in this order and 0 in another: the three shards lie on ranks 0, 1, 1 of two.
  auto model = line();
  const Network<float>& network = model.network();
  const auto squared = MeanSquaredError().make(For<Loss<float>>{});
  const Objective<float> objective = {squared.get(), {}};
  const Tensor<float, 2> x = {{1}};
  const Samples<float> samples(network, *squared, x, x, {});
  const std::size_t extent = network.layout().trainable_extent();
  const std::vector<float> values = {1e8F, -1e8F, 1};
  std::vector<std::vector<float>> totals(2);
  std::vector<Score> scores(2);
  std::vector<std::size_t> allocated(2);
  const auto thrown = ThreadGroup::run(2, [&](ProcessGroup& member) {
    GradientExchange<float> exchange(member, 3, extent, 0);
    std::vector<std::unique_ptr<Shard<float>>> shards;
    for (std::size_t s = exchange.first_shard(); s < exchange.end_shard(); ++s) {
      shards.push_back(std::make_unique<Shard<float>>(network, objective, samples, 1, true));
      const std::vector<std::size_t> all = {0};
      shards.back()->train(samples, all, 0, 1, 0, 0);
      std::fill(shards.back()->gradients().begin(), shards.back()->gradients().end(), values[s]);
    }
    const AllocationCount allocations;
    exchange.add_up(shards, 0, scores[member.rank()]);
    allocated[member.rank()] = allocations.so_far();
    totals[member.rank()].assign(exchange.total().begin(), exchange.total().end());
    exchange.meet_at_end();
  });
  CHECK(thrown == std::vector<std::string>(2));
  for (std::size_t rank = 0; rank < 2; ++rank) {
    CHECK(totals[rank] == std::vector<float>(extent, 1.0F));
    CHECK(scores[rank].samples == 3);
    CHECK(scores[rank].loss == 3 * 4.0);  // (2·1 + 1 - 1)², three times
    CHECK(allocated[rank] == 0);
  }
}

TEST_CASE("fit has the same bits for any number of processes and threads", "[training][processes][threads]") {
  for (const std::size_t shards : {0U, 1U, 4U, 7U}) {
    CAPTURE(shards);
    check_same_as_alone([&](ProcessGroup* processes) { return train(options_of(processes, shards)); });
  }
  check_same_as_alone([&](ProcessGroup* processes) { return train(options_of(processes, 4, processes ? 2 : 1)); });
}

TEST_CASE("Clipping by the norm of all gradients needs them of all processes", "[training][processes]") {
  check_same_as_alone([](ProcessGroup* processes) {
    return train(options_of(processes), RMSprop({.learning_rate = 0.01, .global_clipnorm = 0.05}));
  });
}

TEST_CASE("Early stopping stops all processes at the same epoch", "[training][processes]") {
  Outcome alone;
  check_same_as_alone([&](ProcessGroup* processes) {
    auto options = options_of(processes);
    options.epochs = 40;
    options.callbacks = {EarlyStopping({.patience = 1})};
    const Outcome outcome = train(options, Adam({.learning_rate = 0.1}));
    if (processes == nullptr) alone = outcome;
    return outcome;
  });
  CHECK(alone.history[0].size() < 40);
  CHECK(alone.stop_reason.starts_with("EarlyStopping"));
}

TEST_CASE("What was first not finite is named alike by all processes", "[training][processes]") {
  Outcome alone;
  check_same_as_alone([&](ProcessGroup* processes) {
    Tensor<float, 2> x = xt::ones<float>({40, 1});
    const Tensor<float, 2> y = xt::ones<float>({40, 1});
    x(33, 0) = 3e38F;  // in the last shard
    auto model = line();
    const History history = model.fit(x, y,
                                      {.batch_size = 40,
                                       .shuffle = false,
                                       .callbacks = {TerminateOnNaN()},
                                       .verbose = Verbose::silent,
                                       .shards = 4,
                                       .processes = processes});
    const Outcome outcome = {{}, {}, history.stop_reason()};
    if (processes == nullptr) alone = outcome;
    return outcome;
  });
  CHECK(alone.stop_reason.find("infinite for sample 33") != std::string::npos);
}

TEST_CASE("Only rank 0 prints", "[training][processes]") {
  std::vector<std::ostringstream> printed(2);
  ThreadGroup::run(2, [&](ProcessGroup& member) {
    auto options = options_of(&member);
    options.verbose = Verbose::line;
    options.output = &printed[member.rank()];
    train(options);
  });
  CHECK(printed[0].str().find("loss") != std::string::npos);
  CHECK(printed[1].str().empty());
}

TEST_CASE("Processes that do not train the same are told so, all of them", "[training][processes]") {
  const auto check = [](const std::function<void(FitOptions&)>& change, const char* message) {
    CAPTURE(message);
    const auto thrown = ThreadGroup::run(3, [&](ProcessGroup& member) {
      auto options = options_of(&member);
      if (member.rank() == 1) change(options);
      train(options);
    });
    for (const auto& text : thrown) CHECK(text == message);
  };
  check([](FitOptions& o) { o.batch_size = 40; },
        "fit: batch_size must be the same on all ranks, got 48 on rank 0 and 40 on rank 1");
  check([](FitOptions& o) { o.epochs = 4; },
        "fit: epochs must be the same on all ranks, got 3 on rank 0 and 4 on rank 1");
  check([](FitOptions& o) { o.shards = 5; },
        "fit: shards must be the same on all ranks, got 3 on rank 0 and 5 on rank 1");
  check([](FitOptions& o) { o.validation_split = 0.5; },
        "fit: training samples must be the same on all ranks, got 160 on rank 0 and 100 on rank 1");
  check([](FitOptions& o) { o.seed = 8; }, "fit: seed must be the same on all ranks, got 7 on rank 0 and 8 on rank 1");
}

TEST_CASE("Processes with other models are told so", "[training][processes]") {
  const auto fit = [](ProcessGroup& member, std::size_t units, std::uint64_t seed, double rate) {
    const Reviews data(40);
    Sequential<float> model({Embedding(kWords, 4), GlobalMaxPool1D(), Dense(units), Dense(1)});
    model.compile(SGD({.learning_rate = rate}), BinaryCrossentropy({.from_logits = true}));
    model.build({kTime}, seed);
    model.fit(data.x, data.y, {.verbose = Verbose::silent, .processes = &member});
  };
  auto thrown = ThreadGroup::run(2, [&](ProcessGroup& m) { fit(m, m.rank() == 0 ? 3 : 30, 1, 0.1); });
  for (const auto& text : thrown) {
    CHECK(text == "fit: trainable parameters must be the same on all ranks, got 67 on rank 0 and 229 on rank 1");
  }
  thrown = ThreadGroup::run(2, [&](ProcessGroup& m) { fit(m, 3, m.rank(), 0.1); });
  for (const auto& text : thrown) {
    CHECK(text ==
          "fit: first weights must be the same on all ranks, got others on rank 1 than on rank 0; build the "
          "model with the same seed");
  }
  thrown = ThreadGroup::run(2, [&](ProcessGroup& m) { fit(m, 3, 1, m.rank() == 0 ? 0.1 : 0.2); });
  for (const auto& text : thrown) {
    CHECK(text ==
          "fit: weights after training must be the same on all ranks, got others on rank 1 than on rank 0; "
          "give all the same data, optimizer and callbacks");
  }
}

TEST_CASE("A callback that stops one process only is noticed by all", "[training][processes]") {
  const auto check = [](double validation_split, const std::string& in_place_of_step_3) {
    const auto thrown = ThreadGroup::run(2, [&](ProcessGroup& member) {
      auto options = options_of(&member);
      options.validation_split = validation_split;
      options.epochs = 1;
      options.callbacks = {LambdaCallback({.on_batch_end = [&](Training& training, std::size_t batch, const Logs&) {
        if (member.rank() == 1 && batch == 1) training.stop("enough");
      }})};
      train(options);
    });
    for (std::size_t rank = 0; rank < 2; ++rank) {
      const std::string places[] = {"rank 0 in step 3", "rank 1 " + in_place_of_step_3};
      CHECK(thrown[rank] == "fit: all ranks must take the same steps, got " + places[rank] + " and " +
                                places[1 - rank] + "; callbacks must stop the training on all ranks alike");
    }
  };
  check(0.2, "after epoch 1");
  check(0, "at its end");
}

TEST_CASE("Doubles are exchanged like floats", "[training][processes]") {
  const auto trained = [](ProcessGroup* processes) {
    const Reviews data(60);
    auto model = small_convnet<double>();
    model.compile(SGD({.learning_rate = 0.1}), BinaryCrossentropy({.from_logits = true}));
    model.fit(data.x, data.y, {.batch_size = 20, .verbose = Verbose::silent, .shards = 3, .processes = processes});
    return all_weights(model);
  };
  const std::vector<double> alone = trained(nullptr);
  std::vector<std::vector<double>> weights(2);
  ThreadGroup::run(2, [&](ProcessGroup& member) { weights[member.rank()] = trained(&member); });
  CHECK(weights[0] == alone);
  CHECK(weights[1] == alone);
}

TEST_CASE("Processes share the validation", "[training][processes]") {
  // 2,600 samples are 11 chunks of 256 or fewer, for which 5 ranks are not even.
  check_same_as_alone([](ProcessGroup* processes) {
    const Reviews data(2640);
    auto model = small_convnet();
    model.compile(Adam({.learning_rate = 0.01}), BinaryCrossentropy({.from_logits = true}), {BinaryAccuracy()});
    const History history = model.fit(
        data.x, data.y,
        {.batch_size = 40, .validation_split = 2600.0 / 2640, .verbose = Verbose::silent, .processes = processes});
    return Outcome{all_weights(model), {history["val_loss"], history["val_binary_accuracy"]}, ""};
  });
}

TEST_CASE("A process that fails ends the others with its message", "[training][processes]") {
  auto thrown = ThreadGroup::run(3, [&](ProcessGroup& member) {
    auto options = options_of(&member);
    options.callbacks = {LambdaCallback({.on_epoch_end = [&](Training&, std::size_t, const Logs&) {
      if (member.rank() == 2) throw FileError("a.csv: cannot be written");
    }})};
    train(options);
  });
  CHECK(thrown[0] == "aborted: a.csv: cannot be written");
  CHECK(thrown[1] == "aborted: a.csv: cannot be written");
  CHECK(thrown[2] == "a.csv: cannot be written");

  thrown = ThreadGroup::run(2, [&](ProcessGroup& member) {
    auto options = options_of(&member);
    if (member.rank() == 1) options.validation_split = 2;  // refused before anything is exchanged
    train(options);
  });
  CHECK(thrown[0] == "aborted: fit: validation_split must be in [0, 1), got 2");
  CHECK(thrown[1] == "fit: validation_split must be in [0, 1), got 2");
}

TEST_CASE("A stateful model is not trained by several processes", "[training][processes]") {
  const auto thrown = ThreadGroup::run(2, [&](ProcessGroup& member) {
    Tensor<float, 3> x = xt::ones<float>({8, 4, 2});
    Tensor<float, 2> y = xt::ones<float>({8, 1});
    Sequential<float> model({LSTM(3, {.stateful = true}), Dense(1)});
    model.compile(SGD(), MeanSquaredError());
    model.fit(x, y, {.batch_size = 4, .shuffle = false, .verbose = Verbose::silent, .processes = &member});
  });
  for (const auto& text : thrown) {
    CHECK(text.find("fit: a stateful model must be trained by one process, since each sample's state lies in the "
                    "process that passed it, got processes of 2; leave .processes out") != std::string::npos);
  }
}
