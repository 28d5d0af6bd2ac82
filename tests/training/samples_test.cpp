#include "seqnn/training/samples.hpp"

#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/dropout.hpp"
#include "seqnn/layers/embedding.hpp"
#include "seqnn/losses/categorical_crossentropy.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/losses/sparse_categorical_crossentropy.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

using Layers = std::vector<LayerRecipe<float>>;

const float kNaN = std::numeric_limits<float>::quiet_NaN();

Network<float> dense(std::size_t units, const Shape& input = {2}) { return {Layers{Dense(units)}, input, 0}; }

template <class Recipe>
std::unique_ptr<Loss<float>> loss_of(const Recipe& recipe) {
  return recipe.make(For<Loss<float>>{});
}

std::vector<float> weights(const Samples<float>& samples) {
  if (samples.weights(0) == nullptr) return {};
  return {samples.weights(0), samples.weights(0) + samples.count()};
}

const Tensor<float, 2> kX = {{1, 2}, {3, 4}, {5, 6}};

}  // namespace

TEST_CASE("Samples refer to arrays of the right type and convert others", "[training][samples]") {
  const auto network = dense(1);
  const auto loss = loss_of(MeanSquaredError());
  const Tensor<double, 1> y = {7, 8, 9};
  const Samples<float> samples(network, *loss, kX, y, {});
  CHECK(samples.count() == 3);
  CHECK(samples.x_shape() == Shape{2});
  CHECK(samples.x_size() == 2);
  CHECK(samples.y_size() == 1);
  CHECK(samples.x_values(1) == kX.data() + 2);
  CHECK(samples.x_ids(1) == nullptr);
  CHECK(samples.y_values(2)[0] == 9);
  CHECK(samples.y_classes(0) == nullptr);
  CHECK(samples.weights(0) == nullptr);

  const Network<float> reader(Layers{Embedding(9, 2)}, {2}, 0);
  const Tensor<std::int64_t, 2> ids = {{1, 2}, {3, 8}};
  const Samples<float> texts(reader, ids);
  CHECK(texts.x_ids(1)[1] == 8);
  CHECK(texts.x_values(0) == nullptr);
}

TEST_CASE("The rest of some samples begins where it is told to", "[training][samples]") {
  const auto network = dense(1);
  const auto loss = loss_of(MeanSquaredError());
  const Samples<float> samples(network, *loss, kX, Tensor<float, 1>{7, 8, 9}, Tensor<float, 1>{1, 2, 3});
  const auto rest = samples.from(1).from(1);
  CHECK(rest.count() == 1);
  CHECK(rest.x_values(0) == kX.data() + 4);
  CHECK(rest.y_values(0)[0] == 9);
  CHECK(rest.weights(0)[0] == 3);
}

TEST_CASE("Targets may have axes of one element at the end", "[training][samples]") {
  const auto one = dense(1);
  const auto loss = loss_of(MeanSquaredError());
  CHECK_NOTHROW(Samples<float>(one, *loss, kX, Tensor<float, 2>{{7}, {8}, {9}}, {}));
  const auto steps = dense(1, {4, 2});
  const auto x = xt::zeros<float>({3, 4, 2});
  CHECK_NOTHROW(Samples<float>(steps, *loss, x, xt::zeros<float>({3, 4}), {}));
  CHECK_NOTHROW(Samples<float>(steps, *loss, x, xt::zeros<float>({3, 4, 1}), {}));
  CHECK_THROWS_AS(Samples<float>(steps, *loss, x, xt::zeros<float>({3, 1}), {}), ShapeError);

  const Network<float> scalars(Layers{Dropout(0.5)}, {}, 0);  // samples without any axis
  const Samples<float> samples(scalars, *loss, Tensor<float, 1>{1, 2}, Tensor<float, 1>{3, 4}, {});
  CHECK(samples.x_size() == 1);
  CHECK(samples.y_values(1)[0] == 4);
}

TEST_CASE("Classes are one index for every row of outputs", "[training][samples]") {
  const auto loss = loss_of(SparseCategoricalCrossentropy());
  const auto network = dense(4);
  const Samples<float> samples(network, *loss, kX, Tensor<int, 1>{3, 0, 1}, {});
  CHECK(samples.y_size() == 1);
  CHECK(samples.y_classes(1)[0] == 0);
  CHECK(samples.y_values(0) == nullptr);
  CHECK(Samples<float>(network, *loss, kX, Tensor<float, 2>{{3}, {0}, {1}}, {}).y_classes(0)[0] == 3);

  const auto steps = dense(4, {2, 2});
  const auto x = xt::zeros<float>({1, 2, 2});
  CHECK(Samples<float>(steps, *loss, x, Tensor<int, 2>{{3, 2}}, {}).y_size() == 2);
}

TEST_CASE("Weights of classes go to the samples of these classes", "[training][samples]") {
  using Weights = std::vector<float>;
  const Tensor<float, 1> given = {1, 2, 3};
  const auto sparse = loss_of(SparseCategoricalCrossentropy());
  const auto four = dense(4);
  Samples<float> by_index(four, *sparse, kX, Tensor<int, 1>{3, 0, 3}, given);
  by_index.weigh_classes({{3, 10.0}, {1, 7.0}}, 2);
  CHECK(weights(by_index) == Weights{10, 2, 3});  // of the first two

  const auto categorical = loss_of(CategoricalCrossentropy());
  Samples<float> by_place(four, *categorical, kX, Tensor<float, 2>{{0, 1, 0, 0}, {1, 0, 0, 0}, {0, 0.3F, 0.7F, 0}}, {});
  CHECK(weights(by_place).empty());
  by_place.weigh_classes({}, 3);
  CHECK(weights(by_place).empty());
  by_place.weigh_classes({{1, 5.0}, {2, 0.5}}, 3);
  CHECK(weights(by_place) == Weights{5, 1, 0.5F});

  const auto one = dense(1);
  const auto squares = loss_of(MeanSquaredError());
  Samples<float> by_value(one, *squares, kX, Tensor<float, 1>{1, 0, 0.9F}, {});
  by_value.weigh_classes({{1, 3.0}}, 3);
  CHECK(weights(by_value) == Weights{3, 1, 3});
}

TEST_CASE("Weights of classes need one class a sample and must be finite", "[training][samples]") {
  const auto loss = loss_of(MeanSquaredError());
  const auto steps = dense(2, {4, 2});
  Samples<float> several(steps, *loss, xt::zeros<float>({1, 4, 2}), xt::zeros<float>({1, 4, 2}), {});
  CHECK_THROWS_MATCHES(several.weigh_classes({{0, 2.0}}, 1), OptionError,
                       Message("class_weight: must be used with one target a sample, got 8; use sample_weight"));
  const auto one = dense(1);
  Samples<float> samples(one, *loss, kX, Tensor<float, 1>{1, 0, 1}, {});
  CHECK_THROWS_MATCHES(samples.weigh_classes({{1, std::nan("")}}, 1), OptionError,
                       Message("class_weight: weights must be finite, got nan for class 1"));
}

TEST_CASE("Samples say what is wrong with inputs", "[training][samples]") {
  const auto network = dense(1, {kAnyLength, 2});
  CHECK_THROWS_MATCHES(Samples<float>(network, AnyArray()), ShapeError,
                       Message("x: must be (batch, …), got a scalar or nothing"));
  CHECK_THROWS_MATCHES(Samples<float>(network, xt::xarray<float>(3.0F)), ShapeError,
                       Message("x: must be (batch, …), got a scalar or nothing"));
  CHECK_THROWS_MATCHES(Samples<float>(network, Tensor<float, 3>::from_shape({0, 4, 2})), DataError,
                       Message("x: must have at least one sample, got shape (0, 4, 2)"));
  CHECK_THROWS_MATCHES(Samples<float>(network, Tensor<float, 3>::from_shape({5, 0, 2})), DataError,
                       Message("x: must have at least one sample, got shape (5, 0, 2)"));
  CHECK_THROWS_AS(Samples<float>(network, Tensor<float, 3>::from_shape({5, 4, 3})), ShapeError);
  CHECK_THROWS_MATCHES(Samples<float>(network, Tensor<float, 3>{{{1, kNaN}}}, "validation_data."), DataError,
                       Message("validation_data.x: values must be finite, got NaN at (0, 0, 1); clean or fill the data "
                               "first"));
}

TEST_CASE("Samples say what is wrong with targets", "[training][samples]") {
  const auto loss = loss_of(MeanSquaredError());
  const auto network = dense(2);
  const auto with_y = [&](const AnyArray& y, const AnyArray& sample_weight = {}) {
    Samples<float>(network, *loss, kX, y, sample_weight);
  };
  CHECK_THROWS_MATCHES(with_y(Tensor<float, 2>::from_shape({4, 2})), ShapeError,
                       Message("y: must have as many samples as x, 3, got shape (4, 2)"));
  CHECK_THROWS_MATCHES(with_y({}), ShapeError, Message("y: must have as many samples as x, 3, got shape ()"));
  CHECK_THROWS_MATCHES(with_y(Tensor<float, 1>{1, 2, 3}), ShapeError,
                       Message("y: must be (3, 2) for loss mean_squared_error on outputs of (batch, 2), got (3,)"));
  CHECK_THROWS_MATCHES(with_y(Tensor<float, 2>{{1, 2}, {3, 4}, {5, -kNaN}}), DataError,
                       Message("y: values must be finite, got NaN at (2, 1); clean or fill the data first"));
  const Tensor<float, 2> y = {{1, 2}, {3, 4}, {5, 6}};
  CHECK_THROWS_MATCHES(with_y(y, Tensor<float, 1>{1, 2}), ShapeError,
                       Message("sample_weight: must be (3,), one a sample, got (2,)"));
  CHECK_THROWS_MATCHES(with_y(y, Tensor<float, 1>{1, 2, kNaN}), DataError,
                       Message("sample_weight: values must be finite, got NaN at (2,); clean or fill the data first"));

  const auto sparse = loss_of(SparseCategoricalCrossentropy());
  const auto with_classes = [&](const AnyArray& classes) { Samples<float>(network, *sparse, kX, classes, {}); };
  CHECK_THROWS_MATCHES(with_classes(Tensor<int, 1>{0, 1, 2}), DataError,
                       Message("y: target at (2,) must be a class in [0, 2), got 2; count classes from 0, or give the "
                               "last layer more units"));
  CHECK_THROWS_AS(with_classes(Tensor<int, 1>{0, -1, 1}), DataError);
  CHECK_THROWS_MATCHES(with_classes(Tensor<float, 1>{0, 0.5F, 1}), DataError,
                       Message("y: must be 32-bit integers, got 0.5 at (1,); token ids and class indices count from "
                               "0"));
  CHECK_THROWS_MATCHES(with_classes(Tensor<int, 2>{{0, 1}, {1, 0}, {0, 1}}), ShapeError,
                       Message("y: must be (3,) for loss sparse_categorical_crossentropy on outputs of (batch, 2), got "
                               "(3, 2); give one class index per output row"));
}
