// Times the passes of one convolution: the first of the IMDB network, 128 samples of (500, 128), 32 filters of 7 taps.
// "dense" gradients are everywhere, "sparse" ones as a max pool of 5 and relu leave them: 14 % are not zero. GFLOP/s
// count the dense operations either way.

#include "seqnn/kernels/conv1d.hpp"

#include "seqnn/core/random.hpp"
#include "seqnn/core/tensor.hpp"
#include "support/fma_peak.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>

using namespace seqnn;

namespace {

constexpr std::size_t kSamples = 16;  // in turn, so that they come from L2 as in training

struct Convolution {
  Conv1DSizes sizes{.T = 500, .C = 128, .K = 7, .F = 32, .T_out = 494};
  Buffer<std::byte> memory;
  Conv1DKernel<float> kernel;
  Conv1DSparseScratch<float> sparse;
  float* scratch;
  Buffer<float> x, w, y, dense_gradient, sparse_gradient, dx, dw;
  std::size_t sample = 0;

  Convolution()
      : x(kSamples * 500 * 128),
        w(sizes.row() * 32),
        y(494 * 32),
        dense_gradient(494 * 32),
        sparse_gradient(494 * 32),
        dx(500 * 128),
        dw(sizes.row() * 32) {
    Arena measure;
    take(measure);
    memory.resize(measure.used());
    Arena arena(memory.data());
    take(arena);
    RandomStream random({.seed = 1});
    for (float& v : x) v = static_cast<float>(random.normal());
    for (float& v : w) v = static_cast<float>(random.uniform(-0.1, 0.1));
    for (float& v : dense_gradient) v = static_cast<float>(random.normal());
    for (std::size_t window = 0; window < 98; ++window) {
      for (std::size_t f = 0; f < 32; ++f) {
        if (random.uniform() < 0.3) continue;  // relu was 0
        sparse_gradient[(window * 5 + random.below(5)) * 32 + f] = static_cast<float>(random.normal());
      }
    }
    kernel.pack(sizes, w.data());
  }

  void take(Arena& arena) {
    kernel = Conv1DKernel<float>::take(sizes, arena, true, true);
    sparse = Conv1DSparseScratch<float>::take(sizes, arena);
    scratch = arena.take<float>(conv1d_backward_input_scratch<float>(sizes));
  }

  const float* next_x() { return x.data() + (sample++ % kSamples) * 500 * 128; }
};

/// @param products  how many dense products the body stands for
template <class Body>
void run(benchmark::State& state, double products, Body&& body) {
  Convolution c;
  for (auto _ : state) {
    body(c);
    benchmark::ClobberMemory();
  }
  static const double peak = fma_peak();
  const double operations = products * 2.0 * 494 * 896 * 32;
  using benchmark::Counter;
  state.counters["GFLOP/s"] = Counter(1e-9 * operations, Counter::kIsIterationInvariantRate);
  state.counters["share_of_peak"] = Counter(1e-9 * operations / peak, Counter::kIsIterationInvariantRate);
}

void forward(benchmark::State& state) {
  run(state, 1, [](Convolution& c) {
    conv1d_forward<float>(c.sizes, c.next_x(), c.kernel, c.w.data(), Activation::relu, c.y.data());
  });
}

void backward_kernel(benchmark::State& state) {
  run(state, 1,
      [](Convolution& c) { conv1d_backward_kernel<float>(c.sizes, c.next_x(), c.dense_gradient.data(), c.dw.data()); });
}

void backward_input(benchmark::State& state) {
  run(state, 1, [](Convolution& c) {
    conv1d_backward_input<float>(c.sizes, c.dense_gradient.data(), c.kernel, c.dx.data(), c.scratch);
  });
}

void backward_sparse(benchmark::State& state) {
  run(state, 2, [](Convolution& c) {
    conv1d_backward_sparse<float>(c.sizes, c.next_x(), c.sparse_gradient.data(), c.kernel.filters, c.dw.data(),
                                  c.dx.data(), c.sparse);
  });
}

BENCHMARK(forward)->Name("conv1d/forward");
BENCHMARK(backward_kernel)->Name("conv1d/backward_kernel/dense");
BENCHMARK(backward_input)->Name("conv1d/backward_input/dense");
BENCHMARK(backward_sparse)->Name("conv1d/backward_both/sparse");

}  // namespace

BENCHMARK_MAIN();
