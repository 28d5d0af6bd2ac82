#include "seqnn/kernels/simd.hpp"

#include "seqnn/core/tensor.hpp"
#include "support/catch.hpp"
#include "support/values.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

using namespace seqnn;

namespace {

template <class Real>
constexpr Real kNaN = std::numeric_limits<Real>::quiet_NaN();
template <class Real>
constexpr Real kInfinity = std::numeric_limits<Real>::infinity();

template <class Real>
std::vector<Real> lanes(const Simd<Real>& v) {
  std::vector<Real> result(kLanes<Real>);
  simd::store(result.data(), v);
  return result;
}

/// 1, 2, 3 …
template <class Real>
std::vector<Real> counted(std::size_t n) {
  std::vector<Real> result(n);
  for (std::size_t i = 0; i < n; ++i) result[i] = static_cast<Real>(i + 1);
  return result;
}

/// Both are NaN or they are equal, the signs of zeros included.
template <class Real>
bool same(Real a, Real b) {
  return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}

}  // namespace

TEST_CASE("A register is as wide as the instruction set says", "[kernels][simd]") {
#if defined(__AVX512F__)
  CHECK(kLanes<float> == 16);
#elif defined(__AVX__)
  CHECK(kLanes<float> == 8);
#elif defined(__SSE2__) || defined(__aarch64__)
  CHECK(kLanes<float> == 4);
#endif
  CHECK(kLanes<float> == 2 * kLanes<double>);
  CHECK(kLanes<float> * sizeof(float) <= kAlignment);
}

TEMPLATE_TEST_CASE("load and store need no alignment", "[kernels][simd]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  const std::vector<TestType> x = counted<TestType>(W + 1);
  std::vector<TestType> y(W + 3, TestType(77));
  simd::store(y.data() + 1, simd::load(x.data() + 1));
  for (std::size_t i = 0; i < W; ++i) CHECK(y[i + 1] == static_cast<TestType>(i + 2));
  CHECK(y[0] == 77);
  CHECK(y[W + 1] == 77);
}

TEMPLATE_TEST_CASE("load_first fills up with zeros and store_first leaves the rest alone", "[kernels][simd]", float,
                   double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (std::size_t n = 0; n <= W; ++n) {
    CAPTURE(n);
    const std::vector<TestType> x = counted<TestType>(n);  // as long as needed: a memory checker sees one read too many
    const std::vector<TestType> loaded = lanes(simd::load_first(x.data(), n));
    for (std::size_t i = 0; i < W; ++i) CHECK(same(loaded[i], i < n ? x[i] : TestType(0)));

    std::vector<TestType> y(W + 2, TestType(77));
    const std::vector<TestType> all = counted<TestType>(W);
    simd::store_first(y.data() + 1, simd::load(all.data()), n);
    CHECK(y[0] == 77);
    for (std::size_t i = 0; i <= W; ++i) CHECK(y[i + 1] == (i < n ? all[i] : TestType(77)));
  }
}

#if defined(__linux__)
TEMPLATE_TEST_CASE("load_first and store_first do not touch the page behind", "[kernels][simd]", float, double) {
  // Two pages, the second without access: touching it ends the program.
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const memory = mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  char* const edge = static_cast<char*>(memory) + page;
  REQUIRE(mprotect(edge, page, PROT_NONE) == 0);
  TestType* const end = reinterpret_cast<TestType*>(edge);
  for (std::size_t n = 0; n <= kLanes<TestType>; ++n) {
    simd::store_first(end - n, Simd<TestType>(TestType(3)), n);
    CHECK(simd::sum(simd::load_first(end - n, n)) == static_cast<TestType>(3 * n));
  }
  munmap(memory, 2 * page);
}
#endif

TEMPLATE_TEST_CASE("fma multiplies and adds every lane", "[kernels][simd]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  const auto a = whole_values<TestType>(W, 1);
  const auto b = whole_values<TestType>(W, 2);
  const auto c = whole_values<TestType>(W, 3);
  const auto y = lanes(simd::fma(simd::load(a.data()), simd::load(b.data()), simd::load(c.data())));
  for (std::size_t i = 0; i < W; ++i) CHECK(y[i] == a[i] * b[i] + c[i]);
#if defined(__FMA__)
  // (1 + ε)(1 - ε) - 1 = -ε² with one rounding, 0 with two.
  constexpr TestType e = std::numeric_limits<TestType>::epsilon();
  using V = Simd<TestType>;
  CHECK(lanes(simd::fma(V(1 + e), V(1 - e), V(TestType(-1)))) == std::vector<TestType>(W, -e * e));
#endif
}

TEMPLATE_TEST_CASE("min and max take the second number where one is NaN", "[kernels][simd]", float, double) {
  using V = Simd<TestType>;
  const TestType nan = kNaN<TestType>;
  const TestType infinity = kInfinity<TestType>;
  const TestType numbers[] = {nan, -infinity, -3, TestType(-0.0), 0, 2, infinity};
  for (const TestType a : numbers) {
    for (const TestType b : numbers) {
      CAPTURE(a, b);
      const TestType smaller = a < b ? a : b;
      const TestType larger = a > b ? a : b;
      for (const TestType y : lanes(simd::min<TestType>(V(a), V(b)))) CHECK(same(y, smaller));
      for (const TestType y : lanes(simd::max<TestType>(V(a), V(b)))) CHECK(same(y, larger));
    }
  }
}

TEMPLATE_TEST_CASE("to_bits and from_bits keep every bit", "[kernels][simd]", float, double) {
  using Integer = std::conditional_t<sizeof(TestType) == 4, std::int32_t, std::int64_t>;
  using V = Simd<TestType>;
  const auto one = simd::to_bits<TestType>(V(TestType(1)));
  constexpr Integer kOne = sizeof(TestType) == 4 ? 0x3F800000 : static_cast<Integer>(0x3FF0000000000000);
  for (std::size_t i = 0; i < kLanes<TestType>; ++i) CHECK(one.get(i) == kOne);
  CHECK(lanes(simd::from_bits<TestType>(one)) == std::vector<TestType>(kLanes<TestType>, TestType(1)));
  for (const TestType y : lanes(simd::from_bits<TestType>(simd::to_bits<TestType>(V(TestType(-0.0)))))) {
    CHECK(same(y, TestType(-0.0)));
  }
}

TEMPLATE_TEST_CASE("nonzero_lanes sets a bit for every lane that is not zero", "[kernels][simd]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  const std::uint32_t all = static_cast<std::uint32_t>((std::uint64_t{1} << W) - 1);
  using V = Simd<TestType>;
  CHECK(simd::nonzero_lanes<TestType>(V(TestType(0))) == 0);
  CHECK(simd::nonzero_lanes<TestType>(V(TestType(-0.0))) == 0);
  CHECK(simd::nonzero_lanes<TestType>(V(TestType(-1))) == all);
  CHECK(simd::nonzero_lanes<TestType>(V(kNaN<TestType>)) == all);
  CHECK(simd::nonzero_lanes<TestType>(V(kInfinity<TestType>)) == all);
  CHECK(simd::nonzero_lanes<TestType>(V(std::numeric_limits<TestType>::denorm_min())) == all);
  for (std::size_t i = 0; i < W; ++i) {
    std::vector<TestType> x(W, TestType(0));
    x[i] = TestType(0.5);
    CHECK(simd::nonzero_lanes<TestType>(simd::load(x.data())) == std::uint32_t{1} << i);
  }
}

TEMPLATE_TEST_CASE("sum adds halves to halves", "[kernels][simd]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  CHECK(simd::sum(simd::load(counted<TestType>(W).data())) == static_cast<TestType>(W * (W + 1) / 2));
  const std::vector<TestType> x = normal_values<TestType>(W, 4);
  std::vector<TestType> partial = x;
  for (std::size_t width = W / 2; width > 0; width /= 2) {
    for (std::size_t i = 0; i < width; ++i) partial[i] += partial[i + width];
  }
  CHECK(simd::sum(simd::load(x.data())) == partial[0]);
}

TEMPLATE_TEST_CASE("largest finds the largest lane wherever it is", "[kernels][simd]", float, double) {
  constexpr std::size_t W = kLanes<TestType>;
  for (std::size_t i = 0; i < W; ++i) {
    std::vector<TestType> x(W, TestType(-5));
    x[i] = TestType(-4);
    CHECK(simd::largest(simd::load(x.data())) == -4);
  }
}

TEST_CASE("unroll counts up with compile-time constants", "[kernels][simd]") {
  std::vector<std::size_t> seen;
  simd::unroll<4>([&](auto i) {
    static_assert(decltype(i)::value < 4);
    seen.push_back(i);
  });
  CHECK(seen == std::vector<std::size_t>{0, 1, 2, 3});
  simd::unroll<0>([&](auto i) { seen.push_back(i); });
  CHECK(seen.size() == 4);
}

TEMPLATE_TEST_CASE("map applies its body to every value, in place as well", "[kernels][simd]", float, double) {
  using V = Simd<TestType>;
  constexpr std::size_t W = kLanes<TestType>;
  const auto body = [](const V& v) { return v * v + V(TestType(1)); };
  for (const std::size_t n : Sizes{0, 1, W - 1, W, W + 1, 3 * W + 2}) {
    CAPTURE(n);
    std::vector<TestType> x = whole_values<TestType>(n, 5);
    std::vector<TestType> y(n + 1, TestType(77));
    simd::map(n, x.data(), y.data(), body);
    for (std::size_t i = 0; i < n; ++i) CHECK(y[i] == x[i] * x[i] + 1);
    CHECK(y[n] == 77);
    x.push_back(TestType(77));
    simd::map(n, x.data(), x.data(), body);
    CHECK(x == y);
  }
}
