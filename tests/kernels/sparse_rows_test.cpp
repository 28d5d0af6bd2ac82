#include "seqnn/kernels/sparse_rows.hpp"

#include "support/catch.hpp"
#include "support/values.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

using namespace seqnn;

namespace {

/// A product C += A·B with A [rows, inner] sparse, rows of B `b_step` apart and rows of C `c_step` apart.
template <class Real>
struct Problem {
  std::size_t rows, inner, n, b_step, c_step;
  std::size_t stride = 1;  // from an entry to the next
  std::vector<Real> a, b, c;
  std::vector<SparseEntry<Real>> entries;
  std::vector<SparseRow<Real>> lists;

  Problem(std::size_t rows_, std::size_t inner_, std::size_t n_, double nonzero, std::size_t b_step_,
          std::size_t c_step_)
      : rows(rows_), inner(inner_), n(n_), b_step(b_step_), c_step(c_step_) {
    a = sparse_values<Real>(rows * inner, nonzero, 1);
    b = whole_values<Real>((inner - 1) * b_step + n, 2);
    c = whole_values<Real>((rows - 1) * c_step + n, 3);
    c.push_back(Real(77));
  }

  void run() {
    entries.reserve(rows * inner * stride);
    for (std::size_t r = 0; r < rows; ++r) {
      const std::size_t begin = entries.size();
      for (std::size_t k = 0; k < inner; ++k) {
        if (a[r * inner + k] == Real(0)) continue;
        entries.push_back({static_cast<std::uint32_t>(k * b_step), a[r * inner + k]});
        for (std::size_t s = 1; s < stride; ++s) entries.push_back({0, std::numeric_limits<Real>::quiet_NaN()});
      }
      lists.push_back({entries.data() + begin, (entries.size() - begin) / stride, c.data() + r * c_step, stride});
    }
    sparse_rows_add(lists.data(), lists.size(), n, b.data());
  }

  std::vector<Real> expected() const {
    std::vector<Real> result = c;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t k = 0; k < inner; ++k) {
        for (std::size_t j = 0; j < n; ++j) result[r * c_step + j] += a[r * inner + k] * b[k * b_step + j];
      }
    }
    return result;
  }
};

template <class Real>
std::vector<std::size_t> widths() {
  constexpr std::size_t W = kLanes<Real>;
  constexpr std::size_t kWide = detail::kSparseRegisters;
  return {1,
          2,
          W - 1,
          W,
          W + 1,
          3 * W,
          4 * W,
          4 * W + 1,
          6 * W,
          7 * W + 2,
          9 * W - 1,
          9 * W,
          kWide * W - 1,
          kWide * W,
          kWide * W + 1,
          (kWide + 4) * W,
          (kWide + 5) * W + 3,
          (2 * kWide + 1) * W + W / 2};
}

}  // namespace

TEST_CASE("sparse_rows_add adds each value times its row", "[kernels][sparse_rows]") {
  // B has rows (1, 2) (3, 4) (5, 6). Row 0 of A is (0, 10, 0), row 1 empty, row 2 is (1, 0, 2):
  // (1, 1) + 10·(3, 4) = (31, 41);  (1, 1);  (1, 1) + (1, 2) + 2·(5, 6) = (12, 15).
  const float b[] = {1, 2, 3, 4, 5, 6};
  const SparseEntry<float> entries[] = {{2, 10}, {0, 1}, {4, 2}};
  float c[] = {1, 1, 1, 1, 1, 1};
  const SparseRow<float> rows[] = {{entries, 1, c}, {entries + 1, 0, c + 2}, {entries + 1, 2, c + 4}};
  sparse_rows_add(rows, 3, 2, b);
  CHECK(std::vector<float>(c, c + 6) == std::vector<float>{31, 41, 1, 1, 12, 15});
}

TEMPLATE_TEST_CASE("sparse_rows_add agrees with the plain product on whole numbers", "[kernels][sparse_rows]", float,
                   double) {
  for (const std::size_t n : widths<TestType>()) {
    for (const double nonzero : {0.0, 0.05, 0.4, 1.0}) {
      for (const std::size_t stride : Sizes{1, 3}) {
        CAPTURE(n, nonzero, stride);
        Problem<TestType> p(9, 21, n, nonzero, n + 2, n);
        p.stride = stride;
        const std::vector<TestType> expected = p.expected();
        p.run();
        CHECK(first_difference(p.c, expected) == -1);
      }
    }
  }
}

TEMPLATE_TEST_CASE("Rows of sparse_rows_add may overlap in B and in C", "[kernels][sparse_rows]", float, double) {
  for (const std::size_t n : widths<TestType>()) {
    for (const std::size_t step : Sizes{1, 3, 16}) {
      CAPTURE(n, step);
      Problem<TestType> p(11, 13, n, 0.3, step, step);
      const std::vector<TestType> expected = p.expected();
      p.run();
      CHECK(first_difference(p.c, expected) == -1);
    }
  }
}

TEST_CASE("sparse_rows_add does nothing without rows or columns", "[kernels][sparse_rows]") {
  const SparseEntry<float> entry = {0, 1};
  float c = 5;
  const float b = 1;
  const SparseRow<float> row = {&entry, 1, &c};
  sparse_rows_add(&row, 0, 1, &b);
  sparse_rows_add(&row, 1, 0, &b);
  CHECK(c == 5);
}
