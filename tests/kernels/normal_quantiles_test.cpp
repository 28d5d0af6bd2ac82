#include "seqnn/kernels/normal_quantiles.hpp"

#include "support/catch.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

using namespace seqnn;

namespace {

/// Whether all quantiles have the bits of normal_quantile, written elsewhere and in place.
void check(const std::vector<double>& p) {
  std::vector<double> z(p.size() + 1, 77.0);
  std::vector<double> same = p;
  normal_quantiles(p.size(), p.data(), z.data());
  normal_quantiles(p.size(), same.data(), same.data());
  CHECK(z.back() == 77.0);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const auto expected = std::bit_cast<std::uint64_t>(normal_quantile(p[i]));
    if (std::bit_cast<std::uint64_t>(z[i]) != expected || std::bit_cast<std::uint64_t>(same[i]) != expected) ++wrong;
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("normal_quantiles has the bits of normal_quantile", "[kernels][normal_quantiles]") {
  RandomStream random({.seed = 3});
  for (int block = 0; block < 2'000; ++block) {
    std::vector<double> p(kQuantileBlock);
    for (double& v : p) v = (random.bits() + 0.5) * 0x1p-32;
    check(p);
  }
}

TEST_CASE("normal_quantiles takes any number of values, in the middle and in the tails",
          "[kernels][normal_quantiles]") {
  const double odd[] = {0.5, 0.075, 0.925, 0x1p-52, 1 - 0x1p-52, 1e-12, 1e-300, 1 - 1e-12, 0.0749999, 0.02, 0.99};
  for (std::size_t n = 0; n <= kQuantileBlock; ++n) {
    CAPTURE(n);
    std::vector<double> p(n);
    for (std::size_t i = 0; i < n; ++i) p[i] = odd[i % std::size(odd)];
    check(p);
  }
  check(std::vector<double>(kQuantileBlock, 1e-9));  // nothing but tails
}
