#include "seqnn/kernels/gru_cell.hpp"

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

/// Numbers of a step, in the kernel's types. Rows of the state have a gap behind them, whose numbers stay.
template <class Real>
struct Step {
  Step(std::size_t rows_, std::size_t width_)
      : rows(rows_),
        width(width_),
        ldh(width_ + 3),
        gates(normal_values<Real>(rows_ * 4 * width_, 1)),
        from_h(normal_values<Real>(rows_ * 3 * width_, 2)),
        h(normal_values<Real>(rows_ * (width_ + 3), 3)),
        h_next(rows_ * (width_ + 3), Real(77)),
        dh(normal_values<Real>(rows_ * width_, 4)) {
    for (Real& a : gates) a *= Real(2);  // some beyond the bends of hard_sigmoid
  }

  double gate(std::size_t r, std::size_t slot, std::size_t u) const {
    return static_cast<double>(gates[(r * 4 + slot) * width + u]);
  }
  double state_share(std::size_t r, std::size_t g, std::size_t u) const {
    return static_cast<double>(from_h[(r * 3 + g) * width + u]);
  }
  double state(std::size_t r, std::size_t u) const { return static_cast<double>(h[r * ldh + u]); }
  double gradient(std::size_t r, std::size_t u) const { return static_cast<double>(dh[r * width + u]); }

  std::size_t rows, width, ldh;
  std::vector<Real> gates, from_h, h, h_next, dh;
};

/// Calls body(r, u, expect) for every unit, where expect(got, expected) compares to rounding; all have to agree.
template <class Real, class Body>
void check_units(std::size_t rows, std::size_t width, Body&& body) {
  std::size_t wrong = 0;
  const auto expect = [&](Real got, double expected) {
    const double error = std::fabs(static_cast<double>(got) - expected);
    if (!(error <= kTolerance<Real> * std::max(1.0, std::fabs(expected)))) ++wrong;
  };
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t u = 0; u < width; ++u) body(r, u, expect);
  }
  CHECK(wrong == 0);
}

template <class Real>
void check_gaps(const Step<Real>& step) {
  std::size_t changed = 0;
  for (std::size_t r = 0; r < step.rows; ++r) {
    for (std::size_t u = step.width; u < step.ldh; ++u) changed += step.h_next[r * step.ldh + u] != Real(77) ? 1 : 0;
  }
  CHECK(changed == 0);
}

/// The slots n z r m.
template <class Real>
Real slot(const std::vector<Real>& gates, std::size_t width, std::size_t r, std::size_t which, std::size_t u) {
  return gates[(r * 4 + which) * width + u];
}

template <class Real>
void check_reset_after(Activation::Function recurrent, Activation::Function activation, std::size_t rows,
                       std::size_t width) {
  CAPTURE(recurrent, activation, rows, width);
  const Step<Real> before(rows, width);
  Step<Real> after = before;
  gru_cell<Real>(recurrent, activation, rows, width, after.gates.data(), after.from_h.data(), after.h.data(),
                 after.h_next.data(), after.ldh, true);
  check_units<Real>(rows, width, [&](std::size_t r, std::size_t u, const auto& expect) {
    const double z = activated(recurrent, before.gate(r, 1, u) + before.state_share(r, 0, u));
    const double reset = activated(recurrent, before.gate(r, 2, u) + before.state_share(r, 1, u));
    const double m = before.state_share(r, 2, u);
    const double n = activated(activation, before.gate(r, 0, u) + reset * m);
    expect(slot(after.gates, width, r, 0, u), n);
    expect(slot(after.gates, width, r, 1, u), z);
    expect(slot(after.gates, width, r, 2, u), reset);
    expect(slot(after.gates, width, r, 3, u), m);
    expect(after.h_next[r * after.ldh + u], z * before.state(r, u) + (1 - z) * n);
  });
  check_gaps(after);

  // In prediction the gates stay, and the state is the same bits.
  Step<Real> predicted = before;
  gru_cell<Real>(recurrent, activation, rows, width, predicted.gates.data(), predicted.from_h.data(),
                 predicted.h.data(), predicted.h_next.data(), predicted.ldh, false);
  CHECK(first_difference(predicted.gates, before.gates) == -1);
  CHECK(first_difference(predicted.h_next, after.h_next) == -1);

  Step<Real> back = after;
  gru_cell_backward<Real>(recurrent, activation, rows, width, back.gates.data(), back.h.data(), back.ldh,
                          back.dh.data());
  check_units<Real>(rows, width, [&](std::size_t r, std::size_t u, const auto& expect) {
    const double n = after.gate(r, 0, u);
    const double z = after.gate(r, 1, u);
    const double reset = after.gate(r, 2, u);
    const double m = after.gate(r, 3, u);
    const double d = after.gradient(r, u);
    const double dn = d * (1 - z) * slope(activation, n);
    expect(slot(back.gates, width, r, 0, u), dn);
    expect(slot(back.gates, width, r, 1, u), d * (after.state(r, u) - n) * slope(recurrent, z));
    expect(slot(back.gates, width, r, 2, u), dn * m * slope(recurrent, reset));
    expect(slot(back.gates, width, r, 3, u), dn * reset);
    expect(back.dh[r * width + u], d * z);
  });
}

template <class Real>
void check_reset_before(Activation::Function recurrent, Activation::Function activation, std::size_t rows,
                        std::size_t width) {
  CAPTURE(recurrent, activation, rows, width);
  const std::size_t ld = 2 * width + 1;  // of the state under dropout
  const std::vector<Real> masked = normal_values<Real>(rows * ld, 5);
  const Step<Real> before(rows, width);
  Step<Real> halfway = before;
  gru_cell_reset<Real>(recurrent, activation, rows, width, halfway.gates.data(), masked.data(), ld);
  check_units<Real>(rows, width, [&](std::size_t r, std::size_t u, const auto& expect) {
    const double reset = activated(recurrent, before.gate(r, 2, u));
    expect(slot(halfway.gates, width, r, 0, u), before.gate(r, 0, u));
    expect(slot(halfway.gates, width, r, 1, u), activated(recurrent, before.gate(r, 1, u)));
    expect(slot(halfway.gates, width, r, 2, u), reset);
    expect(slot(halfway.gates, width, r, 3, u), reset * static_cast<double>(masked[r * ld + u]));
  });

  Step<Real> after = halfway;
  gru_cell_update<Real>(recurrent, activation, rows, width, after.gates.data(), after.h.data(), after.h_next.data(),
                        after.ldh);
  check_units<Real>(rows, width, [&](std::size_t r, std::size_t u, const auto& expect) {
    const double z = halfway.gate(r, 1, u);
    const double n = activated(activation, halfway.gate(r, 0, u));
    expect(slot(after.gates, width, r, 0, u), n);
    for (const std::size_t kept : {1U, 2U, 3U}) expect(slot(after.gates, width, r, kept, u), halfway.gate(r, kept, u));
    expect(after.h_next[r * after.ldh + u], z * halfway.state(r, u) + (1 - z) * n);
  });
  check_gaps(after);

  Step<Real> back = after;
  gru_cell_update_backward<Real>(recurrent, activation, rows, width, back.gates.data(), back.h.data(), back.ldh,
                                 back.dh.data());
  check_units<Real>(rows, width, [&](std::size_t r, std::size_t u, const auto& expect) {
    const double n = after.gate(r, 0, u);
    const double z = after.gate(r, 1, u);
    const double d = after.gradient(r, u);
    expect(slot(back.gates, width, r, 0, u), d * (1 - z) * slope(activation, n));
    expect(slot(back.gates, width, r, 1, u), d * (after.state(r, u) - n) * slope(recurrent, z));
    for (const std::size_t kept : {2U, 3U}) expect(slot(back.gates, width, r, kept, u), after.gate(r, kept, u));
    expect(back.dh[r * width + u], d * z);
  });

  Step<Real> end = back;
  const std::vector<Real> dm = normal_values<Real>(rows * width, 6);
  std::vector<Real> dmasked = dm;
  gru_cell_reset_backward<Real>(recurrent, activation, rows, width, end.gates.data(), masked.data(), ld,
                                dmasked.data());
  check_units<Real>(rows, width, [&](std::size_t r, std::size_t u, const auto& expect) {
    const double reset = back.gate(r, 2, u);
    const auto d = static_cast<double>(dm[r * width + u]);
    for (const std::size_t kept : {0U, 1U, 3U}) expect(slot(end.gates, width, r, kept, u), back.gate(r, kept, u));
    expect(slot(end.gates, width, r, 2, u), d * static_cast<double>(masked[r * ld + u]) * slope(recurrent, reset));
    expect(dmasked[r * width + u], d * reset);
  });
}

}  // namespace

TEMPLATE_TEST_CASE("gru_cell agrees with its plain twin for every pair of activations, values and gradients",
                   "[kernels][gru_cell]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (const std::size_t width : Sizes{W, 2 * W, 5 * W}) {
    for (const std::size_t rows : Sizes{1, 2, 7}) {
      for (const auto recurrent : kFunctions) {
        for (const auto activation : kFunctions) check_reset_after<TestType>(recurrent, activation, rows, width);
      }
    }
  }
}

TEMPLATE_TEST_CASE("gru_cell in two halves agrees with its plain twin, values and gradients", "[kernels][gru_cell]",
                   float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (const std::size_t width : Sizes{W, 2 * W, 5 * W}) {
    for (const std::size_t rows : Sizes{1, 2, 7}) {
      for (const auto recurrent : kFunctions) {
        for (const auto activation : kFunctions) check_reset_before<TestType>(recurrent, activation, rows, width);
      }
    }
  }
}
