#include "seqnn/io/exact_number.hpp"

#include "support/catch.hpp"

#include <clocale>
#include <limits>
#include <string>

using namespace seqnn;

TEST_CASE("exact_number is the shortest decimal that reads back as the same double", "[io][exact_number]") {
  CHECK(exact_number(0.1) == "0.1");
  CHECK(exact_number(-3.0) == "-3");
  CHECK(exact_number(0.1 + 0.2) == "0.30000000000000004");
  CHECK(exact_number(1e300) == "1e+300");
  CHECK(exact_number(5e-324) == "5e-324");
  for (const double value : {1.0 / 3, 2.2250738585072014e-308, std::numeric_limits<double>::max()}) {
    CHECK(std::stod(exact_number(value)) == value);
  }
}

TEST_CASE("exact_number has one name for every NaN", "[io][exact_number]") {
  CHECK(exact_number(std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(exact_number(-std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(exact_number(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(exact_number(-std::numeric_limits<double>::infinity()) == "-inf");
}

TEST_CASE("exact_number writes a point in every locale", "[io][exact_number]") {
  const std::string before = std::setlocale(LC_NUMERIC, nullptr);
  for (const char* const name : {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8"}) {  // whichever is installed
    if (std::setlocale(LC_NUMERIC, name) != nullptr) CHECK(exact_number(0.5) == "0.5");
  }
  std::setlocale(LC_NUMERIC, before.c_str());
  CHECK(exact_number(0.5) == "0.5");
}
