#include "seqnn/training/csv_logger.hpp"

#include "seqnn/io/atomic_file.hpp"
#include "support/catch.hpp"
#include "support/fake_training.hpp"
#include "support/temporary_folder.hpp"

#include <limits>
#include <string>
#include <utility>

using namespace seqnn;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

FakeTraining training_of(Logs names = {{"loss", kNaN}, {"val_loss", kNaN}}) {
  return FakeTraining(3, 1, std::move(names));
}

}  // namespace

TEST_CASE("CSVLogger adds a line an epoch while the training runs", "[training][csv_logger]") {
  const TemporaryFolder folder;
  const std::string path = folder / "log.csv";
  CSVLogger logger(path);
  auto training = training_of();
  logger.on_train_begin(training);
  CHECK(read_file(path) == "epoch,loss,val_loss,learning_rate\n");
  logger.on_epoch_end(training, 0, {{"loss", 0.1}, {"val_loss", kNaN}});
  CHECK(read_file(path) == "epoch,loss,val_loss,learning_rate\n1,0.1,nan,0.001\n");
  training.set_learning_rate(0.5);
  logger.on_epoch_end(training, 1, {{"loss", 1e-20}, {"val_loss", 2}});
  CHECK(read_file(path) == "epoch,loss,val_loss,learning_rate\n1,0.1,nan,0.001\n2,1e-20,2,0.5\n");
}

TEST_CASE("CSVLogger overwrites, or goes on with what is there", "[training][csv_logger]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("log.csv", "epoch;loss;learning_rate\n1;9;1");  // no end of the last line
  auto training = training_of({{"loss", kNaN}});
  CSVLogger append(path, {.separator = ';', .append = true});
  append.on_train_begin(training);
  append.on_epoch_end(training, 1, {{"loss", 8}});
  CHECK(read_file(path) == "epoch;loss;learning_rate\n1;9;1\n2;8;0.001\n");
  CSVLogger overwrite(path, {.separator = ';'});
  overwrite.on_train_begin(training);
  overwrite.on_epoch_end(training, 0, {{"loss", 7}});
  CHECK(read_file(path) == "epoch;loss;learning_rate\n1;7;0.001\n");

  CSVLogger fresh(folder / "new.csv", {.append = true});
  fresh.on_train_begin(training);
  CHECK(read_file(folder / "new.csv") == "epoch,loss,learning_rate\n");
}

TEST_CASE("CSVLogger quotes names that hold the separator", "[training][csv_logger]") {
  const TemporaryFolder folder;
  CSVLogger logger(folder / "log.csv");
  auto training = training_of({{"a,\"b\"", kNaN}});
  logger.on_train_begin(training);
  CHECK(read_file(folder / "log.csv") == "epoch,\"a,\"\"b\"\"\",learning_rate\n");
}

TEST_CASE("CSVLogger reports what it cannot do before the first epoch", "[training][csv_logger]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("log.csv", "epoch,loss\n1,2\n");
  auto training = training_of();
  CSVLogger other(path, {.append = true});
  CHECK_THROWS_AS(other.on_train_begin(training), DataError);
  CHECK_THROWS_WITH(other.on_train_begin(training),
                    path +
                        ": the first line must be \"epoch,loss,val_loss,learning_rate\", got \"epoch,loss\"; give "
                        "another file, or leave out append to overwrite this one");
  CHECK(read_file(path) == "epoch,loss\n1,2\n");
  CSVLogger nowhere(folder / "no such folder/log.csv");
  CHECK_THROWS_AS(nowhere.on_train_begin(training), FileError);
}
