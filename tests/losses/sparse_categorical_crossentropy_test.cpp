#include "seqnn/losses/sparse_categorical_crossentropy.hpp"

#include "seqnn/losses/categorical_crossentropy.hpp"
#include "support/catch.hpp"
#include "support/loss_gradients.hpp"

#include <cstdint>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

TEST_CASE("sparse categorical crossentropy by hand", "[losses][sparse_categorical_crossentropy]") {
  // logits 0 and log 3: probabilities 1/4 and 3/4; the mean of -log 1/4 and -log 3/4 is 0.836988
  const double x[] = {0, 1.0986122886681098, 0, 1.0986122886681098};
  const std::int32_t classes[] = {0, 1};
  double gradient[4];
  const auto loss = SparseCategoricalCrossentropy({.from_logits = true}).make(For<Loss<double>>{});
  const Comparison<double> c{.samples = 1, .positions = 2, .width = 2, .predicted = x, .classes = classes};
  CHECK_THAT((*loss)(c, 1, gradient), WithinAbs(0.836988216785836, 1e-15));
  CHECK_THAT(gradient[0], WithinAbs(-0.375, 1e-15));
  CHECK_THAT(gradient[1], WithinAbs(0.375, 1e-15));
  CHECK_THAT(gradient[2], WithinAbs(0.125, 1e-15));
  CHECK_THAT(gradient[3], WithinAbs(-0.125, 1e-15));
}

TEST_CASE("a class that is almost certain keeps a gradient", "[losses][sparse_categorical_crossentropy]") {
  // p_1 = 1 - e^-20 is 1 as a float, but p_1 - 1 = -2.06e-9 is not 0.
  const float x[] = {0, 20};
  const std::int32_t k = 1;
  float gradient[2];
  const auto loss = SparseCategoricalCrossentropy({.from_logits = true}).make(For<Loss<float>>{});
  (*loss)({.samples = 1, .width = 2, .predicted = x, .classes = &k}, 1, gradient);
  CHECK_THAT(static_cast<double>(gradient[0]), WithinRel(2.061153618e-9, 1e-6));
  CHECK_THAT(static_cast<double>(gradient[1]), WithinRel(-2.061153618e-9, 1e-6));
}

TEST_CASE("the gradient of sparse categorical crossentropy is its slope", "[losses][sparse_categorical_crossentropy]") {
  const std::int32_t classes[] = {1, 0, 2, 2};
  const double weights[] = {0.5, 3};
  const Comparison<double> c{.samples = 2, .positions = 2, .width = 3, .classes = classes, .sample_weights = weights};
  const std::vector<double> positive = {0.2, 0.7, 0.4, 0.9, 1.1, 0.55, 1.4, 0.3, 0.35, 0.6, 2.5, 0.8};
  std::vector<double> logits;
  for (const double p : positive) logits.push_back(3 * p - 3);
  check_loss_gradient(*SparseCategoricalCrossentropy().make(For<Loss<double>>{}), c, positive);
  check_loss_gradient(*SparseCategoricalCrossentropy({.from_logits = true}).make(For<Loss<double>>{}), c, logits);
}

TEST_CASE("targets by number and one-hot targets give the same loss", "[losses][sparse_categorical_crossentropy]") {
  constexpr std::size_t kClasses = 37;  // more than two registers
  std::vector<double> x, one_hot(4 * kClasses);
  for (std::size_t i = 0; i < 4 * kClasses; ++i) x.push_back(0.1 + static_cast<double>(i * 29 % 53) / 20);
  const std::int32_t classes[] = {36, 0, 17, 5};
  for (std::size_t i = 0; i < 4; ++i) one_hot[i * kClasses + static_cast<std::size_t>(classes[i])] = 1;
  const Comparison<double> c{.samples = 2,
                             .positions = 2,
                             .width = kClasses,
                             .predicted = x.data(),
                             .values = one_hot.data(),
                             .classes = classes};
  for (const bool from_logits : {false, true}) {
    const auto sparse = SparseCategoricalCrossentropy({.from_logits = from_logits}).make(For<Loss<double>>{});
    const auto dense = CategoricalCrossentropy({.from_logits = from_logits}).make(For<Loss<double>>{});
    std::vector<double> a(x.size()), b(x.size());
    CHECK_THAT((*sparse)(c, 1, a.data()), WithinRel((*dense)(c, 1, b.data()), 1e-14));
    for (std::size_t i = 0; i < x.size(); ++i) CHECK_THAT(a[i], WithinAbs(b[i], 1e-14));
  }
}

TEST_CASE("a class the predictions do not have is an error that names it",
          "[losses][sparse_categorical_crossentropy]") {
  const std::vector<float> x(3 * 2 * 4, 0.25F);
  std::vector<std::int32_t> classes = {0, 1, 2, 3, 0, 4};
  const auto loss = SparseCategoricalCrossentropy().make(For<Loss<float>>{});
  CHECK_THROWS_MATCHES(
      (*loss)({.samples = 3, .positions = 2, .width = 4, .predicted = x.data(), .classes = classes.data()}, 1, nullptr),
      DataError,
      Message("SparseCategoricalCrossentropy: target at (2, 1) must be a class in [0, 4), got 4; count classes from 0, "
              "or give the last layer more units"));
  classes[1] = -1;
  CHECK_THROWS_MATCHES(check_classes("fit", classes.data(), 6, 1, 5), DataError,
                       Message("fit: target at (1,) must be a class in [0, 5), got -1; count classes from 0, or give "
                               "the last layer more units"));
  classes[1] = 1;
  CHECK_NOTHROW(check_classes("fit", classes.data(), 6, 1, 5));
}

TEST_CASE("sparse categorical crossentropy writes itself as in a program",
          "[losses][sparse_categorical_crossentropy]") {
  CHECK(SparseCategoricalCrossentropy().to_string() == "SparseCategoricalCrossentropy()");
  CHECK(SparseCategoricalCrossentropy({.from_logits = true}).to_string() ==
        "SparseCategoricalCrossentropy({.from_logits = true})");
}
