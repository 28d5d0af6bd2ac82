// Times Windows::gather: 128 samples of 240 rows of 14 floats, drawn at random from a series of 52,696 or 420,551 rows,
// all at once and in four calls of 32, as the shards of a training step ask for them.
//
//   gather_windows --benchmark_repetitions=9 --benchmark_enable_random_interleaving=true --benchmark_min_time=0.1
//
// Names are gather/PATTERN/rows:ROWS/samples:SAMPLES of one call.

#include "seqnn/core/random.hpp"
#include "seqnn/data/series/windows.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace seqnn;

namespace {

constexpr std::size_t kBatch = 128;

void gather(benchmark::State& state, std::size_t rows, std::size_t columns, std::size_t samples,
            const WindowsOptions& options) {
  auto values = Tensor<float, 2>::from_shape({rows, columns});
  std::fill(values.begin(), values.end(), 1.0F);
  const Windows<float> windows(shared_series(std::move(values)), options);
  Buffer<float> x(samples * element_count(windows.x_shape()));
  Buffer<float> y(samples);
  std::vector<std::size_t> indices(kBatch);
  RandomStream random({.seed = 1, .purpose = Purpose::data});
  for (auto _ : state) {
    state.PauseTiming();
    for (std::size_t& i : indices) i = random.below(static_cast<std::uint32_t>(windows.size()));
    state.ResumeTiming();
    for (std::size_t first = 0; first < kBatch; first += samples) {
      windows.gather(std::span(indices).subspan(first, samples), x, y);
      benchmark::DoNotOptimize(x.data());
      benchmark::ClobberMemory();
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  struct Pattern {
    std::string name;
    std::size_t columns;
    WindowsOptions options;
  };
  std::vector<std::size_t> some(14);
  for (std::size_t c = 0; c < some.size(); ++c) some[c] = c * 3 / 2;
  const std::vector<Pattern> patterns{
      {"step:1", 14, {.lookback = 240, .delay = 144, .targets = {1}}},
      {"step:6", 14, {.lookback = 1440, .step = 6, .delay = 144, .targets = {1}}},
      {"step:6/columns:14_of_21", 21, {.lookback = 1440, .step = 6, .delay = 144, .inputs = some, .targets = {1}}}};
  for (const Pattern& pattern : patterns) {
    for (const std::size_t rows : {52'696U, 420'551U}) {
      for (const std::size_t samples : {kBatch, std::size_t{32}}) {
        benchmark::RegisterBenchmark(
            text("gather/", pattern.name, "/rows:", rows, "/samples:", samples).c_str(),
            [=](benchmark::State& state) { gather(state, rows, pattern.columns, samples, pattern.options); })
            ->Unit(benchmark::kMicrosecond);
      }
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
