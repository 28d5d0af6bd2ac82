#include "seqnn/kernels/adaptive_updates.hpp"

#include "support/catch.hpp"
#include "support/number_pairs.hpp"
#include "support/reference/optimizer_updates.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace seqnn;

TEMPLATE_TEST_CASE("the adaptive updates agree with their plain twins", "[kernels][adaptive_updates]", float, double) {
  using Real = TestType;
  for (const std::size_t n : sizes<Real>()) {
    CAPTURE(n);
    Both<Real> g(n, 1, -1, 1), w(n, 2, -1, 1), m(n, 3, -1, 1), v(n, 4, 0.5, 2);
    nadam_update<Real>(n, {Real(0.25), Real(0.125), Real(0.25), Real(0.125), Real(0.0625)}, g.data(), w.data(),
                       m.data(), v.data());
    reference::nadam(0.25, 0.125, 0.75, 0.875, 0.0625, g.plain, w.plain, m.plain, v.plain);
    w.check();
    m.check();
    v.check();

    Both<Real> u(n, 5, 0, 1.5);
    adamax_update<Real>(n, Real(0.25), Real(0.25), Real(0.75), Real(0.5), g.data(), w.data(), m.data(), u.data());
    reference::adamax(0.25, 0.75, 0.75, 0.5, g.plain, w.plain, m.plain, u.plain);
    w.check();
    m.check();
    u.check();

    Both<Real> a(n, 6, 0, 1);
    adagrad_update<Real>(n, Real(0.25), Real(0.125), g.data(), w.data(), a.data());
    reference::adagrad(0.25, 0.125, g.plain, w.plain, a.plain);
    w.check();
    a.check();

    Both<Real> b(n, 7, 0, 1);
    adadelta_update<Real>(n, Real(0.5), Real(0.75), Real(0.25), Real(0.125), g.data(), w.data(), a.data(), b.data());
    reference::adadelta(0.5, 0.75, 0.125, g.plain, w.plain, a.plain, b.plain);
    w.check();
    a.check();
    b.check();

    Both<Real> momentum(n, 8, -1, 1);
    lion_update<Real>(n, Real(0.25), Real(0.75), Real(0.25), Real(0.875), Real(0.125), g.data(), w.data(),
                      momentum.data());
    reference::lion(0.25, 0.75, 0.875, g.plain, w.plain, momentum.plain);
    w.check();
    momentum.check();
  }
}

TEMPLATE_TEST_CASE("what never had a gradient does not move under adaptive updates, also without epsilon",
                   "[kernels][adaptive_updates]", float, double) {
  using Real = TestType;
  const std::size_t n = kLanes<Real> + 1;
  const std::vector<Real> g(n, Real(0));
  std::vector<Real> w(n, Real(3)), a(n), b(n);
  const std::vector<Real> unmoved = w, none = a;
  nadam_update<Real>(n, {1, 1, Real(0.1), Real(0.1), 0}, g.data(), w.data(), a.data(), b.data());
  adamax_update<Real>(n, 1, Real(0.1), Real(0.9), 0, g.data(), w.data(), a.data(), b.data());
  adagrad_update<Real>(n, 1, 0, g.data(), w.data(), a.data());
  adadelta_update<Real>(n, 1, Real(0.9), Real(0.1), 0, g.data(), w.data(), a.data(), b.data());
  lion_update<Real>(n, 1, Real(0.9), Real(0.1), Real(0.9), Real(0.1), g.data(), w.data(), a.data());
  CHECK(w == unmoved);
  CHECK(a == none);
  CHECK(b == none);
}

TEST_CASE("a NaN among the gradients shows in the parameter under adaptive updates", "[kernels][adaptive_updates]") {
  const float g[] = {1, std::numeric_limits<float>::quiet_NaN()};
  const auto check = [&](auto&& update) {
    float w[2] = {}, a[2] = {}, b[2] = {};
    update(w, a, b);
    CHECK(w[0] != 0);
    CHECK(std::isfinite(w[0]));
    CHECK(std::isnan(w[1]));
  };
  check([&](float* w, float* a, float* b) { nadam_update<float>(2, {1, 1, 0.1F, 0.1F, 1e-7F}, g, w, a, b); });
  check([&](float* w, float* a, float* b) { adamax_update<float>(2, 1, 0.1F, 0.9F, 1e-7F, g, w, a, b); });
  check([&](float* w, float* a, float*) { adagrad_update<float>(2, 1, 0.1F, g, w, a); });
  check([&](float* w, float* a, float* b) { adadelta_update<float>(2, 1, 0.9F, 0.1F, 1e-7F, g, w, a, b); });
  check([&](float* w, float* a, float*) { lion_update<float>(2, 1, 0.9F, 0.1F, 0.9F, 0.1F, g, w, a); });
}
