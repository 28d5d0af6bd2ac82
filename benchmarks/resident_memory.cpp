// Trains a small LSTM and predicts with it in 2,000 cycles, and fails if the program's resident memory grew by more
// than 1 MB between cycles 100 and 2,000.
//
//   resident_memory [CYCLES]
//
// A cycle goes on with a model that lives throughout, and makes, trains and destroys another one: a program that
// retrains for weeks does either.

#include "seqnn/seqnn.hpp"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <unistd.h>

using namespace seqnn;

namespace {

/// Bytes of this process that lie in memory.
std::size_t resident_bytes() {
  std::size_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

Sequential<float> new_model() {
  Sequential<float> model = {LSTM(8), Dense(1)};
  model.compile(Adam(), MeanSquaredError());
  return model;
}

float fit_and_predict(Sequential<float>& model, const Tensor<float, 3>& x, const Tensor<float, 2>& y) {
  model.fit(x, y, {.epochs = 1, .batch_size = 32, .verbose = Verbose::silent});
  return model.predict(x)(0, 0);
}

}  // namespace

int main(int argc, char** argv) {
  constexpr std::size_t kFirst = 100;  // by then allocators and threads have what they keep
  const std::size_t cycles = argc > 1 ? static_cast<std::size_t>(std::atol(argv[1])) : 2000;
  auto x = Tensor<float, 3>::from_shape({96, 20, 3});
  auto y = Tensor<float, 2>::from_shape({96, 1});
  RandomStream random({.seed = 1, .purpose = Purpose::data});
  for (auto& value : x) value = static_cast<float>(random.normal());
  for (auto& value : y) value = static_cast<float>(random.normal());

  Sequential<float> kept = new_model();
  std::size_t before = resident_bytes();  // the code that reads it shall lie in memory when it counts
  float sum = 0;
  for (std::size_t cycle = 1; cycle <= cycles; ++cycle) {
    sum += fit_and_predict(kept, x, y);
    Sequential<float> fresh = new_model();
    sum += fit_and_predict(fresh, x, y);
    if (cycle == kFirst) before = resident_bytes();
  }
  const std::size_t after = resident_bytes();
  const double grown = (static_cast<double>(after) - static_cast<double>(before)) / (1U << 20);
  std::printf(
      "resident after cycle %zu: %.2f MB, after cycle %zu: %.2f MB, grown by %+.3f MB (sum of predictions %g)\n",
      kFirst, static_cast<double>(before) / (1U << 20), cycles, static_cast<double>(after) / (1U << 20), grown,
      static_cast<double>(sum));
  return cycles > kFirst && grown <= 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
