#include "seqnn/layers/simple_rnn.hpp"

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

TEST_CASE("SimpleRNN feeds its output back", "[layers][simple_rnn]") {
  // φ(x) = x, W = 2, U = 3, b = 1. x = 1 2: h = 2 + 1 = 3, then 4 + 9 + 1 = 14. From dy = 1: d_2 = 1, and by h_1
  // U·d_2 = 3 = d_1. dW = 1·2 + 3·1 = 5, dU = 1·3 + 3·0, db = 1 + 3, dx = W·d = 6 2, dh_0 = U·d_1 = 9.
  LayerRun<float> run(SimpleRNN(1, {.activation = Activation::linear}), {2, 1});
  run.parameter("kernel")[0] = 2;
  run.parameter("recurrent_kernel")[0] = 3;
  run.parameter("bias")[0] = 1;
  CHECK(run.forward(std::vector<float>{1, 2})[0] == 14);
  CHECK(run.state()[0] == 14);
  const auto dx = run.backward(std::vector<float>{1});
  CHECK(reference::copy_of(dx) == std::vector<float>{6, 2});
  CHECK(run.gradient("kernel")[0] == 5);
  CHECK(run.gradient("recurrent_kernel")[0] == 3);
  CHECK(run.gradient("bias")[0] == 4);
  CHECK(run.state_gradient()[0] == 9);

  // tanh, from h_0 = 1/2 without inputs: h_1 = tanh(U/2), h_2 = tanh(U·h_1), all outputs.
  LayerRun<double> bare(SimpleRNN(1, {.use_bias = false, .return_sequences = true}), {2, 1});
  bare.parameter("recurrent_kernel")[0] = 2;
  bare.state()[0] = 0.5;
  const auto y = bare.forward(std::vector<double>{0, 0});
  CHECK_THAT(y[0], WithinAbs(std::tanh(1.0), 1e-15));
  CHECK_THAT(y[1], WithinAbs(std::tanh(2 * std::tanh(1.0)), 1e-15));
}

TEST_CASE("SimpleRNN agrees with PyTorch, values and all gradients", "[layers][simple_rnn]") {
  namespace f = fixtures::recurrent;
  reference::check_fixture_everywhere<SimpleRNN>(3, {}, RECURRENT_FIXTURE(f::rnn_last));
  reference::check_fixture_everywhere<SimpleRNN>(3, {.return_sequences = true}, RECURRENT_FIXTURE(f::rnn_sequences));
  reference::check_fixture_everywhere<SimpleRNN>(17, {.return_sequences = true}, RECURRENT_FIXTURE(f::rnn_wide));
  reference::check_fixture_everywhere<SimpleRNN>(5, {.activation = Activation::relu, .return_sequences = true},
                                                 RECURRENT_FIXTURE(f::rnn_relu));
}

TEST_CASE("SimpleRNN's gradients agree with central differences", "[layers][simple_rnn]") {
  reference::check_all_central_differences<SimpleRNN>({});
  reference::check_central_differences_by_size<SimpleRNN>({});
  for (const Activation activation :
       {Activation::linear, Activation::relu, Activation::sigmoid, Activation::hard_sigmoid}) {
    for (const bool use_bias : {true, false}) {
      reference::check_central_differences(SimpleRNN(3, {.activation = activation, .use_bias = use_bias}), {4, 2}, {});
    }
  }
}

TEST_CASE("SimpleRNN's gradients agree with central differences for 33 units", "[.exhaustive][simple_rnn]") {
  reference::check_central_differences(SimpleRNN(33, {.return_sequences = true}), {3, 2},
                                       {.mask = {1, 1, 1, 0, 1, 1, 1, 0, 0}});
}

TEMPLATE_TEST_CASE("SimpleRNN gives the same by every path", "[layers][simple_rnn]", float, double) {
  reference::check_all_paths<TestType, SimpleRNN>({});
  reference::check_paths<TestType, SimpleRNN>(11, {.activation = Activation::sigmoid, .use_bias = false}, 5, 4, 3);
}

TEMPLATE_TEST_CASE("SimpleRNN leaves masked steps out", "[layers][simple_rnn]", float, double) {
  reference::check_masks<TestType, SimpleRNN>({});
}

TEMPLATE_TEST_CASE("SimpleRNN goes backwards as it goes forwards over the reversed input", "[layers][simple_rnn]",
                   float, double) {
  reference::check_reversal<TestType, SimpleRNN>({});
}

TEMPLATE_TEST_CASE("SimpleRNN gives a sequence in pieces what it gives the whole", "[layers][simple_rnn]", float,
                   double) {
  reference::check_cut<TestType, SimpleRNN>({});
}

TEST_CASE("SimpleRNN drops the same inputs and states at every step and keeps the mean", "[layers][simple_rnn]") {
  constexpr std::size_t B = 100, n = 20;
  constexpr double rate = 0.3;
  // h_1 = m ⊙ x for x = 1 by a kernel of ones on the diagonal; the same again at step 2 without a recurrent kernel.
  LayerRun<double> inputs(SimpleRNN(n, {.activation = Activation::linear,
                                        .recurrent_initializer = zeros(),
                                        .dropout = rate,
                                        .return_sequences = true}),
                          {2, n}, {.batch = B, .seed = 5});
  for (std::size_t i = 0; i < n * n; ++i) inputs.parameter("kernel")[i] = i % (n + 1) == 0;
  const std::vector<double> y = reference::copy_of(inputs.forward(std::vector<double>(B * 2 * n, 1.0)));
  const std::vector<double> m = reference::steps_of(y, B, 2, 0, 1);
  reference::check_factors(m, rate);
  CHECK(reference::steps_of(y, B, 2, 1, 2) == m);

  // h_1 = r ⊙ h_0 for h_0 = 1, and h_2 = r ⊙ r.
  LayerRun<double> states(SimpleRNN(n, {.activation = Activation::linear,
                                        .kernel_initializer = zeros(),
                                        .recurrent_dropout = rate,
                                        .return_sequences = true}),
                          {2, 1}, {.batch = B, .seed = 5});
  for (std::size_t i = 0; i < n * n; ++i) states.parameter("recurrent_kernel")[i] = i % (n + 1) == 0;
  std::fill(states.state().begin(), states.state().end(), 1.0);
  const std::vector<double> z = reference::copy_of(states.forward(std::vector<double>(B * 2, 1.0)));
  const std::vector<double> r = reference::steps_of(z, B, 2, 0, 1);
  std::vector<double> squares;
  for (const double v : r) squares.push_back(v * v);
  reference::check_factors(r, rate);
  CHECK(reference::relative_distance(reference::steps_of(z, B, 2, 1, 2), squares) < 1e-15);
}

TEMPLATE_TEST_CASE("SimpleRNN gives a sequence one step at a time what it gives the whole", "[layers][simple_rnn]",
                   float, double) {
  reference::check_steps<TestType, SimpleRNN>({});
  reference::check_steps<TestType, SimpleRNN>({.activation = Activation::relu, .use_bias = false});
}

TEMPLATE_TEST_CASE("SimpleRNN gives the same in tiles of any size", "[layers][simple_rnn]", float, double) {
  reference::check_tiles<TestType, SimpleRNN>({});
}

TEST_CASE("SimpleRNN's dropout depends on seed, step and sample, and is off in prediction", "[layers][simple_rnn]") {
  reference::check_dropout_keys<SimpleRNN>({});
}

TEST_CASE("SimpleRNN says its shapes, states, masks and path", "[layers][simple_rnn]") {
  const SimpleRNNLayer<float> last(SimpleRNN(7));
  CHECK(last.output_shape({5, 3}) == Shape{7});
  CHECK(last.output_shape({kAnyLength, 3}) == Shape{7});
  CHECK(last.mask_use() == MaskUse::ends);
  CHECK(last.state_size({5, 3}) == 7);
  CHECK(last.steps_alone());
  CHECK_FALSE(last.stateful());
  CHECK_FALSE(last.returns_state());
  const SimpleRNNLayer<float> all(SimpleRNN(7, {.return_sequences = true, .stateful = true}));
  CHECK(all.output_shape({5, 3}) == Shape{5, 7});
  CHECK(all.output_shape({kAnyLength, 3}) == Shape{kAnyLength, 7});
  CHECK(all.mask_use() == MaskUse::keeps);
  CHECK(all.stateful());
  const SimpleRNNLayer<float> back(
      SimpleRNN(7, {.return_sequences = true, .return_state = true, .go_backwards = true}));
  CHECK(back.mask_use() == MaskUse::changes);
  CHECK(back.returns_state());
  CHECK_FALSE(back.steps_alone());
  CHECK(LayerRun<float>(SimpleRNN(7), {5, 3}).layer().remark() ==
        "stacked products, since the weights stay in the cache");
  CHECK(LayerRun<float>(SimpleRNN(7, {.path = RecurrentPath::fused}), {5, 3}).layer().remark() ==
        "fused products, as asked");
}

TEST_CASE("SimpleRNN declares its parameters, and starts as Keras does", "[layers][simple_rnn]") {
  LayerRun<double> run(SimpleRNN(10, {.kernel_regularizer = L2(0.1), .name = "rnn_1"}), {5, 30});
  const auto& infos = run.layout().infos();
  REQUIRE(infos.size() == 3);
  CHECK(infos[0].name == "rnn_1/kernel");
  CHECK(infos[0].shape == Shape{30, 10});
  CHECK(infos[0].regularizer == L2(0.1));
  CHECK(infos[1].name == "rnn_1/recurrent_kernel");
  CHECK(infos[1].shape == Shape{10, 10});
  CHECK(infos[1].regularizer.none());
  CHECK(infos[2].name == "rnn_1/bias");
  CHECK(infos[2].shape == Shape{10});
  CHECK(run.layout().count(true) == 300 + 100 + 10);
  // Glorot with 30 inputs and 10 outputs: uniform in ±√(6 / 40) = ±0.3873.
  const auto kernel = run.parameter("kernel");
  CHECK(*std::max_element(kernel.begin(), kernel.end()) <= 0.3873);
  CHECK(*std::max_element(kernel.begin(), kernel.end()) > 0.37);
  reference::check_orthonormal(run.parameter("recurrent_kernel"), 10, 10);
  for (const double v : run.parameter("bias")) CHECK(v == 0);
  CHECK(LayerRun<float>(SimpleRNN(4, {.use_bias = false}), {5, 3}).layout().infos().size() == 2);
}

TEST_CASE("SimpleRNN refuses inputs that do not fit", "[layers][simple_rnn]") {
  SimpleRNNLayer<float> layer(SimpleRNN(4, {.name = "rnn_1"}));
  CHECK_THROWS_MATCHES(layer.output_shape({10}), ShapeError,
                       Message("SimpleRNN \"rnn_1\": input must be (batch, time, features), got (batch, 10); the layer "
                               "before it must return sequences (return_sequences = true)"));
  CHECK_THROWS_MATCHES(layer.output_shape({10, kAnyLength}), ShapeError,
                       Message("SimpleRNN \"rnn_1\": input must be (batch, time, features), got (batch, 10, any); the "
                               "last axis is the number of features and must be fixed"));
  CHECK_THROWS_MATCHES(layer.output_shape({0, 3}), ShapeError,
                       Message("SimpleRNN \"rnn_1\": no axis of the input may be empty, got (batch, 0, 3)"));
  ParameterLayout parameters;
  layer.build({kAnyLength, 14}, parameters);
  CHECK_THROWS_MATCHES(layer.output_shape({20, 15}), ShapeError,
                       Message("SimpleRNN \"rnn_1\": input must be (batch, time, 14), got (batch, 20, 15); the last "
                               "axis is the number of features and must be fixed"));
}

TEST_CASE("SimpleRNN refuses options that make no sense", "[layers][simple_rnn]") {
  CHECK_THROWS_MATCHES(SimpleRNN(0), OptionError, Message("SimpleRNN: units must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(SimpleRNN(3, {.dropout = 1}), OptionError,
                       Message("SimpleRNN: dropout must be in [0, 1), got 1"));
  CHECK_THROWS_MATCHES(SimpleRNN(3, {.recurrent_dropout = -0.5, .name = "r"}), OptionError,
                       Message("SimpleRNN \"r\": recurrent_dropout must be in [0, 1), got -0.5"));
  CHECK_THROWS_AS(SimpleRNN(3, {.dropout = std::numeric_limits<double>::quiet_NaN()}), OptionError);
  CHECK_THROWS_MATCHES(SimpleRNN(3, {.activation = Activation::softmax}), OptionError,
                       Message("SimpleRNN: activation must be elementwise, got softmax"));
}

TEST_CASE("SimpleRNN is a value that prints as written", "[layers][simple_rnn]") {
  CHECK(SimpleRNN(8).to_string() == "SimpleRNN(8)");
  CHECK(SimpleRNN(8, {.activation = Activation::relu, .use_bias = false, .recurrent_dropout = 0.25, .name = "r"})
            .to_string() ==
        "SimpleRNN(8, {.activation = Activation::relu, .use_bias = false, .recurrent_dropout = 0.25, .name = \"r\"})");
  CHECK(SimpleRNN(8).reversed().to_string() == "SimpleRNN(8, {.go_backwards = true})");
  CHECK(SimpleRNN(8) == SimpleRNN(8));
  CHECK_FALSE(SimpleRNN(8) == SimpleRNN(9));
  CHECK_FALSE(SimpleRNN(8) == SimpleRNN(8, {.stateful = true}));
}

TEST_CASE("SimpleRNN allocates nothing in steady state", "[layers][simple_rnn]") {
  reference::check_no_allocations<SimpleRNN>({});
}
