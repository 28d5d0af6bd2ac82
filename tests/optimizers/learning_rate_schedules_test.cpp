#include "seqnn/optimizers/learning_rate_schedules.hpp"

#include "fixtures/learning_rate_schedules.hpp"
#include "seqnn/optimizers/cosine_schedules.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kCount = std::size(fixtures::learning_rate_schedules::kSteps);

template <class Schedule>
void check(const Schedule& schedule, const double (&rates)[kCount]) {
  for (std::size_t i = 0; i < kCount; ++i) {
    const std::size_t step = fixtures::learning_rate_schedules::kSteps[i];
    CAPTURE(step);
    // Keras computes in float, and takes cosines of angles that are rounded.
    CHECK_THAT(schedule(step), WithinAbs(rates[i], 1e-6));
  }
}

}  // namespace

TEST_CASE("schedules give the rates of Keras", "[optimizers][schedules]") {
  namespace keras = fixtures::learning_rate_schedules;
  const double start = 0.5;
  check(ExponentialDecay({.initial_learning_rate = start, .decay_steps = 10, .decay_rate = 0.8}), keras::exponential);
  check(ExponentialDecay({.initial_learning_rate = start, .decay_steps = 10, .decay_rate = 0.8, .staircase = true}),
        keras::exponential_staircase);
  check(InverseTimeDecay({.initial_learning_rate = start, .decay_steps = 10, .decay_rate = 0.75}), keras::inverse_time);
  check(InverseTimeDecay({.initial_learning_rate = start, .decay_steps = 10, .decay_rate = 0.75, .staircase = true}),
        keras::inverse_time_staircase);
  check(PolynomialDecay({.initial_learning_rate = start, .decay_steps = 20}), keras::polynomial);
  check(PolynomialDecay({.initial_learning_rate = start, .decay_steps = 20, .end_learning_rate = 0.125, .power = 2}),
        keras::polynomial_square);
  check(
      PolynomialDecay(
          {.initial_learning_rate = start, .decay_steps = 10, .end_learning_rate = 0.125, .power = 0.5, .cycle = true}),
      keras::polynomial_cycle);
  check(CosineDecay({.initial_learning_rate = start, .decay_steps = 20}), keras::cosine);
  check(CosineDecay({.initial_learning_rate = start, .decay_steps = 20, .alpha = 0.25}), keras::cosine_alpha);
  check(
      CosineDecay(
          {.initial_learning_rate = 0.125, .decay_steps = 20, .alpha = 0.25, .warmup_target = 0.5, .warmup_steps = 10}),
      keras::cosine_warmup);
  check(CosineDecayRestarts({.initial_learning_rate = start, .first_decay_steps = 10}), keras::restarts);
  check(CosineDecayRestarts(
            {.initial_learning_rate = start, .first_decay_steps = 10, .t_mul = 1, .m_mul = 0.5, .alpha = 0.25}),
        keras::restarts_equal);
  check(CosineDecayRestarts({.initial_learning_rate = start, .first_decay_steps = 8, .t_mul = 1.5, .m_mul = 0.75}),
        keras::restarts_longer);
  check(PiecewiseConstantDecay({.boundaries = {10, 20, 69}, .values = {0.5, 0.25, 0.125, 0.0625}}), keras::piecewise);
}

TEST_CASE("schedules by hand", "[optimizers][schedules]") {
  const CosineDecay cosine(
      {.initial_learning_rate = 0, .decay_steps = 6, .alpha = 0.5, .warmup_target = 1, .warmup_steps = 4});
  CHECK(cosine(0) == 0);
  CHECK(cosine(1) == 0.25);
  CHECK(cosine(4) == 1);
  CHECK_THAT(cosine(6), WithinAbs(0.875, 1e-15));  // a third of the way: ½·½(1 + ½) + ½
  CHECK_THAT(cosine(10), WithinAbs(0.5, 1e-15));
  CHECK_THAT(cosine(99), WithinAbs(0.5, 1e-15));

  const PiecewiseConstantDecay piecewise({.boundaries = {2, 5}, .values = {3, 2, 1}});
  CHECK(piecewise(2) == 3);
  CHECK(piecewise(3) == 2);
  CHECK(piecewise(5) == 2);
  CHECK(piecewise(6) == 1);
  CHECK(PiecewiseConstantDecay({.values = {7}})(123) == 7);
}

TEST_CASE("OneCycle goes up and down as PyTorch's does", "[optimizers][schedules]") {
  // 10 steps, the top at 0.5 · 10 - 1 = 4, the end at 9
  const OneCycle cycle(
      {.max_learning_rate = 1, .total_steps = 10, .pct_start = 0.5, .div_factor = 4, .final_div_factor = 2});
  CHECK_THAT(cycle(0), WithinAbs(0.25, 1e-15));
  CHECK_THAT(cycle(2), WithinAbs(0.625, 1e-15));  // half way
  CHECK_THAT(cycle(4), WithinAbs(1, 1e-15));
  CHECK_THAT(cycle(5), WithinAbs(0.125 + 0.875 * (1 + std::cos(3.14159265358979324 / 5)) / 2, 1e-15));
  CHECK_THAT(cycle(9), WithinAbs(0.125, 1e-15));
  CHECK(cycle(1000) == cycle(9));
  // Where the top comes before the first step, it is at the first step.
  const OneCycle down({.max_learning_rate = 1, .total_steps = 2, .pct_start = 0});
  CHECK(down(0) == 1);
  CHECK_THAT(down(1), WithinAbs(1 / 25.0 / 1e4, 1e-15));
}

TEST_CASE("a schedule of more steps than an int counts is a number", "[optimizers][schedules]") {
  const auto far = std::size_t{1} << 40;
  CHECK(CosineDecayRestarts({.initial_learning_rate = 1, .first_decay_steps = 1, .t_mul = 1})(far) == 1);
  CHECK(std::isfinite(CosineDecayRestarts({.initial_learning_rate = 1, .first_decay_steps = 1})(far)));
  CHECK(InverseTimeDecay({.initial_learning_rate = 1, .decay_steps = 1, .decay_rate = 1})(far - 1) ==
        1 / static_cast<double>(far));
}

TEST_CASE("schedules refuse wrong options by name", "[optimizers][schedules]") {
  CHECK_THROWS_MATCHES(ExponentialDecay({.initial_learning_rate = 0.1, .decay_rate = 0.5}), OptionError,
                       Message("ExponentialDecay: decay_steps must be at least 1, got 0; an epoch has as many steps as "
                               "there are batches in it"));
  CHECK_THROWS_MATCHES(ExponentialDecay({.initial_learning_rate = -1, .decay_steps = 1}), OptionError,
                       Message("ExponentialDecay: initial_learning_rate must be a finite number not below 0, got -1"));
  CHECK_THROWS_AS(InverseTimeDecay({.initial_learning_rate = 1, .decay_steps = 1, .decay_rate = kNaN}), OptionError);
  CHECK_THROWS_AS(InverseTimeDecay({.initial_learning_rate = 1}), OptionError);
  CHECK_THROWS_MATCHES(PolynomialDecay({.initial_learning_rate = 1, .decay_steps = 1, .power = -1}), OptionError,
                       Message("PolynomialDecay: power must be a finite number not below 0, got -1"));
  CHECK_THROWS_MATCHES(CosineDecay({.initial_learning_rate = 1, .decay_steps = 1, .warmup_steps = 5}), OptionError,
                       Message("CosineDecay: warmup_target must be given with warmup_steps, got 5 steps; give the rate "
                               "at the end of warm-up"));
  CHECK_THROWS_AS(CosineDecay({.decay_steps = 1, .warmup_target = -1, .warmup_steps = 5}), OptionError);
  CHECK_THROWS_MATCHES(CosineDecayRestarts({.initial_learning_rate = 1, .first_decay_steps = 1, .t_mul = 0.5}),
                       OptionError, Message("CosineDecayRestarts: t_mul must be at least 1, got 0.5"));
  CHECK_THROWS_MATCHES(
      PiecewiseConstantDecay({.boundaries = {1}, .values = {1}}), OptionError,
      Message("PiecewiseConstantDecay: values must be one more than boundaries, got 1 values and 1 boundaries"));
  CHECK_THROWS_MATCHES(PiecewiseConstantDecay({.boundaries = {5, 5}, .values = {1, 1, 1}}), OptionError,
                       Message("PiecewiseConstantDecay: boundaries must grow, got 5 after 5"));
  CHECK_THROWS_AS(PiecewiseConstantDecay({.values = {-1}}), OptionError);
  CHECK_THROWS_MATCHES(OneCycle({.max_learning_rate = 1, .total_steps = 1}), OptionError,
                       Message("OneCycle: total_steps must be at least 2, got 1; an epoch has as many steps as there "
                               "are batches in it"));
  CHECK_THROWS_MATCHES(OneCycle({.max_learning_rate = 1, .total_steps = 9, .pct_start = 1}), OptionError,
                       Message("OneCycle: pct_start must be in [0, 1), got 1"));
  CHECK_THROWS_MATCHES(OneCycle({.max_learning_rate = 1, .total_steps = 9, .div_factor = 0}), OptionError,
                       Message("OneCycle: div_factor and final_div_factor must be above 0, got 0 and 1e+04"));
}
