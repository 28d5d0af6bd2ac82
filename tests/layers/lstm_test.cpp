#include "seqnn/layers/lstm.hpp"

#include "fixtures/recurrent.hpp"
#include "seqnn/layers/conv1d.hpp"
#include "seqnn/layers/embedding.hpp"
#include "seqnn/models/sequential.hpp"
#include "support/catch.hpp"
#include "support/reference/recurrent.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

enum Gate : std::size_t { kInput, kForget, kCandidate, kOutput, kGates };

/// An LSTM whose activations are the identity and whose output is one of its gates, if its kernels have ones on the
/// diagonal of that gate and zeros elsewhere: bias 1 makes the others 1, and c' is either f ⊙ c from c = 1 or i ⊙ g.
void show_gate(LayerRun<double>& run, Gate gate, const char* kernel, std::size_t units) {
  const std::span<double> bias = run.parameter("bias");
  std::fill(bias.begin(), bias.end(), 1.0);
  const auto set_bias = [&](Gate g) { std::fill_n(bias.begin() + static_cast<std::ptrdiff_t>(g * units), units, 0.0); };
  set_bias(gate);
  set_bias(gate == kForget ? kInput : kForget);
  for (const char* name : {"kernel", "recurrent_kernel"}) std::ranges::fill(run.parameter(name), 0.0);
  for (std::size_t u = 0; u < units; ++u) run.parameter(kernel)[(u * kGates + gate) * units + u] = 1;
  std::ranges::fill(run.state(), 1.0);  // h and c
}

}  // namespace

TEST_CASE("LSTM keeps a state through its gates", "[layers][lstm]") {
  // All weights 0, so that a gate is what its bias says: i = f = o = σ(0) = 1/2, g = tanh(b_c) = 1/2.
  // c_1 = 1/4, h_1 = tanh(1/4)/2; c_2 = 1/8 + 1/4 = 3/8, h_2 = tanh(3/8)/2.
  LayerRun<double> run(LSTM(1, {.kernel_initializer = zeros(),
                                .recurrent_initializer = zeros(),
                                .unit_forget_bias = false,
                                .return_sequences = true}),
                       {2, 1});
  run.parameter("bias")[kCandidate] = std::atanh(0.5);
  const auto y = run.forward(std::vector<double>{7, -7});
  CHECK_THAT(y[0], WithinAbs(std::tanh(0.25) / 2, 1e-15));
  CHECK_THAT(y[1], WithinAbs(std::tanh(0.375) / 2, 1e-15));
  CHECK(run.state()[0] == y[1]);
  CHECK_THAT(run.state()[1], WithinAbs(0.375, 1e-15));
}

TEST_CASE("LSTM passes gradients back through every gate and both states", "[layers][lstm]") {
  // The identity for σ and φ, gates i f c o: W = 1 2 3 1, U = 1 0 -1 2, b = 0 1 0 0; x = 1 2, h_0 = c_0 = 0.
  //   t = 1: i = 1, f = 3, g = 3, o = 1: c = 0·3 + 1·3 = 3, h = 3
  //   t = 2: i = 2 + 3, f = 4 + 1, g = 6 - 3, o = 2 + 6: c = 5·3 + 5·3 = 30, h = 8·30 = 240
  LayerRun<float> run(LSTM(1, {.activation = Activation::linear, .recurrent_activation = Activation::linear}), {2, 1});
  const auto set = [&](const char* name, std::vector<float> values) {
    std::ranges::copy(values, run.parameter(name).begin());
  };
  set("kernel", {1, 2, 3, 1});
  set("recurrent_kernel", {1, 0, -1, 2});
  set("bias", {0, 1, 0, 0});
  CHECK(run.forward(std::vector<float>{1, 2})[0] == 240);
  CHECK(reference::copy_of(run.state()) == std::vector<float>{240, 30});
  // From dh_2 = 1: do = c = 30, dc = o = 8; df = 8·c_1 = 24, di = 8·g = 24, dg = 8·i = 40; dc_1 = 8·f = 40,
  // dh_1 = U·d_2 = 24 - 40 + 60 = 44. At t = 1: do = 44·3 = 132, dc = 40 + 44·1 = 84; df = 0, di = 84·3 = 252,
  // dg = 84; dc_0 = 84·3 = 252, dh_0 = U·d_1 = 252 - 84 + 264 = 432.
  const auto dx = run.backward(std::vector<float>{1});
  CHECK(reference::copy_of(dx) == std::vector<float>{252 + 3 * 84 + 132, 24 + 2 * 24 + 3 * 40 + 30});
  CHECK(reference::copy_of(run.gradient("kernel")) ==
        std::vector<float>{252 + 2 * 24, 0 + 2 * 24, 84 + 2 * 40, 132 + 2 * 30});
  CHECK(reference::copy_of(run.gradient("recurrent_kernel")) == std::vector<float>{3 * 24, 3 * 24, 3 * 40, 3 * 30});
  CHECK(reference::copy_of(run.gradient("bias")) == std::vector<float>{252 + 24, 24, 84 + 40, 132 + 30});
  CHECK(reference::copy_of(run.state_gradient()) == std::vector<float>{432, 252});
}

TEST_CASE("LSTM agrees with PyTorch, values and all gradients", "[layers][lstm]") {
  namespace f = fixtures::recurrent;
  reference::check_fixture_everywhere<LSTM>(3, {}, RECURRENT_FIXTURE(f::lstm_last));
  reference::check_fixture_everywhere<LSTM>(3, {.return_sequences = true}, RECURRENT_FIXTURE(f::lstm_sequences));
  reference::check_fixture_everywhere<LSTM>(17, {.return_sequences = true}, RECURRENT_FIXTURE(f::lstm_wide));
  reference::check_fixture_everywhere<LSTM>(
      3, {.recurrent_activation = Activation::hard_sigmoid, .return_sequences = true},
      RECURRENT_FIXTURE(f::lstm_hard_sigmoid));
  reference::check_fixture_everywhere<LSTM>(5, {.activation = Activation::relu}, RECURRENT_FIXTURE(f::lstm_relu));
  reference::check_fixture_everywhere<LSTM>(
      5, {.activation = Activation::sigmoid, .recurrent_activation = Activation::tanh, .return_sequences = true},
      RECURRENT_FIXTURE(f::lstm_sigmoid));
}

TEST_CASE("LSTM's gradients agree with central differences", "[layers][lstm]") {
  reference::check_all_central_differences<LSTM>({});
}

TEST_CASE("LSTM's gradients agree with central differences for many sizes and activations", "[layers][lstm]") {
  reference::check_central_differences_by_size<LSTM>({});
  for (const Activation activation : {Activation::tanh, Activation::linear, Activation::relu, Activation::sigmoid}) {
    for (const Activation gate : {Activation::sigmoid, Activation::hard_sigmoid}) {
      const bool use_bias = gate == Activation::sigmoid;
      reference::check_central_differences(
          LSTM(3, {.activation = activation, .recurrent_activation = gate, .use_bias = use_bias}), {4, 2}, {});
    }
  }
}

TEST_CASE("LSTM's gradients agree with central differences for 33 units", "[.exhaustive][lstm]") {
  reference::check_central_differences(LSTM(33, {.return_sequences = true}), {3, 2},
                                       {.mask = {1, 1, 1, 0, 1, 1, 1, 0, 0}});
}

TEMPLATE_TEST_CASE("LSTM gives the same by every path", "[layers][lstm]", float, double) {
  reference::check_all_paths<TestType, LSTM>({});
  reference::check_paths<TestType, LSTM>(
      11, {.activation = Activation::sigmoid, .recurrent_activation = Activation::hard_sigmoid, .use_bias = false}, 5,
      4, 3);
}

TEMPLATE_TEST_CASE("LSTM leaves masked steps out", "[layers][lstm]", float, double) {
  reference::check_masks<TestType, LSTM>({});
}

TEST_CASE("LSTM passes masks on to the layers above it", "[layers][lstm]") {
  // Ids 0 do not count, wherever they are, in any of these layers.
  Sequential<double> model({Embedding(9, 3, {.mask_zero = true}), LSTM(4, {.return_sequences = true}),
                            LSTM(5, {.return_sequences = true, .go_backwards = true}), LSTM(6)});
  model.build({kAnyLength});
  Tensor<std::int32_t, 2> padded = {{5, 3, 8, 0, 0}, {0, 5, 0, 3, 8}, {0, 0, 0, 0, 0}};
  Tensor<std::int32_t, 2> whole = {{5, 3, 8}};
  const Tensor<double, 2> y = model.predict(padded);
  const Tensor<double, 2> expected = model.predict(whole);
  for (std::size_t u = 0; u < 6; ++u) {
    CHECK_THAT(y(0, u), WithinAbs(expected(0, u), 1e-14));
    CHECK_THAT(y(1, u), WithinAbs(expected(0, u), 1e-14));
    CHECK(y(2, u) == 0);
  }
}

TEMPLATE_TEST_CASE("LSTM goes backwards as it goes forwards over the reversed input", "[layers][lstm]", float, double) {
  reference::check_reversal<TestType, LSTM>({});
}

TEMPLATE_TEST_CASE("LSTM gives a sequence in pieces what it gives the whole", "[layers][lstm]", float, double) {
  reference::check_cut<TestType, LSTM>({});
}

TEST_CASE("LSTM drops the same inputs at every step, others in every gate, and keeps the mean", "[layers][lstm]") {
  constexpr std::size_t B = 100, n = 20;
  constexpr double rate = 0.3;
  LayerRun<double> run(LSTM(n, {.activation = Activation::linear,
                                .recurrent_activation = Activation::linear,
                                .dropout = rate,
                                .return_sequences = true}),
                       {2, n}, {.batch = B, .seed = 5});
  std::vector<std::vector<double>> masks;
  for (const Gate gate : {kInput, kForget, kCandidate, kOutput}) {
    // x = 1: the gate is its mask m at both steps. f multiplies the state each time: h_1 = m, h_2 = m ⊙ m.
    show_gate(run, gate, "kernel", n);
    const std::vector<double> y = reference::copy_of(run.forward(std::vector<double>(B * 2 * n, 1.0)));
    masks.push_back(reference::steps_of(y, B, 2, 0, 1));
    std::vector<double> expected = masks.back();
    if (gate == kForget) std::ranges::transform(expected, expected.begin(), [](double v) { return v * v; });
    CAPTURE(gate);
    CHECK(reference::relative_distance(reference::steps_of(y, B, 2, 1, 2), expected) < 1e-15);
    reference::check_factors(masks.back(), rate);
    for (std::size_t other = 0; other < gate; ++other) reference::check_independent(masks[other], masks[gate], rate);
  }
}

TEST_CASE("LSTM drops the same states at every step, others in every gate, and keeps the mean", "[layers][lstm]") {
  constexpr std::size_t B = 100, n = 20;
  constexpr double rate = 0.4;
  LayerRun<double> run(LSTM(n, {.activation = Activation::linear,
                                .recurrent_activation = Activation::linear,
                                .recurrent_dropout = rate,
                                .return_sequences = true}),
                       {2, 1}, {.batch = B, .seed = 5});
  std::vector<std::vector<double>> masks;
  for (const Gate gate : {kInput, kForget, kCandidate, kOutput}) {
    // h_0 = 1: the gate is its mask m, and h_1 = m; at step 2 it is m ⊙ h_1, which f multiplies with c_1 = m.
    show_gate(run, gate, "recurrent_kernel", n);
    const std::vector<double> y = reference::copy_of(run.forward(std::vector<double>(B * 2, 1.0)));
    masks.push_back(reference::steps_of(y, B, 2, 0, 1));
    std::vector<double> expected = masks.back();
    std::ranges::transform(expected, expected.begin(), [=](double v) { return gate == kForget ? v * v * v : v * v; });
    CAPTURE(gate);
    CHECK(reference::relative_distance(reference::steps_of(y, B, 2, 1, 2), expected) < 1e-14);
    reference::check_factors(masks.back(), rate);
    for (std::size_t other = 0; other < gate; ++other) reference::check_independent(masks[other], masks[gate], rate);
  }
}

TEMPLATE_TEST_CASE("LSTM gives a sequence one step at a time what it gives the whole", "[layers][lstm]", float,
                   double) {
  reference::check_steps<TestType, LSTM>({});
  reference::check_steps<TestType, LSTM>(
      {.activation = Activation::relu, .recurrent_activation = Activation::hard_sigmoid, .use_bias = false});
}

TEMPLATE_TEST_CASE("LSTM gives the same in tiles of any size", "[layers][lstm]", float, double) {
  reference::check_tiles<TestType, LSTM>({});
}

TEST_CASE("LSTM's dropout depends on seed, step and sample, and is off in prediction", "[layers][lstm]") {
  reference::check_dropout_keys<LSTM>({});
}

TEST_CASE("LSTM says its shapes, states, masks and path", "[layers][lstm]") {
  const LSTMLayer<float> last(LSTM(7));
  CHECK(last.output_shape({5, 3}) == Shape{7});
  CHECK(last.output_shape({kAnyLength, 3}) == Shape{7});
  CHECK(last.mask_use() == MaskUse::ends);
  CHECK(last.state_size({5, 3}) == 14);
  CHECK(last.steps_alone());
  CHECK_FALSE(last.stateful());
  CHECK_FALSE(last.returns_state());
  const LSTMLayer<float> all(LSTM(7, {.return_sequences = true, .stateful = true}));
  CHECK(all.output_shape({5, 3}) == Shape{5, 7});
  CHECK(all.output_shape({kAnyLength, 3}) == Shape{kAnyLength, 7});
  CHECK(all.mask_use() == MaskUse::keeps);
  CHECK(all.stateful());
  const LSTMLayer<float> back(LSTM(7, {.return_sequences = true, .return_state = true, .go_backwards = true}));
  CHECK(back.mask_use() == MaskUse::changes);
  CHECK(back.returns_state());
  CHECK_FALSE(back.steps_alone());
  const auto remark = [](const LSTM& lstm) { return LayerRun<float>(lstm, {2, 3}).layer().remark(); };
  CHECK(remark(LSTM(7)) == "stacked products, since the weights stay in the cache");
  CHECK(remark(LSTM(300, {.kernel_initializer = zeros(), .recurrent_initializer = zeros()})) ==
        "hoisted products, since the weights exceed the cache");
  CHECK(remark(LSTM(7, {.path = RecurrentPath::unfused})) == "unfused products, as asked");
}

TEST_CASE("LSTM declares its parameters, and starts as Keras does", "[layers][lstm]") {
  LayerRun<double> run(LSTM(10, {.kernel_regularizer = L1(0.1),
                                 .recurrent_regularizer = L2(0.2),
                                 .bias_regularizer = L1L2(0.3, 0.4),
                                 .name = "lstm_1"}),
                       {5, 30});
  const auto& infos = run.layout().infos();
  REQUIRE(infos.size() == 3);
  CHECK(infos[0].name == "lstm_1/kernel");
  CHECK(infos[0].shape == Shape{30, 40});
  CHECK(infos[0].regularizer == L1(0.1));
  CHECK(infos[1].name == "lstm_1/recurrent_kernel");
  CHECK(infos[1].shape == Shape{10, 40});
  CHECK(infos[1].regularizer == L2(0.2));
  CHECK(infos[2].name == "lstm_1/bias");
  CHECK(infos[2].shape == Shape{40});
  CHECK(infos[2].regularizer == L1L2(0.3, 0.4));
  CHECK(run.layout().count(true) == 4 * 10 * (30 + 10 + 1));
  // Glorot with 30 inputs and 40 outputs: uniform in ±√(6 / 70) = ±0.2928.
  const auto kernel = run.parameter("kernel");
  CHECK(*std::max_element(kernel.begin(), kernel.end()) <= 0.2928);
  CHECK(*std::max_element(kernel.begin(), kernel.end()) > 0.28);
  reference::check_orthonormal(run.parameter("recurrent_kernel"), 10, 40);
  for (std::size_t i = 0; i < 40; ++i) CHECK(run.parameter("bias")[i] == (i / 10 == kForget ? 1 : 0));

  LayerRun<float> even(LSTM(2, {.bias_initializer = constant(0.5), .unit_forget_bias = false}), {5, 3});
  for (const float v : even.parameter("bias")) CHECK(v == 0.5F);
  LayerRun<float> forgetful(LSTM(2, {.bias_initializer = constant(0.5)}), {5, 3});
  CHECK(reference::copy_of(forgetful.parameter("bias")) == std::vector<float>{.5, .5, 1, 1, .5, .5, .5, .5});
  CHECK(LayerRun<float>(LSTM(4, {.use_bias = false}), {5, 3}).layout().infos().size() == 2);
}

TEST_CASE("LSTM refuses inputs that do not fit", "[layers][lstm]") {
  LSTMLayer<float> layer(LSTM(4, {.name = "lstm_1"}));
  CHECK_THROWS_MATCHES(layer.output_shape({10}), ShapeError,
                       Message("LSTM \"lstm_1\": input must be (batch, time, features), got (batch, 10); the layer "
                               "before it must return sequences (return_sequences = true)"));
  CHECK_THROWS_MATCHES(layer.output_shape({2, 10, 4}), ShapeError,
                       Message("LSTM \"lstm_1\": input must be (batch, time, features), got (batch, 2, 10, 4); the "
                               "layer before it must return sequences (return_sequences = true)"));
  CHECK_THROWS_MATCHES(layer.output_shape({10, kAnyLength}), ShapeError,
                       Message("LSTM \"lstm_1\": input must be (batch, time, features), got (batch, 10, any); the "
                               "last axis is the number of features and must be fixed"));
  CHECK_THROWS_MATCHES(layer.output_shape({10, 0}), ShapeError,
                       Message("LSTM \"lstm_1\": no axis of the input may be empty, got (batch, 10, 0)"));
  ParameterLayout parameters;
  CHECK_THROWS_AS(layer.build({10}, parameters), ShapeError);
  CHECK(parameters.infos().empty());
  layer.build({kAnyLength, 14}, parameters);
  CHECK(layer.output_shape({20, 14}) == Shape{4});
  CHECK_THROWS_MATCHES(layer.output_shape({20, 15}), ShapeError,
                       Message("LSTM \"lstm_1\": input must be (batch, time, 14), got (batch, 20, 15); the last axis "
                               "is the number of features and must be fixed"));
  LayerRun<float> run(LSTM(4), {3, 2}, {.batch = 2});
  CHECK_THROWS_MATCHES(run.set_mask(std::vector<std::uint8_t>(5, 1)), ShapeError,
                       Message("LSTM \"layer\": mask must have a value for each of the 2 × 3 steps, got 5"));
}

TEST_CASE("LSTM refuses places in a model where it cannot work", "[layers][lstm]") {
  const auto build = [](Sequential<float> model, Shape input) { model.build(std::move(input)); };
  CHECK_THROWS_MATCHES(build({LSTM(4), LSTM(5)}, {10, 3}), ShapeError,
                       Message("LSTM \"lstm_1\": input must be (batch, time, features), got (batch, 4); the layer "
                               "before it must return sequences (return_sequences = true)"));
  CHECK_THROWS_MATCHES(
      build({LSTM(4, {.return_state = true})}, {10, 3}), OptionError,
      Message("LSTM \"lstm\": must give one output, as a Sequential has no place for more, got several outputs "
              "(return_state, or MergeMode::none); leave that out, or call the layer alone"));
  CHECK_THROWS_MATCHES(
      build({Embedding(9, 3, {.mask_zero = true}), Conv1D(4, 3), LSTM(5)}, {10}), ShapeError,
      Message(
          "Conv1D \"conv1d\": must not get a mask, which it would ignore, got one from Embedding \"embedding\"; put "
          "a layer that uses masks before it, or make none"));
  CHECK_THROWS_AS(
      build({Embedding(9, 3, {.mask_zero = true}), LSTM(5, {.return_sequences = true}), Conv1D(4, 3)}, {10}),
      ShapeError);
  CHECK_NOTHROW(build({Embedding(9, 3), Conv1D(4, 3), LSTM(5)}, {10}));
}

TEST_CASE("LSTM refuses options that make no sense", "[layers][lstm]") {
  CHECK_THROWS_MATCHES(LSTM(0), OptionError, Message("LSTM: units must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(LSTM(0, {.name = "l"}), OptionError, Message("LSTM \"l\": units must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(LSTM(3, {.dropout = 1}), OptionError, Message("LSTM: dropout must be in [0, 1), got 1"));
  CHECK_THROWS_MATCHES(LSTM(3, {.dropout = -0.1}), OptionError, Message("LSTM: dropout must be in [0, 1), got -0.1"));
  CHECK_THROWS_MATCHES(LSTM(3, {.recurrent_dropout = 1.5, .name = "l"}), OptionError,
                       Message("LSTM \"l\": recurrent_dropout must be in [0, 1), got 1.5"));
  CHECK_THROWS_AS(LSTM(3, {.recurrent_dropout = std::numeric_limits<double>::quiet_NaN()}), OptionError);
  CHECK_THROWS_MATCHES(LSTM(3, {.activation = Activation::softmax}), OptionError,
                       Message("LSTM: activation must be elementwise, got softmax"));
  CHECK_THROWS_MATCHES(LSTM(3, {.recurrent_activation = Activation::softmax}), OptionError,
                       Message("LSTM: recurrent_activation must be elementwise, got softmax"));
  CHECK_THROWS_MATCHES(LSTM(3, {.activation = Activation::gelu}), OptionError,
                       Message("LSTM: activation must be a function whose slope follows from its value, got "
                               "Activation::gelu; use one that rises everywhere, like tanh or softplus"));
}

TEST_CASE("LSTM is a value that prints as written", "[layers][lstm]") {
  CHECK(LSTM(8).to_string() == "LSTM(8)");
  CHECK(
      LSTM(8, {.activation = Activation::relu,
               .recurrent_activation = Activation::hard_sigmoid,
               .use_bias = false,
               .kernel_initializer = he_normal(),
               .recurrent_initializer = glorot_uniform(),
               .bias_initializer = ones(),
               .unit_forget_bias = false})
          .to_string() ==
      "LSTM(8, {.activation = Activation::relu, .recurrent_activation = Activation::hard_sigmoid, .unit_forget_bias = "
      "false, .use_bias = false, .kernel_initializer = he_normal, .recurrent_initializer = glorot_uniform, "
      ".bias_initializer = ones})");
  CHECK(
      LSTM(8, {.kernel_regularizer = L2(),
               .recurrent_regularizer = L1(0.5),
               .bias_regularizer = L1L2(0.1, 0.2),
               .dropout = 0.2,
               .recurrent_dropout = 0.25,
               .return_sequences = true,
               .return_state = true,
               .go_backwards = true,
               .stateful = true,
               .zero_output_for_mask = true,
               .seed = 3,
               .path = RecurrentPath::fused,
               .name = "l"})
          .to_string() ==
      "LSTM(8, {.kernel_regularizer = L2(0.01), .recurrent_regularizer = L1(0.5), .bias_regularizer = L1L2(0.1, 0.2), "
      ".dropout = 0.2, .recurrent_dropout = 0.25, .return_sequences = true, .return_state = true, .go_backwards = "
      "true, .stateful = true, .zero_output_for_mask = true, .seed = 3, .path = RecurrentPath::fused, .name = \"l\"})");
  CHECK(LSTM(8).reversed().to_string() == "LSTM(8, {.go_backwards = true})");
  CHECK(LSTM(8) == LSTM(8));
  CHECK_FALSE(LSTM(8) == LSTM(9));
  CHECK_FALSE(LSTM(8) == LSTM(8, {.unit_forget_bias = false}));
  CHECK_FALSE(LSTM(8) == LSTM(8, {.kernel_regularizer = L2()}));
  CHECK_FALSE(LSTM(8) == LSTM(8, {.path = RecurrentPath::fused}));
}

TEST_CASE("LSTM allocates nothing in steady state", "[layers][lstm]") { reference::check_no_allocations<LSTM>({}); }
