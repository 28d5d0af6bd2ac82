#include "seqnn/training/callback.hpp"

#include "support/catch.hpp"
#include "support/fake_training.hpp"

#include <functional>
#include <memory>
#include <vector>

using namespace seqnn;

namespace {

struct CountEpochs : Callback {
  explicit CountEpochs(int* last = nullptr) : last_count(last) {}
  void on_epoch_end(Training&, std::size_t, const Logs&) override {
    ++count;
    if (last_count != nullptr) *last_count = count;
  }
  int count = 0;
  int* last_count;
};

struct CannotBeCopied : CountEpochs {
  std::unique_ptr<int> owned;
};

void run(std::vector<AnyCallback>& callbacks) {
  FakeTraining training(1, 1, {});
  for (auto& callback : callbacks) callback->on_epoch_end(training, 0, {});
}

}  // namespace

TEST_CASE("A callback given by value belongs to the list", "[training][callback]") {
  int last = 0;
  CountEpochs mine(&last);
  std::vector<AnyCallback> callbacks = {mine};
  run(callbacks);
  run(callbacks);
  CHECK(mine.count == 0);
  CHECK(last == 2);
}

TEST_CASE("Copies of a list of callbacks do not share what they count", "[training][callback]") {
  int last = 0;
  std::vector<AnyCallback> first = {CountEpochs(&last)};
  run(first);
  std::vector<AnyCallback> second = first;
  run(second);
  run(second);
  CHECK(last == 3);  // the copy took over one epoch
  run(first);
  CHECK(last == 2);
  first = second;
  run(first);
  CHECK(last == 4);
}

TEST_CASE("A callback given by reference can be read afterwards", "[training][callback]") {
  CountEpochs mine;
  std::vector<AnyCallback> callbacks = {std::ref(mine)};
  run(callbacks);
  std::vector<AnyCallback> copied = callbacks;
  run(copied);
  CHECK(mine.count == 2);
}

TEST_CASE("A callback that cannot be copied is shared", "[training][callback]") {
  const auto mine = std::make_shared<CannotBeCopied>();
  std::vector<AnyCallback> callbacks = {mine, CountEpochs()};
  std::vector<AnyCallback> copied = callbacks;
  run(callbacks);
  run(copied);
  CHECK(mine->count == 2);
  CHECK_THROWS_AS(AnyCallback(std::shared_ptr<CountEpochs>()), OptionError);
  CHECK_THROWS_WITH(AnyCallback(std::shared_ptr<CountEpochs>()),
                    "callbacks: every entry must be a callback, got a null pointer");
}

TEST_CASE("A callback may leave out every event", "[training][callback]") {
  struct Nothing : Callback {
  } nothing;
  FakeTraining training(1, 1, {});
  nothing.on_train_begin(training);
  nothing.on_epoch_begin(training, 0);
  nothing.on_batch_end(training, 0, {});
  nothing.on_epoch_end(training, 0, {});
  nothing.on_train_end(training);
  CHECK(training.stop_reason().empty());
}

TEST_CASE("A callback may steer the training", "[training][callback]") {
  struct HalveAndStop : Callback {
    void on_epoch_end(Training& training, std::size_t epoch, const Logs&) override {
      training.set_learning_rate(training.learning_rate() / 2);
      if (epoch + 2 == training.epochs()) training.stop("enough");
    }
  } callback;
  FakeTraining training(4, 1, {});
  CHECK(run_epochs(training, callback, "val_loss", {1, 1, 1, 1}) == 3);
  CHECK(training.learning_rate() == 0.001 / 8);
  CHECK(training.stop_reason() == "enough");
}
