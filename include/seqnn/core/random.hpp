#pragma once

#include "seqnn/core/config.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

using PhiloxBlock = std::array<std::uint32_t, 4>;

/// Philox 4x32 with 10 rounds: four random words as a pure function of a 128-bit counter and a 64-bit key.
/// Source  Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"
constexpr PhiloxBlock philox4x32(PhiloxBlock counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53U} * counter[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57U} * counter[2];
    counter = {static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
               static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
  return counter;
}

namespace detail {

/// The blocks of N consecutive counters, side by side so that compilers use SIMD registers.
template <std::size_t N>
void philox4x32_blocks(PhiloxBlock counter, std::array<std::uint32_t, 2> key, std::uint32_t* words) {
  std::uint32_t c0[N], c1[N], c2[N], c3[N];
  for (std::size_t i = 0; i < N; ++i) {
    c0[i] = counter[0] + static_cast<std::uint32_t>(i);
    c1[i] = counter[1];
    c2[i] = counter[2];
    c3[i] = counter[3];
  }
  for (int round = 0; round < 10; ++round) {
    for (std::size_t i = 0; i < N; ++i) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53U} * c0[i];
      const std::uint64_t p1 = std::uint64_t{0xCD9E8D57U} * c2[i];
      c0[i] = static_cast<std::uint32_t>(p1 >> 32) ^ c1[i] ^ key[0];
      c1[i] = static_cast<std::uint32_t>(p1);
      c2[i] = static_cast<std::uint32_t>(p0 >> 32) ^ c3[i] ^ key[1];
      c3[i] = static_cast<std::uint32_t>(p0);
    }
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
  for (std::size_t i = 0; i < N; ++i) {
    words[4 * i] = c0[i];
    words[4 * i + 1] = c1[i];
    words[4 * i + 2] = c2[i];
    words[4 * i + 3] = c3[i];
  }
}

}  // namespace detail

/// What a stream of random numbers is for. Streams of different purposes never overlap.
enum class Purpose : std::uint32_t { initialize = 1, shuffle = 2, dropout = 3, data = 4, user = 5 };

/// Names one stream: who draws (purpose and index of the layer, parameter …), in which step, for which sample.
/// Equal keys give equal numbers on every machine, whatever thread draws them and whatever was drawn before.
struct RandomKey {
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::user;
  std::uint32_t index = 0;   ///< layer, parameter …; below 2^24
  std::uint32_t step = 0;    ///< training step or epoch
  std::uint32_t sample = 0;  ///< position in the batch
};

namespace detail {

template <std::size_t N>
double horner(const double (&c)[N], double x) {
  double sum = c[N - 1];
  for (std::size_t i = N - 1; i-- > 0;) sum = std::fma(sum, x, c[i]);
  return sum;
}

/// atanh s = s · Σ s^2k / (2k + 1)
inline constexpr double kAtanhSeries[] = {1.0,        1.0 / 3.0,  1.0 / 5.0,  1.0 / 7.0,  1.0 / 9.0, 1.0 / 11.0,
                                          1.0 / 13.0, 1.0 / 15.0, 1.0 / 17.0, 1.0 / 19.0, 1.0 / 21.0};

/// Natural logarithm of x in (0, 1) with the same bits everywhere: only correctly rounded operations, and no
/// multiplication beside an addition that a compiler could contract. Error below 1e-15.
inline double portable_log(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);  // m in [0.5, 1)
  if (m < 0.70710678118654752) {
    m *= 2.0;
    --exponent;
  }
  const double s = (m - 1.0) / (m + 1.0);  // log m = 2 atanh s, |s| < 0.1716
  const double z = s * s;
  const double series = horner(kAtanhSeries, z);
  return std::fma(static_cast<double>(exponent), 0.69314718055994531, 2.0 * s * series);
}

/// Coefficients of AS 241: over and under the line of a fraction of polynomials, for the middle and for both parts of
/// the tails.
struct NormalQuantileTable {
  static constexpr double kMiddleOver[] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                           1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                           3.3430575583588128105e4, 2.5090809287301226727e3};
  static constexpr double kMiddleUnder[] = {1.0,
                                            4.2313330701600911252e1,
                                            6.8718700749205790830e2,
                                            5.3941960214247511077e3,
                                            2.1213794301586595867e4,
                                            3.9307895800092710610e4,
                                            2.8729085735721942674e4,
                                            5.2264952788528545610e3};
  static constexpr double kTailOver[] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                                         3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                                         2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr double kTailUnder[] = {1.0,
                                          2.05319162663775882187e0,
                                          1.67638483018380384940e0,
                                          6.89767334985100004550e-1,
                                          1.48103976427480074590e-1,
                                          1.51986665636164571966e-2,
                                          5.47593808499534494600e-4,
                                          1.05075007164441684324e-9};
  static constexpr double kFarOver[] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                                        2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                        2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr double kFarUnder[] = {1.0,
                                         5.99832206555887937690e-1,
                                         1.36929880922735805310e-1,
                                         1.48753612908506148525e-2,
                                         7.86869131145613259100e-4,
                                         1.84631831751005468180e-5,
                                         1.42151175831644588870e-7,
                                         2.04426310338993978564e-15};
};

}  // namespace detail

/// Quantile of the standard normal distribution, p in (0, 1); the same bits on every machine, relative error about
/// 1e-15. Source  Wichura 1988, algorithm AS 241 (PPND16)
inline double normal_quantile(double p) {
  using Coefficients = detail::NormalQuantileTable;
  const double q = p - 0.5;
  if (std::fabs(q) <= 0.425) {
    const double r = std::fma(-q, q, 0.180625);
    return q * detail::horner(Coefficients::kMiddleOver, r) / detail::horner(Coefficients::kMiddleUnder, r);
  }
  double r = std::sqrt(-detail::portable_log(q < 0 ? p : 1.0 - p));
  double x = 0;
  if (r <= 5.0) {
    r -= 1.6;
    x = detail::horner(Coefficients::kTailOver, r) / detail::horner(Coefficients::kTailUnder, r);
  } else {
    r -= 5.0;
    x = detail::horner(Coefficients::kFarOver, r) / detail::horner(Coefficients::kFarUnder, r);
  }
  return q < 0 ? -x : x;
}

/// The random numbers of one key, drawn in order. Copying it copies the position.
class RandomStream {
 public:
  explicit RandomStream(const RandomKey& key)
      : counter_{0, key.sample, key.step, (static_cast<std::uint32_t>(key.purpose) << 24) | (key.index & 0xFFFFFFU)},
        key_{static_cast<std::uint32_t>(key.seed), static_cast<std::uint32_t>(key.seed >> 32)} {}

  std::uint32_t bits() {
    if (next_ == 4) {
      block_ = philox4x32(counter_, key_);
      ++counter_[0];
      next_ = 0;
    }
    return block_[next_++];
  }

  /// The next n words, as n calls of `bits` would give them, several times faster.
  void fill(std::uint32_t* words, std::size_t n) {
    constexpr std::size_t kBlocks = 32;  // with 16, compilers unroll the loops instead of using SIMD registers
    for (; n > 0 && next_ != 4; --n) *words++ = bits();
    for (; n >= 4 * kBlocks; n -= 4 * kBlocks, words += 4 * kBlocks) {
      detail::philox4x32_blocks<kBlocks>(counter_, key_, words);
      counter_[0] += kBlocks;
    }
    for (; n > 0; --n) *words++ = bits();
  }

  std::uint64_t bits64() {
    const std::uint64_t low = bits();
    return low | (std::uint64_t{bits()} << 32);
  }

  /// Uniform in [0, 1), a multiple of 2^-53.
  double uniform() { return static_cast<double>(bits64() >> 11) * 0x1p-53; }

  /// Uniform in [low, high).
  double uniform(double low, double high) { return std::fma(high - low, uniform(), low); }

  /// Uniform in [0, n), n > 0, without bias.
  std::uint64_t below(std::uint64_t n) {
    const std::uint64_t limit = ~std::uint64_t{0} - ~std::uint64_t{0} % n;  // a multiple of n
    std::uint64_t draw = bits64();
    while (draw >= limit) draw = bits64();
    return draw % n;
  }

  /// Standard normal.
  double normal() { return normal_quantile((static_cast<double>(bits64() >> 12) + 0.5) * 0x1p-52); }

 private:
  PhiloxBlock counter_;
  std::array<std::uint32_t, 2> key_;
  PhiloxBlock block_{};
  std::size_t next_ = 4;
};

/// Puts a random-access sequence into random order (Fisher and Yates).
template <class Sequence>
void shuffle(Sequence& sequence, RandomStream& random) {
  using std::swap;
  for (std::size_t i = sequence.size(); i > 1; --i) {
    const auto j = static_cast<std::size_t>(random.below(i));
    swap(sequence[i - 1], sequence[j]);
  }
}

}  // namespace seqnn::inline SEQNN_ABI
