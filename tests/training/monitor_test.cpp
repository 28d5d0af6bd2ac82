#include "seqnn/training/monitor.hpp"

#include "support/catch.hpp"

#include <limits>

using namespace seqnn;

TEST_CASE("Names of metrics tell whether higher is better", "[training][monitor]") {
  for (const char* const name :
       {"accuracy", "val_binary_accuracy", "acc", "auc", "val_precision", "recall", "f1_score", "r2_score"}) {
    CHECK(higher_is_better(name));
  }
  for (const char* const name : {"loss", "val_loss", "mae", "mean_squared_error", "val_binary_crossentropy"}) {
    CHECK_FALSE(higher_is_better(name));
  }
}

TEST_CASE("A monitor goes by the name, by the mode and by min_delta", "[training][monitor]") {
  CHECK(Monitor("val_loss", MonitorMode::automatic).better(1, 2));
  CHECK_FALSE(Monitor("val_loss", MonitorMode::automatic).better(2, 1));
  CHECK_FALSE(Monitor("val_loss", MonitorMode::automatic).better(1, 1));
  CHECK(Monitor("val_accuracy", MonitorMode::automatic).better(2, 1));
  CHECK(Monitor("val_loss", MonitorMode::max).better(2, 1));
  CHECK(Monitor("val_accuracy", MonitorMode::min).better(1, 2));
  CHECK_FALSE(Monitor("val_loss", MonitorMode::min, 1).better(1, 2));
  CHECK(Monitor("val_loss", MonitorMode::min, 0.5).better(1, 2));
  CHECK_FALSE(Monitor("val_accuracy", MonitorMode::max, 1).better(2, 1));
}

TEST_CASE("NaN is never better", "[training][monitor]") {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(Monitor("val_loss", MonitorMode::min).better(kNaN, 1));
  CHECK_FALSE(Monitor("val_loss", MonitorMode::max).better(kNaN, 1));
}

TEST_CASE("A monitor without its name in the logs lists what is there", "[training][monitor]") {
  const Logs logs{{"loss", 1}, {"mae", 2}};
  CHECK(Monitor("mae", MonitorMode::min).value(logs, "EarlyStopping") == 2);
  CHECK_THROWS_AS(Monitor("mse", MonitorMode::min).value(logs, "EarlyStopping"), OptionError);
  CHECK_THROWS_WITH(Monitor("mse", MonitorMode::min).value(logs, "EarlyStopping"),
                    "EarlyStopping: monitor must be one of \"loss\", \"mae\", got \"mse\"");
  CHECK_THROWS_WITH(Monitor("val_loss", MonitorMode::min).value(logs, "EarlyStopping"),
                    "EarlyStopping: monitor must be one of \"loss\", \"mae\", got \"val_loss\"; "
                    "give fit validation data, or monitor another name");
}
