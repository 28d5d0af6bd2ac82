#include "seqnn/core/constraint.hpp"

#include "seqnn/core/parameters.hpp"
#include "support/catch.hpp"

#include <limits>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("A constraint prints as written", "[core][constraint]") {
  CHECK(Constraint{}.to_string() == "none");
  CHECK(MaxNorm().to_string() == "MaxNorm(2)");
  CHECK(MaxNorm(3, {0, 1}).to_string() == "MaxNorm(3, {0, 1})");
  CHECK(MinMaxNorm().to_string() == "MaxNorm(1)");
  CHECK(MinMaxNorm(0.5, 1, 0.25, {1}).to_string() == "MinMaxNorm(0.5, 1, 0.25, {1})");
  CHECK(UnitNorm().to_string() == "UnitNorm()");
  CHECK(UnitNorm({-1}).to_string() == "UnitNorm({-1})");
  CHECK(NonNeg().to_string() == "NonNeg()");
}

TEST_CASE("Constraints are equal if they demand the same", "[core][constraint]") {
  CHECK(MaxNorm() == MaxNorm(2, {0}));
  CHECK(MinMaxNorm(1, 1) == UnitNorm());
  CHECK_FALSE(MaxNorm(2) == MaxNorm(3));
  CHECK_FALSE(MaxNorm(2) == MaxNorm(2, {1}));
  CHECK_FALSE(NonNeg() == Constraint{});
  CHECK(Constraint{}.none());
  CHECK_FALSE(NonNeg().none());
}

TEST_CASE("A constraint refuses what no weights can meet", "[core][constraint]") {
  CHECK_THROWS_MATCHES(
      MaxNorm(0), OptionError,
      Message("MaxNorm: norms must be bounded by 0 ≤ min_value ≤ max_value and 0 < max_value, got 0 and 0"));
  CHECK_THROWS_MATCHES(
      MinMaxNorm(2, 1), OptionError,
      Message("MinMaxNorm: norms must be bounded by 0 ≤ min_value ≤ max_value and 0 < max_value, got 2 and 1"));
  CHECK_THROWS_AS(MaxNorm(std::numeric_limits<double>::infinity()), OptionError);
  CHECK_THROWS_AS(MaxNorm(std::numeric_limits<double>::quiet_NaN()), OptionError);
  CHECK_THROWS_MATCHES(MinMaxNorm(0, 1, 1.5), OptionError, Message("MinMaxNorm: rate must be in [0, 1], got 1.5"));
  CHECK_THROWS_MATCHES(UnitNorm({}), OptionError, Message("UnitNorm: axes must name at least one axis, got none"));
}

TEST_CASE("A constraint must be over axes that the parameter has", "[core][constraint]") {
  ParameterLayout layout;
  CHECK_NOTHROW(layout.declare("dense/kernel", {3, 4}, zeros(), true, {}, UnitNorm({-2, 1})));
  CHECK_THROWS_MATCHES(layout.declare("dense/bias", {4}, zeros(), true, {}, UnitNorm({1})), OptionError,
                       Message("parameter \"dense/bias\": constraint must be over axes in [-1, 0], got 1"));
  CHECK_THROWS_MATCHES(layout.declare("dense/bias", {4}, zeros(), true, {}, UnitNorm({-2})), OptionError,
                       Message("parameter \"dense/bias\": constraint must be over axes in [-1, 0], got -2"));
}
