// Times read_csv on a file as long as jena_climate_2009_2016.csv: 420,551 rows of a date and 14 numbers with two
// decimals, 40 MB of simulated values. The file is in the system's cache: this times the parsing, not the disk.
//
//   read_csv

#include "seqnn/core/random.hpp"
#include "seqnn/data/series/csv.hpp"
#include "seqnn/io/atomic_file.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>

using namespace seqnn;

namespace {

constexpr std::size_t kRows = 420'551, kColumns = 14;

std::string content() {
  RandomStream random({.seed = 1});
  std::string text = "Date Time";
  for (std::size_t c = 0; c < kColumns; ++c) text += ",column " + std::to_string(c);
  const std::int64_t start = timestamp({.year = 2009, .minute = 10});
  for (std::size_t row = 0; row < kRows; ++row) {
    const CivilTime t = civil_time(start + static_cast<std::int64_t>(row) * 600);
    char field[64];
    std::snprintf(field, sizeof field, "\n%02d.%02d.%04d %02d:%02d:%02d", static_cast<int>(t.day),
                  static_cast<int>(t.month), static_cast<int>(t.year), static_cast<int>(t.hour),
                  static_cast<int>(t.minute), static_cast<int>(t.second));
    text += field;
    for (std::size_t c = 0; c < kColumns; ++c) {
      const double scale = c % 5 == 0 ? 1'000 : c % 2 == 0 ? 90 : 9;
      std::snprintf(field, sizeof field, ",%.2f", scale * random.uniform(c == 1 ? -1 : 0, 1));
      text += field;
    }
  }
  return text + '\n';
}

void read(benchmark::State& state) {
  const std::string path = (std::filesystem::temp_directory_path() / "seqnn_read_csv.csv").string();
  const std::string text = content();
  write_file(path, text);
  for (auto _ : state) benchmark::DoNotOptimize(read_csv(path).values().data());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
  std::filesystem::remove(path);
}
BENCHMARK(read)->Unit(benchmark::kMillisecond)->Iterations(5)->Repetitions(3);

}  // namespace

BENCHMARK_MAIN();
