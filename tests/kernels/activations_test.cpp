#include "seqnn/kernels/activations.hpp"

#include "fixtures/activations.hpp"
#include "fixtures/keras_activations.hpp"
#include "seqnn/core/random.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

constexpr Activation::Function kElementwise[] = {
    Activation::linear,       Activation::relu,       Activation::tanh,        Activation::sigmoid,
    Activation::hard_sigmoid, Activation::leaky_relu, Activation::elu,         Activation::selu,
    Activation::softplus,     Activation::softsign,   Activation::exponential, Activation::gelu,
    Activation::gelu_tanh,    Activation::silu,       Activation::mish,        Activation::hard_silu};
constexpr Activation::Function kAll[] = {
    Activation::linear,   Activation::relu,        Activation::tanh, Activation::sigmoid,   Activation::hard_sigmoid,
    Activation::softmax,  Activation::leaky_relu,  Activation::elu,  Activation::selu,      Activation::softplus,
    Activation::softsign, Activation::exponential, Activation::gelu, Activation::gelu_tanh, Activation::silu,
    Activation::mish,     Activation::hard_silu};

double plain(Activation::Function f, double x) {
  switch (f) {
    case Activation::relu:
      return x > 0 ? x : 0;
    case Activation::tanh:
      return std::tanh(x);
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::hard_sigmoid:
      return std::fmin(std::fmax(x / 6 + 0.5, 0), 1);
    case Activation::leaky_relu:
      return x > 0 ? x : 0.2 * x;
    case Activation::elu:
      return x > 0 ? x : std::expm1(x);
    case Activation::selu:
      return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
    case Activation::softplus:
      return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
    case Activation::softsign:
      return x / (1 + std::fabs(x));
    case Activation::exponential:
      return std::exp(x);
    case Activation::gelu:
      return x * std::erfc(-x / std::sqrt(2.0)) / 2;
    case Activation::gelu_tanh:
      return x / (1 + std::exp(-2 * std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
    case Activation::silu:
      return x / (1 + std::exp(-x));
    case Activation::mish:
      return x * std::tanh(std::log1p(std::exp(x)));
    case Activation::hard_silu:
      return x * std::fmin(std::fmax(x / 6 + 0.5, 0), 1);
    default:
      return x;
  }
}

template <class Real>
std::vector<Real> random_values(std::size_t n) {
  RandomStream random({.seed = 3});
  std::vector<Real> values(n);
  for (Real& v : values) v = static_cast<Real>(4 * random.normal());
  return values;
}

/// Rows of 5.
template <std::size_t n>
void check_against(Activation::Function f, const double (&x)[n], const double (&y)[n], const double (&dy)[n],
                   const double (&dx)[n]) {
  std::vector<double> out(n);
  std::vector<double> grad(n);
  activate_rows(f, n / 5, 5, x, out.data());
  activation_backward_rows(f, n / 5, 5, Activation::slope_from_input(f) ? x : out.data(), dy, grad.data());
  for (std::size_t i = 0; i < n; ++i) {
    CAPTURE(Activation(f).to_string(), i);
    // Keras' gelu(approximate=True) loses digits in 1 + tanh.
    const double lost = f == Activation::gelu_tanh ? 1e-14 : 0;
    CHECK_THAT(out[i], WithinRel(y[i], 2e-14) || WithinAbs(y[i], 1e-16 + lost));
    CHECK_THAT(grad[i], WithinAbs(dx[i], 1e-15 + lost + 1e-14 * std::fabs(dx[i])));
  }
}

}  // namespace

TEST_CASE("Activations give the values of their equations", "[kernels][activations]") {
  // e^0 = 1, e^(ln 3) = 3: shares 1/4 and 3/4. hard_sigmoid(1.5) = 1.5/6 + 1/2 = 0.75.
  const double x[] = {0, std::log(3.0)};
  double y[2];
  activate(Activation::softmax, 2, x, y);
  CHECK_THAT(y[0], WithinRel(0.25, 1e-15));
  CHECK_THAT(y[1], WithinRel(0.75, 1e-15));
  const double three[] = {1.5, -3, 3};
  double out[3];
  activate(Activation::hard_sigmoid, 3, three, out);
  CHECK(out[0] == 0.75);
  CHECK(out[1] == 0);
  CHECK(out[2] == 1);
}

TEST_CASE("Activations agree with PyTorch, values and gradients", "[kernels][activations]") {
  namespace expected = fixtures::activations;
  check_against(Activation::relu, expected::relu::x, expected::relu::y, expected::relu::dy, expected::relu::dx);
  check_against(Activation::tanh, expected::tanh::x, expected::tanh::y, expected::tanh::dy, expected::tanh::dx);
  check_against(Activation::sigmoid, expected::sigmoid::x, expected::sigmoid::y, expected::sigmoid::dy,
                expected::sigmoid::dx);
  check_against(Activation::hard_sigmoid, expected::hard_sigmoid::x, expected::hard_sigmoid::y,
                expected::hard_sigmoid::dy, expected::hard_sigmoid::dx);
  check_against(Activation::softmax, expected::softmax::x, expected::softmax::y, expected::softmax::dy,
                expected::softmax::dx);
}

TEST_CASE("Activations agree with Keras, values and gradients", "[kernels][activations]") {
  namespace expected = fixtures::keras_activations;
  check_against(Activation::leaky_relu, expected::leaky_relu::x, expected::leaky_relu::y, expected::leaky_relu::dy,
                expected::leaky_relu::dx);
  check_against(Activation::elu, expected::elu::x, expected::elu::y, expected::elu::dy, expected::elu::dx);
  check_against(Activation::selu, expected::selu::x, expected::selu::y, expected::selu::dy, expected::selu::dx);
  check_against(Activation::softplus, expected::softplus::x, expected::softplus::y, expected::softplus::dy,
                expected::softplus::dx);
  check_against(Activation::softsign, expected::softsign::x, expected::softsign::y, expected::softsign::dy,
                expected::softsign::dx);
  check_against(Activation::exponential, expected::exponential::x, expected::exponential::y, expected::exponential::dy,
                expected::exponential::dx);
  check_against(Activation::gelu, expected::gelu::x, expected::gelu::y, expected::gelu::dy, expected::gelu::dx);
  check_against(Activation::gelu_tanh, expected::gelu_tanh::x, expected::gelu_tanh::y, expected::gelu_tanh::dy,
                expected::gelu_tanh::dx);
  check_against(Activation::silu, expected::silu::x, expected::silu::y, expected::silu::dy, expected::silu::dx);
  check_against(Activation::mish, expected::mish::x, expected::mish::y, expected::mish::dy, expected::mish::dx);
  check_against(Activation::hard_silu, expected::hard_silu::x, expected::hard_silu::y, expected::hard_silu::dy,
                expected::hard_silu::dx);
}

TEMPLATE_TEST_CASE("Gated activations and their slopes have their limits far from zero", "[kernels][activations]",
                   float, double) {
  for (const auto f :
       {Activation::gelu, Activation::gelu_tanh, Activation::silu, Activation::mish, Activation::hard_silu}) {
    CAPTURE(Activation(f).to_string());
    const TestType x[] = {-3000, 3000, TestType(1e30)};
    const TestType one[] = {1, 1, 1};
    TestType y[3];
    TestType slope[3];
    activate(f, 3, x, y);
    activation_backward(f, 3, x, one, slope);
    CHECK(std::fabs(y[0]) < TestType(1e-30));
    CHECK(std::fabs(slope[0]) < TestType(1e-30));
    CHECK(y[1] == 3000);
    CHECK(std::fabs(slope[1] - 1) < TestType(1e-6));
    CHECK(y[2] == TestType(1e30));
    CHECK(std::fabs(slope[2] - 1) < TestType(1e-6));
  }
}

TEMPLATE_TEST_CASE("Activations neither overflow nor vanish early, and keep their slopes there",
                   "[kernels][activations]", float, double) {
  using Values = std::vector<TestType>;
  const TestType tiny = TestType(1e-30);
  const auto y = [](Activation::Function f, Values x) {
    activate(f, x.size(), x.data(), x.data());
    return x;
  };
  CHECK(y(Activation::softplus, {TestType(5000), TestType(-5000)}) == Values{TestType(5000), 0});
  CHECK(y(Activation::elu, {-tiny, TestType(5000), TestType(-5000)}) == Values{-tiny, TestType(5000), -1});
  CHECK(y(Activation::leaky_relu, {-5, 0, 5}) == Values{-1, 0, 5});
  CHECK(y(Activation::softsign, {-3, 0, 1}) == Values{TestType(-0.75), 0, TestType(0.5)});
  // softplus is about e^x far below zero, and so is its slope; 1 - e^-y would be 0 there.
  Values slope(1);
  const TestType one = 1;
  activation_backward(Activation::softplus, 1, &tiny, &one, slope.data());
  CHECK(slope[0] == tiny);
}

TEMPLATE_TEST_CASE("Elementwise activations are right at every length, in place as well", "[kernels][activations]",
                   float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  const double tolerance = 4 * static_cast<double>(std::numeric_limits<TestType>::epsilon());
  for (const auto f : kElementwise) {
    for (const std::size_t n : {std::size_t{1}, W - 1, W, W + 1, 3 * W + 2}) {
      CAPTURE(Activation(f).to_string(), n);
      const std::vector<TestType> x = random_values<TestType>(n);
      std::vector<TestType> y(n + 1, TestType(77));
      activate(f, n, x.data(), y.data());
      CHECK(y.back() == TestType(77));
      for (std::size_t i = 0; i < n; ++i) {
        const double expected = plain(f, static_cast<double>(x[i]));
        // hard_sigmoid and hard_silu subtract near their lower end, so their error is relative to 1.
        // plain() multiplies the rounding of an exponent by it.
        const bool exponent = f == Activation::gelu || f == Activation::gelu_tanh;
        const double relative = exponent ? 40 * tolerance : 2 * tolerance;
        CHECK_THAT(
            static_cast<double>(y[i]),
            WithinRel(expected, relative) ||
                (WithinAbs(expected, f == Activation::hard_sigmoid || f == Activation::hard_silu ? tolerance : 0)));
      }
      std::vector<TestType> in_place = x;
      activate(f, n, in_place.data(), in_place.data());
      y.pop_back();
      CHECK(in_place == y);
    }
  }
}

TEMPLATE_TEST_CASE("Gradients of activations may overwrite the gradient from above", "[kernels][activations]", float,
                   double) {
  const std::size_t n = 2 * kLanes<TestType> + 3;
  for (const auto f : kAll) {
    CAPTURE(Activation(f).to_string());
    const std::vector<TestType> x = random_values<TestType>(n);
    std::vector<TestType> y(n);
    activate(f, n, x.data(), y.data());
    std::vector<TestType> dx(n + 1, TestType(77));
    activation_backward(f, n, y.data(), x.data(), dx.data());
    CHECK(dx.back() == TestType(77));
    dx.pop_back();
    std::vector<TestType> in_place = x;
    activation_backward(f, n, y.data(), in_place.data(), in_place.data());
    CHECK(in_place == dx);
  }
}

TEMPLATE_TEST_CASE("softmax sums to 1 at every width and for every magnitude", "[kernels][activations]", float,
                   double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (const std::size_t n : {std::size_t{1}, std::size_t{2}, W - 1, W, W + 1, 5 * W + 3}) {
    for (const double shift : {0.0, -1e4, 1e4}) {
      CAPTURE(n, shift);
      std::vector<TestType> x = random_values<TestType>(n);
      for (TestType& v : x) v += static_cast<TestType>(shift);
      std::vector<TestType> y(n);
      softmax(n, x.data(), y.data());
      double sum = 0;
      double all = 0;
      for (const TestType v : x) all += std::exp(static_cast<double>(v) - static_cast<double>(x[0]));
      for (std::size_t i = 0; i < n; ++i) {
        sum += static_cast<double>(y[i]);
        const double expected = std::exp(static_cast<double>(x[i]) - static_cast<double>(x[0])) / all;
        CHECK_THAT(static_cast<double>(y[i]),
                   WithinRel(expected, 50 * static_cast<double>(std::numeric_limits<TestType>::epsilon())));
      }
      CHECK_THAT(sum, WithinAbs(1.0, 10 * static_cast<double>(std::numeric_limits<TestType>::epsilon())));
    }
  }
}

TEMPLATE_TEST_CASE("NaN goes through every activation", "[kernels][activations]", float, double) {
  const std::size_t n = kLanes<TestType> + 1;
  for (const auto f : kAll) {
    for (std::size_t at = 0; at < n; ++at) {
      CAPTURE(Activation(f).to_string(), at);
      std::vector<TestType> x(n, TestType(1));
      x[at] = std::numeric_limits<TestType>::quiet_NaN();
      activate(f, n, x.data(), x.data());
      CHECK(std::isnan(x[at]));
      CHECK(std::isnan(x[n - 1 - at]) == (f == Activation::softmax || at == n - 1 - at));
    }
  }
}
