#pragma once

#include "seqnn/layers/recurrent.hpp"
#include "seqnn/models/network.hpp"
#include "seqnn/models/states.hpp"
#include "seqnn/models/workspace.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

// What a recurrent layer gives, whatever its cell, and what that is compared with: other ways to the same result.
namespace reference {

using seqnn::RecurrentPath;

inline constexpr RecurrentPath kPaths[] = {RecurrentPath::unfused, RecurrentPath::fused, RecurrentPath::hoisted,
                                           RecurrentPath::stacked, RecurrentPath::automatic};

template <class Recipe>
using OptionsOf = std::remove_cvref_t<decltype(std::declval<const Recipe&>().options())>;

/// Largest relative error between two orders of the same additions.
template <class Real>
inline constexpr double kRounding = sizeof(Real) == 4 ? 1e-5 : 1e-12;

/// What goes into a layer, forward and back.
template <class Real>
struct Given {
  std::size_t batch = 1;
  std::size_t T = 1;
  std::size_t D = 1;
  std::vector<Real> x = {};
  std::vector<Real> dy = {};
  std::vector<std::uint8_t> mask = {};
  std::vector<Real> state = {};   // before the first step
  std::vector<Real> dstate = {};  // gradient by the last
  std::size_t first_sample = 0;
};

/// What comes out.
template <class Real>
struct Outcome {
  std::vector<Real> y;
  std::vector<Real> state;
  std::vector<Real> dx;
  std::vector<Real> dstate;
  std::vector<std::vector<Real>> gradients;
};

template <class T>
std::vector<std::remove_const_t<T>> copy_of(std::span<T> values) {
  return {values.begin(), values.end()};
}

/// Random inputs and gradients from above.
template <class Real, class Recipe>
Given<Real> random_given(const Recipe& recipe, std::size_t batch, std::size_t T, std::size_t D,
                         std::vector<std::uint8_t> mask = {}, bool with_state = true) {
  const seqnn::LayerRecipe<Real> layer = recipe;
  const std::size_t state = batch * layer.make()->state_size({T, D});
  const std::size_t steps = recipe.options().return_sequences ? T : 1;
  return {.batch = batch,
          .T = T,
          .D = D,
          .x = normal_values<Real>(batch * T * D, 1),
          .dy = normal_values<Real>(batch * steps * recipe.units(), 2),
          .mask = std::move(mask),
          .state = with_state ? normal_values<Real>(state, 3) : std::vector<Real>(state),
          .dstate = with_state ? normal_values<Real>(state, 4) : std::vector<Real>(state)};
}

/// First values of the parameters with some noise, since biases that are 0 would hide mistakes, and made smaller, so
/// that rounding does not grow from step to step; the same for layers with equal units and features.
template <class Real>
void move_parameters(seqnn::LayerRun<Real>& run) {
  std::uint32_t stream = 20;
  for (const auto& info : run.layout().infos()) {
    const std::vector<double> noise = normal_values<double>(info.size(), stream++);
    const std::span<Real> values = run.parameter(info.name);
    for (std::size_t i = 0; i < noise.size(); ++i)
      values[i] = static_cast<Real>(0.6 * (static_cast<double>(values[i]) + 0.2 * noise[i]));
  }
}

template <class Real, class Recipe>
Outcome<Real> outcome(const Recipe& recipe, const Given<Real>& g) {
  seqnn::LayerRun<Real> run(recipe, {g.T, g.D},
                            {.batch = g.batch, .seed = 3, .first_sample = g.first_sample, .poison = true});
  move_parameters(run);
  run.set_mask(g.mask);
  Outcome<Real> result;
  std::copy(g.state.begin(), g.state.end(), run.state().begin());
  result.y = copy_of(run.forward(g.x));
  result.state = copy_of(run.state());
  std::copy(g.dstate.begin(), g.dstate.end(), run.state_gradient().begin());
  result.dx = copy_of(run.backward(g.dy));
  result.dstate = copy_of(run.state_gradient());
  for (const auto& info : run.layout().infos()) result.gradients.push_back(copy_of(run.gradient(info.name)));
  return result;
}

/// y and the last state without training.
template <class Real, class Recipe>
Outcome<Real> prediction(const Recipe& recipe, const Given<Real>& g) {
  seqnn::LayerRun<Real> run(recipe, {g.T, g.D}, {.batch = g.batch, .training = false, .seed = 3, .poison = true});
  move_parameters(run);
  run.set_mask(g.mask);
  std::copy(g.state.begin(), g.state.end(), run.state().begin());
  Outcome<Real> result;
  result.y = copy_of(run.forward(g.x));
  result.state = copy_of(run.state());
  return result;
}

/// Largest difference of two tensors in terms of the largest value that is expected; infinite if their sizes differ.
template <class Real>
double relative_distance(const std::vector<Real>& got, const std::vector<Real>& expected) {
  if (got.size() != expected.size()) return HUGE_VAL;
  double largest = 0;
  double distance = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    largest = std::max(largest, std::fabs(static_cast<double>(expected[i])));
    const double d = std::fabs(static_cast<double>(got[i]) - static_cast<double>(expected[i]));
    if (!(d <= distance)) distance = std::isnan(d) ? HUGE_VAL : d;
  }
  return distance == 0 ? 0 : distance / largest;
}

/// Which of two outcomes' tensors differ, and by how much; empty if none by more than the tolerance.
template <class Real>
std::string differences(const Outcome<Real>& got, const Outcome<Real>& expected, double tolerance = kRounding<Real>) {
  std::string result;
  const auto compare = [&](const std::string& name, const std::vector<Real>& a, const std::vector<Real>& b) {
    const double distance = relative_distance(a, b);
    if (!(distance <= tolerance)) result += seqnn::text(result.empty() ? "" : ", ", name, " by ", distance);
  };
  compare("y", got.y, expected.y);
  compare("state", got.state, expected.state);
  compare("dx", got.dx, expected.dx);
  compare("dstate", got.dstate, expected.dstate);
  if (got.gradients.size() != expected.gradients.size()) return "other parameters";
  for (std::size_t i = 0; i < got.gradients.size(); ++i) {
    compare(seqnn::text("gradient ", i), got.gradients[i], expected.gradients[i]);
  }
  return result;
}

/// Steps of all kinds of rows: all there, missing in front, at the end, on both sides, in the middle; none at all.
inline std::vector<std::uint8_t> every_mask() {
  return {1, 1, 1, 1, 1, 1,   //
          0, 0, 1, 1, 1, 1,   //
          1, 1, 1, 0, 0, 0,   //
          0, 1, 1, 1, 0, 0,   //
          1, 0, 1, 1, 0, 1,   //
          0, 0, 0, 0, 0, 0,   //
          0, 0, 0, 0, 0, 1};  //
}

/// What a masked batch must give, from running every row alone with its masked steps left out: a masked step repeats
/// the output before it (or is zero), and a row without steps gives zero and hands on its state.
template <class Real, class Recipe>
Outcome<Real> without_masked_steps(const Recipe& recipe, const Given<Real>& g) {
  const auto& o = recipe.options();
  const std::size_t H = recipe.units();
  const std::size_t S = g.state.size() / g.batch;
  const std::size_t ny = g.dy.size() / g.batch;
  Outcome<Real> all;
  all.y.resize(g.dy.size());
  all.dx.resize(g.x.size());
  for (std::size_t b = 0; b < g.batch; ++b) {
    std::vector<std::size_t> times;    // that count, as the input has them
    std::vector<std::size_t> repeats;  // for every step, as the output has them: the last one that counted, from 1
    std::size_t count = 0;
    for (std::size_t s = 0; s < g.T; ++s) {
      if (g.mask[b * g.T + s] != 0) times.push_back(s);
      const bool counts = g.mask[b * g.T + (o.go_backwards ? g.T - 1 - s : s)] != 0;
      if (counts) ++count;
      repeats.push_back(counts || !o.zero_output_for_mask ? count : 0);
    }
    const Real* state = g.state.data() + b * S;
    const Real* dstate = g.dstate.data() + b * S;
    if (count == 0) {
      all.state.insert(all.state.end(), state, state + S);
      all.dstate.insert(all.dstate.end(), dstate, dstate + S);
      continue;
    }
    Given<Real> one{.batch = 1, .T = count, .D = g.D, .first_sample = b};
    for (const std::size_t t : times) {
      const Real* x = g.x.data() + (b * g.T + t) * g.D;
      one.x.insert(one.x.end(), x, x + g.D);
    }
    one.state.assign(state, state + S);
    one.dstate.assign(dstate, dstate + S);
    const Real* dy = g.dy.data() + b * ny;
    one.dy.assign(dy, dy + H);
    if (o.return_sequences) {
      one.dy.assign(count * H, Real{0});
      for (std::size_t s = 0; s < g.T; ++s) {
        for (std::size_t u = 0; u < H && repeats[s] > 0; ++u) one.dy[(repeats[s] - 1) * H + u] += dy[s * H + u];
      }
    }
    const Outcome<Real> result = outcome(recipe, one);
    Real* y = all.y.data() + b * ny;
    if (!o.return_sequences) std::copy(result.y.begin(), result.y.end(), y);
    for (std::size_t s = 0; s < g.T && o.return_sequences; ++s) {
      if (repeats[s] > 0) std::copy_n(result.y.data() + (repeats[s] - 1) * H, H, y + s * H);
    }
    for (std::size_t i = 0; i < count; ++i) {
      std::copy_n(result.dx.data() + i * g.D, g.D, all.dx.data() + (b * g.T + times[i]) * g.D);
    }
    all.state.insert(all.state.end(), result.state.begin(), result.state.end());
    all.dstate.insert(all.dstate.end(), result.dstate.begin(), result.dstate.end());
    all.gradients.resize(result.gradients.size());
    for (std::size_t p = 0; p < result.gradients.size(); ++p) {
      all.gradients[p].resize(result.gradients[p].size());
      for (std::size_t i = 0; i < result.gradients[p].size(); ++i) all.gradients[p][i] += result.gradients[p][i];
    }
  }
  return all;
}

/// Rows of a tensor [batch, T, …] in the other order of time.
template <class T>
std::vector<T> reversed_time(const std::vector<T>& values, std::size_t batch, std::size_t steps) {
  const std::size_t n = values.size() / (batch * steps);
  std::vector<T> result(values.size());
  for (std::size_t b = 0; b < batch; ++b) {
    for (std::size_t t = 0; t < steps; ++t) {
      std::copy_n(values.data() + (b * steps + t) * n, n, result.data() + (b * steps + steps - 1 - t) * n);
    }
  }
  return result;
}

/// Steps [from, to) of a tensor [batch, T, …].
template <class T>
std::vector<T> steps_of(const std::vector<T>& values, std::size_t batch, std::size_t steps, std::size_t from,
                        std::size_t to) {
  const std::size_t n = values.size() / (batch * steps);
  std::vector<T> result;
  for (std::size_t b = 0; b < batch; ++b) {
    const T* row = values.data() + b * steps * n;
    result.insert(result.end(), row + from * n, row + to * n);
  }
  return result;
}

// The checks that every recurrent layer must pass.

template <class Recipe>
void check_central_differences(const Recipe& recipe, const seqnn::Shape& input,
                               const seqnn::CheckGradientsOptions& options) {
  const seqnn::GradientReport report = seqnn::check_gradients(recipe, input, options);
  INFO(recipe.to_string() << '\n' << report.to_string());
  CHECK(report.passed());
}

/// Gradients and states with few units: every path with every dropout, and each of both with every order of time and
/// kind of output.
template <class Recipe>
void check_all_central_differences(OptionsOf<Recipe> options) {
  const std::vector<std::uint8_t> masks[] = {
      {1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0}, {1, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 0}, {}};
  const std::pair<double, double> rates[] = {{0.0, 0.0}, {0.3, 0.0}, {0.0, 0.4}, {0.3, 0.4}};
  std::size_t turn = 0;
  for (std::size_t p = 0; p < std::size(kPaths); ++p) {
    for (std::size_t d = 0; d < std::size(rates); ++d) {
      for (const std::size_t other : {0U, 3U}) {
        const std::size_t kind = (2 * p + d + other) % 6;
        options.path = kPaths[p];
        options.dropout = rates[d].first;
        options.recurrent_dropout = rates[d].second;
        options.go_backwards = kind % 2 == 1;
        options.return_sequences = kind / 2 > 0;
        options.zero_output_for_mask = kind / 2 == 2;
        const std::size_t choices = options.zero_output_for_mask ? 2 : 3;
        check_central_differences(Recipe(3, options), {4, 2}, {.mask = masks[turn++ % choices]});
      }
    }
  }
}

/// Likewise for whole and broken registers of units, one step, and one feature.
template <class Recipe>
void check_central_differences_by_size(OptionsOf<Recipe> options) {
  options.return_sequences = true;
  for (const RecurrentPath path : kPaths) {
    options.path = path;
    check_central_differences(Recipe(2, options), {1, 1}, {.batch = 2});
    OptionsOf<Recipe> dropping = options;
    dropping.dropout = dropping.recurrent_dropout = 0.5;
    check_central_differences(Recipe(2, dropping), {1, 5}, {.batch = 2, .mask = {1, 0}});
  }
  options.path = RecurrentPath::automatic;
  check_central_differences(Recipe(9, options), {2, 1}, {.batch = 1});
  check_central_differences(Recipe(16, options), {2, 1}, {.batch = 1});
}

/// All paths give what the plainest gives, training and predicting.
template <class Real, class Recipe>
void check_paths(std::size_t units, OptionsOf<Recipe> options, std::size_t batch, std::size_t T, std::size_t D,
                 const std::vector<std::uint8_t>& mask = {}) {
  options.path = RecurrentPath::unfused;
  options.recurrent_initializer = seqnn::random_uniform(-0.3, 0.3);  // sooner drawn than the standard
  const Given<Real> g = random_given<Real>(Recipe(units, options), batch, T, D, mask);
  const Outcome<Real> expected = outcome(Recipe(units, options), g);
  const bool drops = options.dropout > 0 || options.recurrent_dropout > 0;
  for (const RecurrentPath path : kPaths) {
    options.path = path;
    const Recipe recipe(units, options);
    CAPTURE(recipe.to_string(), batch, T, D);
    if (path != RecurrentPath::unfused) CHECK(differences(outcome(recipe, g), expected) == "");
    if (drops || batch > 100) continue;  // predictions are compared in smaller batches, to save time
    const Outcome<Real> predicted = prediction(recipe, g);
    CHECK(relative_distance(predicted.y, expected.y) <= kRounding<Real>);
    CHECK(relative_distance(predicted.state, expected.state) <= kRounding<Real>);
  }
}

/// Predictions over more steps than have room for their products with the input.
template <class Real, class Recipe>
void check_hoisted_prediction(OptionsOf<Recipe> options) {
  constexpr std::size_t gates = requires(OptionsOf<Recipe> o) { o.recurrent_activation; }
  ? 4 : 1;
  constexpr std::size_t T = (sizeof(Real) == 4 ? 220 : 110) / gates;
  options.recurrent_initializer = seqnn::random_uniform(-0.3, 0.3);
  options.path = RecurrentPath::unfused;
  const Given<Real> g = random_given<Real>(Recipe(40, options), 17, T, 1);
  const Outcome<Real> expected = prediction(Recipe(40, options), g);
  options.path = RecurrentPath::hoisted;
  const Outcome<Real> got = prediction(Recipe(40, options), g);
  CHECK(relative_distance(got.y, expected.y) <= kRounding<Real>);
  CHECK(relative_distance(got.state, expected.state) <= kRounding<Real>);
}

template <class Real, class Recipe>
void check_all_paths(OptionsOf<Recipe> options) {
  // Batches beyond a block of rows, with an incomplete last one.
  for (const std::size_t D : Sizes{1, 40}) check_paths<Real, Recipe>(40, options, 150, 3, D);
  check_hoisted_prediction<Real, Recipe>(options);
  for (const bool sequences : {false, true}) {
    for (const bool backwards : {false, true}) {
      options.return_sequences = sequences;
      options.go_backwards = backwards;
      for (const std::size_t units : Sizes{1, 19}) check_paths<Real, Recipe>(units, options, 7, 6, 3, every_mask());
      OptionsOf<Recipe> dropping = options;
      dropping.dropout = 0.3;
      check_paths<Real, Recipe>(5, dropping, 18, 4, 3);
      dropping.recurrent_dropout = 0.4;
      check_paths<Real, Recipe>(5, dropping, 7, 6, 3, every_mask());
    }
  }
}

/// Outputs, states and gradients under masks are those of the rows alone without their masked steps.
template <class Real, class Recipe>
void check_masks(OptionsOf<Recipe> options) {
  for (const RecurrentPath path : kPaths) {
    for (const double dropout : {0.0, 0.3}) {
      for (const bool backwards : {false, true}) {
        for (const int outputs : {0, 1, 2}) {
          options.path = path;
          options.dropout = options.recurrent_dropout = dropout;
          options.go_backwards = backwards;
          options.return_sequences = outputs > 0;
          options.zero_output_for_mask = outputs == 2;
          const Recipe recipe(5, options);
          CAPTURE(recipe.to_string());
          for (const bool with_state : {false, true}) {
            const Given<Real> g = random_given<Real>(recipe, 7, 6, 3, every_mask(), with_state);
            const Outcome<Real> expected = without_masked_steps(recipe, g);
            CHECK(differences(outcome(recipe, g), expected) == "");
            if (dropout > 0) continue;
            const Outcome<Real> predicted = prediction(recipe, g);
            CHECK(relative_distance(predicted.y, expected.y) <= kRounding<Real>);
            CHECK(relative_distance(predicted.state, expected.state) <= kRounding<Real>);
          }
        }
      }
    }
  }
  // More rows than a block, of which the last one has other masks than the first.
  std::vector<std::uint8_t> many;
  for (int i = 0; i < 3; ++i) {
    const std::vector<std::uint8_t> mask = every_mask();
    many.insert(many.end(), mask.begin(), mask.end());
  }
  options.path = RecurrentPath::automatic;
  options.dropout = options.recurrent_dropout = 0;
  options.go_backwards = options.zero_output_for_mask = false;
  options.return_sequences = true;
  const Recipe recipe(5, options);
  const Given<Real> g = random_given<Real>(recipe, 21, 6, 3, many);
  const Outcome<Real> expected = without_masked_steps(recipe, g);
  CHECK(differences(outcome(recipe, g), expected) == "");
  CHECK(relative_distance(prediction(recipe, g).y, expected.y) <= kRounding<Real>);
}

/// go_backwards is the layer on the reversed input; what comes out of steps is in the order of the steps.
template <class Real, class Recipe>
void check_reversal(OptionsOf<Recipe> options) {
  for (const RecurrentPath path : kPaths) {
    for (const bool sequences : {false, true}) {
      for (const bool masked : {false, true}) {
        options.path = path;
        options.return_sequences = sequences;
        options.go_backwards = false;
        const Recipe forwards(5, options);
        const Recipe backwards = forwards.reversed();
        REQUIRE(backwards.options().go_backwards);
        REQUIRE(backwards.reversed() == forwards);
        CAPTURE(backwards.to_string(), masked);
        Given<Real> g = random_given<Real>(forwards, 7, 6, 3, masked ? every_mask() : std::vector<std::uint8_t>());
        Outcome<Real> expected = outcome(forwards, g);
        expected.dx = reversed_time(expected.dx, g.batch, g.T);
        g.x = reversed_time(g.x, g.batch, g.T);
        g.mask = reversed_time(g.mask, g.batch, g.T);
        CHECK(differences(outcome(backwards, g), expected, 0) == "");
      }
    }
  }
}

/// A sequence in two pieces, the state of the first handed on to the second, and gradients back.
template <class Real, class Recipe>
void check_cut(OptionsOf<Recipe> options) {
  constexpr std::size_t B = 3, T = 7, D = 4;
  options.return_sequences = true;
  for (const RecurrentPath path : kPaths) {
    for (const std::size_t cut : Sizes{1, 3, 6}) {
      options.path = path;
      const Recipe recipe(5, options);
      REQUIRE(seqnn::LayerRecipe<Real>(recipe).make()->steps_alone());
      CAPTURE(recipe.to_string(), cut);
      const Given<Real> whole = random_given<Real>(recipe, B, T, D);
      const Outcome<Real> expected = outcome(recipe, whole);
      Given<Real> first = whole, second = whole;
      first.T = cut;
      first.x = steps_of(whole.x, B, T, 0, cut);
      first.dy = steps_of(whole.dy, B, T, 0, cut);
      second.T = T - cut;
      second.x = steps_of(whole.x, B, T, cut, T);
      second.dy = steps_of(whole.dy, B, T, cut, T);
      second.state = outcome(recipe, first).state;
      const Outcome<Real> end = outcome(recipe, second);
      first.dstate = end.dstate;
      const Outcome<Real> begin = outcome(recipe, first);
      CHECK(relative_distance(begin.y, steps_of(expected.y, B, T, 0, cut)) <= kRounding<Real>);
      CHECK(relative_distance(end.y, steps_of(expected.y, B, T, cut, T)) <= kRounding<Real>);
      CHECK(relative_distance(begin.dx, steps_of(expected.dx, B, T, 0, cut)) <= kRounding<Real>);
      CHECK(relative_distance(end.dx, steps_of(expected.dx, B, T, cut, T)) <= kRounding<Real>);
      CHECK(relative_distance(end.state, expected.state) <= kRounding<Real>);
      CHECK(relative_distance(begin.dstate, expected.dstate) <= kRounding<Real>);
      for (std::size_t p = 0; p < expected.gradients.size(); ++p) {
        std::vector<Real> sum = begin.gradients[p];
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += end.gradients[p][i];
        CHECK(relative_distance(sum, expected.gradients[p]) <= kRounding<Real>);
      }
    }
  }
}

/// A network of one recurrent layer whose biases are not 0.
template <class Real, class Recipe>
seqnn::Network<Real> network_of(const Recipe& recipe, std::size_t D) {
  seqnn::Network<Real> network({recipe}, {seqnn::kAnyLength, D}, 3);
  for (const auto& info : network.layout().infos()) {
    const std::vector<Real> noise = normal_values<Real>(info.size(), 30);
    for (std::size_t i = 0; i < noise.size(); ++i) network.parameters()[info.offset + i] += Real(0.1) * noise[i];
  }
  return network;
}

/// Single steps, which may go a shorter way, give what the sequence gives.
template <class Real, class Recipe>
void check_steps(OptionsOf<Recipe> options) {
  constexpr std::size_t T = 4, D = 3;
  options.return_sequences = true;
  options.recurrent_initializer = seqnn::random_uniform(-0.2, 0.2);  // sooner drawn than the standard
  for (const RecurrentPath path : kPaths) {
    for (const std::size_t units : Sizes{1, 5, 33, 70}) {
      options.path = path;
      const Recipe recipe(units, options);
      CAPTURE(recipe.to_string(), D);
      const auto network = network_of<Real>(recipe, D);
      const std::vector<Real> x = normal_values<Real>(T * D, 1);
      seqnn::Workspace<Real> whole(network, {T, D}, 1, false);
      whole.begin(network.parameters().data(), nullptr, 0, 0);
      const Real* y = whole.forward(1, x.data(), nullptr, 0);
      seqnn::States<Real> states(network, {1, D}, 1, seqnn::Continues::all);
      seqnn::Workspace<Real> steps(network, {1, D}, 1, false, &states);
      steps.begin(network.parameters().data(), nullptr, 0, 0);
      std::vector<Real> got;
      for (std::size_t t = 0; t < T; ++t) {
        const Real* one = steps.step(x.data() + t * D, nullptr);
        got.insert(got.end(), one, one + units);
      }
      CHECK(relative_distance(got, std::vector<Real>(y, y + T * units)) <= kRounding<Real>);
    }
  }
}

/// Outputs and gradients do not depend on the tiles, of which the last may be smaller than planned, nor on the blocks
/// of rows in them.
template <class Real, class Recipe>
void check_tiles(OptionsOf<Recipe> options) {
  constexpr std::size_t B = 23, T = 3, D = 4, units = 5;
  for (const RecurrentPath path : kPaths) {
    for (const double dropout : {0.0, 0.3}) {
      options.path = path;
      options.dropout = options.recurrent_dropout = dropout;
      const Recipe recipe(units, options);
      CAPTURE(recipe.to_string());
      const auto network = network_of<Real>(recipe, D);
      const std::vector<Real> x = normal_values<Real>(B * T * D, 1);
      const std::vector<Real> dy = normal_values<Real>(B * units, 2);
      const auto run = [&](std::size_t tile) {
        Outcome<Real> result;
        result.gradients.emplace_back(network.layout().trainable_extent());
        seqnn::Workspace<Real> workspace(network, {T, D}, tile, true);
        workspace.begin(network.parameters().data(), result.gradients[0].data(), 7, 2);
        for (std::size_t first = 0; first < B; first += tile) {
          const std::size_t count = std::min(tile, B - first);
          const Real* y = workspace.forward(count, x.data() + first * T * D, nullptr, first);
          result.y.insert(result.y.end(), y, y + count * units);
          std::copy_n(dy.data() + first * units, count * units, workspace.output_gradient());
          workspace.backward();
        }
        workspace.finish();
        return result;
      };
      const Outcome<Real> expected = run(1);
      for (const std::size_t tile : Sizes{2, 20, B}) CHECK(differences(run(tile), expected) == "");
    }
  }
}

/// Dropout depends on what it is told to depend on and is off in prediction.
template <class Recipe>
void check_dropout_keys(OptionsOf<Recipe> options) {
  // So many values that two masks are hardly ever equal.
  const auto run = [](const Recipe& recipe, const seqnn::LayerRunOptions& how, std::uint32_t step = 0) {
    seqnn::LayerRun<double> layer(recipe, {4, 30}, how);
    for (const auto& info : layer.layout().infos()) {
      const std::vector<double> values = normal_values<double>(info.size(), 5);
      std::copy(values.begin(), values.end(), layer.parameter(info.name).begin());
    }
    layer.set_step(step);
    const std::vector<double> state = normal_values<double>(layer.state().size(), 6);
    std::copy(state.begin(), state.end(), layer.state().begin());
    return copy_of(layer.forward(normal_values<double>(120, 7)));
  };
  const std::vector<double> kept = run(Recipe(30, options), {.seed = 4});
  for (const auto& [dropout, recurrent_dropout] : {std::pair{0.5, 0.0}, {0.0, 0.5}, {0.5, 0.5}}) {
    options.dropout = dropout;
    options.recurrent_dropout = recurrent_dropout;
    const Recipe recipe(30, options);
    CAPTURE(recipe.to_string());
    const std::vector<double> dropped = run(recipe, {.seed = 4});
    CHECK(dropped != kept);
    CHECK(run(recipe, {.seed = 4}) == dropped);
    CHECK(run(recipe, {.seed = 5}) != dropped);
    CHECK(run(recipe, {.seed = 4, .first_sample = 1}) != dropped);
    CHECK(run(recipe, {.seed = 4}, 1) != dropped);
    OptionsOf<Recipe> other = options;
    other.seed = 1;
    CHECK(run(Recipe(30, other), {.seed = 4}) != dropped);
    OptionsOf<Recipe> none = options;
    none.dropout = none.recurrent_dropout = 0;
    CHECK(run(recipe, {.training = false, .seed = 4}) == run(Recipe(30, none), {.training = false, .seed = 4}));
  }
}

/// Dropout masks of one gate as they are seen in an output, [samples, values]: 0 or 1 / (1 - rate), in their shares.
inline void check_factors(const std::vector<double>& factors, double rate) {
  const double kept = 1 / (1 - rate);
  const auto zeros = std::count(factors.begin(), factors.end(), 0.0);
  std::ptrdiff_t others = 0;
  double sum = 0;
  for (const double f : factors) {
    others += f != 0 && std::fabs(f - kept) > 1e-12;
    sum += f;
  }
  CHECK(others == 0);
  const auto n = static_cast<double>(factors.size());
  const double deviation = std::sqrt(rate * (1 - rate) / n);  // of the share; the streams are fixed
  CHECK(std::fabs(static_cast<double>(zeros) / n - rate) < 4 * deviation);
  CHECK(std::fabs(sum / n - 1) < 4 * deviation * kept);
}

/// Masks of different gates are drawn apart: both drop a value as often as chance has it.
inline void check_independent(const std::vector<double>& a, const std::vector<double>& b, double rate) {
  REQUIRE(a.size() == b.size());
  double both = 0;
  for (std::size_t i = 0; i < a.size(); ++i) both += a[i] == 0 && b[i] == 0 ? 1 : 0;
  const auto n = static_cast<double>(a.size());
  CHECK(std::fabs(both / n - rate * rate) < 4 * std::sqrt(rate * rate / n));
}

template <class Recipe>
void check_no_allocations(OptionsOf<Recipe> options) {
  for (const RecurrentPath path : kPaths) {
    for (const double dropout : {0.0, 0.2}) {
      options.path = path;
      options.dropout = options.recurrent_dropout = dropout;
      options.return_sequences = true;
      const Recipe recipe(5, options);
      CAPTURE(recipe.to_string());
      const Given<float> g = random_given<float>(recipe, 7, 6, 3, every_mask());
      seqnn::LayerRun<float> run(recipe, {6, 3}, {.batch = 7});
      run.set_mask(g.mask);
      run.forward(g.x);
      run.backward(g.dy);
      const AllocationCount allocations;
      run.forward(g.x);
      run.backward(g.dy);
      CHECK(allocations.so_far() == 0);
    }
  }
}

/// U of a layer that starts: its columns or rows, whichever are fewer, are orthonormal.
inline void check_orthonormal(std::span<const double> matrix, std::size_t rows, std::size_t columns) {
  REQUIRE(rows <= columns);
  double worst = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double dot = 0;
      for (std::size_t k = 0; k < columns; ++k) dot += matrix[i * columns + k] * matrix[j * columns + k];
      worst = std::max(worst, std::fabs(dot - (i == j ? 1.0 : 0.0)));
    }
  }
  CHECK(worst < 1e-14);
}

/// What a fixture holds.
struct Expected {
  using Numbers = std::span<const double>;
  Numbers x, kernel, recurrent_kernel, bias, state, y, last, dy, dlast;
  Numbers dx, dkernel, drecurrent_kernel, dbias, dstate;
};

template <class Real>
std::vector<Real> as(std::span<const double> values) {
  std::vector<Real> result;
  for (const double v : values) result.push_back(static_cast<Real>(v));
  return result;
}

/// Input (3, 5, 4).
template <class Real, class Recipe>
void check_fixture(const Recipe& recipe, const Expected& e) {
  CAPTURE(recipe.to_string());
  seqnn::LayerRun<Real> run(recipe, {5, 4}, {.batch = 3, .poison = true});
  const auto set = [](std::span<const double> from, std::span<Real> to) {
    REQUIRE(from.size() == to.size());
    std::copy_n(as<Real>(from).data(), to.size(), to.data());
  };
  set(e.kernel, run.parameter("kernel"));
  set(e.recurrent_kernel, run.parameter("recurrent_kernel"));
  set(e.bias, run.parameter("bias"));
  set(e.state, run.state());
  Outcome<Real> got;
  got.y = copy_of(run.forward(as<Real>(e.x)));
  got.state = copy_of(run.state());
  set(e.dlast, run.state_gradient());
  got.dx = copy_of(run.backward(as<Real>(e.dy)));
  got.dstate = copy_of(run.state_gradient());
  for (const char* name : {"kernel", "recurrent_kernel", "bias"}) got.gradients.push_back(copy_of(run.gradient(name)));
  const Outcome<Real> expected = {as<Real>(e.y),
                                  as<Real>(e.last),
                                  as<Real>(e.dx),
                                  as<Real>(e.dstate),
                                  {as<Real>(e.dkernel), as<Real>(e.drecurrent_kernel), as<Real>(e.dbias)}};
  CHECK(differences(got, expected) == "");
}

/// Every path of a recipe against a fixture, in float and double.
template <class Recipe>
void check_fixture_everywhere(std::size_t units, OptionsOf<Recipe> options, const Expected& e) {
  for (const RecurrentPath path : kPaths) {
    options.path = path;
    check_fixture<float>(Recipe(units, options), e);
    check_fixture<double>(Recipe(units, options), e);
  }
}

}  // namespace reference

/// Everything of a namespace of fixtures/recurrent.hpp.
#define RECURRENT_FIXTURE(f)                                                                                    \
  {                                                                                                             \
    f::x, f::kernel, f::recurrent_kernel, f::bias, f::state, f::y, f::last, f::dy, f::dlast, f::dx, f::dkernel, \
        f::drecurrent_kernel, f::dbias, f::dstate                                                               \
  }
