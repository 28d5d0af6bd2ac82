#include "seqnn/training/history.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/xml.hpp"

#include <cmath>
#include <filesystem>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

History three_epochs() {
  History history;
  history.append(0, {{"loss", 0.5}, {"binary_accuracy", 0.75}, {"val_loss", 0.625}, {"val_binary_accuracy", 0.5}}, 2.5);
  history.append(1, {{"loss", 0.25}, {"binary_accuracy", 0.875}, {"val_loss", 0.1}, {"val_binary_accuracy", 0.75}}, 2);
  history.append(2, {{"loss", 0.125}, {"binary_accuracy", 1}, {"val_loss", 0.2}, {"val_binary_accuracy", 0.875}}, 2.25);
  return history;
}

}  // namespace

TEST_CASE("History keeps every number by name and epoch", "[training][history]") {
  const History history = three_epochs();
  CHECK(history.epochs() == 3);
  CHECK(history["loss"] == std::vector<double>{0.5, 0.25, 0.125});
  CHECK(history["val_binary_accuracy"] == std::vector<double>{0.5, 0.75, 0.875});
  CHECK(history.seconds() == std::vector<double>{2.5, 2, 2.25});
  CHECK(history.epoch_numbers() == std::vector<std::size_t>{0, 1, 2});
  CHECK(history.names() == std::vector<std::string>{"loss", "binary_accuracy", "val_loss", "val_binary_accuracy"});
  CHECK(history.contains("val_loss"));
  CHECK_FALSE(history.contains("seconds"));
}

TEST_CASE("History lists its names when asked for another", "[training][history]") {
  const History history = three_epochs();
  CHECK_THROWS_AS(history["acc"], Error);
  CHECK_THROWS_WITH(history["acc"],
                    "History: name must be one of \"loss\", \"binary_accuracy\", \"val_loss\", "
                    "\"val_binary_accuracy\", got \"acc\"");
  CHECK_THROWS_WITH(History()["loss"], "History: name must be one of (none), got \"loss\"");
}

TEST_CASE("History fills epochs without a number with NaN", "[training][history]") {
  History history;
  history.append(0, {{"loss", 3}});
  history.append(1, {{"loss", 2}, {"val_loss", 5}});
  history.append(2, {{"val_loss", 4}});
  REQUIRE(history["val_loss"].size() == 3);
  CHECK(std::isnan(history["val_loss"][0]));
  CHECK(history["val_loss"][2] == 4);
  CHECK(std::isnan(history["loss"][2]));
  CHECK(std::isnan(history.seconds()[0]));
}

TEST_CASE("History finds the best epoch", "[training][history]") {
  const History history = three_epochs();
  CHECK(history.best_epoch() == 1);
  CHECK(history.best_epoch("loss") == 2);
  CHECK(history.best_epoch("val_binary_accuracy") == 2);
  CHECK(history.best_epoch("val_binary_accuracy", MonitorMode::min) == 0);
  CHECK(history.best_epoch("val_loss", MonitorMode::max) == 0);

  History ties;
  for (const double loss : {kNaN, 2.0, 1.0, 1.0, kNaN}) ties.append(ties.epochs(), {{"loss", loss}, {"other", kNaN}});
  CHECK(ties.best_epoch("loss") == 2);
  CHECK_THROWS_AS(ties.best_epoch("other"), DataError);
  CHECK_THROWS_WITH(ties.best_epoch("other"),
                    "History: \"other\" must be a number in some epoch, got NaN in all of them");
  CHECK_THROWS_AS(ties.best_epoch("val_loss"), Error);
}

TEST_CASE("History says why training stopped", "[training][history]") {
  History history;
  CHECK(history.stop_reason().empty());
  history.set_stop_reason("EarlyStopping: enough");
  CHECK(history.stop_reason() == "EarlyStopping: enough");
}

TEST_CASE("History is written as comma-separated values", "[training][history]") {
  const std::string expected =
      "epoch,loss,binary_accuracy,val_loss,val_binary_accuracy,seconds\n"
      "1,0.5,0.75,0.625,0.5,2.5\n"
      "2,0.25,0.875,0.1,0.75,2\n"
      "3,0.125,1,0.2,0.875,2.25\n";
  CHECK(three_epochs().csv() == expected);
  std::ostringstream out;
  out << three_epochs();
  CHECK(out.str() == expected);
  CHECK(History().csv() == "epoch,seconds\n");
}

TEST_CASE("The table quotes names and writes numbers exactly", "[training][history]") {
  History history;
  history.append(4, {{"recall, \"top\" 5", 1.0 / 3}, {"loss", -kNaN}}, 1e-9);
  CHECK(history.csv() ==
        "epoch,\"recall, \"\"top\"\" 5\",loss,seconds\n"
        "5,0.3333333333333333,nan,1e-09\n");
}

TEST_CASE("History draws losses beside the first metric, each with its twin", "[training][history]") {
  const std::string svg = three_epochs().svg();
  CHECK(xml_fault(svg) == "");
  CHECK_THAT(svg, ContainsSubstring("<title>Loss, Binary accuracy</title>"));
  CHECK(occurrences(svg, "<path") == 4);
  CHECK(occurrences(svg, ">training</text>") == 2);
  CHECK(occurrences(svg, ">validation</text>") == 2);
  CHECK(occurrences(svg, ">epoch</text>") == 2);
  // The lowest val_loss is in the second epoch; the right chart marks the same epoch, not the best accuracy.
  CHECK_THAT(svg, ContainsSubstring(">epoch 2: 0.1000</text>"));
  CHECK_THAT(svg, ContainsSubstring(">epoch 2: 0.7500</text>"));
}

TEST_CASE("History draws what there is", "[training][history]") {
  History loss_only;
  loss_only.append(0, {{"loss", 2}});
  loss_only.append(1, {{"loss", 1}});
  CHECK(xml_fault(loss_only.svg()) == "");
  CHECK(occurrences(loss_only.svg(), "<path") == 1);
  CHECK_THAT(loss_only.svg(), ContainsSubstring(">epoch 2: 1.0000</text>"));
  CHECK_THAT(loss_only.svg(), ContainsSubstring("viewBox=\"0 0 520 340\""));

  CHECK(xml_fault(History().svg()) == "");
  CHECK_THAT(History().svg(), ContainsSubstring(">no data</text>"));

  History metric_only;
  metric_only.append(0, {{"mae", 2}});
  CHECK_THAT(metric_only.svg(), ContainsSubstring("<title>Mae</title>"));

  History broken;
  broken.append(0, {{"loss", kNaN}, {"mae", kNaN}});
  CHECK(xml_fault(broken.svg()) == "");
  CHECK(occurrences(broken.svg(), ">no data</text>") == 2);
}

TEST_CASE("History saves its table and its picture", "[training][history]") {
  const TemporaryFolder folder;
  const std::string csv = folder / "history.csv", svg = folder / "history.svg";
  three_epochs().save_csv(csv);
  three_epochs().save_svg(svg);
  CHECK(read_file(csv) == three_epochs().csv());
  CHECK(read_file(svg) == three_epochs().svg());
  std::filesystem::remove_all(folder.path);
  CHECK_THROWS_AS(three_epochs().save_csv(csv), FileError);
  CHECK_THROWS_WITH(three_epochs().save_svg(svg),
                    Catch::Matchers::StartsWith(svg + ": must be a file that can be written"));
}
