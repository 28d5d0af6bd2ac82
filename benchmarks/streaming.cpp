// Times one time step of one sequence through Stream: a recurrent layer on one feature and Dense(1), as sound effects
// and sensors have them. Where CMake knows SEQNN_RTNEURAL_DIR, also RTNeural's compile-time models with the same
// weights, whose sizes the compiler knows while ours come at run time.
//
//   streaming --benchmark_repetitions=9 --benchmark_enable_random_interleaving=true --benchmark_min_time=0.05
//             --benchmark_out=streaming.json --benchmark_out_format=json
//   tools/recurrent_paths streaming.json
//
// Names are streaming/CELL/H:units and streaming/rtneural/BACKEND/CELL/H:units.

#include "support/streaming.hpp"

#include "seqnn/core/denormals.hpp"
#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/gru.hpp"
#include "seqnn/layers/lstm.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/models/stream.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

using namespace seqnn;

namespace {

Sequential<float> new_model(bool gru, std::size_t units) {
  Sequential<float> model;
  if (gru) {
    model.add(GRU(units));
  } else {
    model.add(LSTM(units));
  }
  model.add(Dense(1));
  model.build({streaming::kInputs, 1});
  const streaming::Weights w(units, gru ? 3 : 4, gru ? 2 : 1);
  const auto weights = model.weights();
  std::size_t i = 0;
  for (const auto* values : {&w.kernel, &w.recurrent, &w.bias, &w.dense, &w.dense_bias}) {
    auto shaped =
        xt::xarray<float>::from_shape(std::vector<std::size_t>(weights[i].shape.begin(), weights[i].shape.end()));
    std::copy(values->begin(), values->end(), shaped.begin());
    model.set_weight(weights[i].name, shaped);
    ++i;
  }
  return model;
}

void time_stream(benchmark::State& state, bool gru) {
  const FlushDenormals flush;  // as programs that make sound do in their real-time thread
  const Sequential<float> model = new_model(gru, static_cast<std::size_t>(state.range(0)));
  Stream<float> stream(model);
  const std::vector<float> x = streaming::inputs();
  std::size_t i = 0;
  for (auto _ : state) {
    const float y = stream.step(&x[i++ % streaming::kInputs]);
    benchmark::DoNotOptimize(y);
  }
}

BENCHMARK_CAPTURE(time_stream, lstm, false)->Name("streaming/lstm")->ArgName("H")->RangeMultiplier(2)->Range(8, 64);
BENCHMARK_CAPTURE(time_stream, gru, true)->Name("streaming/gru")->ArgName("H")->RangeMultiplier(2)->Range(8, 64);

}  // namespace

float streaming::expected_output(bool gru, std::size_t units) {
  const Sequential<float> model = new_model(gru, units);
  Stream<float> stream(model);
  float y = 0;
  for (const float x : inputs()) y = stream.step(&x);
  return y;
}

BENCHMARK_MAIN();
