#include "seqnn/layers/projected_lstm.hpp"

#include "seqnn/layers/embedding.hpp"
#include "seqnn/layers/lstm.hpp"
#include "seqnn/models/sequential.hpp"
#include "support/catch.hpp"
#include "support/reference/recurrent.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;
using reference::Given;
using reference::Outcome;

namespace {

/// For the checks of all recurrent layers, to which units are the numbers that come out of a step.
struct Projected : ProjectedLSTM {
  Projected(ProjectedLSTM lstm) : ProjectedLSTM(std::move(lstm)) {}  // NOLINT: implicit, a Projected is nothing else
  std::size_t units() const { return projection_units(); }
};

/// The layer as it is, with factored weights, and cut in groups of cells that do and do not fill registers; for an even
/// number of features.
std::vector<Projected> all_forms(const ProjectedLSTMOptions& options) {
  ProjectedLSTMOptions factored = options;
  factored.rank = 3;
  ProjectedLSTMOptions grouped = options;
  grouped.groups = 2;
  return {ProjectedLSTM(6, 4, options), ProjectedLSTM(16, 5, options), ProjectedLSTM(6, 4, factored),
          ProjectedLSTM(6, 4, grouped), ProjectedLSTM(32, 2, grouped)};
}

/// Every combination of direction, outputs, and whether masked steps give zeros.
std::vector<ProjectedLSTMOptions> all_outputs() {
  std::vector<ProjectedLSTMOptions> result;
  for (const bool backwards : {false, true}) {
    result.push_back({.go_backwards = backwards});
    result.push_back({.return_sequences = true, .go_backwards = backwards});
    result.push_back({.return_sequences = true, .go_backwards = backwards, .zero_output_for_mask = true});
  }
  return result;
}

double activated(Activation f, double x) {
  switch (f.function()) {
    case Activation::relu:
      return std::max(x, 0.0);
    case Activation::tanh:
      return std::tanh(x);
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::hard_sigmoid:
      return std::clamp(x / 6 + 0.5, 0.0, 1.0);
    default:
      return x;
  }
}

/// y and the last state, by the equations and one number at a time.
template <class Real>
Outcome<Real> twin(const ProjectedLSTM& lstm, const Given<Real>& g) {
  const ProjectedLSTMOptions& o = lstm.options();
  const std::size_t n = lstm.units(), R = lstm.projection_units();
  LayerRun<Real> run(lstm, {g.T, g.D}, {.batch = 1, .seed = 3});
  reference::move_parameters(run);
  const std::span<Real> W = run.parameter("kernel"), U = run.parameter("recurrent_kernel");
  const std::span<Real> P = run.parameter("projection_kernel");
  const std::span<Real> E = o.rank > 0 ? run.parameter("expansion_kernel") : std::span<Real>();
  const std::span<Real> bias = o.use_bias ? run.parameter("bias") : std::span<Real>();
  Outcome<Real> result;
  for (std::size_t b = 0; b < g.batch; ++b) {
    const Real* state = g.state.data() + b * (R + n);
    std::vector<double> h(state, state + R), c(state + R, state + R + n), y(R, 0.0);
    bool seen = false;
    for (std::size_t s = 0; s < g.T; ++s) {
      const std::size_t t = b * g.T + (o.go_backwards ? g.T - 1 - s : s);
      const bool counts = g.mask.empty() || g.mask[t] != 0;
      if (counts) {
        std::vector<double> from(g.x.begin() + static_cast<std::ptrdiff_t>(t * g.D),
                                 g.x.begin() + static_cast<std::ptrdiff_t>((t + 1) * g.D));
        // Σ over part j of x and of h, of `parts`, times column q of W and U.
        const auto sum = [&](std::size_t j, std::size_t parts, std::size_t q, std::size_t columns) {
          double a = 0;
          for (std::size_t d = 0; d < g.D / parts; ++d) a += from[j * g.D / parts + d] * W[d * columns + q];
          for (std::size_t d = 0; d < R / parts; ++d) a += h[j * R / parts + d] * U[d * columns + q];
          return a;
        };
        std::vector<double> low(o.rank), gates(4 * n), shown(n);
        for (std::size_t i = 0; i < o.rank; ++i) low[i] = sum(0, 1, i, o.rank);
        for (std::size_t q = 0; q < 4 * n; ++q) {
          gates[q] = o.use_bias ? static_cast<double>(bias[q]) : 0;
          if (o.rank == 0) gates[q] += sum(q % n / (n / o.groups), o.groups, q, 4 * n);
          for (std::size_t i = 0; i < o.rank; ++i) gates[q] += low[i] * E[i * 4 * n + q];
        }
        for (std::size_t u = 0; u < n; ++u) {
          const auto gate = [&](std::size_t which, Activation f) { return activated(f, gates[which * n + u]); };
          const double i = gate(0, o.recurrent_activation), f = gate(1, o.recurrent_activation);
          c[u] = f * c[u] + i * gate(2, o.activation);
          shown[u] = gate(3, o.recurrent_activation) * activated(o.activation, c[u]);
        }
        for (std::size_t i = 0; i < R; ++i) {
          h[i] = 0;
          for (std::size_t u = 0; u < n; ++u) h[i] += shown[u] * P[u * R + i];
        }
        seen = true;
      }
      const bool zero = !seen || (!counts && o.return_sequences && o.zero_output_for_mask);
      y = zero ? std::vector<double>(R) : h;
      if (o.return_sequences || s + 1 == g.T) result.y.insert(result.y.end(), y.begin(), y.end());
    }
    result.state.insert(result.state.end(), h.begin(), h.end());
    result.state.insert(result.state.end(), c.begin(), c.end());
  }
  return result;
}

/// Training and predicting give what the twin gives.
template <class Real>
void check_twin(const Projected& lstm, std::size_t batch, std::size_t T, std::size_t D,
                const std::vector<std::uint8_t>& mask = {}) {
  CAPTURE(lstm.to_string(), batch, T, D, mask.size());
  const Given<Real> g = reference::random_given<Real>(lstm, batch, T, D, mask);
  const Outcome<Real> expected = twin(lstm, g);
  for (const Outcome<Real>& got : {reference::outcome(lstm, g), reference::prediction(lstm, g)}) {
    CHECK(reference::relative_distance(got.y, expected.y) <= reference::kRounding<Real>);
    CHECK(reference::relative_distance(got.state, expected.state) <= reference::kRounding<Real>);
  }
}

/// What a run gives in both directions, from parameters that are set already.
template <class Real>
Outcome<Real> outcome_of(LayerRun<Real>& run, const Given<Real>& g) {
  Outcome<Real> result;
  std::ranges::copy(g.state, run.state().begin());
  result.y = reference::copy_of(run.forward(g.x));
  result.state = reference::copy_of(run.state());
  std::ranges::copy(g.dstate, run.state_gradient().begin());
  result.dx = reference::copy_of(run.backward(g.dy));
  result.dstate = reference::copy_of(run.state_gradient());
  return result;
}

/// Number of parameters of two such layers, one above the other.
std::size_t parameters_of_two(std::size_t units, std::size_t projection_units, ProjectedLSTMOptions options) {
  ParameterLayout layout;
  for (const char* name : {"lstm", "lstm_1"}) {
    options.name = name;
    LayerRecipe<float>(ProjectedLSTM(units, projection_units, options)).make()->build({20, projection_units}, layout);
  }
  return layout.count(true);
}

}  // namespace

TEST_CASE("ProjectedLSTM projects what its gates let out", "[layers][projected_lstm]") {
  // All weights 0 but P, so that a gate is what its bias says: i = f = o = σ(0) = 1/2, g = tanh(b_c) = 1/2.
  // c_1 = 1/4, c_2 = 1/8 + 1/4 = 3/8; o ⊙ tanh(c) = tanh(c)/2, times P = (2, -1).
  LayerRun<double> run(ProjectedLSTM(1, 2,
                                     {.kernel_initializer = zeros(),
                                      .recurrent_initializer = zeros(),
                                      .unit_forget_bias = false,
                                      .return_sequences = true}),
                       {2, 1});
  run.parameter("bias")[2] = std::atanh(0.5);
  run.parameter("projection_kernel")[0] = 2;
  run.parameter("projection_kernel")[1] = -1;
  const auto y = run.forward(std::vector<double>{7, -7});
  CHECK_THAT(y[0], WithinAbs(std::tanh(0.25), 1e-15));
  CHECK_THAT(y[1], WithinAbs(std::tanh(0.25) / -2, 1e-15));
  CHECK_THAT(y[2], WithinAbs(std::tanh(0.375), 1e-15));
  CHECK_THAT(y[3], WithinAbs(std::tanh(0.375) / -2, 1e-15));
  CHECK(run.state()[0] == y[2]);
  CHECK(run.state()[1] == y[3]);
  CHECK_THAT(run.state()[2], WithinAbs(0.375, 1e-15));
}

TEST_CASE("ProjectedLSTM passes gradients back through projection, gates and both states", "[layers][projected_lstm]") {
  // The identity for σ and φ, gates i f c o: W = 1 2 3 1, U = 1 0 -1 2, b = 0 1 0 0, P = 2; x = 1 2, h_0 = c_0 = 0.
  //   t = 1: i = 1, f = 3, g = 3, o = 1: c = 0·3 + 1·3 = 3, h = 2·3 = 6
  //   t = 2: i = 2 + 6, f = 4 + 1, g = 6 - 6, o = 2 + 12: c = 5·3 + 8·0 = 15, h = 2·14·15 = 420
  LayerRun<float> run(
      ProjectedLSTM(1, 1, {.activation = Activation::linear, .recurrent_activation = Activation::linear}), {2, 1});
  const auto set = [&](const char* name, std::vector<float> values) {
    std::ranges::copy(values, run.parameter(name).begin());
  };
  set("kernel", {1, 2, 3, 1});
  set("recurrent_kernel", {1, 0, -1, 2});
  set("projection_kernel", {2});
  set("bias", {0, 1, 0, 0});
  CHECK(run.forward(std::vector<float>{1, 2})[0] == 420);
  CHECK(reference::copy_of(run.state()) == std::vector<float>{420, 15});
  // From dh_2 = 1, so 2 by what is projected: do = 2·15 = 30, dc = 2·14 = 28; df = 28·c_1 = 84, di = 28·g = 0,
  // dg = 28·i = 224; dc_1 = 28·f = 140, dh_1 = U·d_2 = 0 - 224 + 60 = -164. At t = 1, -328 by what is projected:
  // do = -328·3 = -984, dc = 140 - 328·1 = -188; df = 0, di = -188·3 = -564, dg = -188; dc_0 = -188·3 = -564,
  // dh_0 = U·d_1 = -564 + 188 - 1968 = -2344.
  const auto dx = run.backward(std::vector<float>{1});
  CHECK(reference::copy_of(dx) == std::vector<float>{-564 - 3 * 188 - 984, 0 + 2 * 84 + 3 * 224 + 30});
  CHECK(reference::copy_of(run.gradient("kernel")) ==
        std::vector<float>{-564 + 2 * 0, 0 + 2 * 84, -188 + 2 * 224, -984 + 2 * 30});
  CHECK(reference::copy_of(run.gradient("recurrent_kernel")) == std::vector<float>{6 * 0, 6 * 84, 6 * 224, 6 * 30});
  CHECK(reference::copy_of(run.gradient("projection_kernel")) == std::vector<float>{3 * -164 + 14 * 15});
  CHECK(reference::copy_of(run.gradient("bias")) == std::vector<float>{-564 + 0, 84, -188 + 224, -984 + 30});
  CHECK(reference::copy_of(run.state_gradient()) == std::vector<float>{-2344, -564});
}

TEMPLATE_TEST_CASE("ProjectedLSTM agrees with its equations", "[layers][projected_lstm]", float, double) {
  for (const ProjectedLSTMOptions& options : all_outputs()) {
    for (const Projected& lstm : all_forms(options)) {
      check_twin<TestType>(lstm, 7, 6, 4);
      check_twin<TestType>(lstm, 7, 6, 4, reference::every_mask());
    }
  }
  check_twin<TestType>(ProjectedLSTM(1, 1), 1, 1, 1);
  check_twin<TestType>(ProjectedLSTM(9, 6, {.groups = 3, .use_bias = false}), 3, 4, 3);
  check_twin<TestType>(ProjectedLSTM(9, 6, {.rank = 20, .use_bias = false}), 3, 4, 3);
  check_twin<TestType>(ProjectedLSTM(5, 8,
                                     {.rank = 2,
                                      .activation = Activation::sigmoid,
                                      .recurrent_activation = Activation::hard_sigmoid,
                                      .return_sequences = true}),
                       13, 4, 3);
  // More rows than pass at once, and more steps than prediction multiplies at once.
  for (const std::size_t rank : Sizes{0, 7}) {
    check_twin<TestType>(ProjectedLSTM(48, 20, {.rank = rank, .return_sequences = true}), 150, 11, 40);
  }
  check_twin<TestType>(ProjectedLSTM(48, 20, {.groups = 4, .return_sequences = true}), 150, 11, 40);
}

TEMPLATE_TEST_CASE("ProjectedLSTM is LSTM if it projects by the identity", "[layers][projected_lstm]", float, double) {
  for (const std::size_t units : Sizes{5, 16}) {
    const Given<TestType> g = reference::random_given<TestType>(LSTM(units, {.return_sequences = true}), 7, 6, 3);
    LayerRun<TestType> lstm(LSTM(units, {.return_sequences = true}), {6, 3}, {.batch = 7, .poison = true});
    LayerRun<TestType> projected(ProjectedLSTM(units, units, {.return_sequences = true}), {6, 3},
                                 {.batch = 7, .poison = true});
    for (const char* name : {"kernel", "recurrent_kernel", "bias"}) {
      std::ranges::copy(lstm.parameter(name), projected.parameter(name).begin());
    }
    const std::span<TestType> P = projected.parameter("projection_kernel");
    for (std::size_t i = 0; i < P.size(); ++i) P[i] = i % (units + 1) == 0 ? TestType(1) : TestType(0);
    Outcome<TestType> expected = outcome_of(lstm, g);
    Outcome<TestType> got = outcome_of(projected, g);
    for (const char* name : {"kernel", "recurrent_kernel", "bias"}) {
      expected.gradients.push_back(reference::copy_of(lstm.gradient(name)));
      got.gradients.push_back(reference::copy_of(projected.gradient(name)));
    }
    CAPTURE(units);
    CHECK(reference::differences(got, expected) == "");
  }
}

TEMPLATE_TEST_CASE("ProjectedLSTM of full rank is the one that is not factored", "[layers][projected_lstm]", float,
                   double) {
  // x·W + h·U = [x h]·I·[W above U].
  constexpr std::size_t n = 6, R = 4, D = 3, rank = D + R, columns = 4 * n;
  const Given<TestType> g = reference::random_given<TestType>(Projected(ProjectedLSTM(n, R)), 7, 6, D);
  LayerRun<TestType> full(ProjectedLSTM(n, R), {6, D}, {.batch = 7, .poison = true});
  LayerRun<TestType> factored(ProjectedLSTM(n, R, {.rank = rank}), {6, D}, {.batch = 7, .poison = true});
  std::ranges::copy(full.parameter("bias"), factored.parameter("bias").begin());
  std::ranges::copy(full.parameter("projection_kernel"), factored.parameter("projection_kernel").begin());
  const auto both = [&](std::span<TestType> W, std::span<TestType> U) {
    std::vector<TestType> result = reference::copy_of(W);
    result.insert(result.end(), U.begin(), U.end());
    return result;
  };
  std::ranges::copy(both(full.parameter("kernel"), full.parameter("recurrent_kernel")),
                    factored.parameter("expansion_kernel").begin());
  std::vector<TestType> identity(rank * rank);
  for (std::size_t i = 0; i < rank; ++i) identity[i * (rank + 1)] = 1;
  std::copy_n(identity.begin(), D * rank, factored.parameter("kernel").begin());
  std::copy_n(identity.begin() + D * rank, R * rank, factored.parameter("recurrent_kernel").begin());

  Outcome<TestType> expected = outcome_of(full, g);
  Outcome<TestType> got = outcome_of(factored, g);
  expected.gradients.push_back(both(full.gradient("kernel"), full.gradient("recurrent_kernel")));
  got.gradients.push_back(reference::copy_of(factored.gradient("expansion_kernel")));
  REQUIRE(got.gradients.back().size() == rank * columns);
  for (const char* name : {"projection_kernel", "bias"}) {
    expected.gradients.push_back(reference::copy_of(full.gradient(name)));
    got.gradients.push_back(reference::copy_of(factored.gradient(name)));
  }
  CHECK(reference::differences(got, expected) == "");
}

TEMPLATE_TEST_CASE("ProjectedLSTM in groups is the whole with weights between groups of 0", "[layers][projected_lstm]",
                   float, double) {
  constexpr std::size_t R = 4, D = 6, k = 2;
  for (const std::size_t n : Sizes{6, 32}) {
    const Given<TestType> g = reference::random_given<TestType>(Projected(ProjectedLSTM(n, R)), 7, 6, D);
    LayerRun<TestType> whole(ProjectedLSTM(n, R), {6, D}, {.batch = 7, .poison = true});
    LayerRun<TestType> grouped(ProjectedLSTM(n, R, {.groups = k}), {6, D}, {.batch = 7, .poison = true});
    reference::move_parameters(grouped);
    const std::size_t columns = 4 * n;
    // Calls `f(in the whole, in the groups)` for every weight within a group, by its place.
    const auto within = [&](std::size_t rows, const auto& f) {
      for (std::size_t i = 0; i < rows / k; ++i) {
        for (std::size_t q = 0; q < columns; ++q) {
          const std::size_t group = q % n / (n / k);
          f((group * rows / k + i) * columns + q, i * columns + q);
        }
      }
    };
    for (const auto& [name, rows] : {std::pair{"kernel", D}, std::pair{"recurrent_kernel", R}}) {
      std::ranges::fill(whole.parameter(name), TestType(0));
      within(rows, [&, name = name](std::size_t in_whole, std::size_t in_groups) {
        whole.parameter(name)[in_whole] = grouped.parameter(name)[in_groups];
      });
    }
    for (const char* name : {"projection_kernel", "bias"}) {
      std::ranges::copy(grouped.parameter(name), whole.parameter(name).begin());
    }
    Outcome<TestType> expected = outcome_of(whole, g);
    Outcome<TestType> got = outcome_of(grouped, g);
    for (const auto& [name, rows] : {std::pair{"kernel", D}, std::pair{"recurrent_kernel", R}}) {
      std::vector<TestType> gradient(rows / k * columns);
      within(rows, [&, name = name](std::size_t in_whole, std::size_t in_groups) {
        gradient[in_groups] = whole.gradient(name)[in_whole];
      });
      expected.gradients.push_back(gradient);
      got.gradients.push_back(reference::copy_of(grouped.gradient(name)));
    }
    for (const char* name : {"projection_kernel", "bias"}) {
      expected.gradients.push_back(reference::copy_of(whole.gradient(name)));
      got.gradients.push_back(reference::copy_of(grouped.gradient(name)));
    }
    CAPTURE(n);
    CHECK(reference::differences(got, expected) == "");
  }
}

TEST_CASE("ProjectedLSTM's gradients agree with central differences", "[layers][projected_lstm]") {
  const std::vector<std::uint8_t> masks[] = {
      {}, {1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0}, {1, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 0}};
  for (const ProjectedLSTMOptions& options : all_outputs()) {
    for (const auto& mask : masks) {
      if (options.zero_output_for_mask && mask.empty()) continue;
      for (const ProjectedLSTM& lstm : {ProjectedLSTM(3, 2, options), ProjectedLSTM(2, 3, options)}) {
        reference::check_central_differences(lstm, {4, 2}, {.mask = mask});
      }
      ProjectedLSTMOptions other = options;
      other.rank = 2;
      reference::check_central_differences(ProjectedLSTM(3, 2, other), {4, 2}, {.mask = mask});
      other.rank = 0;
      other.groups = 2;
      reference::check_central_differences(ProjectedLSTM(4, 2, other), {4, 2}, {.mask = mask});
    }
  }
}

TEST_CASE("ProjectedLSTM's gradients agree with central differences for many sizes and activations",
          "[layers][projected_lstm]") {
  reference::check_central_differences(ProjectedLSTM(2, 1, {.return_sequences = true}), {1, 1}, {.batch = 2});
  reference::check_central_differences(ProjectedLSTM(16, 3), {3, 2}, {.batch = 2, .mask = {1, 1, 1, 0, 1, 1}});
  reference::check_central_differences(ProjectedLSTM(16, 2, {.groups = 2}), {2, 2}, {.batch = 1});
  reference::check_central_differences(ProjectedLSTM(6, 3, {.groups = 3}), {2, 3}, {.batch = 4});
  reference::check_central_differences(ProjectedLSTM(8, 2, {.rank = 5}), {2, 1}, {.batch = 4});
  for (const Activation activation : {Activation::tanh, Activation::linear, Activation::relu, Activation::sigmoid}) {
    for (const Activation gate : {Activation::sigmoid, Activation::hard_sigmoid}) {
      for (const bool use_bias : {true, false}) {
        for (const std::size_t rank : Sizes{0, 2}) {
          reference::check_central_differences(
              ProjectedLSTM(
                  3, 2, {.rank = rank, .activation = activation, .recurrent_activation = gate, .use_bias = use_bias}),
              {4, 2}, {});
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("ProjectedLSTM leaves masked steps out", "[layers][projected_lstm]", float, double) {
  std::vector<std::uint8_t> mask;  // of more rows than pass at once
  while (mask.size() < std::size_t{28} * 6) {
    for (const std::uint8_t m : reference::every_mask()) mask.push_back(m);
  }
  for (const ProjectedLSTMOptions& options : all_outputs()) {
    for (const Projected& lstm : all_forms(options)) {
      CAPTURE(lstm.to_string());
      const Given<TestType> g = reference::random_given<TestType>(lstm, mask.size() / 6, 6, 4, mask);
      CHECK(reference::differences(reference::outcome(lstm, g), reference::without_masked_steps(lstm, g)) == "");
    }
  }
}

TEST_CASE("ProjectedLSTM passes masks on to the layers above it", "[layers][projected_lstm]") {
  // Ids 0 do not count, wherever they are, in any of these layers.
  Sequential<double> model({Embedding(9, 4, {.mask_zero = true}), ProjectedLSTM(4, 2, {.return_sequences = true}),
                            ProjectedLSTM(8, 6, {.groups = 2, .return_sequences = true, .go_backwards = true}),
                            ProjectedLSTM(6, 3, {.rank = 2})});
  model.build({kAnyLength});
  Tensor<std::int32_t, 2> padded = {{5, 3, 8, 0, 0}, {0, 5, 0, 3, 8}, {0, 0, 0, 0, 0}};
  Tensor<std::int32_t, 2> whole = {{5, 3, 8}};
  const Tensor<double, 2> y = model.predict(padded);
  const Tensor<double, 2> expected = model.predict(whole);
  for (std::size_t u = 0; u < 3; ++u) {
    CHECK_THAT(y(0, u), WithinAbs(expected(0, u), 1e-14));
    CHECK_THAT(y(1, u), WithinAbs(expected(0, u), 1e-14));
    CHECK(y(2, u) == 0);
  }
}

TEMPLATE_TEST_CASE("ProjectedLSTM goes backwards as it goes forwards over the reversed input",
                   "[layers][projected_lstm]", float, double) {
  for (const bool sequences : {false, true}) {
    for (const bool masked : {false, true}) {
      for (const Projected& forwards : all_forms({.return_sequences = sequences})) {
        const Projected backwards = forwards.reversed();
        REQUIRE(backwards.options().go_backwards);
        REQUIRE(backwards.reversed() == forwards);
        CAPTURE(backwards.to_string(), masked);
        Given<TestType> g = reference::random_given<TestType>(
            forwards, 7, 6, 4, masked ? reference::every_mask() : std::vector<std::uint8_t>());
        Outcome<TestType> expected = reference::outcome(forwards, g);
        expected.dx = reference::reversed_time(expected.dx, g.batch, g.T);
        g.x = reference::reversed_time(g.x, g.batch, g.T);
        g.mask = reference::reversed_time(g.mask, g.batch, g.T);
        CHECK(reference::differences(reference::outcome(backwards, g), expected, 0) == "");
      }
    }
  }
}

TEMPLATE_TEST_CASE("ProjectedLSTM gives a sequence in pieces what it gives the whole", "[layers][projected_lstm]",
                   float, double) {
  constexpr std::size_t B = 3, T = 7, D = 4;
  for (const Projected& lstm : all_forms({.return_sequences = true})) {
    REQUIRE(LayerRecipe<TestType>(lstm).make()->steps_alone());
    const Given<TestType> whole = reference::random_given<TestType>(lstm, B, T, D);
    const Outcome<TestType> expected = reference::outcome(lstm, whole);
    for (const std::size_t cut : Sizes{1, 3, 6}) {
      CAPTURE(lstm.to_string(), cut);
      const auto piece = [&](std::size_t from, std::size_t to) {
        Given<TestType> g = whole;
        g.T = to - from;
        g.x = reference::steps_of(whole.x, B, T, from, to);
        g.dy = reference::steps_of(whole.dy, B, T, from, to);
        return g;
      };
      Given<TestType> first = piece(0, cut);
      Given<TestType> second = piece(cut, T);
      second.state = reference::prediction(lstm, first).state;
      const Outcome<TestType> end = reference::outcome(lstm, second);
      first.dstate = end.dstate;
      const Outcome<TestType> begin = reference::outcome(lstm, first);
      // Both pieces in one, to be compared with the whole.
      Outcome<TestType> got = {{}, end.state, {}, begin.dstate, begin.gradients};
      const auto join = [&](const std::vector<TestType>& a, const std::vector<TestType>& b, std::size_t n) {
        std::vector<TestType> result;
        for (std::size_t i = 0; i < B; ++i) {
          result.insert(result.end(), a.data() + i * cut * n, a.data() + (i + 1) * cut * n);
          result.insert(result.end(), b.data() + i * (T - cut) * n, b.data() + (i + 1) * (T - cut) * n);
        }
        return result;
      };
      got.y = join(begin.y, end.y, lstm.projection_units());
      got.dx = join(begin.dx, end.dx, D);
      for (std::size_t p = 0; p < got.gradients.size(); ++p) {
        for (std::size_t i = 0; i < got.gradients[p].size(); ++i) got.gradients[p][i] += end.gradients[p][i];
      }
      CHECK(reference::differences(got, expected) == "");
    }
  }
}

TEMPLATE_TEST_CASE("ProjectedLSTM gives the same in tiles of any size", "[layers][projected_lstm]", float, double) {
  constexpr std::size_t B = 23, T = 3, D = 4;
  const std::vector<TestType> x = normal_values<TestType>(B * T * D, 1);
  for (const Projected& lstm : all_forms({})) {
    CAPTURE(lstm.to_string());
    const auto network = reference::network_of<TestType>(lstm, D);
    const std::size_t R = lstm.projection_units();
    const std::vector<TestType> dy = normal_values<TestType>(B * R, 2);
    const auto run = [&](std::size_t tile) {
      Outcome<TestType> result;
      result.gradients.emplace_back(network.layout().trainable_extent());
      Workspace<TestType> workspace(network, {T, D}, tile, true);
      workspace.begin(network.parameters().data(), result.gradients[0].data(), 7, 2);
      for (std::size_t first = 0; first < B; first += tile) {
        const std::size_t count = std::min(tile, B - first);
        const TestType* y = workspace.forward(count, x.data() + first * T * D, nullptr, first);
        result.y.insert(result.y.end(), y, y + count * R);
        std::copy_n(dy.data() + first * R, count * R, workspace.output_gradient());
        workspace.backward();
      }
      workspace.finish();
      return result;
    };
    const Outcome<TestType> expected = run(1);
    for (const std::size_t tile : Sizes{2, 20, B}) CHECK(reference::differences(run(tile), expected) == "");
  }
}

TEST_CASE("ProjectedLSTM says its shapes, states and masks", "[layers][projected_lstm]") {
  const ProjectedLSTMLayer<float> last(ProjectedLSTM(7, 3));
  CHECK(last.output_shape({5, 2}) == Shape{3});
  CHECK(last.output_shape({kAnyLength, 2}) == Shape{3});
  CHECK(last.mask_use() == MaskUse::ends);
  CHECK(last.state_size({5, 2}) == 3 + 7);
  CHECK(last.steps_alone());
  CHECK_FALSE(last.stateful());
  CHECK_FALSE(last.returns_state());
  const ProjectedLSTMLayer<float> all(ProjectedLSTM(7, 3, {.return_sequences = true, .stateful = true}));
  CHECK(all.output_shape({5, 2}) == Shape{5, 3});
  CHECK(all.output_shape({kAnyLength, 2}) == Shape{kAnyLength, 3});
  CHECK(all.mask_use() == MaskUse::keeps);
  CHECK(all.stateful());
  const ProjectedLSTMLayer<float> back(ProjectedLSTM(7, 3, {.return_sequences = true, .go_backwards = true}));
  CHECK(back.mask_use() == MaskUse::changes);
  CHECK_FALSE(back.steps_alone());
}

TEST_CASE("ProjectedLSTM declares its parameters, and starts as LSTM does", "[layers][projected_lstm]") {
  LayerRun<double> run(ProjectedLSTM(10, 6,
                                     {.rank = 8,
                                      .kernel_regularizer = L1(0.1),
                                      .recurrent_regularizer = L2(0.2),
                                      .expansion_regularizer = L1(0.3),
                                      .projection_regularizer = L2(0.4),
                                      .bias_regularizer = L1L2(0.5, 0.6),
                                      .name = "p"}),
                       {5, 30});
  const auto& infos = run.layout().infos();
  REQUIRE(infos.size() == 5);
  const auto check = [&](std::size_t i, const char* name, const Shape& shape, const Regularizer& regularizer) {
    CHECK(infos[i].name == name);
    CHECK(infos[i].shape == shape);
    CHECK(infos[i].regularizer == regularizer);
  };
  check(0, "p/kernel", {30, 8}, L1(0.1));
  check(1, "p/recurrent_kernel", {6, 8}, L2(0.2));
  check(2, "p/expansion_kernel", {8, 40}, L1(0.3));
  check(3, "p/projection_kernel", {10, 6}, L2(0.4));
  check(4, "p/bias", {40}, L1L2(0.5, 0.6));
  reference::check_orthonormal(run.parameter("recurrent_kernel"), 6, 8);
  for (std::size_t i = 0; i < 40; ++i) CHECK(run.parameter("bias")[i] == (i / 10 == 1 ? 1 : 0));

  LayerRun<float> grouped(ProjectedLSTM(10, 6, {.groups = 2, .unit_forget_bias = false}), {5, 30});
  REQUIRE(grouped.layout().infos().size() == 4);
  CHECK(grouped.layout().infos()[0].shape == Shape{15, 40});
  CHECK(grouped.layout().infos()[1].shape == Shape{3, 40});
  for (const float v : grouped.parameter("bias")) CHECK(v == 0);
  LayerRun<float> whole(ProjectedLSTM(10, 6, {.use_bias = false}), {5, 30});
  REQUIRE(whole.layout().infos().size() == 3);
  CHECK(whole.layout().infos()[2].name == "layer/projection_kernel");
}

TEST_CASE("ProjectedLSTM has as many parameters as published", "[layers][projected_lstm]") {
  // Kuchaiev & Ginsburg 2017: two layers of 8192 cells projected to 1024.
  const auto count = [](ProjectedLSTMOptions options) { return parameters_of_two(8192, 1024, std::move(options)); };
  CHECK(count({}) == 151'060'480);
  CHECK(count({.rank = 512}) == 52'494'336);
  CHECK(count({.rank = 128}) == 25'755'648);
  CHECK(count({.groups = 2}) == 83'951'616);
  CHECK(count({.groups = 4}) == 50'397'184);
  CHECK(count({.groups = 8}) == 33'619'968);
  CHECK(count({.groups = 16}) == 25'231'360);
}

TEST_CASE("ProjectedLSTM refuses inputs that do not fit", "[layers][projected_lstm]") {
  ProjectedLSTMLayer<float> layer(ProjectedLSTM(4, 2, {.groups = 2, .name = "p"}));
  CHECK_THROWS_MATCHES(layer.output_shape({10}), ShapeError,
                       Message("ProjectedLSTM \"p\": input must be (batch, time, features), got (batch, 10); the layer "
                               "before it must return sequences (return_sequences = true)"));
  CHECK_THROWS_MATCHES(layer.output_shape({10, kAnyLength}), ShapeError,
                       Message("ProjectedLSTM \"p\": input must be (batch, time, features), got (batch, 10, any); the "
                               "last axis is the number of features and must be fixed"));
  CHECK_THROWS_MATCHES(layer.output_shape({10, 0}), ShapeError,
                       Message("ProjectedLSTM \"p\": no axis of the input may be empty, got (batch, 10, 0)"));
  ParameterLayout layout;
  CHECK_THROWS_MATCHES(
      layer.build({10, 5}, layout), ShapeError,
      Message("ProjectedLSTM \"p\": groups must divide the features, got groups = 2 and input (batch, 10, 5)"));
  layer.build({kAnyLength, 6}, layout);
  CHECK_THROWS_MATCHES(layer.output_shape({10, 4}), ShapeError,
                       Message("ProjectedLSTM \"p\": input must be (batch, time, 6), got (batch, 10, 4); the last axis "
                               "is the number of features and must be fixed"));
  CHECK_THROWS_MATCHES(
      Sequential<float>({ProjectedLSTM(4, 2), ProjectedLSTM(5, 3)}).build({10, 3}), ShapeError,
      Message("ProjectedLSTM \"projected_lstm_1\": input must be (batch, time, features), got (batch, 2); the layer "
              "before it must return sequences (return_sequences = true)"));
}

TEST_CASE("ProjectedLSTM refuses options that make no sense", "[layers][projected_lstm]") {
  CHECK_THROWS_MATCHES(ProjectedLSTM(0, 1), OptionError, Message("ProjectedLSTM: units must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(ProjectedLSTM(1, 0, {.name = "p"}), OptionError,
                       Message("ProjectedLSTM \"p\": projection_units must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(ProjectedLSTM(1, 1, {.groups = 0}), OptionError,
                       Message("ProjectedLSTM: groups must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(ProjectedLSTM(4, 2, {.rank = 3, .groups = 2, .name = "p"}), OptionError,
                       Message("ProjectedLSTM \"p\": rank and groups must not be used together, got rank = 3 and "
                               "groups = 2; leave one out"));
  CHECK_THROWS_MATCHES(ProjectedLSTM(7, 4, {.groups = 2}), OptionError,
                       Message("ProjectedLSTM: groups must divide units and projection_units, got groups = 2, units = "
                               "7, projection_units = 4"));
  CHECK_THROWS_MATCHES(ProjectedLSTM(8, 3, {.groups = 4}), OptionError,
                       Message("ProjectedLSTM: groups must divide units and projection_units, got groups = 4, units = "
                               "8, projection_units = 3"));
  CHECK_THROWS_MATCHES(ProjectedLSTM(3, 2, {.activation = Activation::softmax}), OptionError,
                       Message("ProjectedLSTM: activation must be elementwise, got softmax"));
  CHECK_THROWS_MATCHES(ProjectedLSTM(3, 2, {.recurrent_activation = Activation::softmax}), OptionError,
                       Message("ProjectedLSTM: recurrent_activation must be elementwise, got softmax"));
  CHECK_NOTHROW(ProjectedLSTM(3, 2, {.rank = 100, .groups = 1}));
}

TEST_CASE("ProjectedLSTM is a value that prints as written", "[layers][projected_lstm]") {
  CHECK(ProjectedLSTM(8, 4).to_string() == "ProjectedLSTM(8, 4)");
  CHECK(ProjectedLSTM(8, 4,
                      {.rank = 2,
                       .activation = Activation::relu,
                       .recurrent_activation = Activation::hard_sigmoid,
                       .use_bias = false,
                       .kernel_initializer = he_normal(),
                       .recurrent_initializer = glorot_uniform(),
                       .expansion_initializer = he_uniform(),
                       .projection_initializer = orthogonal(),
                       .bias_initializer = ones(),
                       .unit_forget_bias = false})
            .to_string() ==
        "ProjectedLSTM(8, 4, {.rank = 2, .activation = Activation::relu, .recurrent_activation = "
        "Activation::hard_sigmoid, .use_bias = false, .kernel_initializer = he_normal, .recurrent_initializer = "
        "glorot_uniform, .expansion_initializer = he_uniform, .projection_initializer = orthogonal(1), "
        ".bias_initializer = ones, .unit_forget_bias = false})");
  CHECK(ProjectedLSTM(8, 4,
                      {.groups = 2,
                       .kernel_regularizer = L2(),
                       .recurrent_regularizer = L1(0.5),
                       .expansion_regularizer = L1(0.25),
                       .projection_regularizer = L2(0.5),
                       .bias_regularizer = L1L2(0.1, 0.2),
                       .return_sequences = true,
                       .go_backwards = true,
                       .stateful = true,
                       .zero_output_for_mask = true,
                       .name = "p"})
            .to_string() ==
        "ProjectedLSTM(8, 4, {.groups = 2, .kernel_regularizer = L2(0.01), .recurrent_regularizer = L1(0.5), "
        ".expansion_regularizer = L1(0.25), .projection_regularizer = L2(0.5), .bias_regularizer = L1L2(0.1, 0.2), "
        ".return_sequences = true, .go_backwards = true, .stateful = true, .zero_output_for_mask = true, .name = "
        "\"p\"})");
  CHECK(ProjectedLSTM(8, 4).reversed().to_string() == "ProjectedLSTM(8, 4, {.go_backwards = true})");
  CHECK(ProjectedLSTM(8, 4) == ProjectedLSTM(8, 4));
  CHECK_FALSE(ProjectedLSTM(8, 4) == ProjectedLSTM(9, 4));
  CHECK_FALSE(ProjectedLSTM(8, 4) == ProjectedLSTM(8, 5));
  CHECK_FALSE(ProjectedLSTM(8, 4) == ProjectedLSTM(8, 4, {.rank = 3}));
  CHECK_FALSE(ProjectedLSTM(8, 4) == ProjectedLSTM(8, 4, {.groups = 2}));
}

TEST_CASE("ProjectedLSTM allocates nothing in steady state", "[layers][projected_lstm]") {
  for (const Projected& lstm : all_forms({.return_sequences = true})) {
    CAPTURE(lstm.to_string());
    const Given<float> g = reference::random_given<float>(lstm, 7, 6, 4, reference::every_mask());
    LayerRun<float> run(lstm, {6, 4}, {.batch = 7});
    run.set_mask(g.mask);
    run.forward(g.x);
    run.backward(g.dy);
    const AllocationCount allocations;
    run.forward(g.x);
    run.backward(g.dy);
    CHECK(allocations.so_far() == 0);
  }
}
