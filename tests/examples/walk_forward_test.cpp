#include "../../examples/walk_forward/models.hpp"
#include "../../examples/walk_forward/protocol.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using walk_forward::Options;

namespace {

/// Outputs' shapes of the layers, one after another.
std::vector<Shape> shapes(const Sequential<float>& model) { return model.network().shapes({walk_forward::kHistory}); }

bool holds(const std::vector<Shape>& shapes, const Shape& shape) {
  return std::find(shapes.begin(), shapes.end(), shape) != shapes.end();
}

}  // namespace

TEST_CASE("The network that was meant has 364,194 parameters", "[examples][walk_forward]") {
  Sequential<float> model = walk_forward::compiled("intended");
  model.build({walk_forward::kHistory});
  CHECK(model.parameter_count() == 364'194);
  CHECK(model.weight("conv1d/kernel").size() + model.weight("conv1d/bias").size() == 128);
  CHECK(model.weight("conv1d_1/kernel").size() + model.weight("conv1d_1/bias").size() == 3'104);
  CHECK(model.weight("dense/kernel").size() + model.weight("dense/bias").size() == 344'192);
  CHECK(model.weight("dense_1/kernel").size() + model.weight("dense_1/bias").size() == 16'512);
  CHECK(model.weight("dense_2/kernel").size() + model.weight("dense_2/bias").size() == 258);
  for (const Shape& shape : {Shape{756, 32}, Shape{252, 32}, Shape{84, 32}, Shape{2'688}}) {
    CHECK(holds(shapes(model), shape));
  }
  CHECK(model.output_shape() == Shape{2});
}

TEST_CASE("The network that ran pools channels, and has 125,538 parameters", "[examples][walk_forward]") {
  Sequential<float> model = walk_forward::compiled("literal");
  model.build({walk_forward::kHistory});
  CHECK(model.parameter_count() == 125'538);
  CHECK(model.weight("conv1d_1/kernel").size() + model.weight("conv1d_1/bias").size() == 992);
  CHECK(model.weight("dense/kernel").size() + model.weight("dense/bias").size() == 107'648);
  for (const Shape& shape : {Shape{756, 32}, Shape{252, 10}, Shape{252, 32}, Shape{84, 10}, Shape{840}}) {
    CHECK(holds(shapes(model), shape));
  }

  // Its pooling: the largest of channels 3k to 3k + 2 at every third step, the last two of 32 left out.
  const walk_forward::Layers layers = walk_forward::layers("literal");
  Sequential<float> pooling(std::vector(layers.begin() + 2, layers.begin() + 6));
  pooling.build({756, 32});
  Tensor<float, 3> x = Tensor<float, 3>::from_shape({1, 756, 32});
  for (std::size_t t = 0; t < 756; ++t) {
    for (std::size_t c = 0; c < 32; ++c) x(0, t, c) = static_cast<float>((t * 37 + c * 101) % 997);
  }
  const xt::xtensor<float, 3> y = pooling.predict(x);
  REQUIRE(y.shape()[1] == 252);
  REQUIRE(y.shape()[2] == 10);
  std::size_t different = 0;
  for (std::size_t t = 0; t < 252; ++t) {
    for (std::size_t k = 0; k < 10; ++k) {
      different += y(0, t, k) != std::max({x(0, 3 * t, 3 * k), x(0, 3 * t, 3 * k + 1), x(0, 3 * t, 3 * k + 2)});
    }
  }
  CHECK(different == 0);
}

TEST_CASE("The walk-forward example has the published number of points", "[examples][walk_forward]") {
  const PriceFeatures rows = walk_forward::price_rows("");
  CHECK(rows.times.size() == 8'127);
  CHECK(walk_forward::plan(rows, {}).size() == 7'127);
  Options every_tenth;
  every_tenth.every = 10;
  CHECK(walk_forward::plan(rows, every_tenth).size() == 713);
  Options last;
  last.start = "8120";
  const WalkForwardPlan plan = walk_forward::plan(rows, last);
  CHECK(plan.size() == 7);
  CHECK(plan[0].train == RowRange{0, 8'120});
  last.history = "rolling:1260";
  CHECK(walk_forward::plan(rows, last)[0].train == RowRange{6'860, 8'120});
}

TEST_CASE("The walk-forward example reads its options", "[examples][walk_forward]") {
  CHECK(walk_forward::max_history("expanding") == 0);
  CHECK(walk_forward::max_history("rolling:252") == 252);
  for (const std::string wrong : {"rolling", "rolling:", "rolling:0", "rolling:-1", "rolling:2x", "all", ""}) {
    CHECK_THROWS_MATCHES(
        walk_forward::max_history(wrong), OptionError,
        Message("--history must be expanding or rolling:N, N the number of days, got \"" + wrong + '"'));
  }
}

TEST_CASE("The walk-forward example stores under a name of what forecasts depend on", "[examples][walk_forward]") {
  Options options;
  PriceFeatures rows;
  for (std::size_t i = 0; i < 1200; ++i) rows.returns.push_back(static_cast<double>(i % 7) - 3);
  const std::string name = walk_forward::stored_name(options, rows);
  CHECK(name.substr(0, name.size() - 16) == "intended expanding epochs=2 seed=1 data=");
  options.start = "2015-05-20";
  options.every = 10;
  rows.returns.push_back(0.5);  // another day
  CHECK(walk_forward::stored_name(options, rows) == name);
  rows.returns[999] += 1e-9;  // another series
  CHECK(walk_forward::stored_name(options, rows) != name);
}

TEST_CASE("The walk-forward example says what is no file of prices", "[examples][walk_forward]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("three.csv", "1980-01-02,1,2\n1980-01-03,1,2\n");
  CHECK_THROWS_MATCHES(
      walk_forward::price_rows(path), DataError,
      Message(path + ": there must be a date and a price in each line, got 2 columns beside the date"));
  const std::string undated = folder.write("undated.csv", "1\n2\n");
  CHECK_THROWS_MATCHES(walk_forward::price_rows(undated), DataError,
                       Message(undated + ": there must be a date and a price in each line, got 1 columns and no date"));
}

TEST_CASE("Naive forecasts are judged on the days that were forecast", "[examples][walk_forward]") {
  std::vector<std::int64_t> times;
  for (std::int64_t day = 0; day < 8; ++day) times.push_back(day * kSecondsPerDay);
  const WalkForwardPlan plan(times, {.min_history = 3});
  const std::vector<double> signs{-1, -1, 1, 1, -1, -1, 1, -1};
  const std::vector<Forecast> forecasts{{times[3], "", 1, {}}, {times[5], "", 1, {}}, {times[6], "", 1, {}}};
  const walk_forward::Judgement judgement = walk_forward::judge(plan, forecasts, signs);
  CHECK(judgement.network.hits == 2);
  CHECK(judgement.network.count == 3);
  for (const auto& [name, hits] : judgement.naive) CHECK(hits.count == 3);
  CHECK(judgement.naive[0].second.hits == 2);
  CHECK(judgement.naive[1].second.hits == 1);  // more days fell
  CHECK(judgement.naive[2].second.hits == 2);  // rose, fell, fell before
}
