#include "seqnn/kernels/column_moments.hpp"

#include "seqnn/data/series/scaler.hpp"
#include "support/catch.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinRel;

TEST_CASE("column_moments gives mean and deviation of each column", "[kernels]") {
  const std::vector<double> x{1, 10, 2, 10, 3, 10, 6, 14};
  std::vector<double> mean(2, -1), deviation(2, -1);
  column_moments(4, 2, x.data(), mean.data(), deviation.data());
  CHECK(mean == std::vector<double>{3, 11});
  CHECK_THAT(deviation[0], WithinRel(std::sqrt(14.0 / 4), 1e-15));
  CHECK_THAT(deviation[1], WithinRel(std::sqrt(12.0 / 4), 1e-15));
}

TEMPLATE_TEST_CASE("column_moments is StandardScaler's", "[kernels]", float, double) {
  for (const std::size_t columns : Sizes{1, 15, 16, 17, 40}) {
    for (const std::size_t rows : Sizes{2, 7, 8, 9, 100}) {
      CAPTURE(rows, columns);
      const auto values = normal_values<TestType>(rows * columns, 3);
      auto x = Tensor<TestType, 2>::from_shape({rows, columns});
      std::copy(values.begin(), values.end(), x.data());
      StandardScaler scaler;
      scaler.fit(x, {0, rows});
      std::vector<double> mean(columns, -1), deviation(columns, -1);
      column_moments(rows, columns, values.data(), mean.data(), deviation.data());
      double difference = 0;
      for (std::size_t c = 0; c < columns; ++c) {
        difference = std::max(
            {difference, std::fabs(mean[c] - scaler.center(c)), std::fabs(deviation[c] / scaler.scale(c) - 1)});
      }
      CHECK(difference < 1e-14);
    }
  }
}
