#include "seqnn/training/logs.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace seqnn;

namespace {

std::string metric(double value) {
  std::string result;
  detail::append_metric(result, value);
  return result;
}

}  // namespace

TEST_CASE("Logs keep names in the order in which they were set", "[training][logs]") {
  Logs logs{{"loss", 0.5}, {"binary_accuracy", 0.8}};
  logs.set("val_loss", 0.6);
  logs.set("loss", 0.4);
  std::vector<std::string> names;
  for (const auto& [name, value] : logs) names.push_back(name);
  CHECK(names == std::vector<std::string>{"loss", "binary_accuracy", "val_loss"});
  CHECK(logs["loss"] == 0.4);
  CHECK(logs.at("val_loss") == 0.6);
  CHECK(*logs.find("binary_accuracy") == 0.8);
  CHECK(logs.size() == 3);
}

TEST_CASE("Reading a name that is not in the logs never adds it", "[training][logs]") {
  Logs logs{{"loss", 0.5}, {"binary_accuracy", 0.8}};
  CHECK(logs.find("accuracy") == nullptr);
  CHECK_THROWS_AS(logs["accuracy"], Error);
  CHECK_THROWS_WITH(logs["accuracy"], "Logs: name must be one of \"loss\", \"binary_accuracy\", got \"accuracy\"");
  CHECK(logs.size() == 2);
  CHECK_THROWS_WITH(Logs().at("loss"), "Logs: name must be one of (none), got \"loss\"");
}

TEST_CASE("Setting a known name allocates nothing", "[training][logs]") {
  Logs logs{{"loss", 0.5}, {"a_rather_long_name_of_a_metric", 0.8}};
  const AllocationCount allocations;
  logs.set("a_rather_long_name_of_a_metric", 0.9);
  CHECK(allocations.so_far() == 0);
  CHECK(logs["a_rather_long_name_of_a_metric"] == 0.9);
}

TEST_CASE("Metrics are written as Keras writes them", "[training][logs]") {
  CHECK(metric(0.41004) == "0.4100");
  CHECK(metric(-12.5) == "-12.5000");
  CHECK(metric(0) == "0.0000");
  CHECK(metric(0.0004567) == "4.5670e-04");
  CHECK(metric(1e300) == "1.0000e+300");
  CHECK(metric(std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(metric(-std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(metric(std::numeric_limits<double>::infinity()) == "inf");
}
