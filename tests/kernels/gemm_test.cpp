#include "seqnn/kernels/gemm.hpp"

#include "support/catch.hpp"
#include "support/reference/gemm.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;

namespace {

/// Which of the two functions, and how B is given.
enum class Product { a_b, at_b };
enum class Form { plain, packed, packed_from_transpose };
constexpr Product kProducts[] = {Product::a_b, Product::at_b};
constexpr Form kForms[] = {Form::plain, Form::packed, Form::packed_from_transpose};

constexpr double kGuard = 77;

/// One product. All blocks are as long as they have to be and no longer, so that a memory checker sees one read too
/// many; C has guard values before, between and behind its rows.
template <class Real>
struct Problem {
  Product product;
  std::size_t M, N, K, lda, ldb, ldc;
  std::vector<Real> a, b, bias, c;

  /// @param gap  by how much the rows of all matrices are longer than needed
  Problem(Product p, std::size_t M_, std::size_t N_, std::size_t K_, std::size_t gap = 0)
      : product(p), M(M_), N(N_), K(K_), lda((p == Product::a_b ? K : M) + gap), ldb(N + gap), ldc(N + gap) {
    fill(whole_values<Real>);
  }

  template <class Values>
  void fill(Values&& values) {
    const std::size_t lines = product == Product::a_b ? M : K;
    const std::size_t length = product == Product::a_b ? K : M;
    a = values(lines == 0 || length == 0 ? 0 : (lines - 1) * lda + length, 1);
    b = values(K == 0 ? 0 : (K - 1) * ldb + N, 2);
    bias = values(N, 3);
    c.assign((M + 2) * ldc, static_cast<Real>(kGuard));
    const std::vector<Real> before = values(M * N, 4);
    for (std::size_t i = 0; i < M * N; ++i) c[at(i / N, i % N)] = before[i];
  }

  std::size_t at(std::size_t m, std::size_t n) const { return (m + 1) * ldc + n; }

  /// C and its guards after the product.
  std::vector<Real> run(const GemmFinish<Real>& finish = {}, Form form = Form::plain) const {
    std::vector<Real> memory(form == Form::plain ? 0 : packed_size<Real>(K, N), kNaN());
    if (form == Form::packed) pack_b(K, N, b.data(), ldb, memory.data());
    if (form == Form::packed_from_transpose) {
      std::vector<Real> bt(N * K);
      for (std::size_t k = 0; k < K; ++k) {
        for (std::size_t n = 0; n < N; ++n) bt[n * K + k] = b[k * ldb + n];
      }
      pack_bt(K, N, bt.data(), K, memory.data());
    }
    const GemmB<Real> from = form == Form::plain ? GemmB<Real>{b.data(), ldb} : packed<Real>(memory.data());
    std::vector<Real> result = c;
    Real* to = result.data() + ldc;
    if (product == Product::a_b) {
      gemm<Real>(M, N, K, a.data(), lda, from, to, ldc, finish);
    } else {
      gemm_at<Real>(M, N, K, a.data(), lda, from, to, ldc, finish);
    }
    return result;
  }

  /// The same from the twin, before the activation.
  std::vector<Real> expected(const GemmFinish<Real>& finish = {}) const {
    const bool rows = product == Product::a_b;
    const std::vector<double> sums = reference::gemm(M, N, K, a.data(), rows ? lda : 1, rows ? 1 : lda, b.data(), ldb);
    std::vector<Real> result = c;
    for (std::size_t i = 0; i < M * N; ++i) {
      Real& to = result[at(i / N, i % N)];
      const double start = finish.accumulate ? static_cast<double>(to)
                           : finish.bias     ? static_cast<double>(finish.bias[i % N])
                                             : 0.0;
      to = static_cast<Real>(start + sums[i]);
    }
    return result;
  }

  static Real kNaN() { return std::numeric_limits<Real>::quiet_NaN(); }
};

/// Compares on whole numbers, where nothing rounds.
template <class Real>
void check_exact(const Problem<Real>& p, Form form) {
  CAPTURE(p.M, p.N, p.K, p.lda, p.ldc, p.product == Product::at_b, static_cast<int>(form));
  // Three variants, so that few sizes are enough to see each: the sizes choose.
  GemmFinish<Real> finish;
  if ((p.M + p.N) % 3 == 1) finish.bias = p.bias.data();
  if ((p.M + p.N) % 3 == 2) finish.accumulate = true;
  CHECK(first_difference(p.run(finish, form), p.expected(finish)) == -1);
}

template <class Real>
void check_exact(std::size_t M, std::size_t N, std::size_t K) {
  for (const Product product : kProducts) {
    for (const Form form : kForms) {
      // Plain operands both with tight rows (one width of these is read in place) and with wider ones.
      check_exact(Problem<Real>(product, M, N, K, 0), form);
      check_exact(Problem<Real>(product, M, N, K, 3), form);
    }
  }
}

double plain(Activation::Function f, double x) {
  switch (f) {
    case Activation::relu:
      return std::max(x, 0.0);
    case Activation::tanh:
      return std::tanh(x);
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::hard_sigmoid:
      return std::clamp(x / 6 + 0.5, 0.0, 1.0);
    default:
      return x;
  }
}

}  // namespace

TEST_CASE("gemm multiplies by hand", "[kernels][gemm]") {
  // (1 2 3)   (1 0)            (1+4+9   0+2-3)   (14 -1)
  // (4 5 6) · (2 1)          = (4+10+18 0+5-6) = (32 -1);  with bias (-20, 3): (-6 2) (12 2);  relu: (0 2) (12 2)
  //           (3 -1)
  const float a[] = {1, 2, 3, 4, 5, 6};
  const float b[] = {1, 0, 2, 1, 3, -1};
  const float bias[] = {-20, 3};
  std::vector<float> c(4, -1.0F);
  gemm<float>(2, 2, 3, a, 3, {b, 2}, c.data(), 2);
  CHECK(c == std::vector<float>{14, -1, 32, -1});
  gemm<float>(2, 2, 3, a, 3, {b, 2}, c.data(), 2, {.accumulate = true});
  CHECK(c == std::vector<float>{28, -2, 64, -2});
  gemm<float>(2, 2, 3, a, 3, {b, 2}, c.data(), 2, {.bias = bias, .activation = Activation::relu});
  CHECK(c == std::vector<float>{0, 2, 12, 2});
  // Aᵀ given by rows: (1 3 5) (2 4 6) are the columns of a [3,2].
  gemm_at<float>(2, 2, 3, a, 2, {b, 2}, c.data(), 2);
  CHECK(c == std::vector<float>{1 + 6 + 15, 0 + 3 - 5, 2 + 8 + 18, 0 + 4 - 6});
}

TEMPLATE_TEST_CASE("gemm is exact on whole numbers at every height and width", "[kernels][gemm]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  const std::size_t widths[] = {1, W - 1, W, W + 1, 2 * W - 1, 2 * W, 2 * W + 1, 3 * W, 4 * W, 4 * W + 1, 5 * W + 1};
  for (std::size_t M = 1; M <= 20; ++M) {
    for (const std::size_t N : widths) {
      for (const std::size_t K : Sizes{1, 2, 17}) check_exact<TestType>(M, N, K);
    }
  }
}

TEMPLATE_TEST_CASE("gemm is exact on whole numbers around its blocks", "[kernels][gemm]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (const std::size_t K : Sizes{255, 256, 257, 511, 513}) {
    for (const std::size_t N : Sizes{W + 1, 2 * W, 4 * W + 3}) {
      for (const std::size_t M : Sizes{3, 31}) check_exact<TestType>(M, N, K);
    }
  }
  for (const std::size_t M : Sizes{27, 28, 29, 43, 125, 126, 127, 139, 140, 141, 252, 265, 267, 281}) {
    for (const std::size_t N : Sizes{1, 2 * W, 4 * W + 3}) check_exact<TestType>(M, N, 5);
  }
  // Rows of A so far apart that they are copied together first.
  for (const std::size_t M : Sizes{15, 125, 127, 139, 141, 251, 253, 265, 267}) check_exact<TestType>(M, 4 * W + 3, 70);
  check_exact<TestType>(141, 6 * W + 1, 300);
  // Two panels at a time: half as long blocks, of a plain B only with many rows.
  for (const std::size_t K : Sizes{127, 128, 129, 513}) check_exact<TestType>(67, 7 * W + 1, K);
  // C and A larger than what is taken to stay in L2.
  check_exact(Problem<TestType>(Product::a_b, 260, 1040, 2), Form::packed);
  check_exact(Problem<TestType>(Product::a_b, 130, 3 * W + 1, 2100), Form::packed);
}

TEMPLATE_TEST_CASE("gemm is exact on whole numbers for few and wide rows", "[kernels][gemm]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (const std::size_t M : Sizes{1, 2, 3, 4}) {
    for (const std::size_t N : Sizes{8 * W, 13 * W + 1, 16 * W - 1, 16 * W, 25 * W + W / 2}) {
      for (const std::size_t K : Sizes{1, 7, 300}) check_exact<TestType>(M, N, K);
    }
  }
}

TEMPLATE_TEST_CASE("gemm of no columns of A is the bias", "[kernels][gemm]", float, double) {
  for (const Product product : kProducts) {
    const Problem<TestType> p(product, 5, kLanes<TestType> + 1, 0);
    CHECK(first_difference(p.run({.bias = p.bias.data()}), p.expected({.bias = p.bias.data()})) == -1);
    CHECK(first_difference(p.run(), p.expected()) == -1);
    CHECK(p.run({.accumulate = true}) == p.c);
  }
}

TEMPLATE_TEST_CASE("gemm reads overlapping rows of A", "[kernels][gemm]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (const Product product : kProducts) {
    for (const std::size_t N : Sizes{W, 2 * W, 5 * W}) {
      for (const std::size_t step : Sizes{1, 2, 7}) {
        // As in a convolution: 7 taps of `step` channels.
        Problem<TestType> p(product, product == Product::a_b ? 45 : 7 * step, N,
                            product == Product::a_b ? 7 * step : 45);
        p.lda = step;
        p.fill(whole_values<TestType>);
        check_exact(p, Form::plain);
        check_exact(p, Form::packed);
      }
    }
  }
}

TEMPLATE_TEST_CASE("gemm finishes a tile with any activation", "[kernels][gemm]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  const double tolerance = 8 * static_cast<double>(std::numeric_limits<TestType>::epsilon());
  for (const auto f : {Activation::linear, Activation::relu, Activation::tanh, Activation::sigmoid,
                       Activation::hard_sigmoid, Activation::softmax}) {
    for (const std::size_t N : Sizes{1, W + 1, 4 * W + 1}) {
      for (const std::size_t K : Sizes{3, 300}) {  // 300: the second block must not see an activated first one
        for (const std::size_t M : Sizes{2, 17}) {
          const bool accumulate = (N / W + M) % 2 == 0;
          CAPTURE(Activation(f).to_string(), M, N, K, accumulate);
          Problem<TestType> p(Product::a_b, M, N, K, 2);
          for (TestType& v : p.a) v /= 32;  // still exact, and where activations are curved
          GemmFinish<TestType> finish{.bias = accumulate ? nullptr : p.bias.data(), .accumulate = accumulate};
          const std::vector<TestType> sums = p.expected(finish);
          finish.activation = f;
          const std::vector<TestType> y = p.run(finish, K == 3 ? Form::plain : Form::packed);
          std::vector<TestType> y_without_rows = y;
          for (std::size_t m = 0; m < p.M; ++m) {
            double all = 0;
            for (std::size_t n = 0; n < N; ++n) {
              const double x = static_cast<double>(sums[p.at(m, n)]);
              all += std::exp(x - static_cast<double>(sums[p.at(m, 0)]));
            }
            for (std::size_t n = 0; n < N; ++n) {
              const double x = static_cast<double>(sums[p.at(m, n)]);
              const double expected =
                  f == Activation::softmax ? std::exp(x - static_cast<double>(sums[p.at(m, 0)])) / all : plain(f, x);
              const double error = std::fabs(static_cast<double>(y[p.at(m, n)]) - expected);
              if (!(error <= tolerance * std::max(1.0, std::fabs(expected)))) {
                CAPTURE(m, n, y[p.at(m, n)], expected);
                CHECK(error <= tolerance);
              }
              y_without_rows[p.at(m, n)] = p.c[p.at(m, n)];
            }
          }
          CHECK(y_without_rows == p.c);  // the guards
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("NaN and infinity go through gemm and relu", "[kernels][gemm]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  const TestType nan = std::numeric_limits<TestType>::quiet_NaN();
  const TestType infinity = std::numeric_limits<TestType>::infinity();
  for (const std::size_t M : Sizes{3, 17}) {
    for (const std::size_t N : Sizes{1, W, 2 * W + 1, 5 * W}) {
      Problem<TestType> p(Product::a_b, M, N, 3);
      std::fill(p.a.begin(), p.a.end(), TestType(1));
      std::fill(p.b.begin(), p.b.end(), TestType(-1));
      p.a[0 * 3 + 2] = -infinity;  // row 0: times -1 is +∞
      p.a[1 * 3 + 1] = nan;        // row 1
      p.a[2 * 3 + 2] = infinity;   // row 2: -∞, cut to 0
      const std::vector<TestType> y = p.run({.activation = Activation::relu});
      for (std::size_t m = 0; m < M; ++m) {
        for (std::size_t n = 0; n < N; ++n) {
          const TestType v = y[p.at(m, n)];
          CHECK((m == 1 ? std::isnan(v) : v == (m == 0 ? infinity : TestType(0))));
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("gemm rounds no more than once a product and a sum", "[kernels][gemm]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (const Product product : kProducts) {
    for (const std::size_t K : Sizes{1, 7, 300, 600}) {
      CAPTURE(product == Product::at_b, K);
      Problem<TestType> p(product, 19, 4 * W + 1, K);
      p.fill(normal_values<TestType>);
      Problem<TestType> magnitudes = p;
      for (auto* values : {&magnitudes.a, &magnitudes.b, &magnitudes.bias}) {
        for (TestType& v : *values) v = std::fabs(v);
      }
      const std::vector<TestType> y = p.run({.bias = p.bias.data()});
      const std::vector<TestType> exact = p.expected({.bias = p.bias.data()});
      const std::vector<TestType> magnitude = magnitudes.expected({.bias = magnitudes.bias.data()});
      // Half an epsilon each for K products and K sums, of at most this magnitude, here and (for doubles) in the twin.
      const double each =
          static_cast<double>(2 * K + 1) * static_cast<double>(std::numeric_limits<TestType>::epsilon());
      double worst = 0;
      for (std::size_t i = 0; i < y.size(); ++i) {
        const double error = std::fabs(static_cast<double>(y[i]) - static_cast<double>(exact[i]));
        worst = std::max(worst, error / static_cast<double>(magnitude[i]));
      }
      CHECK(worst <= each);
    }
  }
}

TEMPLATE_TEST_CASE("A row of a product has the same bits however many rows there are", "[kernels][gemm]", float,
                   double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (const auto f : {Activation::linear, Activation::tanh, Activation::softmax}) {
    for (const std::size_t N : Sizes{1, W + 1, 2 * W, 26 * W + 1}) {
      for (const Form form : kForms) {
        CAPTURE(Activation(f).to_string(), N, static_cast<int>(form));
        Problem<TestType> all(Product::a_b, 290, N, 270);
        all.fill(normal_values<TestType>);
        const GemmFinish<TestType> finish{.bias = all.bias.data(), .activation = f};
        const std::vector<TestType> together = all.run(finish, form);
        for (const std::size_t m : Sizes{0, 1, 13, 14, 125, 126, 139, 140, 251, 252, 265, 266, 289}) {
          for (const std::size_t M : Sizes{1, 3, 10}) {
            if (m + M > all.M) continue;
            Problem<TestType> some = all;
            some.M = M;
            some.a.erase(some.a.begin(), some.a.begin() + static_cast<std::ptrdiff_t>(m * some.lda));
            some.c.assign((M + 2) * some.ldc, TestType(0));
            const std::vector<TestType> alone = some.run(finish, form);
            const bool same = std::memcmp(alone.data() + some.at(0, 0), together.data() + all.at(m, 0),
                                          M * N * sizeof(TestType)) == 0;
            if (!same) {
              CAPTURE(m, M);
              CHECK(same);
            }
          }
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("A product has the same bits for plain and packed B", "[kernels][gemm]", float, double) {
  for (const Product product : kProducts) {
    for (const std::size_t N : Sizes{3, 2 * kLanes<TestType>, 5 * kLanes<TestType> + 1}) {
      Problem<TestType> p(product, 33, N, 290);
      p.fill(normal_values<TestType>);
      const std::vector<TestType> y = p.run();
      CHECK(p.run({}, Form::packed) == y);
      CHECK(p.run({}, Form::packed_from_transpose) == y);
    }
  }
}

TEMPLATE_TEST_CASE("pack_b and pack_bt write the same panels, zero beyond the columns", "[kernels][gemm]", float,
                   double) {
  constexpr std::size_t P = kPanel<TestType>;
  for (const std::size_t N : Sizes{1, P / 2, P - 1, P, P + 1, 3 * P + P / 2 + 1}) {
    for (const std::size_t K : Sizes{1, 16, 17, 64, 140}) {
      CAPTURE(N, K);
      const std::size_t ldb = N + 3;
      const std::vector<TestType> b = whole_values<TestType>((K - 1) * ldb + N, 1);
      const std::size_t ldbt = K + 2;
      std::vector<TestType> bt((N - 1) * ldbt + K);
      const std::size_t panels = (N + P - 1) / P;
      REQUIRE(packed_size<TestType>(K, N) == panels * K * P);
      std::vector<TestType> expected(panels * K * P + 1, TestType(0));
      expected.back() = TestType(kGuard);
      for (std::size_t k = 0; k < K; ++k) {
        for (std::size_t n = 0; n < N; ++n) {
          bt[n * ldbt + k] = b[k * ldb + n];
          expected[(n / P * K + k) * P + n % P] = b[k * ldb + n];
        }
      }
      std::vector<TestType> y(expected.size(), TestType(kGuard));
      pack_b(K, N, b.data(), ldb, y.data());
      CHECK(first_difference(y, expected) == -1);
      std::fill(y.begin(), y.end(), TestType(kGuard));
      pack_bt(K, N, bt.data(), ldbt, y.data());
      CHECK(first_difference(y, expected) == -1);
    }
  }
}
