#include "seqnn/training/counted_rows.hpp"

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

using namespace seqnn;

namespace {

using Runs = std::vector<std::pair<std::size_t, std::size_t>>;

Runs runs(const std::uint8_t* mask, std::size_t steps, std::size_t rows) {
  Runs result;
  for_each_counted_run(mask, steps, rows,
                       [&](std::size_t first, std::size_t count) { result.emplace_back(first, count); });
  return result;
}

}  // namespace

TEST_CASE("runs of the rows that a mask leaves", "[training][masked]") {
  const std::uint8_t mask[] = {0, 1, 1, 0, 0, 1};
  CHECK(runs(mask, 6, 1) == Runs{{1, 2}, {5, 1}});
  CHECK(runs(mask, 6, 3) == Runs{{3, 6}, {15, 3}});
  CHECK(runs(mask + 1, 2, 1) == Runs{{0, 2}});
  CHECK(runs(mask + 3, 2, 1).empty());
  CHECK(runs(nullptr, 6, 2) == Runs{{0, 12}});
}

TEST_CASE("rows of a comparison as samples of their own", "[training][masked]") {
  const double predicted[12] = {}, weights[6] = {};
  const std::int32_t classes[6] = {};
  const Comparison<double> c{.samples = 2, .positions = 3, .width = 2, .predicted = predicted, .classes = classes};
  const auto rows = rows_as_samples(c, 2, 3, weights);
  CHECK(rows.samples == 3);
  CHECK(rows.positions == 1);
  CHECK(rows.width == 2);
  CHECK(rows.predicted == predicted + 4);
  CHECK(rows.values == nullptr);
  CHECK(rows.classes == classes + 2);
  CHECK(rows.sample_weights == weights + 2);
  CHECK(rows_as_samples<double>(c, 2, 3, nullptr).sample_weights == nullptr);
}
