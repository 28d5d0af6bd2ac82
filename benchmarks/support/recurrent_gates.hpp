#pragma once

#include "seqnn/core/denormals.hpp"
#include "seqnn/core/random.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/layers/recurrent.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/fma_peak.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

/// What lstm_gates and gru_gates share: shapes, data, one recurrent layer that returns its sequence, and the counters.
namespace recurrent_gates {

using namespace seqnn;

/// Samples, time steps, features and units.
struct Sizes {
  std::size_t B, T, D, H;

  explicit Sizes(const benchmark::State& state)
      : B(static_cast<std::size_t>(state.range(0))),
        T(static_cast<std::size_t>(state.range(1))),
        D(static_cast<std::size_t>(state.range(2))),
        H(static_cast<std::size_t>(state.range(3))) {}
};

inline void shapes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"B", "T", "D", "H"})->Unit(benchmark::kMillisecond);
  b->Args({1, 100, 32, 32});     // one sequence
  b->Args({128, 240, 14, 32});   // ten days of weather
  b->Args({32, 100, 64, 64});    // batches of 32 and 64 sequences, as many features as units
  b->Args({64, 100, 64, 64});    //
  b->Args({32, 100, 128, 128});  //
  b->Args({64, 100, 128, 128});  //
  b->Args({128, 100, 128, 128});
  b->Args({32, 100, 256, 256});
  b->Args({64, 100, 256, 256});
  b->Args({32, 50, 512, 512});
  b->Args({64, 50, 512, 512});
  b->Args({128, 50, 512, 512});
}

/// The same numbers for whoever computes. Parameters lie as in Keras, gates side by side.
struct Data {
  std::vector<float> x, dy, kernel, recurrent, bias;

  Data(const Sizes& s, std::size_t gates, std::size_t bias_rows)
      : x(s.B * s.T * s.D),
        dy(s.B * s.T * s.H),
        kernel(s.D * gates * s.H),
        recurrent(s.H * gates * s.H),
        bias(bias_rows * gates * s.H) {
    RandomStream random({.seed = 1});
    for (auto* values : {&x, &dy}) {
      for (float& v : *values) v = static_cast<float>(random.uniform(-1, 1));
    }
    const double bound = 1 / std::sqrt(static_cast<double>(s.H));
    for (auto* values : {&kernel, &recurrent, &bias}) {
      for (float& v : *values) v = static_cast<float>(random.uniform(-bound, bound));
    }
  }
};

/// GFLOP/s of the gates' products, a pass back counted as two forward, and their share of what the core can do.
inline void count(benchmark::State& state, const Sizes& s, std::size_t gates, bool training) {
  static const double peak = fma_peak();
  const double operations = (training ? 6.0 : 2.0) * static_cast<double>(s.B * s.T * gates * s.H * (s.D + s.H));
  using benchmark::Counter;
  state.counters["GFLOP/s"] = Counter(1e-9 * operations, Counter::kIsIterationInvariantRate);
  state.counters["share_of_peak"] = Counter(1e-9 * operations / peak, Counter::kIsIterationInvariantRate);
}

/// The layer on these sizes, with the parameters of `data`.
template <class Recurrent, class Options>
LayerRun<float> layer_run(const Sizes& s, std::size_t batch, const Data& data, RecurrentPath path, bool training) {
  Options options;
  options.kernel_initializer = zeros();
  options.recurrent_initializer = zeros();  // an orthogonal matrix of 512 columns takes longer than the run
  options.return_sequences = true;
  options.path = path;
  LayerRun<float> run(Recurrent(s.H, options), {s.T, s.D}, {.batch = batch, .training = training});
  std::copy(data.kernel.begin(), data.kernel.end(), run.parameter("kernel").begin());
  std::copy(data.recurrent.begin(), data.recurrent.end(), run.parameter("recurrent_kernel").begin());
  std::copy(data.bias.begin(), data.bias.end(), run.parameter("bias").begin());
  return run;
}

/// Times one path. Every iteration prepares the weights anew, as a training step must, and begins at a zero state.
template <class Recurrent, class Options>
void time_layer(benchmark::State& state, RecurrentPath path, bool training, std::size_t gates, std::size_t bias_rows) {
  const FlushDenormals flush;
  const Sizes s(state);
  const Data data(s, gates, bias_rows);
  LayerRun<float> run = layer_run<Recurrent, Options>(s, s.B, data, path, training);
  for (auto _ : state) {
    std::fill(run.state().begin(), run.state().end(), 0.0F);
    run.forward(data.x);
    if (training) {
      std::fill(run.state_gradient().begin(), run.state_gradient().end(), 0.0F);
      run.backward(data.dy);
    }
    benchmark::ClobberMemory();
  }
  count(state, s, gates, training);
  const std::string remark = run.layer().remark();  // "stacked (the weights stay in the cache)"
  state.SetLabel(remark.substr(0, remark.find(' ')));
}

/// Registers CELL/PATH/PASS for every shape; `hoisted` is what the library chooses by itself, named in the label.
/// @param only_hoisted  leave the other paths out
template <class Recurrent, class Options>
void add(const std::string& cell, std::size_t gates, std::size_t bias_rows = 1, bool only_hoisted = false) {
  struct Named {
    const char* name;
    RecurrentPath path;
  };
  for (const bool training : {false, true}) {
    for (const Named& p : {Named{"unfused", RecurrentPath::unfused}, Named{"fused", RecurrentPath::fused},
                           Named{"hoisted", RecurrentPath::automatic}}) {
      if (only_hoisted && p.path != RecurrentPath::automatic) continue;
      const std::string name = cell + '/' + p.name + (training ? "/training" : "/forward");
      benchmark::RegisterBenchmark(name.c_str(), [=, path = p.path](benchmark::State& state) {
        time_layer<Recurrent, Options>(state, path, training, gates, bias_rows);
      })->Apply(shapes);
    }
  }
}

inline int run_all(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace recurrent_gates
