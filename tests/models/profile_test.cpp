#include "seqnn/models/profile.hpp"

#include "seqnn/layers/flatten.hpp"
#include "seqnn/layers/lstm.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"

#include <sstream>
#include <string>
#include <vector>

using namespace seqnn;

namespace {

double now = 0;

/// A millisecond later with every look: each call of a layer takes one.
double ticking_clock() { return now += 1e-3; }

}  // namespace

TEST_CASE("A profile adds up the calls of each layer", "[models][profile]") {
  Sequential<float> model({Embedding(kWords, 4), Conv1D(5, 3), Flatten(), Dense(1)});
  model.compile(SGD(), BinaryCrossentropy({.from_logits = true}));
  model.build({kTime});
  const Reviews reviews(40);
  const std::vector<float> before = all_weights(model);
  now = 0;
  const Profile result = profile(model, reviews.x, reviews.y, {.steps = 4, .clock = &ticking_clock});
  CHECK(all_weights(model) == before);
  REQUIRE(result.layers.size() == 4);
  CHECK(result.batch_size == 32);
  CHECK(result.steps == 4);
  // One pass of all 32 samples: prepare and forward, backward and finish.
  REQUIRE(result.tile == 32);
  for (const LayerProfile& layer : result.layers) {
    const bool through = layer.name == "flatten (Flatten)";  // which computes nothing
    CHECK(layer.forward == Approx(through ? 0 : 2e-3));
    CHECK(layer.backward == Approx(through ? 0 : 2e-3));
    CHECK((layer.bytes == 0) == through);
  }
  // A step has 12 calls with two looks each, and there is a last one at the end: so many milliseconds pass.
  CHECK(result.seconds() == Approx((4 * 24 + 1) * 1e-3 / 4));
  CHECK(result.rest == Approx(result.seconds() - 12e-3));
  CHECK(result.layers[1].name == "conv1d (Conv1D)");
  CHECK(result.layers[1].output_shape == Shape{12, 5});
  CHECK(result.layers[1].parameters == 65);
  CHECK(result.layers[1].bytes >= 32 * 12 * 5 * sizeof(float));  // at least its output
}

TEST_CASE("A profile is printed as a table", "[models][profile]") {
  Profile result;
  result.layers = {{"conv1d (Conv1D)", {494, 32}, 28'704, 1e-3, 2e-3, 2 << 20},
                   {"dense (Dense)", {1}, 33, 0.25e-3, 0.25e-3, 512}};
  result.rest = 0.5e-3;
  result.batch_size = 128;
  result.tile = 4;
  result.steps = 10;
  std::ostringstream out;
  out << result;
  CHECK(out.str() ==
        "A step of 128 samples on one thread, in tiles of 4: 4.000 ms, mean of 10\n"
        "--------------------------------------------------------------------------------------------------\n"
        "Layer (type)       Output Shape       Param #    Forward   Backward       Time     Share    Memory\n"
        "==================================================================================================\n"
        "conv1d (Conv1D)    (batch, 494, 32)    28,704   1.000 ms   2.000 ms   3.000 ms    75.0 %   2.00 MB\n"
        "dense (Dense)      (batch, 1)              33   0.250 ms   0.250 ms   0.500 ms    12.5 %     512 B\n"
        "samples and loss                                                      0.500 ms    12.5 %          \n"
        "total                                  28,737   1.250 ms   2.250 ms   4.000 ms   100.0 %   2.00 MB\n"
        "--------------------------------------------------------------------------------------------------\n");
}

TEST_CASE("A profile takes the samples there are, and leaves states alone", "[models][profile]") {
  const Tensor<float, 3> x = xt::ones<float>({2, 3, 1});
  const Tensor<float, 2> y = xt::zeros<float>({2, 1});
  std::vector<std::vector<float>> second;
  for (const bool profiled : {false, true}) {
    Sequential<float> model({LSTM(2, {.stateful = true}), Dense(1)});
    model.compile(SGD(), MeanSquaredError());
    model.build({3, 1});
    model.predict(x);
    if (profiled) CHECK(profile(model, x, y, {.steps = 1}).batch_size == 2);
    const Tensor<float, 2> outputs = model.predict(x);
    second.emplace_back(outputs.begin(), outputs.end());
  }
  CHECK(second[0] == second[1]);
}

TEST_CASE("A profile needs a compiled model and samples", "[models][profile]") {
  auto model = line();
  const Tensor<float, 2> x = xt::ones<float>({4, 1});
  CHECK_THROWS_AS(profile(model, x, x, {.steps = 0}), OptionError);
  CHECK_THROWS_WITH(profile(model, x, x, {.steps = 0}), "profile: steps must be at least 1, got 0");
  CHECK_THROWS_WITH(profile(model, x, x, {.batch_size = 0}), "profile: batch_size must be at least 1, got 0");
  Sequential<float> raw({Dense(1)});
  CHECK_THROWS_AS(profile(raw, x, x), StateError);
  raw.build({1});
  CHECK_THROWS_WITH(profile(raw, x, x),
                    "Sequential: loss must come after compile; compile(optimizer, loss, metrics) first");
}
