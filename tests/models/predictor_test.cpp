#include "seqnn/models/predictor.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"

#if __has_include(<xtensor/views/xview.hpp>)
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xview.hpp>
#endif

#include <array>
#include <limits>
#include <span>
#include <thread>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

using Floats = std::vector<float>;

Sequential<float> built_convnet(Shape input = {kTime}) {
  auto model = small_convnet();
  model.build(std::move(input), 9);
  return model;
}

/// x [B,T,2] -> [B,3]
Sequential<float> of_series(Shape input) {
  Sequential<float> model({Conv1D(4, 2, {.padding = Padding::causal}), GlobalMaxPool1D(), Dense(3)});
  model.build(std::move(input), 9);
  return model;
}

}  // namespace

TEST_CASE("Predictor gives what the model predicts, to the bit", "[models][predictor]") {
  const auto model = built_convnet();
  const Reviews data(100);
  const auto expected = model.predict(data.x);
  Predictor<float> predict(model, {.max_batch = 100});
  CHECK(predict.max_batch() == 100);
  CHECK(predict.input_shape() == Shape{kTime});
  CHECK(predict.output_shape() == Shape{1});
  Floats out(100);
  predict(data.x.data(), 100, out.data());
  CHECK(std::equal(out.begin(), out.end(), expected.begin()));
  for (std::size_t i = 0; i < 100; ++i) {
    float one = 0;
    predict(data.x.data() + i * kTime, 1, &one);
    CHECK(one == out[i]);
  }
}

TEST_CASE("Predictor cuts large batches into tiles", "[models][predictor]") {
  Sequential<float> model({Dense(50'000), Dense(2)});  // 200 KB a sample: five in a tile of 1 MB
  model.build({1}, 3);
  auto x = Tensor<float, 2>::from_shape({12, 1});
  for (std::size_t i = 0; i < 12; ++i) x(i, 0) = static_cast<float>(i);
  Predictor<float> predict(model, {.max_batch = 12});
  auto out = Tensor<float, 2>::from_shape({12, 2});
  predict(x, out);
  const Tensor<float, 2> expected = model.predict(x);
  CHECK((out == expected));  // in parentheses, or xtensor takes the operators of CHECK for its own
}

TEST_CASE("Predictor takes tensors, views and spans", "[models][predictor]") {
  const auto model = of_series({5, 2});
  auto x = Tensor<float, 3>::from_shape({3, 5, 2});
  for (std::size_t i = 0; i < x.size(); ++i) x.flat(i) = static_cast<float>(i % 7) - 3;
  const Tensor<float, 2> expected = model.predict(x);
  Predictor<float> predict(model, {.max_batch = 3});

  auto out = xt::xtensor<float, 2>::from_shape({3, 3});
  predict(x, out);
  CHECK((out == expected));
  std::array<float, 3> row{};
  predict(xt::view(x, 1), row);  // one sample, without the batch axis
  CHECK(std::equal(row.begin(), row.end(), expected.data() + 3));
  out.fill(0);
  predict(xt::view(x, xt::range(1, 3)), xt::view(out, xt::range(1, 3)));
  CHECK(out(2, 2) == expected(2, 2));
  CHECK(out(0, 0) == 0);
  Floats vector(6);
  predict(std::span<const float>(x.data(), 20), std::span<float>(vector));
  CHECK(std::equal(vector.begin(), vector.end(), expected.begin()));
}

TEST_CASE("Predictor serves a model of any length at one length", "[models][predictor]") {
  const auto model = of_series({kAnyLength, 2});
  CHECK_THROWS_MATCHES(Predictor<float>(model), ShapeError,
                       Message("Predictor: every axis of the input must be known, got (batch, any, 2); set "
                               ".input_shape"));
  CHECK_THROWS_MATCHES(Predictor<float>(model, {.input_shape = {7, 3}}), ShapeError,
                       Message("Sequential: input must be (batch, any, 2), got (batch, 7, 3); layer Conv1D \"conv1d\" "
                               "was built for it (kAnyLength in build leaves an axis open)"));
  Predictor<float> short_ones(model, {.input_shape = {2, 2}});
  Predictor<float> long_ones(model, {.input_shape = {4, 2}});
  const Tensor<float, 3> x = {{{1, 2}, {3, 4}, {5, 6}, {7, 8}}};
  Floats out(3);
  long_ones(x, out);
  const auto expected = model.predict(x);
  CHECK(std::equal(out.begin(), out.end(), expected.begin()));
  CHECK_THROWS_AS(short_ones(x, out), ShapeError);
  Floats two(6);
  short_ones(std::span<const float>(x.data(), 8), two);  // without axes: two samples of two steps
  CHECK(two != Floats(6));
}

TEST_CASE("Predictor takes new weights when told to", "[models][predictor]") {
  auto model = line();
  Predictor<float> predict(model);
  float out = 0;
  const Floats x = {1};
  predict(x, std::span(&out, 1));
  CHECK(out == 3);
  model.set_weight("dense/kernel", Tensor<float, 2>{{4}});
  model.set_weight("dense/bias", Tensor<float, 1>{-1});
  const AllocationCount allocations;
  predict.refresh();
  predict(x, std::span(&out, 1));
  CHECK(allocations.so_far() == 0);
  CHECK(out == 3);  // 4 - 1
  predict(Floats{2}, std::span(&out, 1));
  CHECK(out == 7);
}

TEST_CASE("Predictor allocates nothing after it is made", "[models][predictor]") {
  const auto texts = built_convnet();
  const auto series = of_series({6, 2});
  Predictor<float> of_texts(texts, {.max_batch = 4});
  Predictor<float> of_numbers(series, {.max_batch = 4});
  const Reviews data(4);
  const Tensor<float, 3> x = xt::zeros<float>({4, 6, 2});
  auto out = Tensor<float, 2>::from_shape({4, 3});
  Floats logits(4);
  const AllocationCount allocations;
  of_texts(data.x, logits);
  of_texts(data.x.data(), 3, logits.data());
  of_numbers(x, out);
  of_numbers(x.data(), 1, out.data());
  CHECK(allocations.so_far() == 0);
}

TEST_CASE("Predictors can be kept in a container", "[models][predictor]") {
  const auto model = line();
  std::vector<Predictor<float>> predictors;
  for (std::size_t n = 1; n < 4; ++n) predictors.emplace_back(model, PredictorOptions{.max_batch = n});
  float out = 0;
  const float x = 2;
  for (auto& predict : predictors) {
    predict(&x, 1, &out);
    CHECK(out == 5);
    out = 0;
  }
}

TEST_CASE("Eight threads predict on one const model", "[models][predictor][threads]") {
  const auto model = built_convnet();
  const Reviews data(64);
  const auto expected = model.predict(data.x);
  std::vector<Floats> results(8, Floats(64));
  std::vector<std::thread> threads;
  for (std::size_t n = 0; n < results.size(); ++n) {
    threads.emplace_back([&, n] {
      if (n % 2 == 0) {
        Predictor<float> predict(model, {.max_batch = n + 1});
        for (std::size_t i = 0; i < 64; ++i) predict(data.x.data() + i * kTime, 1, &results[n][i]);
      } else {
        const auto p = model.predict(data.x, {.threads = 2});
        std::copy(p.begin(), p.end(), results[n].begin());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& result : results) CHECK(std::equal(result.begin(), result.end(), expected.begin()));
}

TEST_CASE("Predictor refuses what it cannot serve and leaves the output alone", "[models][predictor]") {
  const auto model = built_convnet();
  CHECK_THROWS_MATCHES(Predictor<float>(model, {.max_batch = 0}), OptionError,
                       Message("Predictor: max_batch must be at least 1, got 0"));
  const Sequential<float> not_built({Dense(1)});
  CHECK_THROWS_AS(Predictor<float>(not_built), StateError);

  Predictor<float> predict(model, {.max_batch = 2});
  auto data = Reviews(3);
  Floats out = {7, 8, 9};
  CHECK_THROWS_MATCHES(predict(data.x, out), ShapeError,
                       Message("Predictor: batch must be in [1, 2], got 3; raise max_batch, or predict in parts"));
  CHECK_THROWS_MATCHES(predict(data.x.data(), 0, out.data()), ShapeError,
                       Message("Predictor: batch must be in [1, 2], got 0"));
  CHECK_THROWS_MATCHES(predict(Tensor<std::int32_t, 2>::from_shape({1, 13}), out), ShapeError,
                       Message("Predictor: x must be (batch, 14), got (1, 13)"));
  CHECK_THROWS_MATCHES(predict(Tensor<std::int32_t, 2>::from_shape({14, 1}), out), ShapeError,
                       Message("Predictor: x must be (batch, 14), got (14, 1)"));
  CHECK_THROWS_MATCHES(predict(std::vector<std::int32_t>(15), out), ShapeError,
                       Message("Predictor: x must be (batch, 14), got (15,)"));
  CHECK_THROWS_MATCHES(predict(std::vector<std::int32_t>(28), out), ShapeError,
                       Message("Predictor: out must have room for 2 samples of (batch, 1), got (3,)"));
  CHECK_THROWS_MATCHES(predict(Floats(14), std::span(out).first(1)), DataError,
                       Message("Embedding \"embedding\": input must be token ids of type std::int32_t, got "
                               "floating-point numbers"));
  data.x(1, 2) = -4;
  CHECK_THROWS_MATCHES(predict(data.x.data(), 2, out.data()), DataError,
                       Message("Embedding \"embedding\": id -4 at (1, 2) is outside the vocabulary of 12; clip ids or "
                               "raise input_dim"));

  const auto series = of_series({5, 2});
  Predictor<float> of_numbers(series, {.max_batch = 2});
  CHECK_THROWS_MATCHES(of_numbers(std::vector<std::int32_t>(10), out), DataError,
                       Message("Conv1D \"conv1d\": input must be floating-point numbers of the model's type, got "
                               "integers"));
  Tensor<float, 3> x = xt::zeros<float>({1, 5, 2});
  x(0, 3, 1) = std::numeric_limits<float>::infinity();
  CHECK_THROWS_MATCHES(of_numbers(x, out), DataError,
                       Message("x: values must be finite, got infinity at (0, 3, 1); clean or fill the data first"));
  const Tensor<float, 3> wide = xt::zeros<float>({1, 5, 4});
  CHECK_THROWS_MATCHES(of_numbers(xt::view(wide, xt::all(), xt::all(), xt::range(0, 2)), out), ShapeError,
                       Message("Predictor: x must lie in memory row by row, got a view or layout that does not; copy "
                               "it into a tensor"));
  CHECK(out == Floats{7, 8, 9});
}
