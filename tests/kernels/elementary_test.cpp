#include "seqnn/kernels/elementary.hpp"

#include "support/catch.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <type_traits>
#include <vector>

using namespace seqnn;

namespace {

// The largest errors that elementary.hpp promises, in units in the last place of the result.
constexpr double kExpError = 1.1;
constexpr double kSigmoidError = 3;
constexpr double kTanhError = 3;
constexpr double kExpm1Error = 3;
constexpr double kSoftplusError = 4;
constexpr double kNormalError = 6;

template <class Real>
using Wide = std::conditional_t<sizeof(Real) == 4, double, long double>;

template <class Real>
constexpr Real kInfinity = std::numeric_limits<Real>::infinity();
template <class Real>
constexpr Real kNaN = std::numeric_limits<Real>::quiet_NaN();

/// Results below this are 0: the smallest normal number.
template <class Real>
constexpr Real kSmallest = std::numeric_limits<Real>::min();

struct Exp {
  template <class Real>
  static Simd<Real> fast(const Simd<Real>& x) {
    return simd::exp<Real>(x);
  }
  template <class Real>
  static Wide<Real> exact(Wide<Real> x) {
    const Wide<Real> y = std::exp(x);
    return y < kSmallest<Real> ? 0 : y;
  }
};

struct Sigmoid {
  template <class Real>
  static Simd<Real> fast(const Simd<Real>& x) {
    return simd::sigmoid<Real>(x);
  }
  template <class Real>
  static Wide<Real> exact(Wide<Real> x) {
    const Wide<Real> lowest = sizeof(Real) == 4 ? -87 : -708;  // stays there
    return 1 / (1 + std::exp(-(x < lowest ? lowest : x)));
  }
};

struct Tanh {
  template <class Real>
  static Simd<Real> fast(const Simd<Real>& x) {
    return simd::tanh<Real>(x);
  }
  template <class Real>
  static Wide<Real> exact(Wide<Real> x) {
    return std::tanh(x);
  }
};

/// For x ≤ 0; what is above goes in as 0.
struct Expm1BelowZero {
  template <class Real>
  static Simd<Real> fast(const Simd<Real>& x) {
    return simd::expm1_below_zero<Real>(simd::min<Real>(Simd<Real>(Real(0)), x));
  }
  template <class Real>
  static Wide<Real> exact(Wide<Real> x) {
    return x > 0 ? 0 : std::expm1(x);
  }
};

struct Softplus {
  template <class Real>
  static Simd<Real> fast(const Simd<Real>& x) {
    return simd::softplus<Real>(x);
  }
  template <class Real>
  static Wide<Real> exact(Wide<Real> x) {
    const Wide<Real> y = (x > 0 ? x : Wide<Real>(0)) + std::log1p(std::exp(-std::fabs(x)));
    return std::isnan(x) ? x : y < kSmallest<Real> ? 0 : y;
  }
};

/// Both results of normal(), down to where they are promised: 1e-32, and 1e-299 in double.
template <class Real>
Wide<Real> within_normal(Wide<Real> x) {
  const Wide<Real> limit = sizeof(Real) == 4 ? 12 : 37;
  return std::fmin(std::fmax(x, -limit), limit);
}

struct NormalCdf {
  template <class Real>
  static Simd<Real> fast(const Simd<Real>& x) {
    const Simd<Real> limit(static_cast<Real>(within_normal<Real>(1e9)));
    return simd::normal<Real>(simd::min<Real>(limit, simd::max<Real>(-limit, x))).cdf;
  }
  template <class Real>
  static Wide<Real> exact(Wide<Real> x) {
    return std::isnan(x) ? x : std::erfc(-within_normal<Real>(x) / std::sqrt(Wide<Real>(2))) / 2;
  }
};

struct NormalBell {
  template <class Real>
  static Simd<Real> fast(const Simd<Real>& x) {
    const Simd<Real> limit(static_cast<Real>(within_normal<Real>(1e9)));
    return simd::normal<Real>(simd::min<Real>(limit, simd::max<Real>(-limit, x))).bell;
  }
  template <class Real>
  static Wide<Real> exact(Wide<Real> x) {
    const Wide<Real> v = within_normal<Real>(x);
    return std::isnan(x) ? x : std::exp(-v * v / 2);
  }
};

template <class Function, class Real>
Real at(Real x) {
  Real lanes[kLanes<Real>];
  simd::store(lanes, Function::template fast<Real>(Simd<Real>(x)));
  return lanes[0];
}

/// Distance of y from the exact result, in units in the last place there; 0 for a NaN where one belongs and for an
/// infinity where the exact result rounds to one.
template <class Real>
double error_in_ulp(Real y, Wide<Real> exact) {
  if (std::isnan(exact) || std::isnan(y)) return std::isnan(exact) && std::isnan(y) ? 0 : HUGE_VAL;
  if (y == static_cast<Real>(exact)) return std::signbit(y) == std::signbit(exact) ? 0.5 : HUGE_VAL;
  if (std::isinf(y) || std::isinf(static_cast<Real>(exact))) return HUGE_VAL;
  constexpr int kLowest = std::numeric_limits<Real>::min_exponent - 1;
  const int exponent = exact == 0 ? kLowest : std::max(std::ilogb(exact), kLowest);
  const Wide<Real> ulp = std::ldexp(Wide<Real>(1), exponent - std::numeric_limits<Real>::digits + 1);
  return static_cast<double>(std::fabs(y - exact) / ulp);
}

/// The largest error of a function, and where.
template <class Real>
struct Worst {
  double error = 0;
  Real x = 0;

  template <class Function>
  void take(const Real* values, std::size_t n) {
    Real y[kLanes<Real>];
    simd::store_first(y, Function::template fast<Real>(simd::load_first(values, n)), n);
    for (std::size_t i = 0; i < n; ++i) {
      const double e = error_in_ulp<Real>(y[i], Function::template exact<Real>(values[i]));
      if (e > error) *this = {e, values[i]};
    }
  }
};

/// Every step-th float there is, in the order of their bits: both signs, denormals, infinities and NaN.
template <class Function>
Worst<float> worst_float(std::uint64_t step) {
  Worst<float> worst;
  float x[kLanes<float>];
  std::size_t n = 0;
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += step) {
    x[n++] = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (n == kLanes<float>) {
      worst.take<Function>(x, n);
      n = 0;
    }
  }
  worst.take<Function>(x, n);
  return worst;
}

/// Doubles of every size, and evenly spaced ones where the functions change.
template <class Function>
Worst<double> worst_double() {
  std::vector<double> x;
  RandomStream random({.seed = 5});
  for (int i = 0; i < 50'000; ++i) {
    x.push_back(std::ldexp(random.uniform() + 0.5, static_cast<int>(random.below(70)) - 60) * (i % 2 == 0 ? 1 : -1));
    for (const double range : {1.0, 40.0, 710.0}) x.push_back((2 * random.uniform() - 1) * range);
  }
  Worst<double> worst;
  for (std::size_t i = 0; i < x.size(); i += kLanes<double>) {
    worst.take<Function>(x.data() + i, std::min(kLanes<double>, x.size() - i));
  }
  return worst;
}

template <class Real>
bool same_bits(Real a, Real b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

template <class Function, class Real>
void check_lanes() {
  constexpr std::size_t W = kLanes<Real>;
  std::vector<Real> x = normal_values<Real>(40 * W, 6);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] *= static_cast<Real>(1 << i % 7);
  x.insert(x.end(), {Real(0), Real(-0.0), kInfinity<Real>, -kInfinity<Real>, Real(90), Real(-90)});
  for (std::size_t i = 0; i < x.size(); ++i) {
    Real together[W];
    for (std::size_t lane = 0; lane < W; ++lane) together[lane] = x[(i + lane) % x.size()];
    Real y[W];
    simd::store(y, Function::template fast<Real>(simd::load(together)));
    for (std::size_t lane = 0; lane < W; ++lane) {
      const Real alone = at<Function>(together[lane]);
      if (!same_bits(y[lane], alone)) {
        CAPTURE(lane, together[lane]);
        CHECK(y[lane] == alone);
        return;
      }
    }
  }
}

}  // namespace

#define CHECK_WORST(worst_case, limit)    \
  do {                                    \
    const auto worst = worst_case;        \
    CAPTURE(worst.error, worst.x, limit); \
    CHECK(worst.error <= limit);          \
  } while (false)

TEST_CASE("exp, sigmoid and tanh of floats stay within their stated errors", "[kernels][elementary]") {
  constexpr std::uint64_t kStep = 4001;  // prime, so that all low bits occur
  CHECK_WORST(worst_float<Exp>(kStep), kExpError);
  CHECK_WORST(worst_float<Sigmoid>(kStep), kSigmoidError);
  CHECK_WORST(worst_float<Tanh>(kStep), kTanhError);
}

TEST_CASE("exp, sigmoid and tanh of every float stay within their stated errors", "[.exhaustive][elementary]") {
  const auto e = worst_float<Exp>(1);
  const auto s = worst_float<Sigmoid>(1);
  const auto t = worst_float<Tanh>(1);
  WARN("worst errors in ulp: exp " << e.error << " at " << e.x << ", sigmoid " << s.error << " at " << s.x << ", tanh "
                                   << t.error << " at " << t.x);
  CHECK(e.error <= kExpError);
  CHECK(s.error <= kSigmoidError);
  CHECK(t.error <= kTanhError);
}

TEST_CASE("exp, sigmoid and tanh of doubles stay within their stated errors", "[kernels][elementary]") {
  CHECK_WORST(worst_double<Exp>(), kExpError);
  CHECK_WORST(worst_double<Sigmoid>(), kSigmoidError);
  CHECK_WORST(worst_double<Tanh>(), kTanhError);
}

TEST_CASE("expm1 and softplus stay within their stated errors", "[kernels][elementary]") {
  constexpr std::uint64_t kStep = 4001;
  CHECK_WORST(worst_float<Expm1BelowZero>(kStep), kExpm1Error);
  CHECK_WORST(worst_float<Softplus>(kStep), kSoftplusError);
  CHECK_WORST(worst_double<Expm1BelowZero>(), kExpm1Error);
  CHECK_WORST(worst_double<Softplus>(), kSoftplusError);
}

TEST_CASE("The normal distribution stays within its stated error", "[kernels][elementary]") {
  constexpr std::uint64_t kStep = 4001;
  CHECK_WORST(worst_float<NormalCdf>(kStep), kNormalError);
  CHECK_WORST(worst_float<NormalBell>(kStep), kNormalError);
  CHECK_WORST(worst_double<NormalCdf>(), kNormalError);
  CHECK_WORST(worst_double<NormalBell>(), kNormalError);
}

TEMPLATE_TEST_CASE("The normal distribution reaches its limits and keeps NaN", "[kernels][elementary]", float, double) {
  const auto cdf = [](TestType x) {
    TestType lanes[kLanes<TestType>];
    simd::store(lanes, simd::normal<TestType>(Simd<TestType>(x)).cdf);
    return lanes[0];
  };
  const TestType nearly_nothing = sizeof(TestType) == 4 ? TestType(1e-32) : TestType(1e-299);
  CHECK(std::fabs(cdf(0) - TestType(0.5)) <= std::numeric_limits<TestType>::epsilon());
  for (const TestType large : {TestType(50), std::numeric_limits<TestType>::max(), kInfinity<TestType>}) {
    CHECK(cdf(large) == 1);
    CHECK(cdf(-large) >= 0);
    CHECK(cdf(-large) < nearly_nothing);
  }
  CHECK(std::isnan(cdf(kNaN<TestType>)));
}

TEMPLATE_TEST_CASE("exp is exact at zero, and 0, infinite or NaN where it has to be", "[kernels][elementary]", float,
                   double) {
  using Limits = std::numeric_limits<TestType>;
  CHECK(at<Exp>(TestType(0)) == 1);
  CHECK(at<Exp>(TestType(-0.0)) == 1);
  CHECK(at<Exp>(Limits::denorm_min()) == 1);
  CHECK(at<Exp>(kInfinity<TestType>) == kInfinity<TestType>);
  CHECK(same_bits(at<Exp>(-kInfinity<TestType>), TestType(0)));
  CHECK(at<Exp>(Limits::max()) == kInfinity<TestType>);
  CHECK(same_bits(at<Exp>(Limits::lowest()), TestType(0)));
  CHECK(std::isnan(at<Exp>(kNaN<TestType>)));
  CHECK(std::isnan(at<Exp>(-kNaN<TestType>)));
}

TEMPLATE_TEST_CASE("exp overflows and underflows between the right neighbours", "[kernels][elementary]", float,
                   double) {
  using Limits = std::numeric_limits<TestType>;
  // The last arguments with a finite and with a normal result.
  auto highest = static_cast<TestType>(std::log(static_cast<Wide<TestType>>(Limits::max())));
  if (std::exp(static_cast<Wide<TestType>>(highest)) > Limits::max()) highest = std::nextafter(highest, TestType(0));
  CHECK(std::isfinite(at<Exp>(highest)));
  CHECK(at<Exp>(highest) > Limits::max() / 2);
  CHECK(at<Exp>(std::nextafter(highest, kInfinity<TestType>)) == kInfinity<TestType>);
  auto lowest = static_cast<TestType>(std::log(static_cast<Wide<TestType>>(Limits::min())));
  if (std::exp(static_cast<Wide<TestType>>(lowest)) < Limits::min()) lowest = std::nextafter(lowest, TestType(0));
  CHECK(at<Exp>(lowest) >= Limits::min());
  CHECK(at<Exp>(lowest) < 2 * Limits::min());
  CHECK(same_bits(at<Exp>(std::nextafter(lowest, -kInfinity<TestType>)), TestType(0)));
}

TEMPLATE_TEST_CASE("sigmoid and tanh reach their limits and keep NaN and signs", "[kernels][elementary]", float,
                   double) {
  using Limits = std::numeric_limits<TestType>;
  CHECK(at<Sigmoid>(TestType(0)) == TestType(0.5));
  CHECK(at<Sigmoid>(kInfinity<TestType>) == 1);
  CHECK(at<Sigmoid>(Limits::max()) == 1);
  CHECK(at<Sigmoid>(-kInfinity<TestType>) < TestType(4) * Limits::min());
  CHECK(same_bits(at<Sigmoid>(Limits::lowest()), at<Sigmoid>(-kInfinity<TestType>)));
  CHECK(std::isnan(at<Sigmoid>(kNaN<TestType>)));

  CHECK(same_bits(at<Tanh>(TestType(0)), TestType(0)));
  CHECK(same_bits(at<Tanh>(TestType(-0.0)), TestType(-0.0)));
  CHECK(at<Tanh>(Limits::denorm_min()) == Limits::denorm_min());
  CHECK(at<Tanh>(-Limits::min()) == -Limits::min());
  for (const TestType large : {TestType(20), TestType(21), Limits::max(), kInfinity<TestType>}) {
    CHECK(at<Tanh>(large) == 1);
    CHECK(at<Tanh>(-large) == -1);
  }
  CHECK(std::isnan(at<Tanh>(kNaN<TestType>)));
}

TEMPLATE_TEST_CASE("Elementary functions give the same bits in every lane", "[kernels][elementary]", float, double) {
  check_lanes<Exp, TestType>();
  check_lanes<Sigmoid, TestType>();
  check_lanes<Tanh, TestType>();
  check_lanes<Expm1BelowZero, TestType>();
  check_lanes<Softplus, TestType>();
  check_lanes<NormalCdf, TestType>();
}
