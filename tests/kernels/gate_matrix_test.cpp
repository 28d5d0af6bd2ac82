#include "seqnn/kernels/gate_matrix.hpp"

#include "seqnn/core/tensor.hpp"
#include "support/catch.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

using namespace seqnn;

namespace {

/// Memory for one matrix of gates, and whether it took as much as it had asked for.
template <class Matrix>
struct Owned {
  template <class... Sizes>
  explicit Owned(Sizes... sizes) {
    Arena measure;
    Matrix::take(sizes..., measure);
    memory.resize(measure.used());
    Arena arena(memory.data());
    matrix = Matrix::take(sizes..., arena);
    REQUIRE(arena.used() == measure.used());
  }

  Buffer<std::byte> memory;
  Matrix matrix;
};

/// Widths of gates: some registers each.
template <class Real>
Sizes widths() {
  return {kLanes<Real>, 3 * kLanes<Real>};
}

// A row more and a column more than needed stand around every result, to see that they are left alone.

/// C = A·M, or one A for every gate at distance a_step, [rows, gates·width] at distance ldc.
template <class Real>
void plain_product(std::size_t rows, std::size_t K, std::size_t gates, std::size_t width, const std::vector<Real>& a,
                   std::size_t lda, std::size_t a_step, const std::vector<Real>& m, const Real* bias, bool accumulate,
                   std::vector<Real>& c, std::size_t ldc) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t j = 0; j < gates * width; ++j) {
      Real sum = accumulate ? c[r * ldc + j] : Real{0};
      if (bias != nullptr) sum += bias[j];
      for (std::size_t k = 0; k < K; ++k) sum += a[r * lda + j / width * a_step + k] * m[k * gates * width + j];
      c[r * ldc + j] = sum;
    }
  }
}

/// C = Σ_g factor_g ⊙ (D_g · M_gᵀ), [rows, N] at distance ldc.
template <class Real>
void plain_product_back(std::size_t rows, std::size_t N, std::size_t gates, std::size_t width,
                        const std::vector<Real>& d, std::size_t ldd, const std::vector<Real>& m, const Real* factors,
                        bool accumulate, std::vector<Real>& c, std::size_t ldc) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t n = 0; n < N; ++n) {
      Real sum = accumulate ? c[r * ldc + n] : Real{0};
      for (std::size_t j = 0; j < gates * width; ++j) {
        const Real factor = factors == nullptr ? Real{1} : factors[(r * gates + j / width) * N + n];
        sum += factor * d[r * ldd + j] * m[n * gates * width + j];
      }
      c[r * ldc + n] = sum;
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("Units are padded to whole registers", "[kernels][gate_matrix]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  CHECK(padded_units<TestType>(1) == W);
  CHECK(padded_units<TestType>(W) == W);
  CHECK(padded_units<TestType>(W + 1) == 2 * W);
  CHECK(padded_units<TestType>(3 * W - 1) == 3 * W);
}

TEST_CASE("pad_gates puts gates in order, each with zeros up to its width", "[kernels][gate_matrix]") {
  // Two rows of three gates with two units, in the order 2 0 1 and rows of 13 for widths of 4.
  const std::vector<float> from = {1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16};
  std::vector<float> to(26, 77);
  pad_gates<float>(2, 2, 4, Sizes{2, 0, 1}, from.data(), 6, to.data(), 13);
  CHECK(to == std::vector<float>{5,  6,  0, 0, 1,  2,  0, 0, 3,  4,  0, 0, 77,  //
                                 15, 16, 0, 0, 11, 12, 0, 0, 13, 14, 0, 0, 77});
  // Some of the gates only.
  std::vector<float> last(3, 77);
  pad_gates<float>(1, 2, 3, Sizes{1}, from.data(), 6, last.data(), 3);
  CHECK(last == std::vector<float>{3, 4, 0});
}

TEMPLATE_TEST_CASE("GateMatrix multiplies as its plain twin does", "[kernels][gate_matrix]", float, double) {
  for (const std::size_t width : widths<TestType>()) {
    for (const std::size_t gates : Sizes{1, 3}) {
      for (const std::size_t K : Sizes{1, 9}) {
        for (const std::size_t rows : Sizes{1, 2, 17}) {
          const std::vector<TestType> m = whole_values<TestType>(K * gates * width, 1);
          const std::vector<TestType> bias = whole_values<TestType>(gates * width, 2);
          for (const bool apart : {false, true}) {
            for (const std::size_t most_rows : Sizes{rows, 40}) {
              Owned<GateMatrix<TestType>> owned(K, gates, width, apart, most_rows);
              owned.matrix.pack(m.data());
              for (const bool own_a : {false, true}) {  // an A for every gate
                if (own_a && !apart) continue;
                const std::size_t a_step = own_a ? K : 0;
                const std::size_t lda = (own_a ? gates : 1) * K + 3;
                const std::vector<TestType> a = whole_values<TestType>(rows * lda, 3);
                for (const int finish : {0, 1, 2}) {  // overwrite, with a bias, add
                  CAPTURE(width, gates, K, rows, apart, most_rows, own_a, finish);
                  const std::size_t ldc = gates * width + 1;
                  std::vector<TestType> c = whole_values<TestType>((rows + 1) * ldc, 4);
                  std::vector<TestType> expected = c;
                  const TestType* b = finish == 1 ? bias.data() : nullptr;
                  owned.matrix.multiply(rows, a.data(), lda, a_step, c.data(), ldc, b, finish == 2);
                  plain_product(rows, K, gates, width, a, lda, a_step, m, b, finish == 2, expected, ldc);
                  CHECK(first_difference(c, expected) == -1);
                }
              }
            }
          }
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("GateMatrixBack multiplies as its plain twin does", "[kernels][gate_matrix]", float, double) {
  for (const std::size_t width : widths<TestType>()) {
    for (const std::size_t gates : Sizes{1, 3}) {
      // Whole panels too, which need no packing.
      for (const std::size_t N : {std::size_t{7}, kPanel<TestType>, kPanel<TestType> + 3}) {
        for (const std::size_t rows : Sizes{1, 2, 9}) {
          const std::vector<TestType> m = whole_values<TestType>(N * gates * width, 1);
          std::vector<TestType> factors = whole_values<TestType>(rows * gates * N, 2);
          for (TestType& f : factors) f = f > 0 ? TestType{2} : TestType{0};
          const std::size_t ldd = gates * width + 2;
          const std::vector<TestType> d = whole_values<TestType>(rows * ldd, 3);
          for (const bool apart : {false, true}) {
            for (const std::size_t most_rows : Sizes{rows, 40}) {
              Owned<GateMatrixBack<TestType>> owned(N, gates, width, apart, most_rows);
              owned.matrix.pack(m.data());
              for (const bool masks : {false, true}) {
                if (masks && !apart) continue;
                for (const bool accumulate : {false, true}) {
                  CAPTURE(width, gates, N, rows, apart, most_rows, masks, accumulate);
                  const std::size_t ldc = N + 1;
                  std::vector<TestType> c = whole_values<TestType>((rows + 1) * ldc, 4);
                  std::vector<TestType> expected = c;
                  std::vector<TestType> scratch(rows * N);
                  const TestType* f = masks ? factors.data() : nullptr;
                  owned.matrix.multiply(rows, d.data(), ldd, c.data(), ldc, f, gates * N, scratch.data(), accumulate);
                  plain_product_back(rows, N, gates, width, d, ldd, m, f, accumulate, expected, ldc);
                  CHECK(first_difference(c, expected) == -1);
                }
              }
            }
          }
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("gate_matrix_gradient adds what its plain twin adds", "[kernels][gate_matrix]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  const std::vector<Sizes> orders = {{0}, {0, 1, 2, 3}, {2, 0, 1}, {3}};
  for (const std::size_t units : {std::size_t{1}, W - 1, W, W + 3}) {
    if (units == 0) continue;
    const std::size_t width = padded_units<TestType>(units);
    for (const Sizes& order : orders) {
      for (const std::size_t K : Sizes{1, 9}) {
        for (const std::size_t rows : Sizes{1, 12}) {
          for (const bool own_a : {false, true}) {
            for (const bool apart : {false, true}) {
              CAPTURE(units, order, K, rows, own_a, apart);
              const std::size_t a_step = own_a ? K : 0;
              const std::size_t lda = (own_a ? order.size() : 1) * K + 3;
              const std::size_t ldd = order.size() * width + 2;
              const std::size_t lddw = 4 * units + 1;
              const std::vector<TestType> a = whole_values<TestType>(rows * lda, 1);
              const std::vector<TestType> d = whole_values<TestType>(rows * ldd, 2);
              std::vector<TestType> dw = whole_values<TestType>((K + 1) * lddw, 3);
              std::vector<TestType> expected = dw;
              for (std::size_t k = 0; k < K; ++k) {
                for (std::size_t g = 0; g < order.size(); ++g) {
                  for (std::size_t u = 0; u < units; ++u) {
                    for (std::size_t r = 0; r < rows; ++r) {
                      expected[k * lddw + order[g] * units + u] +=
                          a[r * lda + g * a_step + k] * d[r * ldd + g * width + u];
                    }
                  }
                }
              }
              gate_matrix_gradient<TestType>(rows, K, units, width, order, a.data(), lda, a_step, d.data(), ldd,
                                             dw.data(), lddw, apart);
              CHECK(first_difference(dw, expected) == -1);
            }
          }
        }
      }
    }
  }
}
