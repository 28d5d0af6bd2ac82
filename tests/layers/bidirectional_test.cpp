#include "seqnn/layers/bidirectional.hpp"

#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/gru.hpp"
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
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace seqnn;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Message;

namespace {

constexpr MergeMode kModes[] = {MergeMode::concat, MergeMode::sum, MergeMode::mul, MergeMode::ave, MergeMode::none};

template <class Real>
std::vector<Real> copy_of(std::span<const Real> values) {
  return {values.begin(), values.end()};
}

/// Largest difference of two tensors; infinite if their sizes differ.
template <class A, class B>
double distance(const A& a, const B& b) {
  if (a.size() != b.size()) return HUGE_VAL;
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return largest;
}

/// The outputs of three steps 1 2 3 where every state is x + 2h: 1 4 11 forward and, from the end, 3 8 17.
std::vector<float> by_hand(const SimpleRNNOptions& options, MergeMode mode,
                           const std::vector<std::uint8_t>& mask = {}) {
  LayerRun<float> run(Bidirectional(SimpleRNN(1, options), {.merge_mode = mode}), {3, 1}, {.poison = true});
  for (const char* half : {"layer/forward_simple_rnn", "layer/backward_simple_rnn"}) {
    run.parameter(half + std::string("/kernel"))[0] = 1;
    run.parameter(half + std::string("/recurrent_kernel"))[0] = 2;
  }
  run.set_mask(mask);
  return copy_of(run.forward(std::vector<float>{1, 2, 3}));
}

constexpr std::size_t kBatch = 3;
constexpr std::size_t kSteps = 4;
constexpr std::size_t kFeatures = 3;
const std::vector<std::uint8_t> kMask = {1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0};

/// Two layers on their own, merged from the definition.
template <class Real>
class Twin {
 public:
  Twin(const LayerRecipe<Real>& forward, const LayerRecipe<Real>& backward, bool sequences, MergeMode mode)
      : half_{{forward, {kSteps, kFeatures}, {.batch = kBatch}}, {backward, {kSteps, kFeatures}, {.batch = kBatch}}},
        steps_(sequences ? kSteps : 1),
        mode_(mode) {}

  LayerRun<Real>& half(std::size_t h) { return half_[h]; }

  /// Where element (b, t, i) of a layer's output lies in it, and in the merged one.
  std::size_t at(std::size_t h, std::size_t b, std::size_t t, std::size_t i) const {
    return (b * steps_ + (h == 0 ? t : steps_ - 1 - t)) * units(h) + i;
  }
  std::size_t merged_at(std::size_t h, std::size_t b, std::size_t t, std::size_t i) const {
    if (mode_ == MergeMode::concat) return (b * steps_ + t) * (units(0) + units(1)) + (h == 0 ? 0 : units(0)) + i;
    if (mode_ == MergeMode::none) return ((b * 2 + h) * steps_ + t) * units(0) + i;
    return (b * steps_ + t) * units(0) + i;
  }

  template <class Body>
  void for_each(std::size_t h, Body&& body) const {
    for (std::size_t b = 0; b < kBatch; ++b) {
      for (std::size_t t = 0; t < steps_; ++t) {
        for (std::size_t i = 0; i < units(h); ++i) body(b, t, i);
      }
    }
  }

  std::vector<Real> forward(const std::vector<Real>& x, std::size_t outputs) {
    for (const std::size_t h : {0U, 1U}) y_[h] = copy_of(half_[h].forward(x));
    std::vector<Real> y(outputs, mode_ == MergeMode::mul ? Real(1) : Real(0));
    for (const std::size_t h : {0U, 1U}) {
      for_each(h, [&](std::size_t b, std::size_t t, std::size_t i) {
        Real& to = y[merged_at(h, b, t, i)];
        const Real v = y_[h][at(h, b, t, i)];
        to = mode_ == MergeMode::mul ? to * v : mode_ == MergeMode::ave ? to + v / 2 : to + v;
      });
    }
    return y;
  }

  std::vector<Real> backward(const std::vector<Real>& dy) {
    std::vector<Real> dx(kBatch * kSteps * kFeatures);
    for (const std::size_t h : {0U, 1U}) {
      std::vector<Real> own(y_[h].size());
      for_each(h, [&](std::size_t b, std::size_t t, std::size_t i) {
        Real d = dy[merged_at(h, b, t, i)];
        if (mode_ == MergeMode::ave) d /= 2;
        if (mode_ == MergeMode::mul) d *= y_[1 - h][at(1 - h, b, t, i)];
        own[at(h, b, t, i)] = d;
      });
      const auto part = half_[h].backward(own);
      for (std::size_t i = 0; i < dx.size(); ++i) dx[i] += part[i];
    }
    return dx;
  }

 private:
  std::size_t units(std::size_t h) const { return half_[h].output_shape().back(); }

  LayerRun<Real> half_[2];
  std::size_t steps_;
  MergeMode mode_;
  std::vector<Real> y_[2];
};

/// Runs a Bidirectional and the two layers in it, with the same weights, mask and states.
template <class Real, class Both, class Forward, class Backward>
void check_against_two(const Both& both, const Forward& forward, const Backward& backward,
                       const std::vector<std::uint8_t>& mask) {
  CAPTURE(both.to_string(), mask.empty());
  LayerRun<Real> run(both, {kSteps, kFeatures}, {.batch = kBatch, .poison = true});
  Twin<Real> twin(forward, backward, both.layer().options().return_sequences, both.options().merge_mode);
  run.set_mask(mask);
  const std::size_t state = run.state().size() / kBatch;
  const std::size_t states[] = {twin.half(0).state().size() / kBatch, twin.half(1).state().size() / kBatch};
  REQUIRE(state == states[0] + states[1]);
  const auto for_each_state = [&](auto&& body) {  // body(half, place in run, place in half)
    for (std::size_t b = 0; b < kBatch; ++b) {
      for (std::size_t i = 0; i < state; ++i) {
        const std::size_t h = i < states[0] ? 0 : 1;
        body(h, b * state + i, b * states[h] + i - (h == 0 ? 0 : states[0]));
      }
    }
  };
  std::size_t p = 0;
  std::uint32_t stream = 10;
  for (const std::size_t h : {0U, 1U}) {
    twin.half(h).set_mask(mask);
    for (const ParameterInfo& info : twin.half(h).layout().infos()) {
      const std::vector<Real> values = normal_values<Real>(info.size(), stream++);
      const auto ours = run.parameter(run.layout().infos()[p++].name);
      const auto other = twin.half(h).parameter(info.name);
      REQUIRE(ours.size() == other.size());
      std::copy(values.begin(), values.end(), ours.begin());
      std::copy(values.begin(), values.end(), other.begin());
    }
  }
  REQUIRE(p == run.layout().infos().size());
  const std::vector<Real> first = normal_values<Real>(run.state().size(), 1);
  const std::vector<Real> last = normal_values<Real>(run.state().size(), 2);
  std::copy(first.begin(), first.end(), run.state().begin());
  std::copy(last.begin(), last.end(), run.state_gradient().begin());
  for_each_state([&](std::size_t h, std::size_t i, std::size_t k) {
    twin.half(h).state()[k] = first[i];
    twin.half(h).state_gradient()[k] = last[i];
  });

  const double tolerance = std::is_same_v<Real, double> ? 1e-13 : 1e-5;
  const std::vector<Real> x = normal_values<Real>(kBatch * kSteps * kFeatures, 3);
  const std::vector<Real> dy = normal_values<Real>(kBatch * element_count(run.output_shape()), 4);
  CHECK(distance(run.forward(x), twin.forward(x, dy.size())) <= tolerance);
  double states_apart = 0;
  for_each_state([&](std::size_t h, std::size_t i, std::size_t k) {
    states_apart = std::max<double>(states_apart, std::fabs(run.state()[i] - twin.half(h).state()[k]));
  });
  CHECK(states_apart == 0);
  CHECK(distance(run.backward(dy), twin.backward(dy)) <= tolerance);
  for_each_state([&](std::size_t h, std::size_t i, std::size_t k) {
    states_apart =
        std::max<double>(states_apart, std::fabs(run.state_gradient()[i] - twin.half(h).state_gradient()[k]));
  });
  CHECK(states_apart <= tolerance);
  p = 0;
  for (const std::size_t h : {0U, 1U}) {
    for (const ParameterInfo& info : twin.half(h).layout().infos()) {
      CHECK(distance(run.gradient(run.layout().infos()[p++].name), twin.half(h).gradient(info.name)) <= 10 * tolerance);
    }
  }
}

std::vector<float> predictions(const Sequential<float>& model, const AnyArray& x) {
  const auto p = model.predict(x);
  return {p.begin(), p.end()};
}

Tensor<float, 3> normal_tensor(std::size_t batch, std::size_t steps, std::size_t features, std::uint32_t index) {
  Tensor<float, 3> x = Tensor<float, 3>::from_shape({batch, steps, features});
  const std::vector<float> values = normal_values<float>(x.size(), index);
  std::copy(values.begin(), values.end(), x.begin());
  return x;
}

}  // namespace

TEST_CASE("Bidirectional merges what two layers make of both directions", "[layers][bidirectional]") {
  using Values = std::vector<float>;
  SimpleRNNOptions options{.activation = Activation::linear, .use_bias = false};
  CHECK(by_hand(options, MergeMode::concat) == Values{11, 17});
  CHECK(by_hand(options, MergeMode::sum) == Values{28});
  CHECK(by_hand(options, MergeMode::mul) == Values{187});
  CHECK(by_hand(options, MergeMode::ave) == Values{14});
  CHECK(by_hand(options, MergeMode::none) == Values{11, 17});
  options.return_sequences = true;  // the backward layer's outputs in the order of time: 17 8 3
  CHECK(by_hand(options, MergeMode::concat) == Values{1, 17, 4, 8, 11, 3});
  CHECK(by_hand(options, MergeMode::sum) == Values{18, 12, 14});
  CHECK(by_hand(options, MergeMode::mul) == Values{17, 32, 33});
  CHECK(by_hand(options, MergeMode::ave) == Values{9, 6, 7});
  CHECK(by_hand(options, MergeMode::none) == Values{1, 4, 11, 17, 8, 3});
}

TEST_CASE("Bidirectional leaves masked steps out of both directions", "[layers][bidirectional]") {
  using Values = std::vector<float>;
  SimpleRNNOptions options{.activation = Activation::linear, .use_bias = false};
  CHECK(by_hand(options, MergeMode::concat, {1, 0, 1}) == Values{5, 7});
  CHECK(by_hand(options, MergeMode::concat, {0, 0, 0}) == Values{0, 0});
  options.return_sequences = true;  // outputs of masked steps are zero, as Keras sets them here
  CHECK(by_hand(options, MergeMode::concat, {1, 0, 1}) == Values{1, 7, 0, 0, 5, 3});
  CHECK(by_hand(options, MergeMode::concat, {0, 1, 1}) == Values{0, 0, 2, 8, 7, 3});
}

TEMPLATE_TEST_CASE("Bidirectional agrees with two layers alone", "[layers][bidirectional]", float, double) {
  for (const MergeMode mode : kModes) {
    for (const bool sequences : {false, true}) {
      for (const bool masked : {false, true}) {
        const std::vector<std::uint8_t> mask = masked ? kMask : std::vector<std::uint8_t>{};
        const auto check = [&](auto layer, auto forward, auto backward) {
          check_against_two<TestType>(Bidirectional(layer, {.merge_mode = mode}), forward, backward, mask);
        };
        check(SimpleRNN(5, {.return_sequences = sequences}),
              SimpleRNN(5, {.return_sequences = sequences, .zero_output_for_mask = sequences}),
              SimpleRNN(5, {.return_sequences = sequences, .go_backwards = true, .zero_output_for_mask = sequences}));
        check(GRU(2, {.return_sequences = sequences}),
              GRU(2, {.return_sequences = sequences, .zero_output_for_mask = sequences}),
              GRU(2, {.return_sequences = sequences, .go_backwards = true, .zero_output_for_mask = sequences}));
        check(LSTM(17, {.return_sequences = sequences}),
              LSTM(17, {.return_sequences = sequences, .zero_output_for_mask = sequences}),
              LSTM(17, {.return_sequences = sequences, .go_backwards = true, .zero_output_for_mask = sequences}));
      }
    }
  }
}

TEMPLATE_TEST_CASE("Bidirectional takes a backward layer of another kind", "[layers][bidirectional]", float, double) {
  // Different numbers of states, and, side by side, of units.
  const GRU gru(2, {.return_sequences = true, .go_backwards = true, .zero_output_for_mask = true});
  const LSTM lstm(3, {.return_sequences = true, .zero_output_for_mask = true});
  check_against_two<TestType>(Bidirectional(lstm, gru), lstm, gru, kMask);
  const LSTM two(2, {.return_sequences = true, .zero_output_for_mask = true});
  check_against_two<TestType>(Bidirectional(two, gru, {.merge_mode = MergeMode::mul}), two, gru, kMask);
}

TEST_CASE("Bidirectional's gradients agree with central differences", "[layers][bidirectional]") {
  const auto check = [](const LayerRecipe<double>& layer, std::vector<std::uint8_t> mask = {}) {
    const GradientReport report = check_gradients(layer, {kSteps, 2}, {.batch = kBatch, .mask = std::move(mask)});
    INFO(layer.to_string() << '\n' << report.to_string());
    CHECK(report.passed());
  };
  for (const MergeMode mode : kModes) {
    for (const bool sequences : {false, true}) {
      check(Bidirectional(LSTM(3, {.return_sequences = sequences}), {.merge_mode = mode}));
      check(Bidirectional(LSTM(3, {.return_sequences = sequences}), {.merge_mode = mode}), kMask);
      check(Bidirectional(GRU(2, {.return_sequences = sequences}), {.merge_mode = mode}), kMask);
    }
  }
  check(Bidirectional(SimpleRNN(2), LSTM(3, {.go_backwards = true})), kMask);
  check(Bidirectional(LSTM(3, {.dropout = 0.3, .recurrent_dropout = 0.3, .return_sequences = true})), kMask);
}

TEST_CASE("Bidirectional drops other values in each direction", "[layers][bidirectional]") {
  // A sequence of equal steps, and weights that are constant: only dropout can tell the directions apart.
  const auto outputs = [](double dropout) {
    const LSTM lstm(1,
                    {.kernel_initializer = constant(0.1), .recurrent_initializer = constant(0.2), .dropout = dropout});
    LayerRun<float> run(Bidirectional<LSTM>(lstm), {5, 30}, {.seed = 3});
    return copy_of(run.forward(std::vector<float>(150, 0.1F)));
  };
  CHECK(outputs(0)[0] == outputs(0)[1]);
  CHECK_FALSE(outputs(0.5)[0] == outputs(0.5)[1]);
}

TEST_CASE("Bidirectional declares both layers' parameters under its own name", "[layers][bidirectional]") {
  const auto names = [](const LayerRecipe<float>& layer) {
    const LayerRun<float> run(layer, {3, 2});
    std::vector<std::string> result;
    for (const ParameterInfo& info : run.layout().infos()) result.push_back(info.name);
    return result;
  };
  using Names = std::vector<std::string>;
  CHECK(names(Bidirectional(SimpleRNN(2, {.use_bias = false}), {.name = "both"})) ==
        Names{"both/forward_simple_rnn/kernel", "both/forward_simple_rnn/recurrent_kernel",
              "both/backward_simple_rnn/kernel", "both/backward_simple_rnn/recurrent_kernel"});
  CHECK(names(Bidirectional(LSTM(2, {.name = "l"})))[0] == "layer/forward_l/kernel");
  CHECK(names(Bidirectional(LSTM(2, {.name = "l"})))[3] == "layer/backward_l/kernel");
  CHECK(names(Bidirectional(LSTM(2, {.name = "forward_l"})))[0] == "layer/forward_l/kernel");
  CHECK(names(Bidirectional(LSTM(2), GRU(2, {.go_backwards = true})))[3] == "layer/backward_gru/kernel");
  CHECK(names(Bidirectional(LSTM(2), LSTM(2, {.go_backwards = true, .name = "r"})))[3] == "layer/r/kernel");

  Sequential<float> model({Bidirectional(LSTM(2))});
  model.build({3, 2});
  CHECK(model.weights()[0].name == "bidirectional/forward_lstm/kernel");
}

TEST_CASE("Bidirectional says its output, state and mask", "[layers][bidirectional]") {
  const auto make = [](const LayerRecipe<float>& layer) { return layer.make(); };
  const LSTM last(3);
  const LSTM sequences(3, {.return_sequences = true});
  CHECK(make(Bidirectional(last))->output_shape({5, 2}) == Shape{6});
  CHECK(make(Bidirectional(last, {.merge_mode = MergeMode::ave}))->output_shape({5, 2}) == Shape{3});
  CHECK(make(Bidirectional(last, {.merge_mode = MergeMode::none}))->output_shape({5, 2}) == Shape{2, 3});
  CHECK(make(Bidirectional(sequences))->output_shape({kAnyLength, 2}) == Shape{kAnyLength, 6});
  CHECK(make(Bidirectional(sequences, {.merge_mode = MergeMode::none}))->output_shape({5, 2}) == Shape{2, 5, 3});
  CHECK(make(Bidirectional(last))->state_size({5, 2}) == 12);
  CHECK(make(Bidirectional(SimpleRNN(3)))->state_size({5, 2}) == 6);
  CHECK(make(Bidirectional(last))->mask_use() == MaskUse::ends);
  CHECK(make(Bidirectional(sequences))->mask_use() == MaskUse::keeps);
  CHECK_FALSE(make(Bidirectional(last))->stateful());
  CHECK(make(Bidirectional(LSTM(3, {.stateful = true})))->stateful());
  CHECK_FALSE(make(Bidirectional(last))->returns_state());
  CHECK(make(Bidirectional(LSTM(3, {.return_state = true})))->returns_state());
  CHECK(make(Bidirectional(last, {.merge_mode = MergeMode::none}))->returns_state());
  CHECK_FALSE(make(Bidirectional(sequences))->steps_alone());

  const LayerRun<float> run(Bidirectional(LSTM(3, {.path = RecurrentPath::fused})), {5, 2});
  const LayerRun<float> half(LSTM(3, {.path = RecurrentPath::fused}), {5, 2});
  CHECK(run.layer().remark() == half.layer().remark());
  CHECK(run.layer().preferred_tile({5, 2}) == half.layer().preferred_tile({5, 2}));
  const LayerRun<float> mixed(Bidirectional(LSTM(3, {.path = RecurrentPath::fused}),
                                            LSTM(3, {.go_backwards = true, .path = RecurrentPath::hoisted})),
                              {5, 2});
  const LayerRun<float> other(LSTM(3, {.path = RecurrentPath::hoisted}), {5, 2});
  CHECK(mixed.layer().remark() == "forward " + half.layer().remark() + "; backward " + other.layer().remark());
}

TEST_CASE("Bidirectional refuses layers that do not go together", "[layers][bidirectional]") {
  const LSTM reversed = LSTM(4).reversed();
  CHECK_THROWS_MATCHES(Bidirectional(LSTM(4).reversed()), OptionError,
                       Message("Bidirectional: layer must not go backwards, got LSTM(4, {.go_backwards = true}); the "
                               "backward layer is made of it, or is the second argument"));
  CHECK_THROWS_MATCHES(Bidirectional(LSTM(4), GRU(4), {.name = "b"}), OptionError,
                       Message("Bidirectional \"b\": backward_layer must have go_backwards = true, got GRU(4)"));
  CHECK_THROWS_MATCHES(Bidirectional(LSTM(4, {.return_sequences = true}), reversed), OptionError,
                       Message("Bidirectional: layer and backward_layer must agree in return_sequences, got true and "
                               "false"));
  CHECK_THROWS_MATCHES(Bidirectional(LSTM(4, {.return_state = true}), reversed), OptionError,
                       Message("Bidirectional: layer and backward_layer must agree in return_state, got true and "
                               "false"));
  CHECK_THROWS_MATCHES(Bidirectional(LSTM(4), LSTM(4, {.go_backwards = true, .stateful = true})), OptionError,
                       Message("Bidirectional: layer and backward_layer must agree in stateful, got false and true"));
  for (const MergeMode mode : {MergeMode::sum, MergeMode::none}) {
    CHECK_THROWS_MATCHES(LayerRun<float>(Bidirectional(LSTM(3), reversed, {.merge_mode = mode}), {5, 2}), OptionError,
                         Message(text("Bidirectional \"layer\": layer and backward_layer must have outputs of the same "
                                      "width under ",
                                      to_string(mode), ", got 3 and 4")));
  }
  CHECK_THROWS_MATCHES(LayerRun<float>(Bidirectional(LSTM(4), {.name = "b"}), {3}), ShapeError,
                       Message("LSTM \"b/forward_lstm\": input must be (batch, time, features), got (batch, 3); the "
                               "layer before it must return sequences (return_sequences = true)"));
}

TEST_CASE("A Sequential has no place for both outputs, or for states", "[layers][bidirectional]") {
  for (const LayerRecipe<float>& layer : {LayerRecipe<float>(Bidirectional(LSTM(4), {.merge_mode = MergeMode::none})),
                                          LayerRecipe<float>(Bidirectional(LSTM(4, {.return_state = true})))}) {
    Sequential<float> model({layer});
    CHECK_THROWS_AS(model.build({3, 2}), OptionError);
    try {
      model.build({3, 2});
    } catch (const OptionError& error) {
      CHECK_THAT(error.what(), ContainsSubstring("several outputs"));
    }
  }
}

TEST_CASE("Bidirectional reads padded sequences in a Sequential as it does those that end", "[layers][bidirectional]") {
  Sequential<float> model(
      {Masking(), Bidirectional(GRU(3, {.return_sequences = true})), Bidirectional(LSTM(2)), Dense(1)});
  model.build({kAnyLength, 2});
  const Tensor<float, 3> x = normal_tensor(2, 3, 2, 1);
  Tensor<float, 3> padded = Tensor<float, 3>::from_shape({2, 5, 2});
  padded.fill(0);
  for (std::size_t i = 0; i < x.size(); ++i) padded(i / 6, i % 6 / 2, i % 2) = x(i / 6, i % 6 / 2, i % 2);
  CHECK(distance(predictions(model, padded), predictions(model, x)) < 1e-6);
}

TEST_CASE("Bidirectional learns within a Sequential", "[layers][bidirectional]") {
  for (const MergeMode mode : {MergeMode::concat, MergeMode::sum, MergeMode::mul, MergeMode::ave}) {
    Sequential<float> model(
        {Bidirectional(LSTM(4, {.return_sequences = true}), {.merge_mode = mode}), Bidirectional(GRU(3)), Dense(1)});
    model.compile(SGD(), MeanSquaredError());
    model.build({5, 2});
    const Tensor<float, 3> x = normal_tensor(6, 5, 2, 1);
    const Tensor<float, 1> y = {1, -1, 2, 0, 1, 1};
    const double before = model.evaluate(x, y).at("loss");
    model.fit(x, y, {.epochs = 3, .verbose = Verbose::silent});
    CHECK(model.evaluate(x, y).at("loss") < before);
    CHECK(model.predict(x).shape() == Shape{6, 1});
  }
}

TEST_CASE("Bidirectional keeps both states from one batch to the next if stateful", "[layers][bidirectional]") {
  Sequential<float> model({Bidirectional(LSTM(3, {.stateful = true}))});
  model.build({4, 2});
  const Tensor<float, 3> x = normal_tensor(2, 4, 2, 1);
  const std::vector<float> first = predictions(model, x);
  const std::vector<float> second = predictions(model, x);
  for (std::size_t i = 0; i < first.size(); ++i) CHECK(first[i] != second[i]);
  model.reset_states();
  CHECK(predictions(model, x) == first);
}

TEST_CASE("Bidirectional is a value that prints as written", "[layers][bidirectional]") {
  CHECK(Bidirectional(LSTM(64)).to_string() == "Bidirectional(LSTM(64))");
  CHECK(Bidirectional(LSTM(64, {.return_sequences = true}), {.merge_mode = MergeMode::sum, .name = "b"}).to_string() ==
        "Bidirectional(LSTM(64, {.return_sequences = true}), {.merge_mode = MergeMode::sum, .name = \"b\"})");
  CHECK(Bidirectional(LSTM(4), GRU(3, {.go_backwards = true})).to_string() ==
        "Bidirectional(LSTM(4), GRU(3, {.go_backwards = true}))");
  CHECK(Bidirectional(LSTM(4)) == Bidirectional(LSTM(4)));
  CHECK_FALSE(Bidirectional(LSTM(4)) == Bidirectional(LSTM(5)));
  CHECK_FALSE(Bidirectional(LSTM(4)) == Bidirectional(LSTM(4), {.merge_mode = MergeMode::ave}));
  CHECK(Bidirectional(LSTM(4)).backward_layer() == LSTM(4).reversed());
  CHECK(LayerRecipe<float>(Bidirectional(LSTM(4), {.name = "b"})).make()->name() == "b");
}

TEST_CASE("Bidirectional gives the same without training, alone and in a batch", "[layers][bidirectional]") {
  const Bidirectional both(LSTM(5, {.return_sequences = true}), {.merge_mode = MergeMode::mul});
  LayerRun<double> training(both, {6, 3}, {.batch = 20});
  LayerRun<double> alone(both, {6, 3}, {.batch = 1, .training = false, .poison = true});
  const std::vector<double> x = normal_values<double>(20 * 18, 1);
  const std::vector<double> y = copy_of(training.forward(x));
  for (std::size_t b = 0; b < 20; ++b) {
    std::fill(alone.state().begin(), alone.state().end(), 0.0);
    CHECK(distance(alone.forward(std::span(x).subspan(b * 18, 18)), std::span(y).subspan(b * 30, 30)) < 1e-14);
  }
  CHECK(alone.kept_bytes() == 0);
}

TEST_CASE("Bidirectional allocates nothing in steady state", "[layers][bidirectional]") {
  for (const MergeMode mode : kModes) {
    LayerRun<float> run(Bidirectional(LSTM(4, {.dropout = 0.2, .return_sequences = true}), {.merge_mode = mode}),
                        {5, 3}, {.batch = 2});
    const std::vector<float> x = normal_values<float>(30, 1);
    const std::vector<float> dy = normal_values<float>(2 * element_count(run.output_shape()), 2);
    run.forward(x);
    run.backward(dy);
    const AllocationCount allocations;
    run.forward(x);
    run.backward(dy);
    CHECK(allocations.so_far() == 0);
  }
}
