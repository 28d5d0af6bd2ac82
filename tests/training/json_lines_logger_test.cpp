#include "seqnn/training/json_lines_logger.hpp"

#include "support/catch.hpp"
#include "support/fake_training.hpp"
#include "support/temporary_folder.hpp"

#include <limits>
#include <string>

using namespace seqnn;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("JSONLinesLogger writes an object an epoch", "[training][json_lines_logger]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("log.jsonl", "of an earlier run\n");
  FakeTraining training(9, 1, {});
  JSONLinesLogger logger(path);
  logger.on_train_begin(training);
  CHECK(read_file(path) == "");
  logger.on_epoch_end(training, 0, {{"loss", 0.1}, {"val_loss", 1.0 / 3}});
  CHECK(read_file(path) == "{\"epoch\":1,\"loss\":0.1,\"val_loss\":0.3333333333333333,\"learning_rate\":0.001}\n");
  training.set_learning_rate(1e-7);
  logger.on_epoch_end(training, 1, {{"loss", -2}, {"val_loss", 1e300}});
  CHECK(read_file(path) ==
        "{\"epoch\":1,\"loss\":0.1,\"val_loss\":0.3333333333333333,\"learning_rate\":0.001}\n"
        "{\"epoch\":2,\"loss\":-2,\"val_loss\":1e+300,\"learning_rate\":1e-07}\n");
}

TEST_CASE("JSONLinesLogger writes null for what JSON has no number for", "[training][json_lines_logger]") {
  const TemporaryFolder folder;
  FakeTraining training(9, 1, {});
  JSONLinesLogger logger(folder / "log");
  logger.on_train_begin(training);
  logger.on_epoch_end(training, 0, {{"a", kNaN}, {"b", kInfinity}, {"c", -kInfinity}});
  CHECK(read_file(folder / "log") == "{\"epoch\":1,\"a\":null,\"b\":null,\"c\":null,\"learning_rate\":0.001}\n");
}

TEST_CASE("JSONLinesLogger goes on with a file", "[training][json_lines_logger]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("log", "{\"epoch\":1}\n{\"epo");  // ended inside a line
  FakeTraining training(9, 1, {});
  JSONLinesLogger logger(path, {.append = true});
  logger.on_train_begin(training);
  CHECK(read_file(path) == "{\"epoch\":1}\n");
  logger.on_epoch_end(training, 1, {});
  CHECK(read_file(path) == "{\"epoch\":1}\n{\"epoch\":2,\"learning_rate\":0.001}\n");

  JSONLinesLogger fresh(folder / "new", {.append = true});
  fresh.on_train_begin(training);
  CHECK(read_file(folder / "new") == "");
}

TEST_CASE("JSONLinesLogger quotes names", "[training][json_lines_logger]") {
  const TemporaryFolder folder;
  FakeTraining training(9, 1, {});
  JSONLinesLogger logger(folder / "log");
  logger.on_train_begin(training);
  logger.on_epoch_end(training, 0, {{"a \"b\" \\ \n é", 1}});
  CHECK(read_file(folder / "log") == "{\"epoch\":1,\"a \\\"b\\\" \\\\ \\u000a é\":1,\"learning_rate\":0.001}\n");
}

TEST_CASE("JSONLinesLogger reports a file it cannot write before the first epoch", "[training][json_lines_logger]") {
  const TemporaryFolder folder;
  FakeTraining training(9, 1, {});
  const std::string path = folder / "no such folder/log";
  JSONLinesLogger logger(path);
  CHECK_THROWS_AS(logger.on_train_begin(training), FileError);
  CHECK_THROWS_WITH(logger.on_train_begin(training),
                    Catch::Matchers::StartsWith(path + ": must be a file that can be written"));
}
