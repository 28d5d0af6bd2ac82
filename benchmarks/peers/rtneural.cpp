// RTNeural's part of benchmarks/streaming.cpp, compiled once for each of its back ends.

#include "seqnn/core/denormals.hpp"
#include "support/streaming.hpp"

#include <benchmark/benchmark.h>

// Comes last: it defines macros.
#include <RTNeural/RTNeural.h>
#include <cmath>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace {

#if RTNEURAL_USE_XSIMD
constexpr const char* kBackend = "xsimd";
#elif RTNEURAL_USE_EIGEN
constexpr const char* kBackend = "eigen";
#else
constexpr const char* kBackend = "stl";
#endif

namespace rt = RTNEURAL_NAMESPACE;
using Rows = std::vector<std::vector<float>>;

/// The rows of a matrix with so many.
Rows rows(const std::vector<float>& values, std::size_t count) {
  Rows result;
  const auto columns = static_cast<std::ptrdiff_t>(values.size() / count);
  for (auto at = values.begin(); at != values.end(); at += columns) result.emplace_back(at, at + columns);
  return result;
}

template <bool Gru, int Units>
using Cell = std::conditional_t<Gru, rt::GRULayerT<float, 1, Units>, rt::LSTMLayerT<float, 1, Units>>;

template <bool Gru, int Units>
using Model = rt::ModelT<float, 1, 1, Cell<Gru, Units>, rt::DenseT<float, Units, 1>>;

template <bool Gru, int Units>
std::unique_ptr<Model<Gru, Units>> new_model() {
  auto model = std::make_unique<Model<Gru, Units>>();
  const streaming::Weights w(Units, Gru ? 3 : 4, Gru ? 2 : 1);
  auto& cell = model->template get<0>();
  cell.setWVals(rows(w.kernel, 1));
  cell.setUVals(rows(w.recurrent, Units));
  if constexpr (Gru) {
    cell.setBVals(rows(w.bias, 2));
  } else {
    cell.setBVals(w.bias);
  }
  auto& dense = model->template get<1>();
  dense.setWeights(rows(w.dense, 1));
  dense.setBias(w.dense_bias.data());
  model->reset();
  return model;
}

template <bool Gru, int Units>
void time_model(benchmark::State& state) {
  const seqnn::FlushDenormals flush;
  const auto model = new_model<Gru, Units>();
  const std::vector<float> x = streaming::inputs();
  float y = 0;
  for (const float value : x) y = model->forward(&value);
  const float expected = streaming::expected_output(Gru, Units);
  if (!(std::abs(y - expected) < 1e-4F)) {
    return state.SkipWithError(("gives " + std::to_string(y) + ", ours " + std::to_string(expected)).c_str());
  }
  std::size_t i = 0;
  for (auto _ : state) {
    y = model->forward(&x[i++ % streaming::kInputs]);
    benchmark::DoNotOptimize(y);
  }
}

template <bool Gru, int Units>
void add() {
  const std::string name =
      std::string("streaming/rtneural/") + kBackend + (Gru ? "/gru" : "/lstm") + "/H:" + std::to_string(Units);
  benchmark::RegisterBenchmark(name.c_str(), time_model<Gru, Units>);
}

const bool added = [] {
  add<false, 8>();
  add<false, 16>();
  add<false, 32>();
  add<false, 64>();
  add<true, 8>();
  add<true, 16>();
  add<true, 32>();
  add<true, 64>();
  return true;
}();

}  // namespace
