#include "seqnn/layers/time_distributed.hpp"

#include "seqnn/layers/bidirectional.hpp"
#include "seqnn/layers/conv1d.hpp"
#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/dropout.hpp"
#include "seqnn/layers/embedding.hpp"
#include "seqnn/layers/flatten.hpp"
#include "seqnn/layers/global_max_pool1d.hpp"
#include "seqnn/layers/lstm.hpp"
#include "seqnn/layers/masking.hpp"
#include "seqnn/layers/simple_rnn.hpp"
#include "seqnn/losses/mean_squared_error.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/optimizers/sgd.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

/// A layer of a user's own: twice the input.
template <class Real>
class Twice : public Layer<Real> {
 public:
  std::string type() const override { return "Twice"; }
  Shape output_shape(const Shape& input) const override { return input; }
  void forward(Pass<Real>& pass) const override { twice(pass, pass.x, pass.y); }
  void backward(Pass<Real>& pass) const override {
    if (pass.dx != nullptr) twice(pass, pass.dy, pass.dx);
  }

 private:
  static void twice(const Pass<Real>& pass, const Real* from, Real* to) {
    const std::size_t n = pass.batch * element_count(*pass.input_shape);
    for (std::size_t i = 0; i < n; ++i) to[i] = 2 * from[i];
  }
};

template <class Real>
std::vector<Real> copy_of(std::span<const Real> values) {
  return {values.begin(), values.end()};
}

/// The layer applied to steps must do what it does with as many samples, bit for bit.
template <class Real>
void check_as_samples(const LayerRecipe<Real>& distributed, const LayerRecipe<Real>& inner, std::size_t T,
                      const Shape& step) {
  CAPTURE(distributed.to_string());
  constexpr std::size_t kBatch = 3;
  Shape input = step;
  input.insert(input.begin(), T);
  LayerRun<Real> run(distributed, input, {.batch = kBatch, .poison = true});
  LayerRun<Real> twin(inner, step, {.batch = kBatch * T});
  REQUIRE(run.layout().extent() == twin.layout().extent());
  for (std::size_t p = 0; p < run.layout().infos().size(); ++p) {
    const auto from = twin.parameter(twin.layout().infos()[p].name);
    std::copy(from.begin(), from.end(), run.parameter(run.layout().infos()[p].name).begin());
  }
  const std::vector<Real> x = normal_values<Real>(kBatch * T * element_count(step), 1);
  const std::vector<Real> dy = normal_values<Real>(kBatch * element_count(run.output_shape()), 2);
  for (std::uint32_t i = 0; i < 2; ++i) {
    run.set_step(i);
    twin.set_step(i);
    for (const auto state : {twin.state(), twin.state_gradient()}) std::fill(state.begin(), state.end(), Real{0});
    CHECK(copy_of(run.forward(x)) == copy_of(twin.forward(x)));
    CHECK(copy_of(run.backward(dy)) == copy_of(twin.backward(dy)));
  }
  for (std::size_t p = 0; p < run.layout().infos().size(); ++p) {
    CHECK(first_difference(run.gradient(run.layout().infos()[p].name), twin.gradient(twin.layout().infos()[p].name)) ==
          -1);
  }
}

}  // namespace

TEST_CASE("TimeDistributed applies a layer to every step", "[layers][time_distributed]") {
  // Each step of two pairs is added up by its rows: x = ((1 2) (3 4)), W = (1, 10): y = 21, 43.
  LayerRun<float> run(TimeDistributed(Conv1D(1, 2)), {2, 2, 1});
  CHECK(run.output_shape() == Shape{2, 1, 1});
  run.parameter("kernel")[0] = 1;
  run.parameter("kernel")[1] = 10;
  CHECK(copy_of(run.forward(std::vector<float>{1, 2, 3, 4})) == std::vector<float>{21, 43});
  CHECK(copy_of(run.backward(std::vector<float>{1, 2})) == std::vector<float>{1, 10, 2, 20});
  CHECK(run.gradient("kernel")[0] == 1 * 1 + 2 * 3);
  CHECK(run.gradient("kernel")[1] == 1 * 2 + 2 * 4);
  CHECK(run.gradient("bias")[0] == 3);
}

TEMPLATE_TEST_CASE("TimeDistributed takes steps for samples", "[layers][time_distributed]", float, double) {
  const auto check = [](const auto& inner, const Shape& step) {
    for (const std::size_t T : Sizes{1, 4}) check_as_samples<TestType>(TimeDistributed(inner), inner, T, step);
  };
  check(Dense(5, {.activation = Activation::tanh}), {3});
  check(Dense(5), {2, 3});
  check(Conv1D(4, 3, {.padding = Padding::same}), {6, 2});
  check(GlobalMaxPool1D(), {6, 2});
  check(Flatten(), {6, 2});
  check(Dropout(0.4), {5});
  check(LSTM(4), {5, 3});
  check(LSTM(4, {.dropout = 0.3, .recurrent_dropout = 0.3, .return_sequences = true}), {5, 3});
  check(SimpleRNN(4, {.return_sequences = true, .go_backwards = true}), {5, 3});
  check(Bidirectional(LSTM(2)), {5, 3});
}

TEST_CASE("TimeDistributed's gradients agree with central differences", "[layers][time_distributed]") {
  const auto check = [](const LayerRecipe<double>& layer, const Shape& input, std::vector<std::uint8_t> mask = {}) {
    const GradientReport report = check_gradients(layer, input, {.batch = 2, .mask = std::move(mask)});
    INFO(layer.to_string() << '\n' << report.to_string());
    CHECK(report.passed());
  };
  check(TimeDistributed(Dense(2, {.activation = Activation::softmax})), {3, 4});
  check(TimeDistributed(Dense(2)), {3, 4}, {1, 1, 0, 0, 1, 1});
  check(TimeDistributed(Conv1D(3, 2, {.padding = Padding::causal})), {3, 4, 2});
  check(TimeDistributed(GlobalMaxPool1D()), {2, 4, 3});
  check(TimeDistributed(Dropout(0.5)), {3, 4});
  check(TimeDistributed(Flatten()), {2, 3, 2});
  check(TimeDistributed(LSTM(3)), {2, 3, 2}, {1, 0, 1, 1});
  check(TimeDistributed(Bidirectional(SimpleRNN(2), {.merge_mode = MergeMode::mul})), {2, 3, 2});
  check(TimeDistributed(TimeDistributed(Conv1D(2, 2))), {2, 2, 3, 2});
  check(TimeDistributed(Twice<double>()), {3, 2});
}

TEST_CASE("TimeDistributed drops other values at every step, the same in every division",
          "[layers][time_distributed]") {
  const std::vector<float> ones(2 * 4 * 50, 1.0F);
  LayerRun<float> run(TimeDistributed(Dropout(0.5)), {4, 50}, {.batch = 2});
  const std::vector<float> y = copy_of(run.forward(ones));
  for (std::size_t a = 0; a < 8; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      CHECK_FALSE(std::equal(y.begin() + static_cast<std::ptrdiff_t>(a * 50),
                             y.begin() + static_cast<std::ptrdiff_t>(a * 50 + 50),
                             y.begin() + static_cast<std::ptrdiff_t>(b * 50)));
    }
  }
  LayerRun<float> second(TimeDistributed(Dropout(0.5)), {4, 50}, {.batch = 1, .first_sample = 1});
  const auto alone = second.forward(std::span(ones).first(200));
  CHECK(std::equal(alone.begin(), alone.end(), y.begin() + 200));

  CHECK_FALSE(run.layer().passes_through(true));
  CHECK(run.layer().passes_through(false));
}

TEST_CASE("TimeDistributed declares the inner layer's parameters under its own name", "[layers][time_distributed]") {
  const auto names = [](const LayerRecipe<float>& layer, const Shape& input) {
    const LayerRun<float> run(layer, input);
    std::vector<std::string> result;
    for (const ParameterInfo& info : run.layout().infos()) result.push_back(info.name);
    return result;
  };
  using Names = std::vector<std::string>;
  CHECK(names(TimeDistributed(Dense(2)), {3, 4}) == Names{"layer/dense/kernel", "layer/dense/bias"});
  CHECK(names(TimeDistributed(Dense(2, {.name = "head"}), {.name = "td"}), {3, 4}) ==
        Names{"td/head/kernel", "td/head/bias"});
  CHECK(names(TimeDistributed(TimeDistributed(SimpleRNN(2, {.use_bias = false}))), {2, 2, 3, 4}) ==
        Names{"layer/time_distributed/simple_rnn/kernel", "layer/time_distributed/simple_rnn/recurrent_kernel"});
  CHECK(names(TimeDistributed(Bidirectional(LSTM(2, {.use_bias = false}))), {2, 3, 4})[2] ==
        "layer/bidirectional/backward_lstm/kernel");
}

TEST_CASE("TimeDistributed leaves the time axis open, and only that", "[layers][time_distributed]") {
  Sequential<float> model({TimeDistributed(Conv1D(3, 2)), TimeDistributed(Flatten()), TimeDistributed(Dense(1))});
  model.build({kAnyLength, 4, 2});
  CHECK(model.output_shape() == Shape{kAnyLength, 1});
  const std::vector<float> values = normal_values<float>(5 * 8, 1);
  Tensor<float, 4> whole = Tensor<float, 4>::from_shape({1, 5, 4, 2});
  Tensor<float, 4> part = Tensor<float, 4>::from_shape({1, 3, 4, 2});
  std::copy(values.begin(), values.end(), whole.begin());
  std::copy_n(values.begin(), part.size(), part.begin());
  const auto y = model.predict(whole);
  const auto z = model.predict(part);
  CHECK(y.shape() == Shape{1, 5, 1});
  CHECK(z.shape() == Shape{1, 3, 1});
  CHECK(std::equal(z.begin(), z.end(), y.begin()));

  const auto layer = LayerRecipe<float>(TimeDistributed(Dense(1), {.name = "td"})).make();
  CHECK_THROWS_MATCHES(layer->output_shape({3, kAnyLength, 2}), ShapeError,
                       Message("TimeDistributed \"td\": input must be (batch, time, …), got (batch, 3, any, 2); only "
                               "the time axis may be open"));
}

TEST_CASE("TimeDistributed gives a layer of token ids every step's", "[layers][time_distributed]") {
  // Sentences of words; the words' vectors are read one sentence after the other.
  Sequential<float> model({TimeDistributed(Embedding(6, 3)), TimeDistributed(LSTM(4)), LSTM(2), Dense(1)});
  model.compile(SGD(), MeanSquaredError());
  const Tensor<std::int32_t, 3> x = {{{1, 2, 3}, {4, 5, 0}}, {{0, 0, 1}, {2, 2, 2}}};
  const Tensor<float, 1> y = {1, -1};
  model.fit(x, y, {.epochs = 1, .verbose = Verbose::silent});
  CHECK(model.predict(x).shape() == Shape{2, 1});
  const Tensor<std::int32_t, 3> bad = {{{1, 2, 6}, {4, 5, 0}}};
  CHECK_THROWS_AS(model.predict(bad), DataError);
}

TEST_CASE("TimeDistributed passes a mask on", "[layers][time_distributed]") {
  // The layer turns padding into other numbers; the mask still ends the sequence for the one above.
  Sequential<float> model({Masking(), TimeDistributed(Dense(3)), LSTM(2)});
  model.build({kAnyLength, 2}, 5);
  model.set_weight("time_distributed/dense/bias", Tensor<float, 1>{1, 2, 3});
  const Tensor<float, 3> x = {{{1, 2}, {3, 4}}};
  const Tensor<float, 3> padded = {{{1, 2}, {3, 4}, {0, 0}}};
  const auto y = model.predict(x);
  const auto z = model.predict(padded);
  CHECK(std::equal(y.begin(), y.end(), z.begin(), z.end()));
}

TEST_CASE("TimeDistributed learns within a Sequential", "[layers][time_distributed]") {
  Sequential<float> model(
      {LSTM(4, {.return_sequences = true}), TimeDistributed(Dropout(0.1)), TimeDistributed(Dense(1))});
  model.compile(SGD(), MeanSquaredError());
  model.build({5, 2});
  Tensor<float, 3> x = Tensor<float, 3>::from_shape({4, 5, 2});
  Tensor<float, 3> y = Tensor<float, 3>::from_shape({4, 5, 1});
  const std::vector<float> values = normal_values<float>(x.size(), 1);
  std::copy(values.begin(), values.end(), x.begin());
  y.fill(1);
  const double before = model.evaluate(x, y).at("loss");
  model.fit(x, y, {.epochs = 5, .verbose = Verbose::silent});
  CHECK(model.evaluate(x, y).at("loss") < before);
  CHECK(model.predict(x).shape() == Shape{4, 5, 1});
}

TEST_CASE("TimeDistributed refuses inputs that do not fit, and says which layer does", "[layers][time_distributed]") {
  const auto layer = LayerRecipe<float>(TimeDistributed(Dense(1), {.name = "td"})).make();
  CHECK(layer->output_shape({kAnyLength, 3}) == Shape{kAnyLength, 1});
  CHECK_THROWS_MATCHES(layer->output_shape({3}), ShapeError,
                       Message("TimeDistributed \"td\": input must be (batch, time, …), got (batch, 3)"));
  CHECK_THROWS_MATCHES(layer->output_shape({}), ShapeError,
                       Message("TimeDistributed \"td\": input must be (batch, time, …), got (batch)"));
  CHECK_THROWS_MATCHES(layer->output_shape({0, 3}), ShapeError,
                       Message("TimeDistributed \"td\": no axis of the input may be empty, got (batch, 0, 3)"));
  CHECK_THROWS_MATCHES(LayerRun<float>(TimeDistributed(LSTM(2), {.name = "td"}), {4, 3}), ShapeError,
                       Message("LSTM \"td/lstm\": input must be (batch, time, features), got (batch, 3); the layer "
                               "before it must return sequences (return_sequences = true)"));
}

TEST_CASE("TimeDistributed refuses layers whose states or masks would be those of every step",
          "[layers][time_distributed]") {
  CHECK_THROWS_MATCHES(LayerRun<float>(TimeDistributed(LSTM(2, {.stateful = true}), {.name = "td"}), {4, 3, 2}),
                       OptionError,
                       Message("TimeDistributed \"td\": the layer inside must not be stateful: it would have to keep a "
                               "state for every time step, got LSTM \"td/lstm\""));
  CHECK_THROWS_MATCHES(LayerRun<float>(TimeDistributed(LSTM(2, {.return_state = true}), {.name = "td"}), {4, 3, 2}),
                       OptionError,
                       Message("TimeDistributed \"td\": the layer inside must return one tensor: there is no place for "
                               "the states of every time step, got LSTM \"td/lstm\""));
  CHECK_THROWS_MATCHES(LayerRun<float>(TimeDistributed(Masking(), {.name = "td"}), {4, 3, 2}), OptionError,
                       Message("TimeDistributed \"td\": the layer inside must not make a mask, which would be one of "
                               "every time step, got Masking \"td/masking\""));
}

TEST_CASE("TimeDistributed is a value that prints as written", "[layers][time_distributed]") {
  CHECK(TimeDistributed(Dense(3)).to_string() == "TimeDistributed(Dense(3))");
  CHECK(TimeDistributed(Dense(3, {.use_bias = false}), {.name = "td"}).to_string() ==
        "TimeDistributed(Dense(3, {.use_bias = false}), {.name = \"td\"})");
  CHECK(TimeDistributed(TimeDistributed(Dense(3))).to_string() == "TimeDistributed(TimeDistributed(Dense(3)))");
  CHECK(TimeDistributed(Twice<float>()).to_string() == "TimeDistributed(Twice)");
  CHECK(TimeDistributed(Dense(3)) == TimeDistributed(Dense(3)));
  CHECK_FALSE(TimeDistributed(Dense(3)) == TimeDistributed(Dense(4)));
  CHECK_FALSE(TimeDistributed(Dense(3)) == TimeDistributed(Dense(3), {.name = "td"}));
  CHECK(TimeDistributed(Dense(3)).layer() == Dense(3));
  CHECK_FALSE(LayerRecipe<float>(TimeDistributed(Dense(3))) == LayerRecipe<float>(TimeDistributed(LSTM(3))));
  STATIC_REQUIRE(RecipeFor<TimeDistributed<Twice<float>>, Layer<float>>);
  STATIC_REQUIRE_FALSE(RecipeFor<TimeDistributed<Twice<float>>, Layer<double>>);
}

TEST_CASE("TimeDistributed asks for tiles of as many steps as the layer wants samples", "[layers][time_distributed]") {
  const LayerRun<float> inner(Dense(300), {400});
  const LayerRun<float> run(TimeDistributed(Dense(300)), {7, 400});
  const std::size_t samples = inner.layer().preferred_tile({400});
  REQUIRE(samples > 7);
  CHECK(run.layer().preferred_tile({7, 400}) == (samples + 6) / 7);
  CHECK(run.layer().preferred_tile({samples, 400}) == 1);
}

TEST_CASE("TimeDistributed allocates nothing in steady state", "[layers][time_distributed]") {
  LayerRun<float> run(TimeDistributed(LSTM(4, {.dropout = 0.2})), {3, 5, 2}, {.batch = 2});
  const std::vector<float> x = normal_values<float>(60, 1);
  const std::vector<float> dy = normal_values<float>(24, 2);
  run.forward(x);
  run.backward(dy);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
