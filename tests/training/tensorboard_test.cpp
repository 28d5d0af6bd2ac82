#include "seqnn/training/tensorboard.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/fake_training.hpp"
#include "support/temporary_folder.hpp"

#include <array>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <vector>

using namespace seqnn;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double now = 1000;
double fake_clock() { return now; }

/// The content of the one file of a run, empty if there is none.
std::string content_of(const std::string& run) {
  std::string content;
  std::size_t files = 0;
  if (!std::filesystem::exists(run)) return content;
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    content += read_file(entry.path().string());
    ++files;
  }
  CHECK(files == 1);
  return content;
}

/// What a file with these events holds.
class Expected {
 public:
  Expected() : file_(folder_ / "run", &fake_clock) {}
  Expected& write(std::size_t step, const EventSummary& summary) {
    file_.write(step, summary);
    return *this;
  }
  std::string content() const { return read_file(file_.path()); }

 private:
  TemporaryFolder folder_;
  EventFile file_;
};

}  // namespace

TEST_CASE("TensorBoard gets the epochs of two runs", "[training][tensorboard]") {
  const TemporaryFolder folder;
  now = 1000;
  FakeTraining training(9, 3, {{"loss", kNaN}, {"mae", kNaN}, {"val_loss", kNaN}, {"val_mae", kNaN}});
  TensorBoard board(folder / "logs", {.write_summary = false, .clock = &fake_clock});
  board.on_train_begin(training);
  for (std::size_t epoch = 0; epoch < 2; ++epoch) {
    board.on_epoch_begin(training, epoch);
    for (std::size_t batch = 0; batch < 3; ++batch) {
      board.on_batch_begin(training, batch);
      board.on_batch_end(training, batch, {{"loss", 9}, {"mae", 9}});
    }
    const double value = static_cast<double>(epoch);
    board.on_epoch_end(training, epoch, {{"loss", value}, {"mae", 5}, {"val_loss", value + 0.5}, {"val_mae", 6}});
  }
  const auto train = [](double loss) {
    return EventSummary().scalar("epoch_loss", loss).scalar("epoch_mae", 5).scalar("epoch_learning_rate", 0.001);
  };
  const auto validation = [](double loss) { return EventSummary().scalar("epoch_loss", loss).scalar("epoch_mae", 6); };
  const auto evaluation = [](double loss) {
    return EventSummary().scalar("evaluation_loss_vs_iterations", loss).scalar("evaluation_mae_vs_iterations", 6);
  };
  CHECK(content_of(folder / "logs/train") == Expected().write(0, train(0)).write(1, train(1)).content());
  CHECK(content_of(folder / "logs/validation") == Expected()
                                                      .write(3, evaluation(0.5))
                                                      .write(0, validation(0.5))
                                                      .write(6, evaluation(1.5))
                                                      .write(1, validation(1.5))
                                                      .content());
}

TEST_CASE("TensorBoard gets batches, counted on over the epochs", "[training][tensorboard]") {
  const TemporaryFolder folder;
  now = 1000;
  FakeTraining training(9, 3, {{"loss", kNaN}});
  TensorBoard board(folder.path.string(), {.update_freq = 2, .write_summary = false, .clock = &fake_clock});
  board.on_train_begin(training);
  for (const std::size_t epoch : {4U, 5U}) {  // as after 4 epochs of an earlier training
    board.on_epoch_begin(training, epoch);
    for (std::size_t batch = 0; batch < 3; ++batch) {
      board.on_batch_begin(training, batch);
      board.on_batch_end(training, batch, {{"loss", static_cast<double>(10 * epoch + batch)}});
    }
  }
  CHECK(content_of(folder / "train") == Expected()
                                            .write(14, EventSummary().scalar("batch_loss", 41))
                                            .write(16, EventSummary().scalar("batch_loss", 50))
                                            .write(18, EventSummary().scalar("batch_loss", 52))
                                            .content());
  CHECK_FALSE(std::filesystem::exists(folder / "validation"));
}

TEST_CASE("TensorBoard gets steps a second", "[training][tensorboard]") {
  const TemporaryFolder folder;
  now = 1000;
  FakeTraining training(9, 1, {{"loss", kNaN}});
  TensorBoard board(folder.path.string(),
                    {.update_freq = 1, .write_steps_per_second = true, .write_summary = false, .clock = &fake_clock});
  board.on_train_begin(training);
  board.on_epoch_begin(training, 0);
  Expected expected;
  now += 1;
  board.on_batch_begin(training, 0);
  now += 0.25;
  board.on_batch_end(training, 0, {});
  expected.write(1, EventSummary().scalar("batch_steps_per_second", 4));
  now += 0.75;
  board.on_epoch_end(training, 0, {});
  expected.write(0, EventSummary().scalar("epoch_learning_rate", 0.001).scalar("epoch_steps_per_second", 0.5));
  CHECK(content_of(folder / "train").substr(50) == expected.content().substr(50));  // behind the moment it was made
}

TEST_CASE("TensorBoard gets histograms of the parameters, and the model's table", "[training][tensorboard]") {
  const TemporaryFolder folder;
  now = 1000;
  const std::array<float, 3> kernel = {1, 2, 4};
  const std::array<double, 2> bias = {0.5, 0.25};
  FakeTraining training(9, 1, {{"loss", kNaN}});
  training.views = {{"dense/kernel", {3, 1}, true, sizeof(float), std::as_bytes(std::span(kernel))},
                    {"dense/bias", {2}, true, sizeof(double), std::as_bytes(std::span(bias))}};
  TensorBoard board(folder.path.string(), {.histogram_freq = 2, .clock = &fake_clock});
  board.on_train_begin(training);
  for (std::size_t epoch = 0; epoch < 3; ++epoch) {
    board.on_epoch_begin(training, epoch);
    board.on_epoch_end(training, epoch, {{"loss", 1}});
  }
  const EventSummary histograms = EventSummary()
                                      .histogram("dense/kernel/histogram", std::vector<double>{1, 2, 4})
                                      .histogram("dense/bias/histogram", std::vector<double>{0.5, 0.25});
  const EventSummary epoch = EventSummary().scalar("epoch_loss", 1).scalar("epoch_learning_rate", 0.001);
  CHECK(content_of(folder / "train") ==
        Expected()
            .write(0, EventSummary().markdown("model_summary", "    a model of one number\n    "))
            .write(0, epoch)
            .write(0, histograms)
            .write(1, epoch)
            .write(2, epoch)
            .write(2, histograms)
            .content());
}

TEST_CASE("Each training writes files of its own", "[training][tensorboard]") {
  const TemporaryFolder folder;
  FakeTraining training(9, 1, {{"loss", kNaN}});
  TensorBoard board(folder.path.string(), {.clock = &fake_clock});
  board.on_train_begin(training);
  TensorBoard copy = board;
  copy.on_train_begin(training);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "train")) files += entry.is_regular_file();
  CHECK(files == 2);
}

TEST_CASE("TensorBoard allocates nothing between the batches it writes", "[training][tensorboard]") {
  const TemporaryFolder folder;
  FakeTraining training(9, 100, {{"loss", kNaN}});
  TensorBoard board(folder.path.string(), {.update_freq = 100, .clock = &fake_clock});
  board.on_train_begin(training);
  board.on_epoch_begin(training, 0);
  const Logs logs = {{"loss", 1}};
  const AllocationCount allocations;
  for (std::size_t batch = 0; batch < 99; ++batch) {
    board.on_batch_begin(training, batch);
    board.on_batch_end(training, batch, logs);
  }
  CHECK(allocations.so_far() == 0);
}

TEST_CASE("TensorBoard reports a folder it cannot make before the first epoch", "[training][tensorboard]") {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "");
  FakeTraining training(9, 1, {{"loss", kNaN}});
  TensorBoard board(file);
  CHECK(board.log_dir() == file);
  CHECK_THROWS_AS(board.on_train_begin(training), FileError);
  CHECK_THROWS_WITH(board.on_train_begin(training), file + ": must be a folder that can be made, got \"File exists\"");
}
