#include "seqnn/core/regularizer.hpp"

#include "support/catch.hpp"

#include <limits>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("A regularizer holds the factors it was made with", "[core][regularizer]") {
  CHECK(L1(0.5).l1 == 0.5);
  CHECK(L1(0.5).l2 == 0);
  CHECK(L2(0.5).l1 == 0);
  CHECK(L2(0.5).l2 == 0.5);
  CHECK(L1L2(0.25, 0.5).l1 == 0.25);
  CHECK(L1L2(0.25, 0.5).l2 == 0.5);
  CHECK(Regularizer{}.none());
  CHECK(L1L2(0, 0).none());
  CHECK_FALSE(L1().none());
  CHECK_FALSE(L2().none());
}

TEST_CASE("A regularizer prints as written", "[core][regularizer]") {
  CHECK(L1().to_string() == "L1(0.01)");
  CHECK(L2().to_string() == "L2(0.01)");
  CHECK(L2(0.001).to_string() == "L2(0.001)");
  CHECK(L1L2().to_string() == "L1L2(0.01, 0.01)");
  CHECK(L1L2(0.5, 0.25).to_string() == "L1L2(0.5, 0.25)");
  CHECK(L1L2(0.5, 0).to_string() == "L1(0.5)");
  CHECK(L1L2(0, 0.25).to_string() == "L2(0.25)");
}

TEST_CASE("Regularizers are equal if their factors are", "[core][regularizer]") {
  CHECK(Regularizer{} == L1(0));
  CHECK(L1(0.5) == L1L2(0.5, 0));
  CHECK_FALSE(L1(0.5) == L2(0.5));
  CHECK_FALSE(L1(0.5) == L1(0.25));
  CHECK_FALSE(L1(0.5) == L1L2(0.5, 0.5));
}

TEST_CASE("Regularizers refuse factors below 0", "[core][regularizer]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_MATCHES(L1(-0.5), OptionError, Message("L1: factors must be at least 0, got -0.5"));
  CHECK_THROWS_MATCHES(L2(-1), OptionError, Message("L2: factors must be at least 0, got -1"));
  CHECK_THROWS_MATCHES(L1L2(0.5, -2), OptionError, Message("L1L2: factors must be at least 0, got -2"));
  CHECK_THROWS_MATCHES(L1L2(-3, 0.5), OptionError, Message("L1L2: factors must be at least 0, got -3"));
  CHECK_THROWS_MATCHES(L1(nan), OptionError, Message("L1: factors must be at least 0, got nan"));
  CHECK_THROWS_MATCHES(L2(nan), OptionError, Message("L2: factors must be at least 0, got nan"));
}
