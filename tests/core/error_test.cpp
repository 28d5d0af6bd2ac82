#include "seqnn/core/error.hpp"

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

using namespace seqnn;

TEST_CASE("text joins words and numbers", "[core][error]") {
  CHECK(text() == "");
  CHECK(text("rate must be in [0, 1), got ", 1) == "rate must be in [0, 1), got 1");
  CHECK(text(std::string("a"), std::string_view("b"), 'c', true, false) == "abctruefalse");
  CHECK(text(-3, ' ', 7U, ' ', std::size_t{20'007}, ' ', std::int64_t{-1} << 40) == "-3 7 20007 -1099511627776");
}

TEST_CASE("text writes shapes as Python does", "[core][error]") {
  CHECK(text(Shape{}) == "()");
  CHECK(text(Shape{32}) == "(32,)");
  CHECK(text(Shape{32, 120, 15}) == "(32, 120, 15)");
  CHECK(text(Shape{kAnyLength, 14}) == "(any, 14)");
}

TEST_CASE("text writes the shortest decimal that reads back as the number", "[core][error]") {
  CHECK(text(0.5) == "0.5");
  CHECK(text(1.0) == "1");
  CHECK(text(0.1) == "0.1");
  CHECK(text(1e-4) == "0.0001");
  CHECK(text(0.1F) == "0.1");
  CHECK(text(1.0 / 3) == "0.3333333333333333");
  CHECK(text(0.1 + 0.2) == "0.30000000000000004");
  CHECK(text(std::numeric_limits<double>::quiet_NaN()).find("nan") != std::string::npos);
  CHECK(text(-std::numeric_limits<float>::infinity()) == "-inf");
  CHECK(text(std::numeric_limits<double>::max()) == "1.7976931348623157e+308");
}

TEST_CASE("element_count multiplies extents", "[core][error]") {
  CHECK(element_count({}) == 1);
  CHECK(element_count({3, 4, 5}) == 60);
  CHECK(element_count({3, 0}) == 0);
}

TEST_CASE("Every exception of the library is an Error", "[core][error]") {
  CHECK_THROWS_AS(throw ShapeError("x"), Error);
  CHECK_THROWS_AS(throw OptionError("x"), Error);
  CHECK_THROWS_AS(throw DataError("x"), Error);
  CHECK_THROWS_AS(throw FileError("x"), Error);
  CHECK_THROWS_AS(throw StateError("x"), Error);
  CHECK_THROWS_AS(throw Error("x"), std::runtime_error);
}
