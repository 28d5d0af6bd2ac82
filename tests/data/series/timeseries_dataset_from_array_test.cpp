#include "seqnn/data/series/timeseries_dataset_from_array.hpp"

#include "fixtures/timeseries_dataset.hpp"
#include "support/catch.hpp"
#include "support/numbered_series.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using fixtures::timeseries_dataset::kNone;

namespace {

/// The series begin, begin + 1, …, as one column; null for no rows.
SharedSeries<float> counting(std::size_t rows, float begin) {
  if (rows == kNone) return nullptr;
  auto values = Tensor<float, 2>::from_shape({rows, 1});
  for (std::size_t r = 0; r < rows; ++r) values(r, 0) = begin + static_cast<float>(r);
  return shared_series(std::move(values));
}

std::optional<std::size_t> optional(std::size_t value) { return value == kNone ? std::nullopt : std::optional(value); }

}  // namespace

TEST_CASE("targets[i] belongs to the sample that starts at data[i]", "[data][series][timeseries_dataset]") {
  const auto data = counting(8, 0);
  const auto targets = counting(8, 100);
  const auto samples = timeseries_dataset_from_array(
      data, targets, {.sequence_length = 3, .sequence_stride = 2, .sampling_rate = 2, .start_index = 1});
  CHECK(samples.size() == 2);
  CHECK(samples.x_shape() == Shape{3, 1});
  CHECK(samples.y_shape() == Shape{});
  const Gathered<float> all(samples);
  CHECK(all.x == std::vector<float>{1, 3, 5, 3, 5, 7});
  CHECK(all.y == std::vector<float>{101, 103});
}

TEST_CASE("Samples are those that Keras yields", "[data][series][timeseries_dataset]") {
  for (const auto& expected : fixtures::timeseries_dataset::kCases) {
    const auto samples = timeseries_dataset_from_array(counting(expected.rows, 0), counting(expected.targets, 100),
                                                       {.sequence_length = expected.sequence_length,
                                                        .sequence_stride = expected.sequence_stride,
                                                        .sampling_rate = expected.sampling_rate,
                                                        .start_index = optional(expected.start_index),
                                                        .end_index = optional(expected.end_index)});
    const Gathered<float> all(samples);
    CHECK(all.x == std::vector<float>(expected.x.begin(), expected.x.end()));
    CHECK(all.y == std::vector<float>(expected.y.begin(), expected.y.end()));
  }
}

TEST_CASE("Samples are those of Keras' definition in all small cases", "[data][series][timeseries_dataset]") {
  std::size_t cases = 0;
  for (std::size_t rows = 1; rows <= 12; ++rows) {
    for (const std::size_t target_rows : {kNone, std::size_t{1}, std::size_t{4}, rows, rows + 3}) {
      const auto data = counting(rows, 0);
      const auto targets = counting(target_rows, 100);
      for (const std::size_t length : {1U, 2U, 3U, 5U}) {
        for (const std::size_t stride : {1U, 2U, 5U}) {
          for (const std::size_t rate : {1U, 2U, 3U}) {
            for (const std::size_t start : {kNone, std::size_t{0}, std::size_t{1}, std::size_t{4}}) {
              for (const std::size_t end : {kNone, rows, rows - 1}) {
                const TimeseriesOptions options{.sequence_length = length,
                                                .sequence_stride = stride,
                                                .sampling_rate = rate,
                                                .start_index = optional(start),
                                                .end_index = optional(end)};
                const std::size_t first = start == kNone ? 0 : start;
                const std::size_t last = end == kNone ? rows : end;
                std::vector<float> x, y;
                for (std::size_t r = first; r + (length - 1) * rate < last; r += stride) {
                  if (target_rows != kNone && r >= target_rows) break;
                  for (std::size_t j = 0; j < length; ++j) x.push_back(static_cast<float>(r + j * rate));
                  if (target_rows != kNone) y.push_back(100.0F + static_cast<float>(r));
                }
                if (x.empty()) {
                  CHECK_THROWS_AS(timeseries_dataset_from_array(data, targets, options), OptionError);
                  continue;
                }
                const Gathered<float> all(timeseries_dataset_from_array(data, targets, options));
                if (all.x != x || all.y != y) {
                  FAIL(text("rows ", rows, " targets ", target_rows, " length ", length, " stride ", stride, " rate ",
                            rate, " start ", start, " end ", end));
                }
                ++cases;
              }
            }
          }
        }
      }
    }
  }
  CHECK(cases > 1'000);
}

TEST_CASE("Without targets there are inputs only", "[data][series][timeseries_dataset]") {
  const auto samples = timeseries_dataset_from_array(numbered_series(6, 2), nullptr, {.sequence_length = 5});
  CHECK(samples.y_shape() == Shape{0});
  CHECK(samples.describe() ==
        "2 samples, x (5, 2), y (0,)\n"
        "sample 0 reads rows 0, 1, …, 4\n"
        "sample 1 reads rows 1, 2, …, 5\n");
  CHECK(Gathered<float>(samples).x.size() == 20);
}

TEST_CASE("targets_begin changes what rows are reported, not what is gathered", "[data][series][timeseries_dataset]") {
  const auto samples = timeseries_dataset_from_array(counting(6, 0), counting(3, 100),
                                                     {.sequence_length = 2, .start_index = 1, .targets_begin = 4});
  CHECK(Gathered<float>(samples).y == std::vector<float>{101, 102});
  CHECK(samples.rows().first_target(0) == 5);
}

TEST_CASE("Arguments that make no samples are errors", "[data][series][timeseries_dataset]") {
  const auto data = counting(10, 0);
  const auto fails = [&](const TimeseriesOptions& options, const std::string& message) {
    CHECK_THROWS_MATCHES(timeseries_dataset_from_array(data, counting(3, 0), options), OptionError,
                         Message("timeseries_dataset_from_array: " + message));
  };
  fails({}, "sequence_length must be at least 1, got 0; give the number of rows a sample reads");
  fails({.sequence_length = 2, .sequence_stride = 0},
        "sequence_stride must be at least 1, got 0; 1 starts a sample at "
        "every row");
  fails({.sequence_length = 2, .sampling_rate = 0}, "sampling_rate must be at least 1, got 0; 1 reads every row");
  fails({.sequence_length = 4, .sampling_rate = 3, .start_index = 1},
        "rows must hold at least one sample of sequence_length 4 at sampling_rate 3, got 9 rows, [1, 10); shorten "
        "sequence_length, or use more rows");
  fails({.sequence_length = 2, .start_index = 5, .end_index = 5},
        "start_index and end_index must be rows of data, which has 10, the first below the second, got 5 and 5");
  fails({.sequence_length = 2, .end_index = 11},
        "start_index and end_index must be rows of data, which has 10, the first below the second, got 0 and 11");
  fails({.sequence_length = 2, .start_index = 3},
        "targets must reach beyond start_index 3, got 3 rows; targets[i] belongs to the sample that starts at data[i]");
  CHECK_THROWS_MATCHES(timeseries_dataset_from_array(SharedSeries<float>(), nullptr, {.sequence_length = 2}),
                       OptionError,
                       Message("timeseries_dataset_from_array: data must be a matrix with at least one row and one "
                               "column, got none; fill it first"));
}
