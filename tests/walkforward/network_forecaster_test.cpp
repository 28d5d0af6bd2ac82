#include "seqnn/walkforward/network_forecaster.hpp"

#include "seqnn/core/random.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/series/scaler.hpp"
#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/dropout.hpp"
#include "seqnn/losses/binary_crossentropy.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/losses/sparse_categorical_crossentropy.hpp"
#include "seqnn/optimizers/adam.hpp"
#include "seqnn/optimizers/sgd.hpp"
#include "seqnn/training/early_stopping.hpp"
#include "seqnn/walkforward/run.hpp"
#include "support/catch.hpp"
#include "support/walk_forward_runs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

constexpr std::size_t kPoints = 6;

/// Rows of `daily_plan(kPoints)` with more history: three numbers on scales of their own, and what comes of them.
struct Rows {
  Rows() {
    RandomStream random({.seed = 3});
    for (std::size_t r = 0; r < kCount; ++r) {
      for (std::size_t c = 0; c < 3; ++c)
        x(r, c) = 100 * static_cast<double>(c) + std::ldexp(random.normal(), 4 * static_cast<int>(c));
      y(r) = 50 + 7 * x(r, 0) + random.normal();
      sign(r) = y(r) < 50 ? -1 : 1;
      times.push_back(static_cast<std::int64_t>(r) * kSecondsPerDay);
    }
  }

  static constexpr std::size_t kCount = 40 + kPoints;
  Tensor<double, 2> x = Tensor<double, 2>::from_shape({kCount, 3});
  Tensor<double, 1> y = Tensor<double, 1>::from_shape({kCount});
  Tensor<float, 1> sign = Tensor<float, 1>::from_shape({kCount});
  std::vector<std::int64_t> times;

  WalkForwardPlan plan() const { return WalkForwardPlan(times, {.min_history = 40}); }
};

template <class Real = float>
Sequential<Real> regressor() {
  Sequential<Real> model({Dense(4, {.activation = Activation::tanh}), Dropout(0.1), Dense(1)});
  model.compile(Adam({.learning_rate = 0.01}), MeanSquaredError());
  return model;
}

Sequential<float> classifier() {
  Sequential<float> model({Dense(2)});
  model.compile(SGD({.learning_rate = 0.1}), SparseCategoricalCrossentropy({.from_logits = true}));
  return model;
}

const FitOptions kFit{.epochs = 3, .batch_size = 8, .seed = 5};

NetworkForecasterOptions<float> regression(const Rows& rows) {
  return {.x = rows.x, .y = rows.y, .model = regressor<>, .fit = kFit, .scale = PointScale::standard, .scale_y = true};
}

NetworkForecasterOptions<float> classification(const Rows& rows) {
  return {.x = rows.x,
          .y = rows.sign,
          .model = classifier,
          .fit = kFit,
          .scale = PointScale::standard,
          .classes = {{-1, "short"}, {1, "long"}},
          .from_logits = true};
}

template <class Options>
std::vector<Forecast> forecasts(const WalkForwardPlan& plan, const Options& options, WalkForwardRunOptions run = {}) {
  run.verbose = Verbose::silent;
  const WalkForwardRun done = run_walk_forward(plan, network_forecasters(options), run);
  CHECK(done.failures == std::vector<FailedForecast>{});
  return done.forecasts;
}

/// The error of the only point of a plan.
std::string failure(const Rows& rows, const NetworkForecasterOptions<float>& options) {
  const WalkForwardPlan plan(rows.times, {.min_history = 40, .max_points = 1});
  const WalkForwardRun run = run_walk_forward(plan, network_forecasters(options), {.verbose = Verbose::silent});
  return run.failures.empty() ? "" : run.failures[0].error;
}

}  // namespace

TEST_CASE("A point is what its rows give by hand", "[walkforward][network]") {
  const Rows rows;
  const WalkForwardPlan plan = rows.plan();
  const std::vector<Forecast> run = forecasts(plan, regression(rows));
  REQUIRE(run.size() == kPoints);
  for (const WalkForwardPoint& point : plan) {
    StandardScaler x_scaler, y_scaler;
    x_scaler.fit(rows.x, point.train);
    Tensor<double, 2> column = Tensor<double, 2>::from_shape({Rows::kCount, 1});
    std::copy(rows.y.begin(), rows.y.end(), column.data());
    y_scaler.fit(column, point.train);

    const std::size_t n = point.train.size();
    Tensor<float, 2> x = Tensor<float, 2>::from_shape({n, 3}), next = Tensor<float, 2>::from_shape({1, 3});
    Tensor<float, 1> y = Tensor<float, 1>::from_shape({n});
    for (std::size_t r = 0; r <= n; ++r) {
      for (std::size_t c = 0; c < 3; ++c) {
        (r < n ? x(r, c) : next(0, c)) = static_cast<float>(x_scaler.transform(c, rows.x(r, c)));
      }
      if (r < n) y(r) = static_cast<float>(y_scaler.transform(0, rows.y(r)));
    }
    Sequential<float> model = regressor<>();
    const std::uint64_t seed = point_seed(5, point.forecast.begin);
    model.build({3}, seed);
    FitOptions fit = kFit;
    fit.seed = seed;
    fit.verbose = Verbose::silent;
    model.fit(x, y, fit);
    const xt::xtensor<float, 2> p = model.predict(next);
    CHECK(run[point.index].time == plan.time(n));
    CHECK(run[point.index].details.empty());
    CHECK_THAT(run[point.index].value, WithinRel(y_scaler.inverse(0, static_cast<double>(p(0, 0))), 1e-5));
  }
}

TEST_CASE("The seeds of points differ, and do not depend on the machine", "[walkforward][network]") {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (std::size_t row = 0; row < 1000; ++row) seeds.insert(point_seed(seed, row));
  }
  CHECK(seeds.size() == 10'000);
  CHECK(point_seed(0, 0) == 0x20584671D4147215);
}

TEST_CASE("Forecasts have the same bits for any number of threads and in any order", "[walkforward][network]") {
  const Rows rows;
  const WalkForwardPlan plan = rows.plan();
  for (const auto& options : {regression(rows), classification(rows)}) {
    const std::vector<Forecast> one = forecasts(plan, options);
    for (const std::size_t threads : {2U, 3U}) CHECK(forecasts(plan, options, {.threads = threads}) == one);
    const auto forecaster = network_forecasters(options)();
    for (std::size_t i = kPoints; i-- > 0;) {
      CHECK(forecaster->forecast(plan, plan[i], true) == std::vector<Forecast>{one[i]});
    }
    const std::vector<Forecast> chained = forecasts(plan, options, {.warm_start = 3});
    CHECK(forecasts(plan, options, {.threads = 2, .warm_start = 3}) == chained);
    CHECK(chained[0] == one[0]);
    CHECK(chained[1] != one[1]);
    CHECK(chained[3] == one[3]);
  }
}

TEST_CASE("A point does not see what comes later", "[walkforward][network]") {
  const Rows rows;
  const WalkForwardPlan plan(rows.times, {.ahead = 2, .min_history = 40, .delay = 2});
  const std::vector<Forecast> regressed = forecasts(plan, regression(rows));
  const std::vector<Forecast> classified = forecasts(plan, classification(rows));
  for (const WalkForwardPoint& point : plan) {
    Rows changed;
    for (std::size_t r = point.train.end; r < Rows::kCount; ++r) {
      changed.y(r) = std::numeric_limits<double>::quiet_NaN();
      changed.sign(r) = 7;
      for (std::size_t c = 0; c < 3 && !point.forecast.contains(r); ++c) {
        changed.x(r, c) = std::numeric_limits<double>::quiet_NaN();
      }
    }
    const auto part = static_cast<std::ptrdiff_t>(2 * point.index);
    CHECK(network_forecasters(regression(changed))()->forecast(plan, point, true) ==
          std::vector<Forecast>(regressed.begin() + part, regressed.begin() + part + 2));
    CHECK(network_forecasters(classification(changed))()->forecast(plan, point, true) ==
          std::vector<Forecast>(classified.begin() + part, classified.begin() + part + 2));
    // The rows that are forecast scale nothing: what the one behind them holds changes none but its own.
    changed.x(point.forecast.end - 1, 0) = 1e6;
    CHECK(network_forecasters(regression(changed))()->forecast(plan, point, true)[0] == regressed[2 * point.index]);
  }
}

TEST_CASE("A classifier gives a class, its index and probabilities", "[walkforward][network]") {
  const Rows rows;
  const std::vector<Forecast> run = forecasts(rows.plan(), classification(rows));
  std::size_t right = 0;
  for (std::size_t i = 0; i < kPoints; ++i) {
    const Forecast& forecast = run[i];
    REQUIRE(forecast.details.size() == 3);
    CHECK(forecast.details[0].name == "short_prob");
    CHECK(forecast.details[1].name == "long_prob");
    CHECK(forecast.details[2].name == "class");
    const double short_prob = forecast.details[0].value, long_prob = forecast.details[1].value;
    CHECK_THAT(short_prob + long_prob, WithinAbs(1, 1e-12));
    CHECK(forecast.value == (long_prob > short_prob ? 1 : -1));
    CHECK(forecast.details[2].value == (long_prob > short_prob ? 1 : 0));
    right += forecast.value == static_cast<double>(rows.sign(40 + i));
  }
  CHECK(right >= 5);
}

TEST_CASE("Two classes may share one output, with or without logits", "[walkforward][network]") {
  const Rows rows;
  auto options = classification(rows);
  const auto run = [&](bool from_logits) {
    options.from_logits = from_logits;
    options.model = [=] {
      Sequential<float> model({from_logits ? Dense(1) : Dense(1, {.activation = Activation::sigmoid})});
      model.compile(SGD({.learning_rate = 0.1}), BinaryCrossentropy({.from_logits = from_logits}));
      return model;
    };
    return forecasts(rows.plan(), options);
  };
  const auto logits = run(true), sigmoid = run(false);
  for (std::size_t i = 0; i < kPoints; ++i) {
    CHECK(logits[i].value == sigmoid[i].value);
    CHECK_THAT(logits[i].details[1].value, WithinAbs(sigmoid[i].details[1].value, 1e-5));
    CHECK_THAT(logits[i].details[0].value + logits[i].details[1].value, WithinAbs(1, 1e-12));
    CHECK(logits[i].value == (logits[i].details[1].value > 0.5 ? 1 : -1));
  }
}

TEST_CASE("Floats are as good as doubles, and models may be of doubles", "[walkforward][network]") {
  const Rows rows;
  Tensor<float, 2> x = rows.x;
  auto options = regression(rows);
  const auto from_doubles = forecasts(rows.plan(), options);
  options.x = x;
  const auto from_floats = forecasts(rows.plan(), options);
  const NetworkForecasterOptions<double> wide{.x = rows.x,
                                              .y = rows.y,
                                              .model = regressor<double>,
                                              .fit = kFit,
                                              .scale = PointScale::standard,
                                              .scale_y = true};
  const auto doubles = forecasts(rows.plan(), wide);
  for (std::size_t i = 0; i < kPoints; ++i) {
    CHECK_THAT(from_floats[i].value, WithinRel(from_doubles[i].value, 1e-4));
    CHECK_THAT(doubles[i].value, WithinRel(from_doubles[i].value, 1e-4));
  }
}

TEST_CASE("validation_split keeps the last rows of a point, which are not scaled by", "[walkforward][network]") {
  const Rows rows;
  auto options = regression(rows);
  options.fit.validation_split = 0.25;
  options.fit.epochs = 20;
  options.fit.callbacks = {EarlyStopping({.patience = 2})};  // each point has a copy
  const WalkForwardPlan plan(rows.times, {.min_history = 40, .max_points = 2});
  const auto split = forecasts(plan, options);
  CHECK(forecasts(plan, options, {.threads = 2}) == split);

  // Without training the forecast is the mean of what is learned from: of the first 30 of 40 rows.
  options.model = [] {
    Sequential<float> model({Dense(1, {.kernel_initializer = zeros()})});
    model.compile(SGD({.learning_rate = 0}), MeanSquaredError());
    return model;
  };
  double mean = 0;
  for (std::size_t r = 0; r < 30; ++r) mean += rows.y(r) / 30;
  CHECK_THAT(forecasts(plan, options)[0].value, WithinRel(mean, 1e-12));

  options.fit.validation_split = 0.99;
  CHECK(failure(rows, options) ==
        "NetworkForecaster: fit.validation_split must leave rows on both sides, got 0.99 of 40");
}

TEST_CASE("A constant column is an error, or kept", "[walkforward][network]") {
  Rows rows;
  for (std::size_t r = 0; r < Rows::kCount; ++r) rows.x(r, 1) = 0.1;
  auto options = regression(rows);
  CHECK(
      failure(rows, options) ==
      "NetworkForecaster: x: column 1 must vary in rows [0, 40), got nothing but 0.1; leave it out, or set constant = "
      "ConstantColumn::keep");
  options.constant = ConstantColumn::keep;
  CHECK(failure(rows, options).empty());
  rows.x(3, 1) = std::numeric_limits<double>::infinity();
  CHECK(failure(rows, options) ==
        "NetworkForecaster: x: column 1, row 3: must be a number, got infinity; clean or fill the data first");
  rows.x(3, 1) = 1e200;
  CHECK(failure(rows, options) ==
        "NetworkForecaster: x: column 1, row 39: must be a number, got one too large to be squared; clean or fill the "
        "data first");
}

TEST_CASE("A point fails for targets that are no class", "[walkforward][network]") {
  Rows rows;
  rows.sign(7) = 0;
  CHECK(failure(rows, classification(rows)) == "NetworkForecaster: y must be one of the classes -1, 1, got 0 in row 7");
  auto options = regression(rows);
  options.scale_y = false;
  options.model = [] {
    Sequential<float> model({Dense(1)});
    model.compile(SGD(), SparseCategoricalCrossentropy({.from_logits = true}));
    return model;
  };
  CHECK(
      failure(rows, options) ==
      "NetworkForecaster: classes must be given for a loss that reads class indices, got none; set .classes, or choose "
      "another loss");
}

TEST_CASE("Wrong options are refused before a run begins", "[walkforward][network]") {
  const Rows rows;
  const auto refused = [](NetworkForecasterOptions<float> options, const char* message) {
    CHECK_THROWS_MATCHES(network_forecasters(options), Error, Message(message));
  };
  auto options = regression(rows);
  options.model = nullptr;
  refused(options, "NetworkForecaster: model must make a model, got an empty function");
  options = regression(rows);
  options.fit.threads = 2;
  refused(options,
          "NetworkForecaster: fit.threads must be 1, got 2; it is points that run at once: set threads of the run");
  options = regression(rows);
  options.fit.validation_data = {rows.x, rows.y};
  refused(options,
          "NetworkForecaster: fit.validation_data must be empty, since the same rows would be the future of some "
          "points; set fit.validation_split");
  options = regression(rows);
  options.fit.sample_weight = rows.y;
  refused(options, "NetworkForecaster: fit.sample_weight must be empty, got some; use fit.class_weight");
  options = regression(rows);
  options.fit.validation_split = 1;
  refused(options, "NetworkForecaster: fit.validation_split must be in [0, 1), got 1");
  options = regression(rows);
  options.x = rows.y;
  refused(options, "NetworkForecaster: x must be (rows, …), an input a row, got (46,)");
  options = regression(rows);
  options.x = Tensor<int, 2>::from_shape({46, 3});
  refused(options,
          "NetworkForecaster: x must be floating-point numbers, got integers of shape (46, 3); convert with "
          "xt::cast<float>");
  options = regression(rows);
  const Tensor<double, 1> shorter({5}, 0.0);
  options.y = shorter;
  refused(options, "NetworkForecaster: y must have as many rows as x, 46, got shape (5,)");
  options = regression(rows);
  options.model = classifier;
  refused(options, "NetworkForecaster: the model must have one output, got (batch, 2); set .classes for a classifier");
  options = classification(rows);
  options.classes.push_back({0, "out"});
  refused(options,
          "NetworkForecaster: the model must have an output for each of the 3 classes, or one for two of them, got "
          "(batch, 2)");
  options.classes.resize(1);
  refused(options, "NetworkForecaster: classes must be two or more, got 1; leave them out for a regression");
  options = classification(rows);
  options.scale_y = true;
  refused(options, "NetworkForecaster: scale_y must be false for classes, got true; leave it out");
  options = classification(rows);
  options.y = rows.x;
  refused(options, "NetworkForecaster: y must be (46,), one class a row, got (46, 3)");
}

TEST_CASE("Outputs that are no probabilities fail the point", "[walkforward][network]") {
  const Rows rows;
  NetworkForecasterOptions<float> options = classification(rows);
  options.from_logits = false;
  options.model = [] {
    Sequential<float> model({Dense(2, {.bias_initializer = constant(5)})});
    model.compile(SGD({.learning_rate = 0}), SparseCategoricalCrossentropy({.from_logits = true}));
    return model;
  };
  const WalkForwardRun run = run_walk_forward(rows.plan(), network_forecasters(options), {.verbose = Verbose::silent});
  REQUIRE(run.failures.size() == rows.plan().size());
  CHECK(run.failures[0].error.starts_with("NetworkForecaster: probabilities must be in [0, 1], got "));
  CHECK(run.failures[0].error.ends_with("; set .from_logits = true, or end the model with a sigmoid or softmax"));
}

TEST_CASE("Forecasts do not depend on the stretch and stride of the plan", "[walkforward][network]") {
  const Rows rows;
  const WalkForwardPlan whole = rows.plan();
  std::vector<std::int64_t> times;
  for (std::size_t row = 0; row < whole.rows(); ++row) times.push_back(whole.time(row));
  const WalkForwardPlan part(times, {.min_history = whole[0].forecast.begin + 1, .stride = 2});
  REQUIRE(part.size() >= 2);
  const auto all = forecasts(whole, classification(rows));
  const auto some = forecasts(part, classification(rows));
  for (std::size_t i = 0; i < some.size(); ++i) CHECK(some[i] == all[1 + 2 * i]);
}

TEST_CASE("The rows must be those of the plan", "[walkforward][network]") {
  const Rows rows;
  const WalkForwardRun run =
      run_walk_forward(daily_plan(1), network_forecasters(regression(rows)), {.verbose = Verbose::silent});
  REQUIRE(run.failures.size() == 1);
  CHECK(run.failures[0].error == "NetworkForecaster: x must have a row for each of the plan's 6, got 46");
}
