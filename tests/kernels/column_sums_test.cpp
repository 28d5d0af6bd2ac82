#include "seqnn/kernels/column_sums.hpp"

#include "support/catch.hpp"
#include "support/values.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace seqnn;

TEST_CASE("column_sums_add adds the rows to what is there", "[kernels][column_sums]") {
  // Rows (1, 2) (3, 4) (5, 6), one value apart: 1 + 3 + 5 = 9 and 2 + 4 + 6 = 12, on 100 and 200.
  const float x[] = {1, 2, -1, 3, 4, -1, 5, 6};
  float sums[] = {100, 200};
  column_sums_add<float>(3, 2, x, 3, sums);
  CHECK(sums[0] == 109);
  CHECK(sums[1] == 212);
}

TEMPLATE_TEST_CASE("column_sums_add is exact on whole numbers at every size", "[kernels][column_sums]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (const std::size_t columns : Sizes{1, 2, W - 1, W, W + 1, 4 * W - 1, 4 * W, 4 * W + 1, 5 * W, 9 * W + 3}) {
    for (const std::size_t rows : Sizes{0, 1, 2, 3, 4, 7, 50}) {
      for (const std::size_t gap : Sizes{0, 5}) {
        CAPTURE(columns, rows, gap);
        const std::size_t ld = columns + gap;
        const std::vector<TestType> x = whole_values<TestType>(rows == 0 ? 0 : (rows - 1) * ld + columns, 1);
        std::vector<TestType> sums = whole_values<TestType>(columns, 2);
        std::vector<TestType> expected = sums;
        for (std::size_t r = 0; r < rows; ++r) {
          for (std::size_t j = 0; j < columns; ++j) expected[j] += x[r * ld + j];
        }
        sums.push_back(77);
        expected.push_back(77);
        column_sums_add<TestType>(rows, columns, x.data(), ld, sums.data());
        CHECK(sums == expected);
      }
    }
  }
}

TEMPLATE_TEST_CASE("column_sums_add rounds no more than once a row", "[kernels][column_sums]", float, double) {
  const std::size_t rows = 1000;
  for (const std::size_t columns : Sizes{3, kLanes<TestType>, 4 * kLanes<TestType>}) {
    const std::vector<TestType> x = normal_values<TestType>(rows * columns, 3);
    std::vector<TestType> sums(columns, TestType(0));
    column_sums_add<TestType>(rows, columns, x.data(), columns, sums.data());
    for (std::size_t j = 0; j < columns; ++j) {
      long double sum = 0;
      long double magnitude = 0;
      for (std::size_t r = 0; r < rows; ++r) {
        sum += x[r * columns + j];
        magnitude += std::fabs(x[r * columns + j]);
      }
      const long double bound = rows * 0.5L * std::numeric_limits<TestType>::epsilon() * magnitude;
      CHECK(std::fabs(sums[j] - sum) <= bound);
    }
  }
}

TEST_CASE("column_sums_add keeps a NaN in its column", "[kernels][column_sums]") {
  for (const std::size_t columns : Sizes{3, kLanes<float>, 4 * kLanes<float>}) {
    std::vector<float> x(3 * columns, 1.0F);
    x[columns + 1] = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> sums(columns, 0.0F);
    column_sums_add<float>(3, columns, x.data(), columns, sums.data());
    for (std::size_t j = 0; j < columns; ++j) CHECK(std::isnan(sums[j]) == (j == 1));
  }
}
