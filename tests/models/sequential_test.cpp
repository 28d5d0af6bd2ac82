#include "seqnn/models/sequential.hpp"

#include "seqnn/layers/flatten.hpp"
#include "seqnn/losses/sparse_categorical_crossentropy.hpp"
#include "seqnn/metrics/categorical_accuracy.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinRel;

namespace {

using Floats = std::vector<float>;

Floats predictions(const Sequential<float>& model, const AnyArray& x, const PredictOptions& options = {}) {
  const auto p = model.predict(x, options);
  return {p.begin(), p.end()};
}

}  // namespace

TEST_CASE("Sequential predicts what its layers say", "[models][sequential]") {
  const auto model = line();
  const Tensor<float, 2> x = {{0}, {1}, {-3}};
  const Tensor<float, 2> p = model.predict(x);  // 2x + 1
  CHECK(p == Tensor<float, 2>{{1}, {3}, {-5}});
  CHECK(model.input_shape() == Shape{1});
  CHECK(model.output_shape() == Shape{1});
  CHECK(model.parameter_count() == 2);
  CHECK_THROWS_AS((Tensor<float, 1>(model.predict(x))), ShapeError);
}

TEST_CASE("Sequential is made of layers listed or added", "[models][sequential]") {
  Sequential<float> added;
  added.add(Embedding(5, 2));
  added.add(Flatten());
  const Sequential<float> listed({Embedding(5, 2), Flatten()});
  CHECK(added.layers() == listed.layers());
  CHECK(Sequential<float>({Dense(1)}).layers().size() == 1);
  CHECK(Sequential<float>(std::vector<LayerRecipe<float>>(3, Dense(2))).layers().size() == 3);
  CHECK(listed.layers()[0] == LayerRecipe<float>(Embedding(5, 2)));
  CHECK_FALSE(listed.layers()[0] == LayerRecipe<float>(Embedding(5, 3)));
  CHECK_FALSE(listed.layers()[0] == listed.layers()[1]);
  CHECK(listed.layers()[0].to_string() == "Embedding(5, 2)");

  added.build({3});
  CHECK_THROWS_MATCHES(added.add(Dense(1)), StateError,
                       Message("Sequential: layers must be added before the model is built"));
}

TEST_CASE("Weights are read and set by name", "[models][sequential]") {
  Sequential<float> model({Conv1D(2, 3, {.name = "c"}), GlobalMaxPool1D(), Dense(1)});
  model.build({8, 1}, 4);
  const auto weights = model.weights();
  REQUIRE(weights.size() == 4);
  CHECK(weights[0].name == "c/kernel");
  CHECK(weights[0].shape == Shape{3, 1, 2});
  CHECK(weights[0].trainable);
  CHECK(weights[0].values.size() == 6);
  CHECK(weights[3].name == "dense/bias");

  const Tensor<double, 3> kernel = {{{1, 2}}, {{3, 4}}, {{5, 6}}};
  model.set_weight("c/kernel", kernel);
  CHECK(std::equal(weights[0].values.begin(), weights[0].values.end(), kernel.begin()));
  const Tensor<float, 3> back = model.weight("c/kernel");
  CHECK(back == kernel);
  model.set_weight("dense/bias", Tensor<int, 1>{7});
  CHECK(weights[3].values[0] == 7);
}

TEST_CASE("A weight of another shape or name is refused and nothing changes", "[models][sequential]") {
  auto model = line();
  const auto before = all_weights(model);
  CHECK_THROWS_MATCHES(model.set_weight("dense/kernel", Tensor<float, 2>{{1, 2}}), ShapeError,
                       Message("weight \"dense/kernel\": must be (1, 1), got (1, 2)"));
  CHECK_THROWS_MATCHES(model.set_weight("kernel", Tensor<float, 2>{{1}}), Error,
                       Message("weight \"kernel\": must be one of dense/kernel, dense/bias"));
  CHECK_THROWS_MATCHES(model.weight("lstm/kernel"), Error,
                       Message("weight \"lstm/kernel\": must be one of dense/kernel, dense/bias"));
  CHECK(all_weights(model) == before);
}

TEST_CASE("The seed of build decides the first weights", "[models][sequential]") {
  auto model = small_convnet();
  model.build({kTime}, 5);
  const auto first = all_weights(model);
  CHECK(first.size() == model.parameter_count());
  model.build({kTime}, 6);
  CHECK(all_weights(model) != first);
  model.build({kTime}, 5);
  CHECK(all_weights(model) == first);
}

TEST_CASE("A copy is deep: training it leaves the original", "[models][sequential]") {
  auto model = small_convnet();
  model.compile(Adam({.learning_rate = 0.05}), BinaryCrossentropy({.from_logits = true}), {BinaryAccuracy()});
  model.build({kTime}, 3);
  const Reviews data(40);
  const auto before = all_weights(model);
  auto copy = model;
  CHECK(all_weights(copy) == before);
  CHECK(copy.layers() == model.layers());
  const History history = copy.fit(data.x, data.y, {.epochs = 2, .verbose = Verbose::silent});
  CHECK(history.names() == std::vector<std::string>{"loss", "binary_accuracy"});
  CHECK(all_weights(copy) != before);
  CHECK(all_weights(model) == before);

  model.fit(data.x, data.y, {.epochs = 2, .verbose = Verbose::silent});  // the optimizers were both at their beginning
  CHECK(all_weights(model) == all_weights(copy));
  Sequential<float> assigned;
  assigned = model;
  CHECK(predictions(assigned, data.x) == predictions(model, data.x));
  const Sequential<float> empty_copy = Sequential<float>({Dense(1)});
  CHECK_FALSE(Sequential<float>(empty_copy).built());
}

TEST_CASE("A model moves with its weights and its optimizer", "[models][sequential]") {
  auto whole = small_convnet();
  whole.compile(Adam(), BinaryCrossentropy({.from_logits = true}));
  whole.build({kTime}, 3);
  const Reviews data(32);
  auto halves = whole;
  whole.fit(data.x, data.y, {.epochs = 2, .verbose = Verbose::silent});
  halves.fit(data.x, data.y, {.epochs = 1, .verbose = Verbose::silent});
  Sequential<float> moved = std::move(halves);
  moved.fit(data.x, data.y, {.epochs = 2, .initial_epoch = 1, .verbose = Verbose::silent});
  CHECK(all_weights(moved) == all_weights(whole));
  CHECK_FALSE(halves.built());  // NOLINT: moved from
}

TEST_CASE("A model built for any length takes sequences of different lengths", "[models][sequential]") {
  auto model = small_convnet();
  model.compile(Adam(), BinaryCrossentropy({.from_logits = true}));
  model.build({kAnyLength}, 2);
  CHECK(model.output_shape() == Shape{1});
  auto fixed = small_convnet();
  fixed.build({kTime}, 2);
  const Reviews data(5);
  CHECK(predictions(model, data.x) == predictions(fixed, data.x));
  const auto longer = Tensor<std::int32_t, 2>::from_shape({3, 50});
  auto ids = longer;
  ids.fill(4);
  CHECK(predictions(model, ids).size() == 3);
  CHECK(model.evaluate(ids, Tensor<float, 1>{0, 1, 1})["loss"] > 0);
  CHECK(model.fit(ids, Tensor<float, 1>{0, 1, 1}, {.verbose = Verbose::silent}).epochs() == 1);
  CHECK_THROWS_MATCHES(model.predict(Tensor<std::int32_t, 2>{{1, 2, 3, 4, 5}}), ShapeError,
                       Message("Conv1D \"conv1d_1\": kernel_size 3 exceeds the 1 time steps of input (batch, 1, 5); "
                               "pad, or use a shorter kernel"));
}

TEST_CASE("evaluate is the mean loss over samples and the metrics", "[models][sequential]") {
  auto model = small_convnet();
  model.compile(SGD(), BinaryCrossentropy({.from_logits = true}), {BinaryAccuracy(), MeanSquaredError()});
  model.build({kTime}, 8);
  const Reviews data(700);  // more than the samples that are gathered together
  const auto p = predictions(model, data.x);
  double loss = 0;
  double right = 0;
  double squares = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const double z = p[i];
    const double target = data.y(i);
    loss += std::log1p(std::exp(target > 0 ? -z : z));
    right += (z > 0) == (target > 0) ? 1 : 0;
    squares += (z - target) * (z - target);
  }
  const Logs scores = model.evaluate(data.x, data.y);
  CHECK(scores.names() == "\"loss\", \"binary_accuracy\", \"mean_squared_error\"");
  CHECK_THAT(scores["loss"], WithinRel(loss / 700, 1e-6));
  CHECK(scores["binary_accuracy"] == right / 700);
  CHECK_THAT(scores["mean_squared_error"], WithinRel(squares / 700, 1e-6));
  for (const std::size_t batch_size : {1U, 33U, 700U}) {
    CHECK(model.evaluate(data.x, data.y, {.batch_size = batch_size, .threads = 3})["binary_accuracy"] ==
          scores["binary_accuracy"]);
  }
  CHECK(model.evaluate(data.x, data.y, {.threads = 3}) == scores);
}

TEST_CASE("Sample weights count for the loss of evaluate, not for metrics", "[models][sequential]") {
  auto model = line();
  model.compile(SGD(), MeanSquaredError(), {MeanSquaredError()});
  // 2x + 1 = 1, 3 against 0, 0: squares 1, 9. Weighted (3·1 + 1·9) / 2 = 6, as Keras divides by samples, not weights.
  const Logs scores =
      model.evaluate(Tensor<float, 2>{{0}, {1}}, Tensor<float, 1>{0, 0}, {.sample_weight = Tensor<float, 1>{3, 1}});
  CHECK(scores["loss"] == 6);
  CHECK(scores["mean_squared_error"] == 5);
}

TEST_CASE("A row is predicted to the same bits alone, in a batch and by several threads", "[models][sequential]") {
  auto model = small_convnet();
  model.build({kTime}, 8);
  const Reviews data(600);
  const auto all = predictions(model, data.x);
  REQUIRE(all.size() == 600);
  for (const std::size_t i : {0U, 1U, 299U, 599U}) {
    auto row = Tensor<std::int32_t, 2>::from_shape({1, kTime});
    std::copy_n(data.x.data() + i * kTime, kTime, row.data());
    CHECK(predictions(model, row) == Floats{all[i]});
  }
  CHECK(predictions(model, data.x, {.threads = 3}) == all);
  CHECK(predictions(model, data.x, {.batch_size = 7}) == all);
}

TEST_CASE("compile begins anew with another loss, and keeps the weights", "[models][sequential]") {
  auto model = line(0.25);
  model.fit(Tensor<float, 2>{{1}}, Tensor<float, 1>{2},
            {.verbose = Verbose::silent});  // see the fit test: w 1.5, b 0.5
  model.compile(SGD({.learning_rate = 0}), BinaryCrossentropy({.from_logits = true}));
  CHECK(all_weights(model) == Floats{1.5F, 0.5F});
  CHECK_THAT(model.evaluate(Tensor<float, 2>{{1}}, Tensor<float, 1>{1})["loss"],
             WithinRel(std::log1p(std::exp(-2.0)), 1e-6));
}

TEST_CASE("compile refuses metrics that do not go with the loss, or with each other", "[models][sequential]") {
  auto model = line();
  const auto before = model.evaluate(Tensor<float, 2>{{1}}, Tensor<float, 1>{2});
  CHECK_THROWS_MATCHES(model.compile(SGD(), SparseCategoricalCrossentropy(), {CategoricalAccuracy()}), OptionError,
                       Message("compile: metric categorical_accuracy and loss sparse_categorical_crossentropy must "
                               "read the same kind of targets; one wants class indices, the other numbers of the shape "
                               "of the outputs"));
  CHECK_THROWS_MATCHES(
      model.compile(SGD(), MeanSquaredError(), {BinaryAccuracy(), BinaryAccuracy({.threshold = 0.9})}), OptionError,
      Message("compile: metrics must differ in name, since history and logs go by it, got binary_accuracy twice"));
  CHECK(model.evaluate(Tensor<float, 2>{{1}}, Tensor<float, 1>{2}) == before);  // still compiled as it was
}

TEST_CASE("Calls at the wrong time say what has to come first", "[models][sequential]") {
  Sequential<float> model({Dense(1)});
  const Tensor<float, 2> x = {{1}};
  const Tensor<float, 1> y = {2};
  const auto not_built = Message("Sequential: must be built first; call build with the shape of one sample, or fit");
  CHECK_THROWS_MATCHES(model.predict(x), StateError, not_built);
  CHECK_THROWS_MATCHES(model.summary(), StateError, not_built);
  CHECK_THROWS_MATCHES(model.weights(), StateError, not_built);
  CHECK_THROWS_MATCHES(model.set_weight("dense/bias", y), StateError, not_built);
  CHECK_THROWS_MATCHES(model.input_shape(), StateError, not_built);
  CHECK_THROWS_MATCHES(model.fit(x, y), StateError,
                       Message("Sequential: fit must come after compile; compile(optimizer, loss, metrics) first"));
  CHECK_THROWS_MATCHES(
      model.evaluate(x, y), StateError,
      Message("Sequential: evaluate must come after compile; compile(optimizer, loss, metrics) first"));
  CHECK_FALSE(model.built());
  model.compile(SGD(), MeanSquaredError());
  CHECK_THROWS_MATCHES(model.evaluate(x, y), StateError, not_built);
}

TEST_CASE("A build that fails leaves the model as it was", "[models][sequential]") {
  auto model = small_convnet();
  model.build({kTime}, 1);
  const auto before = all_weights(model);
  CHECK_THROWS_AS(model.build({3}), ShapeError);
  CHECK_THROWS_AS(model.build({}), ShapeError);
  CHECK(all_weights(model) == before);
  CHECK(model.input_shape() == Shape{kTime});
}

TEST_CASE("predict refuses samples that the model cannot read", "[models][sequential]") {
  auto texts = small_convnet();
  texts.build({kTime});
  CHECK_THROWS_MATCHES(texts.predict(Tensor<float, 2>::from_shape({2, kTime})), DataError,
                       Message("Embedding \"embedding\": input must be token ids of an integer type, got "
                               "floating-point numbers of shape (2, 14); convert with xt::cast<int>"));
  auto ids = Reviews(3).x;
  ids(2, 13) = 12;
  CHECK_THROWS_MATCHES(texts.predict(ids), DataError,
                       Message("Embedding \"embedding\": id 12 at (2, 13) is outside the vocabulary of 12; clip ids or "
                               "raise input_dim"));
  CHECK_THROWS_MATCHES(texts.predict(AnyArray()), ShapeError,
                       Message("x: must be (batch, …), got a scalar or nothing"));
  CHECK_THROWS_MATCHES(texts.predict(Tensor<int, 2>::from_shape({0, kTime})), DataError,
                       Message("x: must have at least one sample, got shape (0, 14)"));

  const auto series = line();
  const Tensor<double, 2> gap = {{1}, {std::numeric_limits<double>::quiet_NaN()}};
  CHECK_THROWS_MATCHES(series.predict(gap), DataError,
                       Message("x: values must be finite, got NaN at (1, 0); clean or fill the data first"));
  CHECK_THROWS_MATCHES(series.predict(Tensor<float, 2>{{1, 2}}), ShapeError,
                       Message("Sequential: input must be (batch, 1), got (batch, 2); layer Dense \"dense\" was built "
                               "for it (kAnyLength in build leaves an axis open)"));
  CHECK_THROWS_MATCHES(series.predict(Tensor<float, 2>{{1}}, {.batch_size = 0}), OptionError,
                       Message("predict: batch_size must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(series.predict(Tensor<float, 2>{{1}}, {.threads = 0}), OptionError,
                       Message("predict: threads must be at least 1, got 0"));
}
