#include "seqnn/kernels/optimizer_updates.hpp"

#include "support/catch.hpp"
#include "support/number_pairs.hpp"
#include "support/reference/optimizer_updates.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;
using reference::Numbers;

TEST_CASE("one step of each rule by hand", "[kernels][optimizer_updates]") {
  const double g = 2;
  SECTION("sgd") {
    double w = 1;
    sgd_update(1, 0.1, &g, &w);
    CHECK_THAT(w, WithinAbs(0.8, 1e-15));
  }
  SECTION("sgd with momentum") {
    double w = 1, m = 0.5;
    sgd_momentum_update(1, 0.1, 0.9, &g, &w, &m);
    CHECK_THAT(m, WithinAbs(0.25, 1e-15));  // 0.9 · 0.5 - 0.1 · 2
    CHECK_THAT(w, WithinAbs(1.25, 1e-15));
  }
  SECTION("sgd with Nesterov's momentum") {
    double w = 1, m = 0.5;
    sgd_nesterov_update(1, 0.1, 0.9, &g, &w, &m);
    CHECK_THAT(m, WithinAbs(0.25, 1e-15));
    CHECK_THAT(w, WithinAbs(1.025, 1e-15));  // 1 + 0.9 · 0.25 - 0.1 · 2
  }
  SECTION("rmsprop has epsilon inside the root") {
    double w = 1, v = 0.2;
    // v = 0.9 · 0.2 + 0.1 · 4 = 0.58; √(0.58 + 0.06) = 0.8; w = 1 - 0.1 · 2 / 0.8
    rmsprop_update<double>(1, {0.1, 0.9, 0.1, 0, 0.06}, &g, &w, &v, nullptr, nullptr);
    CHECK_THAT(v, WithinAbs(0.58, 1e-15));
    CHECK_THAT(w, WithinAbs(0.75, 1e-15));
  }
  SECTION("adam has epsilon outside the root") {
    double w = 1, m = 0.3, v = 0.1;
    // m = 0.3 + 0.5 · 1.7 = 1.15; v = 0.1 + 0.1 · 3.9 = 0.49, its root 0.7; w = 1 - 0.2 · 1.15 / (0.7 + 0.3)
    adam_update<double>(1, {0.2, 0.5, 0.1, 0.3}, &g, &w, &m, &v, nullptr);
    CHECK_THAT(m, WithinAbs(1.15, 1e-15));
    CHECK_THAT(v, WithinAbs(0.49, 1e-15));
    CHECK_THAT(w, WithinAbs(0.77, 1e-15));
  }
}

TEMPLATE_TEST_CASE("sgd updates agree with their plain twin", "[kernels][optimizer_updates]", float, double) {
  for (const std::size_t n : sizes<TestType>()) {
    CAPTURE(n);
    Both<TestType> g(n, 1, -1, 1), w(n, 2, -1, 1), m(n, 3, -1, 1);
    Numbers none(n, 0.0);
    sgd_update(n, TestType(0.25), g.data(), w.data());
    reference::sgd(0.25, 0, false, g.plain, w.plain, none);
    w.check();
    sgd_momentum_update(n, TestType(0.25), TestType(0.75), g.data(), w.data(), m.data());
    reference::sgd(0.25, 0.75, false, g.plain, w.plain, m.plain);
    w.check();
    m.check();
    sgd_nesterov_update(n, TestType(0.25), TestType(0.75), g.data(), w.data(), m.data());
    reference::sgd(0.25, 0.75, true, g.plain, w.plain, m.plain);
    w.check();
    m.check();
  }
}

TEMPLATE_TEST_CASE("rmsprop_update agrees with its plain twin", "[kernels][optimizer_updates]", float, double) {
  const RMSpropStep<TestType> step{TestType(0.25), TestType(0.75), TestType(0.25), TestType(0.5), TestType(0.125)};
  for (const std::size_t n : sizes<TestType>()) {
    for (const bool centered : {false, true}) {
      for (const bool momentum : {false, true}) {
        CAPTURE(n, centered, momentum);
        Both<TestType> g(n, 1, -1, 1), w(n, 2, -1, 1), v(n, 3, 1, 2), a(n, 4, -0.5, 0.5), m(n, 5, -1, 1);
        if (!momentum) m.plain.assign(n, 0.0);
        rmsprop_update(n, step, g.data(), w.data(), v.data(), centered ? a.data() : nullptr,
                       momentum ? m.data() : nullptr);
        reference::rmsprop(0.25, 0.75, momentum ? 0.5 : 0, 0.125, centered, g.plain, w.plain, v.plain, a.plain,
                           m.plain);
        w.check();
        v.check();
        if (centered) a.check();
        if (momentum) m.check();
      }
    }
  }
}

TEMPLATE_TEST_CASE("adam_update agrees with its plain twin", "[kernels][optimizer_updates]", float, double) {
  const AdamStep<TestType> step{TestType(0.25), TestType(0.25), TestType(0.125), TestType(0.0625)};
  for (const std::size_t n : sizes<TestType>()) {
    for (const bool amsgrad : {false, true}) {
      CAPTURE(n, amsgrad);
      Both<TestType> g(n, 1, -2, 2), w(n, 2, -1, 1), m(n, 3, -1, 1), v(n, 4, 0.5, 2), largest(n, 5, 0.5, 2);
      adam_update(n, step, g.data(), w.data(), m.data(), v.data(), amsgrad ? largest.data() : nullptr);
      reference::adam(0.25, 0.75, 0.875, 0.0625, amsgrad, g.plain, w.plain, m.plain, v.plain, largest.plain);
      w.check();
      m.check();
      v.check();
      if (amsgrad) largest.check();
    }
  }
}

TEMPLATE_TEST_CASE("what never had a gradient does not move, also without epsilon", "[kernels][optimizer_updates]",
                   float, double) {
  const std::size_t n = kLanes<TestType> + 1;
  const std::vector<TestType> g(n, TestType(0));
  std::vector<TestType> w(n, TestType(3)), v(n), a(n), m(n);
  const std::vector<TestType> unmoved = w;
  rmsprop_update<TestType>(n, {1, TestType(0.9), TestType(0.1), TestType(0.9), 0}, g.data(), w.data(), v.data(),
                           a.data(), m.data());
  CHECK(w == unmoved);
  adam_update<TestType>(n, {1, TestType(0.1), TestType(0.1), 0}, g.data(), w.data(), m.data(), v.data(), a.data());
  CHECK(w == unmoved);
}

TEST_CASE("a centered rmsprop stays finite where rounding makes the variance negative",
          "[kernels][optimizer_updates]") {
  // A constant gradient: v and a² come ever closer, and cross because 0.8 and 0.2 as floats add up to more than 1.
  const std::size_t n = 64;
  std::vector<float> g(n), w(n), v(n), a(n);
  for (std::size_t i = 0; i < n; ++i) g[i] = 50 + 0.37F * static_cast<float>(i);
  for (int step = 0; step < 500; ++step) {
    rmsprop_update<float>(n, {1e-3F, 0.8F, 0.2F, 0, 1e-7F}, g.data(), w.data(), v.data(), a.data(), nullptr);
  }
  bool crossed = false;
  for (std::size_t i = 0; i < n; ++i) {
    CHECK(std::isfinite(w[i]));
    crossed = crossed || v[i] - a[i] * a[i] < -1e-7F;
  }
  CHECK(crossed);  // the test tests what it says
}

TEMPLATE_TEST_CASE("decay_weights takes off a share", "[kernels][optimizer_updates]", float, double) {
  for (const std::size_t n : sizes<TestType>()) {
    CAPTURE(n);
    Both<TestType> w(n, 2, -1, 1);
    decay_weights(n, TestType(0.125), w.data());
    for (double& value : w.plain) value -= 0.125 * value;
    w.check();
  }
}

TEST_CASE("a NaN among the gradients shows in the parameter", "[kernels][optimizer_updates]") {
  const float g[] = {1, std::numeric_limits<float>::quiet_NaN()};
  float w[2] = {}, v[2] = {}, a[2] = {}, m[2] = {};
  rmsprop_update<float>(2, {1, 0.9F, 0.1F, 0.9F, 0}, g, w, v, a, m);
  CHECK(std::isfinite(w[0]));
  CHECK(std::isnan(w[1]));
  float w2[2] = {}, m2[2] = {}, v2[2] = {}, l2[2] = {};
  adam_update<float>(2, {1, 0.1F, 0.1F, 0}, g, w2, m2, v2, l2);
  CHECK(std::isfinite(w2[0]));
  CHECK(std::isnan(w2[1]));
}
