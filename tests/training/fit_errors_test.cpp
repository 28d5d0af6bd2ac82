#include "seqnn/layers/flatten.hpp"
#include "seqnn/losses/sparse_categorical_crossentropy.hpp"
#include "seqnn/training/early_stopping.hpp"
#include "seqnn/training/fit.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

// What fit says to wrong data and options, and that the model stays what it was.

namespace {

const float kNaN = std::numeric_limits<float>::quiet_NaN();

Sequential<float> compiled_convnet() {
  auto model = small_convnet();
  model.compile(Adam(), BinaryCrossentropy({.from_logits = true}), {BinaryAccuracy()});
  return model;
}

/// The error of a fit that must leave a built model with its weights, and one that is not built as it is.
template <class Error>
void check_refused(const char* message, const AnyArray& x, const AnyArray& y, const FitOptions& options = {}) {
  CAPTURE(message);
  auto built = compiled_convnet();
  built.build({kTime}, 5);
  const auto before = all_weights(built);
  CHECK_THROWS_MATCHES(built.fit(x, y, options), Error, Message(message));
  CHECK(all_weights(built) == before);

  const Reviews data(8);
  auto untouched = compiled_convnet();
  untouched.build({kTime}, 5);
  built.fit(data.x, data.y, {.verbose = Verbose::silent});
  untouched.fit(data.x, data.y, {.verbose = Verbose::silent});
  CHECK(all_weights(built) == all_weights(untouched));  // the optimizer too has taken no step

  auto not_built = compiled_convnet();
  CHECK_THROWS_AS(not_built.fit(x, y, options), Error);
  CHECK_FALSE(not_built.built());
}

/// The same for a model of series (batch, 5, 2) and three classes.
template <class Error>
void check_series_refused(const char* message, const AnyArray& x, const AnyArray& y) {
  CAPTURE(message);
  Sequential<float> model({Conv1D(4, 3), Flatten(), Dense(3)});
  model.compile(SGD(), SparseCategoricalCrossentropy({.from_logits = true}));
  model.build({5, 2}, 5);
  const auto before = all_weights(model);
  CHECK_THROWS_MATCHES(model.fit(x, y, {.verbose = Verbose::silent}), Error, Message(message));
  CHECK_THROWS_MATCHES(model.evaluate(x, y), Error, Message(message));
  CHECK(all_weights(model) == before);
}

}  // namespace

TEST_CASE("fit refuses token ids that it cannot read", "[training][fit]") {
  Reviews data(4);
  check_refused<DataError>(
      "Embedding \"embedding\": input must be token ids of an integer type, got floating-point numbers of shape (4, "
      "14); convert with xt::cast<int>",
      1.0F * data.x, data.y);
  auto ids = data.x;
  ids(3, 1) = 12;
  check_refused<DataError>(
      "Embedding \"embedding\": id 12 at (3, 1) is outside the vocabulary of 12; clip ids or raise input_dim", ids,
      data.y);
  ids(1, 0) = -1;
  check_refused<DataError>(
      "Embedding \"embedding\": id -1 at (1, 0) is outside the vocabulary of 12; clip ids or raise input_dim", ids,
      data.y);
  auto wide = xt::xtensor<std::int64_t, 2>(data.x);
  wide(2, 2) = std::int64_t{1} << 40;
  check_refused<DataError>(
      "x: must be 32-bit integers, got 1099511627776 at (2, 2); token ids and class indices count from 0", wide,
      data.y);
}

TEST_CASE("fit refuses arrays that do not go together", "[training][fit]") {
  const Reviews data(4);
  check_refused<ShapeError>("y: must have as many samples as x, 4, got shape (3,)", data.x, Tensor<float, 1>{1, 0, 1});
  check_refused<ShapeError>("y: must be (4,) for loss binary_crossentropy on outputs of (batch, 1), got (4, 2)", data.x,
                            xt::zeros<float>({4, 2}));
  check_refused<ShapeError>("y: must have as many samples as x, 4, got shape ()", data.x, AnyArray());
  check_refused<ShapeError>("x: must be (batch, …), got a scalar or nothing", AnyArray(), data.y);
  check_refused<DataError>("x: must have at least one sample, got shape (0, 14)",
                           Tensor<int, 2>::from_shape({0, kTime}), Tensor<float, 1>::from_shape({0}));
  check_refused<ShapeError>("sample_weight: must be (4,), one a sample, got (2,)", data.x, data.y,
                            {.sample_weight = Tensor<float, 1>{1, 2}});
}

TEST_CASE("fit refuses samples of another shape, and series too short for a kernel", "[training][fit]") {
  const Reviews data(4);
  auto model = compiled_convnet();
  const auto short_x = xt::zeros<int>({4, 5});
  CHECK_THROWS_MATCHES(model.fit(short_x, data.y), ShapeError,
                       Message("Conv1D \"conv1d_1\": kernel_size 3 exceeds the 1 time steps of input (batch, 1, 5); "
                               "pad, or use a shorter kernel"));
  CHECK_FALSE(model.built());
  CHECK_THROWS_MATCHES(model.fit(xt::zeros<int>({std::size_t{4}, kTime, std::size_t{1}}), data.y), ShapeError,
                       Message("Conv1D \"conv1d\": input must be (batch, time, features), got (batch, 14, 1, 4)"));
  model.build({kTime});
  CHECK_THROWS_MATCHES(model.fit(short_x, data.y), ShapeError,
                       Message("Sequential: input must be (batch, 14), got (batch, 5); layer Embedding \"embedding\" "
                               "was built for it (kAnyLength in build leaves an axis open)"));

  check_series_refused<ShapeError>(
      "Sequential: input must be (batch, 5, 2), got (batch, 5, 3); layer Conv1D \"conv1d\" was built for it "
      "(kAnyLength "
      "in build leaves an axis open)",
      xt::zeros<float>({1, 5, 3}), Tensor<int, 1>{0});
  check_series_refused<ShapeError>(
      "Sequential: input must be (batch, 5, 2), got (batch, 2); layer Conv1D \"conv1d\" was built for it (kAnyLength "
      "in "
      "build leaves an axis open)",
      xt::zeros<float>({1, 2}), Tensor<int, 1>{0});
}

TEST_CASE("fit and evaluate say where a value is no number or no class", "[training][fit]") {
  Tensor<double, 3> x = xt::zeros<double>({2, 5, 2});
  const Tensor<int, 1> y = {0, 2};
  x(1, 3, 0) = double{kNaN};
  check_series_refused<DataError>("x: values must be finite, got NaN at (1, 3, 0); clean or fill the data first", x, y);
  x(1, 3, 0) = 1e300;  // too large for float
  check_series_refused<DataError>("x: values must be finite, got infinity at (1, 3, 0); clean or fill the data first",
                                  x, y);
  x(1, 3, 0) = 0;
  check_series_refused<DataError>(
      "y: target at (1,) must be a class in [0, 3), got 3; count classes from 0, or give the last layer more units", x,
      Tensor<int, 1>{0, 3});
  check_series_refused<DataError>(
      "y: target at (0,) must be a class in [0, 3), got -1; count classes from 0, or give the last layer more units", x,
      Tensor<int, 1>{-1, 3});
  check_series_refused<DataError>(
      "y: must be 32-bit integers, got 1.5 at (1,); token ids and class indices count from 0", x,
      Tensor<float, 1>{0, 1.5F});

  const Reviews data(3);
  check_refused<DataError>("y: values must be finite, got NaN at (2,); clean or fill the data first", data.x,
                           Tensor<float, 1>{0, 1, kNaN});
}

TEST_CASE("fit says when validation data are wrong", "[training][fit]") {
  const Reviews data(4);
  check_refused<ShapeError>("validation_data.y: must have as many samples as x, 4, got shape (2,)", data.x, data.y,
                            {.validation_data = {data.x, Tensor<float, 1>{1, 0}}});
  check_refused<DataError>("validation_data.y: values must be finite, got NaN at (0,); clean or fill the data first",
                           data.x, data.y, {.validation_data = {data.x, Tensor<float, 1>{kNaN, 0, 0, 0}}});
  check_refused<ShapeError>("validation_data.sample_weight: must be (4,), one a sample, got (1,)", data.x, data.y,
                            {.validation_data = {data.x, data.y, Tensor<float, 1>{1}}});
}

TEST_CASE("fit refuses options outside their range", "[training][fit]") {
  const Reviews data(4);
  const auto check = [&](const char* message, const FitOptions& options) {
    check_refused<OptionError>(message, data.x, data.y, options);
  };
  check("fit: batch_size must be at least 1, got 0", {.batch_size = 0});
  check("fit: threads must be at least 1, got 0", {.threads = 0});
  check("fit: validation_split must be in [0, 1), got 1", {.validation_split = 1});
  check("fit: validation_split must be in [0, 1), got -0.1", {.validation_split = -0.1});
  check("fit: validation_split must be in [0, 1), got nan", {.validation_split = double{kNaN}});
  check("fit: validation_split must leave samples on both sides, got 0.9 of 4", {.validation_split = 0.9});
  check(
      "fit: initial_epoch must not be beyond epochs, got 5 and 2; epochs is the number of the last epoch, not how "
      "many to add",
      {.epochs = 2, .initial_epoch = 5});
  check("fit: even_batches divides a pass over all samples, so replacement must be false, got true; leave one out",
        {.even_batches = true, .replacement = true});
  check("class_weight: weights must be finite, got nan for class 0", {.class_weight = {{0, double{kNaN}}}});
}

TEST_CASE("A wrong name to monitor is reported before the first step", "[training][fit]") {
  const Reviews data(4);
  auto model = compiled_convnet();
  model.build({kTime}, 1);
  const auto before = all_weights(model);
  CHECK_THROWS_MATCHES(model.fit(data.x, data.y, {.callbacks = {EarlyStopping()}, .verbose = Verbose::silent}),
                       OptionError,
                       Message("EarlyStopping: monitor must be one of \"loss\", \"binary_accuracy\", got \"val_loss\"; "
                               "give fit validation data, or monitor another name"));
  CHECK(all_weights(model) == before);
}

TEST_CASE("evaluate refuses the options that fit refuses", "[training][fit]") {
  const Reviews data(4);
  auto model = compiled_convnet();
  model.build({kTime});
  CHECK_THROWS_MATCHES(model.evaluate(data.x, data.y, {.batch_size = 0}), OptionError,
                       Message("evaluate: batch_size must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(model.evaluate(data.x, data.y, {.threads = 0}), OptionError,
                       Message("evaluate: threads must be at least 1, got 0"));
}
