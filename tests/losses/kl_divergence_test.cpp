#include "seqnn/losses/kl_divergence.hpp"

#include "support/catch.hpp"
#include "support/loss_gradients.hpp"

#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;

TEST_CASE("the divergence by hand", "[losses][kl_divergence]") {
  const double predicted[] = {0.25, 0.75, 0, 3};
  const double targets[] = {0.5, 0.5, 0.5, 1};
  double gradient[4];
  const auto loss = KLDivergence().make(For<Loss<double>>{});
  // 0.5·log(0.5 / 0.25) + 0.5·log(0.5 / 0.75) = 0.143841; slopes -t / p
  Comparison<double> c{.samples = 1, .width = 2, .predicted = predicted, .values = targets};
  CHECK_THAT((*loss)(c, 1, gradient), WithinAbs(0.143841036225890, 1e-14));
  CHECK_THAT(gradient[0], WithinAbs(-2, 1e-14));
  CHECK_THAT(gradient[1], WithinAbs(-2.0 / 3, 1e-14));
  // What is cut, to 1e-7 and 1, has no gradient: 0.5·log(0.5 / 1e-7) + 1·log(1 / 1)
  c.predicted += 2;
  c.values += 2;
  CHECK_THAT((*loss)(c, 1, gradient), WithinAbs(7.71247423519918, 1e-12));
  CHECK(gradient[0] == 0);
  CHECK(gradient[1] == 0);
  // Two positions count half each; equal distributions do not differ.
  const double half[] = {0.25, 0.75, 0.5, 0.5};
  const double even[] = {0.5, 0.5, 0.5, 0.5};
  CHECK_THAT((*loss)({.samples = 1, .positions = 2, .width = 2, .predicted = half, .values = even}, 1, nullptr),
             WithinAbs(0.0719205181129452, 1e-14));
}

TEST_CASE("the gradient of the divergence is its slope", "[losses][kl_divergence]") {
  const double targets[] = {0.5, 0.5, 0, 1, 0.3, 0.7, 0.9, 0.1};
  const double weights[] = {0.5, 3};
  const Comparison<double> c{.samples = 2, .positions = 2, .width = 2, .values = targets, .sample_weights = weights};
  check_loss_gradient(*KLDivergence().make(For<Loss<double>>{}), c, {0.2, 0.8, 0.6, 0.4, 1.7, -0.4, 0.3, 0.1});
}

TEST_CASE("the divergence writes itself as in a program", "[losses][kl_divergence]") {
  CHECK(KLDivergence().to_string() == "KLDivergence()");
}
