#include "seqnn/layers/gru.hpp"

#include "fixtures/recurrent.hpp"
#include "support/catch.hpp"
#include "support/reference/recurrent.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

enum Gate : std::size_t { kUpdate, kReset, kCandidate, kGates };

constexpr bool kResets[] = {true, false};

template <class Real>
void set(LayerRun<Real>& run, const char* name, const std::vector<Real>& values) {
  REQUIRE(run.parameter(name).size() == values.size());
  std::ranges::copy(values, run.parameter(name).begin());
}

/// A GRU whose activations are the identity and whose output is one of its gates, if its kernels have ones on the
/// diagonal of that gate and zeros elsewhere: h' is z ⊙ h from h = 1, or n for z = 0; and n is r ⊙ 1 or (r ⊙ h)·U = h.
void show_gate(LayerRun<double>& run, Gate gate, const char* kernel, std::size_t units) {
  for (const char* name : {"kernel", "recurrent_kernel", "bias"}) std::ranges::fill(run.parameter(name), 0.0);
  for (std::size_t u = 0; u < units; ++u) run.parameter(kernel)[(u * kGates + gate) * units + u] = 1;
  if (gate == kReset) {
    for (std::size_t u = 0; u < units; ++u) run.parameter("bias")[(kGates + kCandidate) * units + u] = 1;
  } else if (gate == kCandidate) {
    for (std::size_t u = 0; u < units; ++u) run.parameter("bias")[kReset * units + u] = 1;
  }
  std::ranges::fill(run.state(), 1.0);
}

}  // namespace

TEST_CASE("GRU mixes its state with a candidate", "[layers][gru]") {
  // All weights 0, so that z = σ(0) = 1/2 and n = tanh(b_h) = 1/2: h_1 = 1/4, h_2 = 1/8 + 1/4, h_3 = 3/16 + 1/4.
  for (const bool reset_after : kResets) {
    LayerRun<double> run(GRU(1, {.kernel_initializer = zeros(),
                                 .recurrent_initializer = zeros(),
                                 .return_sequences = true,
                                 .reset_after = reset_after}),
                         {3, 1});
    run.parameter("bias")[kCandidate] = std::atanh(0.5);
    const auto y = run.forward(std::vector<double>{7, -7, 3});
    CHECK_THAT(y[0], WithinAbs(0.25, 1e-15));
    CHECK_THAT(y[1], WithinAbs(0.375, 1e-15));
    CHECK_THAT(y[2], WithinAbs(0.4375, 1e-15));
    CHECK(run.state()[0] == y[2]);
  }
}

TEST_CASE("GRU resets its state after the recurrent product", "[layers][gru]") {
  // The identity for σ and φ, gates z r h: W = 2 1 2, U = 1 -1 1, b = 0 1 0, b' = 0 0 1; x = 1 2, h_0 = 0.
  //   t = 1: z = 2, r = 1 + 1 = 2, h_n = 0 + 1, n = 2 + 2·1 = 4: h = 2·0 + (1 - 2)·4 = -4
  //   t = 2: z = 4 - 4 = 0, r = 2 + 1 + 4 = 7, h_n = -4 + 1 = -3, n = 4 + 7·(-3) = -17: h = -17
  LayerRun<float> run(GRU(1, {.activation = Activation::linear, .recurrent_activation = Activation::linear}), {2, 1});
  set<float>(run, "kernel", {2, 1, 2});
  set<float>(run, "recurrent_kernel", {1, -1, 1});
  set<float>(run, "bias", {0, 1, 0, 0, 0, 1});
  CHECK(run.forward(std::vector<float>{1, 2})[0] == -17);
  CHECK(run.state()[0] == -17);
  // From dh_2 = 1: dz = -4 + 17 = 13, dn = 1, dr = h_n = -3, dh_n = r = 7; dh_1 = z + U·d = 0 + 13 + 3 + 7 = 23.
  // At t = 1: dz = 23·(0 - 4) = -92, dn = 23·(1 - 2) = -23, dr = -23·1, dh_n = -23·2 = -46;
  // dh_0 = 23·2 - 92 + 23 - 46 = -69.
  const auto dx = run.backward(std::vector<float>{1});
  CHECK(reference::copy_of(dx) == std::vector<float>{2 * -92 - 23 + 2 * -23, 2 * 13 - 3 + 2 * 1});
  CHECK(reference::copy_of(run.gradient("kernel")) == std::vector<float>{-92 + 2 * 13, -23 + 2 * -3, -23 + 2 * 1});
  CHECK(reference::copy_of(run.gradient("recurrent_kernel")) == std::vector<float>{-4 * 13, -4 * -3, -4 * 7});
  CHECK(reference::copy_of(run.gradient("bias")) ==
        std::vector<float>{-92 + 13, -23 - 3, -23 + 1, -92 + 13, -23 - 3, -46 + 7});
  CHECK(run.state_gradient()[0] == -69);
}

TEST_CASE("GRU resets its state before the recurrent product if told to", "[layers][gru]") {
  // As above with U_h = 3 and one bias, b = 0 1 0:
  //   t = 1: z = 2, r = 2, n = 2 + (2·0)·3 = 2: h = (1 - 2)·2 = -2
  //   t = 2: z = 4 - 2 = 2, r = 2 + 1 + 2 = 5, n = 4 + (5·(-2))·3 = -26: h = 2·(-2) + (1 - 2)·(-26) = 22
  LayerRun<float> run(
      GRU(1, {.activation = Activation::linear, .recurrent_activation = Activation::linear, .reset_after = false}),
      {2, 1});
  set<float>(run, "kernel", {2, 1, 2});
  set<float>(run, "recurrent_kernel", {1, -1, 3});
  set<float>(run, "bias", {0, 1, 0});
  CHECK(run.forward(std::vector<float>{1, 2})[0] == 22);
  // From dh_2 = 1: dz = -2 + 26 = 24, dn = -1, d(r·h) = -3, dr = -3·(-2) = 6;
  // dh_1 = z + d(r·h)·r + U·(dz dr) = 2 - 15 + 24 - 6 = 5.
  // At t = 1: dz = 5·(0 - 2) = -10, dn = 5·(1 - 2) = -5, d(r·h) = -15, dr = 0; dh_0 = 5·2 - 15·2 - 10 = -30.
  const auto dx = run.backward(std::vector<float>{1});
  CHECK(reference::copy_of(dx) == std::vector<float>{2 * -10 + 0 + 2 * -5, 2 * 24 + 6 + 2 * -1});
  CHECK(reference::copy_of(run.gradient("kernel")) == std::vector<float>{-10 + 2 * 24, 0 + 2 * 6, -5 + 2 * -1});
  CHECK(reference::copy_of(run.gradient("recurrent_kernel")) == std::vector<float>{-2 * 24, -2 * 6, -10 * -1});
  CHECK(reference::copy_of(run.gradient("bias")) == std::vector<float>{-10 + 24, 6, -5 - 1});
  CHECK(run.state_gradient()[0] == -30);
}

TEST_CASE("GRU agrees with PyTorch, values and all gradients", "[layers][gru]") {
  namespace f = fixtures::recurrent;
  reference::check_fixture_everywhere<GRU>(3, {}, RECURRENT_FIXTURE(f::gru_last));
  reference::check_fixture_everywhere<GRU>(3, {.return_sequences = true}, RECURRENT_FIXTURE(f::gru_sequences));
  reference::check_fixture_everywhere<GRU>(17, {.return_sequences = true}, RECURRENT_FIXTURE(f::gru_wide));
  reference::check_fixture_everywhere<GRU>(
      5, {.activation = Activation::relu, .recurrent_activation = Activation::hard_sigmoid, .return_sequences = true},
      RECURRENT_FIXTURE(f::gru_hard_sigmoid));
}

TEST_CASE("GRU that resets before the product agrees with PyTorch, values and all gradients", "[layers][gru]") {
  namespace f = fixtures::recurrent;
  reference::check_fixture_everywhere<GRU>(3, {.reset_after = false}, RECURRENT_FIXTURE(f::gru_before_last));
  reference::check_fixture_everywhere<GRU>(9, {.return_sequences = true, .reset_after = false},
                                           RECURRENT_FIXTURE(f::gru_before_wide));
  reference::check_fixture_everywhere<GRU>(5,
                                           {.activation = Activation::sigmoid,
                                            .recurrent_activation = Activation::hard_sigmoid,
                                            .return_sequences = true,
                                            .reset_after = false},
                                           RECURRENT_FIXTURE(f::gru_before_hard_sigmoid));
}

TEST_CASE("GRU's gradients agree with central differences", "[layers][gru]") {
  for (const bool reset_after : kResets) reference::check_all_central_differences<GRU>({.reset_after = reset_after});
}

TEST_CASE("GRU's gradients agree with central differences for many sizes and activations", "[layers][gru]") {
  for (const bool reset_after : kResets) {
    reference::check_central_differences_by_size<GRU>({.reset_after = reset_after});
    for (const Activation activation : {Activation::tanh, Activation::linear, Activation::relu, Activation::sigmoid}) {
      for (const Activation gate : {Activation::sigmoid, Activation::hard_sigmoid}) {
        const bool use_bias = gate == Activation::sigmoid;
        reference::check_central_differences(GRU(3, {.activation = activation,
                                                     .recurrent_activation = gate,
                                                     .use_bias = use_bias,
                                                     .reset_after = reset_after}),
                                             {4, 2}, {});
      }
    }
  }
}

TEST_CASE("GRU's gradients agree with central differences for 33 units", "[.exhaustive][gru]") {
  for (const bool reset_after : kResets) {
    reference::check_central_differences(GRU(33, {.return_sequences = true, .reset_after = reset_after}), {3, 2},
                                         {.mask = {1, 1, 1, 0, 1, 1, 1, 0, 0}});
  }
}

TEMPLATE_TEST_CASE("GRU gives the same by every path", "[layers][gru]", float, double) {
  for (const bool reset_after : kResets) {
    reference::check_all_paths<TestType, GRU>({.reset_after = reset_after});
    reference::check_paths<TestType, GRU>(11,
                                          {.activation = Activation::sigmoid,
                                           .recurrent_activation = Activation::hard_sigmoid,
                                           .use_bias = false,
                                           .reset_after = reset_after},
                                          5, 4, 3);
  }
}

TEMPLATE_TEST_CASE("GRU leaves masked steps out", "[layers][gru]", float, double) {
  for (const bool reset_after : kResets) reference::check_masks<TestType, GRU>({.reset_after = reset_after});
}

TEMPLATE_TEST_CASE("GRU goes backwards as it goes forwards over the reversed input", "[layers][gru]", float, double) {
  for (const bool reset_after : kResets) reference::check_reversal<TestType, GRU>({.reset_after = reset_after});
}

TEMPLATE_TEST_CASE("GRU gives a sequence in pieces what it gives the whole", "[layers][gru]", float, double) {
  for (const bool reset_after : kResets) reference::check_cut<TestType, GRU>({.reset_after = reset_after});
}

TEST_CASE("GRU drops the same inputs at every step, others in every gate, and keeps the mean", "[layers][gru]") {
  constexpr std::size_t B = 100, n = 20;
  constexpr double rate = 0.3;
  LayerRun<double> run(GRU(n, {.activation = Activation::linear,
                               .recurrent_activation = Activation::linear,
                               .dropout = rate,
                               .return_sequences = true}),
                       {2, n}, {.batch = B, .seed = 5});
  std::vector<std::vector<double>> masks;
  for (const Gate gate : {kUpdate, kReset, kCandidate}) {
    // x = 1: the gate is its mask m at both steps. z multiplies the state each time: h_1 = m, h_2 = m ⊙ m.
    show_gate(run, gate, "kernel", n);
    const std::vector<double> y = reference::copy_of(run.forward(std::vector<double>(B * 2 * n, 1.0)));
    masks.push_back(reference::steps_of(y, B, 2, 0, 1));
    std::vector<double> expected = masks.back();
    if (gate == kUpdate) std::ranges::transform(expected, expected.begin(), [](double v) { return v * v; });
    CAPTURE(gate);
    CHECK(reference::relative_distance(reference::steps_of(y, B, 2, 1, 2), expected) < 1e-14);
    reference::check_factors(masks.back(), rate);
    for (std::size_t other = 0; other < gate; ++other) reference::check_independent(masks[other], masks[gate], rate);
  }
}

TEST_CASE("GRU drops the same states at every step, others in every gate, and keeps the mean", "[layers][gru]") {
  constexpr std::size_t B = 100, n = 20;
  constexpr double rate = 0.4;
  for (const bool reset_after : kResets) {
    LayerRun<double> run(GRU(n, {.activation = Activation::linear,
                                 .recurrent_activation = Activation::linear,
                                 .recurrent_dropout = rate,
                                 .return_sequences = true,
                                 .reset_after = reset_after}),
                         {2, 1}, {.batch = B, .seed = 5});
    std::vector<std::vector<double>> masks;
    for (const Gate gate : {kUpdate, kReset, kCandidate}) {
      if (gate == kReset && !reset_after) continue;  // only meets masked states
      // h_0 = 1: the gate is its mask m, and h_1 = m; at step 2 it is m ⊙ h_1, which z multiplies with h_1.
      show_gate(run, gate, "recurrent_kernel", n);
      const std::vector<double> y = reference::copy_of(run.forward(std::vector<double>(B * 2, 1.0)));
      masks.push_back(reference::steps_of(y, B, 2, 0, 1));
      std::vector<double> expected = masks.back();
      std::ranges::transform(expected, expected.begin(), [=](double v) { return gate == kUpdate ? v * v * v : v * v; });
      CAPTURE(gate, reset_after);
      CHECK(reference::relative_distance(reference::steps_of(y, B, 2, 1, 2), expected) < 1e-14);
      reference::check_factors(masks.back(), rate);
      for (std::size_t i = 0; i + 1 < masks.size(); ++i) reference::check_independent(masks[i], masks.back(), rate);
    }
  }
}

TEMPLATE_TEST_CASE("GRU gives a sequence one step at a time what it gives the whole", "[layers][gru]", float, double) {
  for (const bool reset_after : kResets) reference::check_steps<TestType, GRU>({.reset_after = reset_after});
  reference::check_steps<TestType, GRU>(
      {.activation = Activation::relu, .recurrent_activation = Activation::hard_sigmoid, .use_bias = false});
}

TEMPLATE_TEST_CASE("GRU gives the same in tiles of any size", "[layers][gru]", float, double) {
  for (const bool reset_after : kResets) reference::check_tiles<TestType, GRU>({.reset_after = reset_after});
}

TEST_CASE("GRU's dropout depends on seed, step and sample, and is off in prediction", "[layers][gru]") {
  for (const bool reset_after : kResets) reference::check_dropout_keys<GRU>({.reset_after = reset_after});
}

TEST_CASE("GRU says its shapes, states, masks and path", "[layers][gru]") {
  const GRULayer<float> last(GRU(7));
  CHECK(last.output_shape({5, 3}) == Shape{7});
  CHECK(last.output_shape({kAnyLength, 3}) == Shape{7});
  CHECK(last.mask_use() == MaskUse::ends);
  CHECK(last.state_size({5, 3}) == 7);
  CHECK(last.steps_alone());
  CHECK_FALSE(last.stateful());
  CHECK_FALSE(last.returns_state());
  const GRULayer<float> all(GRU(7, {.return_sequences = true, .stateful = true}));
  CHECK(all.output_shape({5, 3}) == Shape{5, 7});
  CHECK(all.output_shape({kAnyLength, 3}) == Shape{kAnyLength, 7});
  CHECK(all.mask_use() == MaskUse::keeps);
  CHECK(all.stateful());
  const GRULayer<float> back(GRU(7, {.return_sequences = true, .return_state = true, .go_backwards = true}));
  CHECK(back.mask_use() == MaskUse::changes);
  CHECK(back.returns_state());
  CHECK_FALSE(back.steps_alone());
  const auto remark = [](const GRU& gru) { return LayerRun<float>(gru, {2, 3}).layer().remark(); };
  CHECK(remark(GRU(7)) == "hoisted products, since the reset gate parts input and state");
  CHECK(remark(GRU(7, {.path = RecurrentPath::hoisted})) == "hoisted products, as asked");
  CHECK(remark(GRU(7, {.path = RecurrentPath::unfused})) == "unfused products, as asked");
  CHECK(remark(GRU(7, {.path = RecurrentPath::stacked})) ==
        "hoisted products, since the reset gate parts input and state");
}

TEST_CASE("GRU declares its parameters, and starts as Keras does", "[layers][gru]") {
  LayerRun<double> run(GRU(10, {.bias_regularizer = L2(0.1), .name = "gru_1"}), {5, 30});
  const auto& infos = run.layout().infos();
  REQUIRE(infos.size() == 3);
  CHECK(infos[0].name == "gru_1/kernel");
  CHECK(infos[0].shape == Shape{30, 30});
  CHECK(infos[0].regularizer.none());
  CHECK(infos[1].name == "gru_1/recurrent_kernel");
  CHECK(infos[1].shape == Shape{10, 30});
  CHECK(infos[2].name == "gru_1/bias");
  CHECK(infos[2].shape == Shape{2, 30});
  CHECK(infos[2].regularizer == L2(0.1));
  CHECK(run.layout().count(true) == 3 * 10 * (30 + 10 + 2));
  // Glorot with 30 inputs and 30 outputs: uniform in ±√(6 / 60) = ±0.3163.
  const auto kernel = run.parameter("kernel");
  CHECK(*std::max_element(kernel.begin(), kernel.end()) <= 0.3163);
  CHECK(*std::max_element(kernel.begin(), kernel.end()) > 0.3);
  reference::check_orthonormal(run.parameter("recurrent_kernel"), 10, 30);
  for (const double v : run.parameter("bias")) CHECK(v == 0);

  LayerRun<double> before(GRU(10, {.bias_initializer = ones(), .reset_after = false}), {5, 30});
  CHECK(before.layout().infos()[2].shape == Shape{30});
  CHECK(before.layout().count(true) == 3 * 10 * (30 + 10 + 1));
  for (const double v : before.parameter("bias")) CHECK(v == 1);
  for (const bool reset_after : kResets) {
    const GRU bare(4, {.use_bias = false, .reset_after = reset_after});
    CHECK(LayerRun<float>(bare, {5, 3}).layout().infos().size() == 2);
  }
}

TEST_CASE("GRU refuses inputs that do not fit", "[layers][gru]") {
  GRULayer<float> layer(GRU(4, {.name = "gru_1"}));
  CHECK_THROWS_MATCHES(
      layer.output_shape({10}), ShapeError,
      Message("GRU \"gru_1\": input must be (batch, time, features), got (batch, 10); the layer before "
              "it must return sequences (return_sequences = true)"));
  CHECK_THROWS_MATCHES(layer.output_shape({10, kAnyLength}), ShapeError,
                       Message("GRU \"gru_1\": input must be (batch, time, features), got (batch, 10, any); the last "
                               "axis is the number of features and must be fixed"));
  CHECK_THROWS_MATCHES(layer.output_shape({0, 3}), ShapeError,
                       Message("GRU \"gru_1\": no axis of the input may be empty, got (batch, 0, 3)"));
  ParameterLayout parameters;
  layer.build({kAnyLength, 14}, parameters);
  CHECK_THROWS_MATCHES(layer.output_shape({20, 15}), ShapeError,
                       Message("GRU \"gru_1\": input must be (batch, time, 14), got (batch, 20, 15); the last axis is "
                               "the number of features and must be fixed"));
}

TEST_CASE("GRU refuses options that make no sense", "[layers][gru]") {
  CHECK_THROWS_MATCHES(GRU(0), OptionError, Message("GRU: units must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(GRU(3, {.dropout = 1}), OptionError, Message("GRU: dropout must be in [0, 1), got 1"));
  CHECK_THROWS_MATCHES(GRU(3, {.recurrent_dropout = -0.5, .name = "g"}), OptionError,
                       Message("GRU \"g\": recurrent_dropout must be in [0, 1), got -0.5"));
  CHECK_THROWS_AS(GRU(3, {.dropout = std::numeric_limits<double>::quiet_NaN()}), OptionError);
  CHECK_THROWS_MATCHES(GRU(3, {.activation = Activation::softmax}), OptionError,
                       Message("GRU: activation must be elementwise, got softmax"));
  CHECK_THROWS_MATCHES(GRU(3, {.recurrent_activation = Activation::softmax}), OptionError,
                       Message("GRU: recurrent_activation must be elementwise, got softmax"));
}

TEST_CASE("GRU is a value that prints as written", "[layers][gru]") {
  CHECK(GRU(8).to_string() == "GRU(8)");
  CHECK(
      GRU(8, {.activation = Activation::relu,
              .recurrent_activation = Activation::hard_sigmoid,
              .dropout = 0.5,
              .return_sequences = true,
              .reset_after = false,
              .path = RecurrentPath::hoisted})
          .to_string() ==
      "GRU(8, {.activation = Activation::relu, .recurrent_activation = Activation::hard_sigmoid, .reset_after = false, "
      ".dropout = 0.5, .return_sequences = true, .path = RecurrentPath::hoisted})");
  CHECK(GRU(8).reversed().to_string() == "GRU(8, {.go_backwards = true})");
  CHECK(GRU(8) == GRU(8));
  CHECK_FALSE(GRU(8) == GRU(9));
  CHECK_FALSE(GRU(8) == GRU(8, {.reset_after = false}));
}

TEST_CASE("GRU allocates nothing in steady state", "[layers][gru]") {
  for (const bool reset_after : kResets) reference::check_no_allocations<GRU>({.reset_after = reset_after});
}
