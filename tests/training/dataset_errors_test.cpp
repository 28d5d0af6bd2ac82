#include "seqnn/data/dataset.hpp"
#include "seqnn/layers/flatten.hpp"
#include "seqnn/losses/sparse_categorical_crossentropy.hpp"
#include "seqnn/training/fit.hpp"
#include "support/array_dataset.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

// What fit, evaluate and predict say to data sets that do not fit the model, or gather wrong values.

namespace {

const float kNaN = std::numeric_limits<float>::quiet_NaN();
const FitOptions kSilent = {.batch_size = 4, .verbose = Verbose::silent};

using Rows = ArrayDataset<float, float>;

Rows rows(std::size_t samples = 12) {
  Tensor<float, 2> x = xt::ones<float>({samples, std::size_t{1}});
  Tensor<float, 1> y = xt::ones<float>({samples});
  return {x, y};
}

template <class Error, class Data>
void check_refused(const char* message, const Data& data, FitOptions options = {}) {
  auto model = line();
  const auto before = all_weights(model);
  options.verbose = Verbose::silent;
  CHECK_THROWS_MATCHES(model.fit(data, options), Error, Message(message));
  CHECK(all_weights(model) == before);
}

}  // namespace

TEST_CASE("A data set must have samples, of the model's shapes", "[training][dataset]") {
  Rows data = rows();
  data.count = 0;
  check_refused<DataError>("dataset: must have at least one sample, got size() 0", data);
  data = rows();
  data.x_sample = {2};
  check_refused<ShapeError>(
      "Sequential: input must be (batch, 1), got (batch, 2); layer Dense \"dense\" was built for it (kAnyLength in "
      "build leaves an axis open)",
      data);
  data.x_sample = {kAnyLength};
  check_refused<ShapeError>("dataset: every axis of x_shape() must be known and at least 1, got (any,)", data);
  data.x_sample = {0};
  check_refused<ShapeError>("dataset: every axis of x_shape() must be known and at least 1, got (0,)", data);
  data = rows();
  data.y_sample = {3};
  check_refused<ShapeError>(
      "dataset: y_shape() must be (1,) for loss mean_squared_error on outputs of (batch, 1), got (3,)", data);
  data.y_sample = {1, 1};
  CHECK_NOTHROW(line().fit(data, kSilent));

  data.count = 0;
  check_refused<DataError>("validation_data.dataset: must have at least one sample, got size() 0", rows(),
                           {.validation_data = &data});

  Sequential<float> not_built({Dense(1)});
  not_built.compile(SGD(), MeanSquaredError());
  data = rows();
  data.x_sample = {kAnyLength};
  CHECK_THROWS_AS(not_built.fit(data, kSilent), ShapeError);
  CHECK_FALSE(not_built.built());
}

TEST_CASE("A data set must gather what the model and the loss read", "[training][dataset]") {
  const Tensor<float, 2> x = {{1}, {2}};
  const Tensor<float, 1> y = {1, 2};
  const ArrayDataset<double, double> wide(x, y);
  check_refused<DataError>(
      "dataset: gather must take (std::span<float> x, std::span<float> y) for Dense \"dense\" and loss "
      "mean_squared_error, got a data set that takes (std::span<double> x, std::span<double> y)",
      wide);
  auto model = line();
  CHECK_THROWS_MATCHES(model.predict(wide), DataError,
                       Message("dataset: gather must take (std::span<float> x, std::span<std::int32_t> y) for Dense "
                               "\"dense\", got a data set that takes (std::span<double> x, std::span<double> y)"));
  const Reviews reviews(4);
  auto convnet = small_convnet();
  convnet.compile(SGD(), BinaryCrossentropy());
  const ArrayDataset<float, float> not_ids(reviews.x, reviews.y);
  CHECK_THROWS_MATCHES(
      convnet.fit(not_ids, kSilent), DataError,
      Message("dataset: gather must take (std::span<std::int32_t> x, std::span<float> y) for Embedding \"embedding\" "
              "and loss binary_crossentropy, got a data set that takes (std::span<float> x, std::span<float> y)"));
  CHECK_FALSE(convnet.built());
}

TEST_CASE("Options that make no sense with a data set are refused", "[training][dataset]") {
  const Tensor<float, 1> weight = {1, 2};
  check_refused<OptionError>(
      "fit: validation_split must be 0 with a data set, got 0.2; give .validation_data = &another", rows(),
      {.validation_split = 0.2});
  check_refused<OptionError>(
      "fit: sample_weight must come from the data set, got an array of (2,); give it a gather(indices, x, y, weights)",
      rows(), {.sample_weight = weight});
  CHECK_THROWS_MATCHES(line().evaluate(rows(), {.sample_weight = weight}), OptionError,
                       Message("evaluate: sample_weight must come from the data set, got an array of (2,); give it a "
                               "gather(indices, x, y, weights)"));
  check_refused<OptionError>(
      "fit: replacement draws samples at random, so shuffle must be true, got false; leave one out", rows(),
      {.replacement = true, .shuffle = false});
  check_refused<OptionError>(
      "fit: validation_steps must come with validation data, got 3 and none; set .validation_data or "
      ".validation_split",
      rows(), {.validation_steps = 3});
  const Rows validation = rows(9);
  check_refused<OptionError>(
      "fit: validation_steps must be at most 3, the batches of 4 in 9 validation samples, got 4; 0 validates on all",
      rows(), {.batch_size = 4, .validation_data = &validation, .validation_steps = 4});
  const Rows* none = nullptr;
  CHECK_NOTHROW(line().fit(rows(), {.validation_data = none, .verbose = Verbose::silent}));
}

TEST_CASE("Wrong values are reported with the number of their sample", "[training][dataset][threads]") {
  Rows data = rows();
  data.x[7] = kNaN;
  const char* const wrong_x =
      "dataset: sample 7: x: values must be finite, got NaN at (0,); clean or fill the data first";
  for (const std::size_t threads : {1U, 2U}) {
    CHECK_THROWS_MATCHES(line().fit(data, {.batch_size = 6, .verbose = Verbose::silent, .threads = threads}), DataError,
                         Message(wrong_x));
    CHECK_THROWS_MATCHES(line().evaluate(data, {.threads = threads}), DataError, Message(wrong_x));
    CHECK_THROWS_MATCHES(line().predict(data, {.threads = threads}), DataError, Message(wrong_x));
  }
  data = rows();
  data.y[11] = std::numeric_limits<float>::infinity();
  CHECK_THROWS_MATCHES(
      line().evaluate(data), DataError,
      Message("dataset: sample 11: y: values must be finite, got infinity at (0,); clean or fill the data first"));
  CHECK_NOTHROW(line().predict(data));  // which compares with nothing
  CHECK_THROWS_MATCHES(line().fit(rows(), {.validation_data = &data, .verbose = Verbose::silent}), DataError,
                       Message("validation_data.dataset: sample 11: y: values must be finite, got infinity at (0,); "
                               "clean or fill the data first"));
  const Tensor<float, 2> x = {{1}, {2}};
  const WeightedDataset<float, float, float> weighted(x, Tensor<float, 1>{1, 2}, {1, kNaN});
  CHECK_THROWS_MATCHES(
      line().fit(weighted, kSilent), DataError,
      Message("dataset: sample 1: weight: values must be finite, got NaN at (0,); clean or fill the data first"));
}

TEST_CASE("Ids and classes outside their range are reported with the number of their sample", "[training][dataset]") {
  const Reviews reviews(20);
  auto texts = ArrayDataset<std::int32_t, float>(reviews.x, reviews.y);
  texts.x[13 * kTime + 5] = kWords;
  auto convnet = small_convnet();
  convnet.compile(SGD(), BinaryCrossentropy({.from_logits = true}));
  const char* const message =
      "dataset: sample 13: Embedding \"embedding\": id 12 at (0, 5) is outside the vocabulary of 12; clip ids or raise "
      "input_dim";
  CHECK_THROWS_MATCHES(convnet.fit(texts, kSilent), DataError, Message(message));
  CHECK_THROWS_MATCHES(convnet.predict(texts), DataError, Message(message));

  Sequential<float> classifier({Dense(3)});
  classifier.compile(SGD(), SparseCategoricalCrossentropy({.from_logits = true}));
  const ArrayDataset<float, std::int32_t> labelled(Tensor<float, 2>{{1}, {2}, {3}}, Tensor<int, 1>{0, 2, 3});
  CHECK_THROWS_MATCHES(classifier.fit(labelled, kSilent), DataError,
                       Message("dataset: sample 2: y: target at (0,) must be a class in [0, 3), got 3; count classes "
                               "from 0, or give the last layer more units"));
}

TEST_CASE("An order must hold every sample once", "[training][dataset]") {
  struct Ordered : Rows {
    explicit Ordered(std::size_t last) : Rows(rows(3)), third(last) {}
    void order(std::uint64_t, std::size_t, std::span<std::size_t> order) const { order[2] = third; }
    std::size_t third;
  };
  check_refused<DataError>("dataset: order must hold each of the 3 samples once, got 1 twice", Ordered(1));
  check_refused<DataError>("dataset: order must hold each of the 3 samples once, got 3", Ordered(3));
}

TEST_CASE("An exception of a data set leaves fit, and the model can go on", "[training][dataset][threads]") {
  struct Broken : Rows {
    Broken() : Rows(rows()) {}
    void gather(std::span<const std::size_t>, std::span<float>, std::span<float>) const {
      throw std::runtime_error("the disk is gone");
    }
  };
  auto model = line();
  CHECK_THROWS_WITH(model.fit(Broken(), {.verbose = Verbose::silent, .threads = 2, .shards = 2}), "the disk is gone");
  CHECK(model.fit(rows(), kSilent).epochs() == 1);
}
