#include "seqnn/data/series/generator_windows.hpp"

#include "support/catch.hpp"
#include "support/numbered_series.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

/// The book's generator with shuffle = False, statement by statement. One call is one batch.
class BookGenerator {
 public:
  BookGenerator(std::size_t data_rows, const GeneratorOptions& options, std::size_t batch_size)
      : options_(options), batch_size_(batch_size) {
    max_index_ = options.max_index.value_or(data_rows - options.delay - 1);  // if max_index is None
    i_ = options.min_index + options.lookback;
  }

  struct Batch {
    std::vector<Sizes> samples;  // the rows of data that a sample takes
    Sizes targets;               // the rows of its targets
  };

  Batch next() {
    if (i_ + batch_size_ >= max_index_) i_ = options_.min_index + options_.lookback;
    Sizes rows;  // np.arange(i, min(i + batch_size, max_index))
    for (std::size_t row = i_; row < std::min(i_ + batch_size_, max_index_); ++row) rows.push_back(row);
    i_ += rows.size();
    Batch batch;
    for (const std::size_t row : rows) {
      Sizes indices;  // range(rows[j] - lookback, rows[j], step)
      for (std::size_t r = row - options_.lookback; r < row; r += options_.step) indices.push_back(r);
      batch.samples.push_back(indices);
      batch.targets.push_back(row + options_.delay);
    }
    return batch;
  }

 private:
  GeneratorOptions options_;
  std::size_t batch_size_;
  std::size_t max_index_;
  std::size_t i_;
};

/// Compares the batches that the generator yields before it begins again with the first samples.
/// @return how many samples the generator never yields in order, or nothing if a number differs
std::optional<std::size_t> never_seen(std::size_t rows, const GeneratorOptions& options, std::size_t batch_size) {
  const Windows<float> windows(generator_windows(numbered_series(rows, 2), options));
  const Gathered<float> all(windows);
  BookGenerator generator(rows, options, batch_size);
  const std::size_t batches = std::max<std::size_t>(1, (windows.size() - 1) / batch_size);
  std::size_t i = 0;
  std::vector<float> x, y;
  for (std::size_t b = 0; b < batches; ++b) {
    const BookGenerator::Batch batch = generator.next();
    for (std::size_t j = 0; j < batch.samples.size(); ++j, ++i) {
      for (const std::size_t row : batch.samples[j]) {
        x.push_back(static_cast<float>(10 * row));
        x.push_back(static_cast<float>(10 * row + 1));
      }
      y.push_back(static_cast<float>(10 * batch.targets[j] + 1));
    }
  }
  if (i > windows.size() || !std::equal(x.begin(), x.end(), all.x.begin()) ||
      !std::equal(y.begin(), y.end(), all.y.begin())) {
    return std::nullopt;
  }
  if (generator.next().targets.front() != windows.rows().first_target(0)) return std::nullopt;  // it begins again
  return windows.size() - i;
}

}  // namespace

TEST_CASE("The book's generator reads up to row - step and predicts row + delay", "[data][series][generator_windows]") {
  // lookback 4, step 2: rows 4 and 5 (max_index 6 is not one) read r - 4 and r - 2, and predict r + 1.
  const Windows<float> windows =
      generator_windows(numbered_series(8, 2), {.lookback = 4, .delay = 1, .max_index = 6, .step = 2});
  CHECK(windows.size() == 2);
  CHECK(windows.y_shape() == Shape{});
  const Gathered<float> all(windows);
  CHECK(all.x == std::vector<float>{0, 1, 20, 21, 10, 11, 30, 31});
  CHECK(all.y == std::vector<float>{51, 61});
  // The true horizon: delay + step rows after the last that is read.
  CHECK(windows.rows().first_target(0) - windows.rows().last_input(0) == 3);
  const Gathered<float> same(Windows<float>(
      numbered_series(8, 2), {.lookback = 4, .step = 2, .delay = 1 + 2, .targets = {1}, .rows = RowRange{0, 6 + 1}}));
  CHECK(same.x == all.x);
  CHECK(same.y == all.y);
}

TEST_CASE("Samples of the book's generator are those of its listing in all small cases",
          "[data][series][generator_windows]") {
  std::size_t cases = 0;
  for (std::size_t rows = 1; rows <= 12; ++rows) {
    for (const std::size_t n : {1U, 2U, 3U}) {
      for (const std::size_t step : {1U, 2U, 3U}) {
        for (const std::size_t delay : {0U, 1U, 3U}) {
          for (std::size_t min_index = 0; min_index <= 3; ++min_index) {
            for (std::size_t max_index = 0; max_index <= rows; ++max_index) {
              GeneratorOptions options{.lookback = n * step, .delay = delay, .min_index = min_index, .step = step};
              if (max_index > 0) options.max_index = max_index;  // 0 stands for None
              // Where numpy fails: a row beyond the data, or no rows at all.
              if (rows < delay + 1) continue;
              const std::size_t end = options.max_index.value_or(rows - delay - 1);
              if (end + delay > rows || min_index + options.lookback >= end) {
                CHECK_THROWS_AS(generator_windows(numbered_series(rows, 2), options), OptionError);
                continue;
              }
              for (const std::size_t batch_size : {1U, 2U, 3U, 5U}) {
                const auto rest = never_seen(rows, options, batch_size);
                const std::size_t count = end - min_index - options.lookback;
                const std::size_t expected = count <= batch_size ? 0 : (count - 1) % batch_size + 1;
                if (rest != expected) {
                  FAIL(text("rows ", rows, " lookback ", options.lookback, " step ", step, " delay ", delay,
                            " min_index ", min_index, " end ", end, " batch ", batch_size));
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

TEST_CASE("The book's protocol has its numbers of samples", "[data][series][generator_windows]") {
  const auto series = numbered_series(420'551, 2);
  const auto split = [&](std::size_t min_index, std::optional<std::size_t> max_index) {
    return generator_windows(series, {.lookback = 1440, .delay = 144, .min_index = min_index, .max_index = max_index});
  };
  CHECK(split(0, 200'000).describe() ==
        "198560 samples, x (240, 2), y ()\n"
        "sample 0 reads rows 0, 6, …, 1434 and predicts row 1584\n"
        "sample 198559 reads rows 198559, 198565, …, 199993 and predicts row 200143\n");
  CHECK(split(200'001, 300'000).size() / 128 == 769);  // val_steps of the book
  CHECK(split(300'001, std::nullopt).rows().last_target(split(300'001, std::nullopt).size() - 1) == 420'549);
}

TEST_CASE("Arguments beyond the series are errors", "[data][series][generator_windows]") {
  const auto series = numbered_series(100, 2);
  const auto fails = [&](const GeneratorOptions& options, const std::string& message) {
    CHECK_THROWS_MATCHES(generator_windows(series, options), OptionError, Message("generator_windows: " + message));
  };
  fails({}, "lookback must be at least 1, got 0; give the number of rows to look back over");
  fails({.lookback = 20}, "lookback must be a multiple of step, got 20 at step 6; take 24");
  fails({.lookback = 12, .delay = 100}, "delay must be shorter than the series of 100 rows, got 100; shorten it");
  fails({.lookback = 12, .delay = 10, .max_index = 91},
        "max_index must be at most 90, so that a target 10 rows later is one of the 100 rows, got 91; leave it out for "
        "the longest series");
  fails({.lookback = 12, .delay = 10, .min_index = 40, .max_index = 52},
        "lookback must be shorter than the rows from min_index 40 to max_index 52, got 12; shorten it, or give more "
        "rows");
  fails({.lookback = 12, .min_index = 200},
        "lookback must be shorter than the rows from min_index 200 to max_index 99, got 12; shorten it, or give more "
        "rows");
  fails({.lookback = 12, .targets = {2}},
        "targets must have column 2, got a matrix of 2 columns; columns count from 0");
}
