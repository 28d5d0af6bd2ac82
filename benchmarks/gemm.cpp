// Times matrix products of the shapes that sequence models have, on one thread, and beside them OpenBLAS and oneDNN
// where CMake found them. GFLOP/s and the share of the core's multiply-adds in registers are counters.
//
//   gemm --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true --benchmark_min_time=0.2
//        --benchmark_report_aggregates_only=true
//
// "plain" takes B as it lies, as a BLAS does; "packed" takes it in panels, as layers do, which pack weights once a
// step. OpenBLAS of Debian 12 does not know the newest processors: OPENBLAS_CORETYPE=SkylakeX chooses its AVX-512
// kernels.

#include "seqnn/kernels/gemm.hpp"

#include "seqnn/core/random.hpp"
#include "seqnn/core/tensor.hpp"
#include "support/fma_peak.hpp"

#include <benchmark/benchmark.h>

#if defined(SEQNN_BENCH_OPENBLAS)
#include <cblas.h>
#endif
#if defined(SEQNN_BENCH_ONEDNN)
#include <omp.h>
#include <oneapi/dnnl/dnnl.hpp>
#endif

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

using namespace seqnn;

namespace {

struct Product {
  std::size_t M, N, K;
  Buffer<float> a, b, c, panels;

  explicit Product(const benchmark::State& state)
      : M(static_cast<std::size_t>(state.range(0))),
        N(static_cast<std::size_t>(state.range(1))),
        K(static_cast<std::size_t>(state.range(2))),
        a(M * K),
        b(K * N),
        c(M * N),
        panels(packed_size<float>(K, N)) {
    RandomStream random({.seed = 1});
    for (float& v : a) v = static_cast<float>(random.uniform(-1, 1));
    for (float& v : b) v = static_cast<float>(random.uniform(-1, 1));
    pack_b(K, N, b.data(), N, panels.data());
  }

  void count(benchmark::State& state) const {
    static const double peak = fma_peak();
    const double operations = 2.0 * static_cast<double>(M * N * K);
    using benchmark::Counter;
    state.counters["GFLOP/s"] = Counter(1e-9 * operations, Counter::kIsIterationInvariantRate);
    state.counters["share_of_peak"] = Counter(1e-9 * operations / peak, Counter::kIsIterationInvariantRate);
  }
};

void plain(benchmark::State& state) {
  Product p(state);
  for (auto _ : state) {
    gemm<float>(p.M, p.N, p.K, p.a.data(), p.K, {p.b.data(), p.N}, p.c.data(), p.N);
    benchmark::ClobberMemory();
  }
  p.count(state);
}

void in_panels(benchmark::State& state) {
  Product p(state);
  for (auto _ : state) {
    gemm<float>(p.M, p.N, p.K, p.a.data(), p.K, packed(p.panels.data()), p.c.data(), p.N);
    benchmark::ClobberMemory();
  }
  p.count(state);
}

#if defined(SEQNN_BENCH_OPENBLAS)
void openblas(benchmark::State& state) {
  Product p(state);
  openblas_set_num_threads(1);
  const auto size = [](std::size_t n) { return static_cast<blasint>(n); };
  for (auto _ : state) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, size(p.M), size(p.N), size(p.K), 1.0F, p.a.data(), size(p.K),
                p.b.data(), size(p.N), 0.0F, p.c.data(), size(p.N));
    benchmark::ClobberMemory();
  }
  p.count(state);
}
#endif

#if defined(SEQNN_BENCH_ONEDNN)
/// With B in the layout that oneDNN asks for.
void onednn_packed(benchmark::State& state) {
  using dnnl::memory;
  Product p(state);
  omp_set_num_threads(1);
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const auto size = [](std::size_t n) { return static_cast<memory::dim>(n); };
  const auto f32 = memory::data_type::f32;
  const auto ab = memory::format_tag::ab;
  const memory::desc a({size(p.M), size(p.K)}, f32, ab);
  const memory::desc b({size(p.K), size(p.N)}, f32, ab);
  const memory::desc any({size(p.K), size(p.N)}, f32, memory::format_tag::any);
  const memory::desc c({size(p.M), size(p.N)}, f32, ab);
  const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(a, any, c), engine);
  dnnl::matmul product(description);
  memory given(b, engine, p.b.data());
  memory weights = given;
  if (description.weights_desc() != b) {
    weights = memory(description.weights_desc(), engine);
    dnnl::reorder(given, weights).execute(stream, given, weights);
    stream.wait();
  }
  const std::unordered_map<int, memory> arguments = {{DNNL_ARG_SRC, memory(a, engine, p.a.data())},
                                                     {DNNL_ARG_WEIGHTS, weights},
                                                     {DNNL_ARG_DST, memory(c, engine, p.c.data())}};
  for (auto _ : state) {
    product.execute(stream, arguments);
    stream.wait();
    benchmark::ClobberMemory();
  }
  p.count(state);
}
#endif

void shapes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"M", "N", "K"});
  b->Args({128, 128, 32});     // LSTM(32) gates
  b->Args({128, 512, 128});    // LSTM(128) gates
  b->Args({128, 2048, 512});   // LSTM(512) gates
  b->Args({64, 2048, 512});    // the same, half the batch
  b->Args({16000, 256, 128});  // dense over (batch, time)
  b->Args({63232, 32, 896});   // IMDB's first convolution with its windows copied
  b->Args({1, 128, 32});       // LSTM(32), one step
  b->Args({1, 2048, 512});     // LSTM(512), one step
  b->Args({512, 512, 512});
  b->Args({1024, 1024, 1024});
}

BENCHMARK(plain)->Name("gemm/plain")->Apply(shapes);
BENCHMARK(in_panels)->Name("gemm/packed")->Apply(shapes);
#if defined(SEQNN_BENCH_OPENBLAS)
BENCHMARK(openblas)->Name("gemm/openblas")->Apply(shapes);
#endif
#if defined(SEQNN_BENCH_ONEDNN)
BENCHMARK(onednn_packed)->Name("gemm/onednn_packed")->Apply(shapes);
#endif

}  // namespace

BENCHMARK_MAIN();
