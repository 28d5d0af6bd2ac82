#include "seqnn/seqnn.hpp"

#include "support/catch.hpp"

#include <cstdint>
#include <sstream>

using namespace seqnn;

TEST_CASE("The program of the front page trains, evaluates and predicts", "[seqnn]") {
  constexpr std::size_t kSamples = 120;
  auto x = Tensor<std::int32_t, 2>::from_shape({kSamples, 80});
  auto y = Tensor<float, 1>::from_shape({kSamples});
  RandomStream random({.seed = 1});
  for (std::size_t i = 0; i < kSamples; ++i) {
    for (std::size_t t = 0; t < 80; ++t) x(i, t) = static_cast<std::int32_t>(random.below(200));
    y(i) = static_cast<float>(i % 2);
    if (y(i) > 0) x(i, random.below(80)) = 7;
  }
  const auto x_test = x;
  const auto y_test = y;
  std::ostringstream out;

  Sequential<float> model({
      Embedding(200, 16),
      Conv1D(8, 7, {.activation = Activation::relu}),
      MaxPool1D(5),
      Conv1D(8, 7, {.activation = Activation::relu}),
      GlobalMaxPool1D(),
      Dense(1),
  });
  model.compile(RMSprop({.learning_rate = 1e-2}), BinaryCrossentropy({.from_logits = true}), {BinaryAccuracy()});
  model.build({80});
  out << model.summary();
  History history =
      model.fit(x, y, {.epochs = 4, .batch_size = 16, .validation_split = 0.2, .seed = 42, .output = &out});
  auto scores = model.evaluate(x_test, y_test);
  xt::xtensor<float, 2> p = model.predict(x_test);

  CHECK(history["loss"].back() < history["loss"].front());
  CHECK(history["val_loss"].size() == 4);
  CHECK(scores["loss"] > 0);
  CHECK(scores["binary_accuracy"] >= 0.5);
  CHECK(p.shape(0) == kSamples);
  CHECK(p.shape(1) == 1);
  std::size_t weights = 0;
  for (auto& w : model.weights()) weights += w.values.size();
  CHECK(weights == model.parameter_count());

  const auto& shared = model;
  Predictor<float> predict(shared, {.max_batch = 32});
  float row = 0;
  predict(x_test.data(), 1, &row);
  CHECK(row == p(0, 0));
}
