#include "seqnn/kernels/lstm_cell.hpp"

#include "support/catch.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using namespace seqnn;

namespace {

constexpr Activation::Function kFunctions[] = {Activation::sigmoid, Activation::tanh, Activation::hard_sigmoid,
                                               Activation::relu, Activation::linear};

double activated(Activation::Function f, double x) {
  if (f == Activation::sigmoid) return 1 / (1 + std::exp(-x));
  if (f == Activation::tanh) return std::tanh(x);
  if (f == Activation::hard_sigmoid) return std::clamp(x / 6 + 0.5, 0.0, 1.0);
  return f == Activation::relu ? std::max(x, 0.0) : x;
}

/// Slope from the activated y.
double slope(Activation::Function f, double y) {
  if (f == Activation::sigmoid) return y * (1 - y);
  if (f == Activation::tanh) return 1 - y * y;
  if (f == Activation::hard_sigmoid) return y > 0 && y < 1 ? 1.0 / 6 : 0;
  return f == Activation::relu && y <= 0 ? 0 : 1;
}

template <class Real>
constexpr double kTolerance = 100 * static_cast<double>(std::numeric_limits<Real>::epsilon());

/// Whether two numbers agree to rounding.
template <class Real>
bool near(Real got, double expected) {
  return std::fabs(static_cast<double>(got) - expected) <= kTolerance<Real> * std::max(1.0, std::fabs(expected));
}

/// Everything of a step, in the kernel's types; h with a gap behind every row, whose numbers stay.
template <class Real>
struct Step {
  Step(std::size_t rows_, std::size_t width_)
      : rows(rows_),
        width(width_),
        ldh(width_ + 3),
        gates(normal_values<Real>(rows_ * 4 * width_, 1)),
        c(normal_values<Real>(rows_ * width_, 2)),
        c_next(rows_ * width_, Real(77)),
        squashed(rows_ * width_, Real(77)),
        h_next(rows_ * (width_ + 3), Real(77)) {
    for (Real& a : gates) a *= Real(2);  // some beyond the bends of hard_sigmoid
  }

  double gate(std::size_t r, std::size_t g, std::size_t u) const {
    return static_cast<double>(gates[(r * 4 + g) * width + u]);
  }

  std::size_t rows, width, ldh;
  std::vector<Real> gates, c, c_next, squashed, h_next;
};

template <class Real>
void check_forward(Activation::Function recurrent, Activation::Function activation, std::size_t rows,
                   std::size_t width) {
  CAPTURE(recurrent, activation, rows, width);
  const Step<Real> before(rows, width);
  Step<Real> after = before;
  lstm_cell<Real>(recurrent, activation, rows, width, after.gates.data(), after.c.data(), after.c_next.data(),
                  after.squashed.data(), after.h_next.data(), after.ldh);
  std::size_t wrong = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t u = 0; u < width; ++u) {
      const double i = activated(recurrent, before.gate(r, 0, u));
      const double f = activated(recurrent, before.gate(r, 1, u));
      const double g = activated(activation, before.gate(r, 2, u));
      const double o = activated(recurrent, before.gate(r, 3, u));
      const std::size_t at = r * width + u;
      const double c = f * static_cast<double>(before.c[at]) + i * g;
      const double s = activated(activation, c);
      const bool right =
          near<Real>(after.c_next[at], c) && near<Real>(after.squashed[at], s) &&
          near<Real>(after.h_next[r * after.ldh + u], o * s) && near<Real>(after.gates[r * 4 * width + u], i) &&
          near<Real>(after.gates[(r * 4 + 1) * width + u], f) && near<Real>(after.gates[(r * 4 + 2) * width + u], g) &&
          near<Real>(after.gates[(r * 4 + 3) * width + u], o);
      wrong += right ? 0 : 1;
    }
    for (std::size_t u = width; u < after.ldh; ++u) wrong += after.h_next[r * after.ldh + u] == Real(77) ? 0 : 1;
  }
  CHECK(wrong == 0);
  CHECK(after.c == before.c);

  // In prediction the gates stay, c' may take the place of c, and results are the same bits.
  Step<Real> predicted = before;
  lstm_cell<Real>(recurrent, activation, rows, width, predicted.gates.data(), predicted.c.data(), predicted.c.data(),
                  nullptr, predicted.h_next.data(), predicted.ldh);
  CHECK(first_difference(predicted.c, after.c_next) == -1);
  CHECK(first_difference(predicted.h_next, after.h_next) == -1);
  CHECK(first_difference(predicted.gates, before.gates) == -1);
}

template <class Real>
void check_backward(Activation::Function recurrent, Activation::Function activation, std::size_t rows,
                    std::size_t width) {
  CAPTURE(recurrent, activation, rows, width);
  Step<Real> step(rows, width);
  lstm_cell<Real>(recurrent, activation, rows, width, step.gates.data(), step.c.data(), step.c_next.data(),
                  step.squashed.data(), step.h_next.data(), step.ldh);
  const std::vector<Real> dh = normal_values<Real>(rows * width, 3);
  const std::vector<Real> dc_next = normal_values<Real>(rows * width, 4);
  std::vector<Real> gradients = step.gates;
  std::vector<Real> dc = dc_next;
  lstm_cell_backward<Real>(recurrent, activation, rows, width, gradients.data(), step.c.data(), step.squashed.data(),
                           dh.data(), dc.data());
  std::size_t wrong = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t u = 0; u < width; ++u) {
      const std::size_t at = r * width + u;
      const double i = step.gate(r, 0, u);
      const double f = step.gate(r, 1, u);
      const double g = step.gate(r, 2, u);
      const double o = step.gate(r, 3, u);
      const auto s = static_cast<double>(step.squashed[at]);
      const auto d = static_cast<double>(dh[at]);
      const double d_next = static_cast<double>(dc_next[at]) + d * o * slope(activation, s);
      const bool right = near<Real>(gradients[r * 4 * width + u], d_next * g * slope(recurrent, i)) &&
                         near<Real>(gradients[(r * 4 + 1) * width + u],
                                    d_next * static_cast<double>(step.c[at]) * slope(recurrent, f)) &&
                         near<Real>(gradients[(r * 4 + 2) * width + u], d_next * i * slope(activation, g)) &&
                         near<Real>(gradients[(r * 4 + 3) * width + u], d * s * slope(recurrent, o)) &&
                         near<Real>(dc[at], d_next * f);
      wrong += right ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}

}  // namespace

TEMPLATE_TEST_CASE("lstm_cell agrees with its plain twin for every pair of activations", "[kernels][lstm_cell]", float,
                   double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (const std::size_t width : Sizes{W, 2 * W, 5 * W}) {
    for (const std::size_t rows : Sizes{1, 2, 7}) {
      for (const auto recurrent : kFunctions) {
        for (const auto activation : kFunctions) check_forward<TestType>(recurrent, activation, rows, width);
      }
    }
  }
}

TEMPLATE_TEST_CASE("lstm_cell_backward agrees with its plain twin for every pair of activations",
                   "[kernels][lstm_cell]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (const std::size_t width : Sizes{W, 2 * W, 5 * W}) {
    for (const std::size_t rows : Sizes{1, 2, 7}) {
      for (const auto recurrent : kFunctions) {
        for (const auto activation : kFunctions) check_backward<TestType>(recurrent, activation, rows, width);
      }
    }
  }
}

TEMPLATE_TEST_CASE("lstm_cell leaves padded units at zero", "[kernels][lstm_cell]", float, double) {
  // Pre-activations 0 and c = 0 beyond the units: c' = σ(0)·0 + σ(0)·tanh(0).
  constexpr std::size_t W = kLanes<TestType>;
  Step<TestType> step(1, W);
  std::fill(step.gates.begin(), step.gates.end(), TestType{0});
  std::fill(step.c.begin(), step.c.end(), TestType{0});
  lstm_cell<TestType>(Activation::sigmoid, Activation::tanh, 1, W, step.gates.data(), step.c.data(), step.c_next.data(),
                      step.squashed.data(), step.h_next.data(), step.ldh);
  for (std::size_t u = 0; u < W; ++u) {
    CHECK(step.c_next[u] == 0);
    CHECK(step.h_next[u] == 0);
  }
}

TEST_CASE("Cells take sigmoid and tanh of floats within 4e-7 and inside their bounds", "[kernels][lstm_cell]") {
  const detail::StandardCell<float> cell{};
  double gate_error = 0;
  double value_error = 0;
  float largest = 0;
  float lowest_gate = 1;
  float highest_gate = 0;
  const auto take = [&](float x) {
    const float gate = cell.gate(Simd<float>(x)).get(0);
    const float value = cell.value(Simd<float>(x)).get(0);
    gate_error =
        std::max(gate_error, std::fabs(static_cast<double>(gate) - 1 / (1 + std::exp(-static_cast<double>(x)))));
    value_error = std::max(value_error, std::fabs(static_cast<double>(value) - std::tanh(static_cast<double>(x))));
    largest = std::max(largest, std::fabs(value));
    lowest_gate = std::min(lowest_gate, gate);
    highest_gate = std::max(highest_gate, gate);
  };
  for (int i = -40'000; i <= 40'000; ++i) take(static_cast<float>(i) * 0.0005F);
  const float extremes[] = {1e-30F,
                            -1e-3F,
                            1e4F,
                            -1e4F,
                            std::numeric_limits<float>::max(),
                            std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()};
  for (const float x : extremes) take(x);
  CHECK(gate_error <= 4e-7);
  CHECK(value_error <= 4e-7);
  CHECK(largest <= 1);
  CHECK(lowest_gate >= 0);
  CHECK(highest_gate <= 1);
  CHECK(cell.gate(Simd<float>(0)).get(0) == 0.5F);
  CHECK(cell.value(Simd<float>(0)).get(0) == 0);
  const Simd<float> nan(std::numeric_limits<float>::quiet_NaN());
  CHECK(std::isnan(cell.gate(nan).get(0)));
  CHECK(std::isnan(cell.value(nan).get(0)));
}

TEMPLATE_TEST_CASE("Products and cell in one pass give what they give apart", "[kernels][lstm_cell]", float, double) {
  using Real = TestType;
  constexpr std::size_t W = kLanes<Real>;
  for (const std::size_t rows : {1U, 2U, 5U, 6U, 13U}) {
    for (const std::size_t width : {W, 3 * W}) {
      const std::size_t K = width + 5;
      const std::size_t lda = K + 2;
      CAPTURE(rows, width);
      const auto a = normal_values<Real>(rows * lda, 1);
      const auto weights = normal_values<Real>(K * 4 * width, 2);
      const auto bias = normal_values<Real>(4 * width, 3);
      const auto c = normal_values<Real>(rows * width, 4);
      for (const bool with_bias : {false, true}) {
        std::vector<Real> pre(rows * 4 * width);  // the plain twin of the product
        for (std::size_t r = 0; r < rows; ++r) {
          for (std::size_t j = 0; j < 4 * width; ++j) {
            double sum = with_bias ? static_cast<double>(bias[j]) : 0;
            for (std::size_t k = 0; k < K; ++k) {
              sum += static_cast<double>(a[r * lda + k]) * static_cast<double>(weights[k * 4 * width + j]);
            }
            pre[r * 4 * width + j] = static_cast<Real>(sum);
          }
        }
        std::vector<Real> c_apart(rows * width), squashed_apart(rows * width), h_apart(rows * width);
        lstm_cell<Real>(Activation::sigmoid, Activation::tanh, rows, width, pre.data(), c.data(), c_apart.data(),
                        squashed_apart.data(), h_apart.data(), width);
        std::vector<Real> gates(rows * 4 * width), c_next(rows * width), squashed(rows * width), h(rows * width);
        LSTMRows<Real> all = {.rows = rows,
                              .width = width,
                              .K = K,
                              .a = a.data(),
                              .lda = lda,
                              .weights = weights.data(),
                              .bias = with_bias ? bias.data() : nullptr,
                              .gates = gates.data(),
                              .c = c.data(),
                              .c_next = c_next.data(),
                              .squashed = squashed.data(),
                              .h_next = h.data(),
                              .ldh = width};
        lstm_rows(all);
        const auto close = [](const std::vector<Real>& x, const std::vector<Real>& y) {
          for (std::size_t i = 0; i < x.size(); ++i) {
            if (!(std::fabs(static_cast<double>(x[i]) - static_cast<double>(y[i])) < 10 * kTolerance<Real>))
              return false;
          }
          return true;
        };
        CHECK(close(gates, pre));
        CHECK(close(c_next, c_apart));
        CHECK(close(squashed, squashed_apart));
        CHECK(close(h, h_apart));

        std::fill(h.begin(), h.end(), Real(0));  // without a backward pass
        all.gates = nullptr;
        all.squashed = nullptr;
        lstm_rows(all);
        CHECK(close(h, h_apart));
      }
    }
  }
}
