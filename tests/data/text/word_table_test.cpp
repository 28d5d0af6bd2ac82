#include "seqnn/data/text/word_table.hpp"

#include "support/catch.hpp"

#include <string>

using namespace seqnn;

TEST_CASE("Words are numbered in the order of their first insertion", "[data][text][word_table]") {
  WordTable table;
  CHECK(table.find("film") == WordTable::kAbsent);
  CHECK(table.insert("film") == 0);
  CHECK(table.insert("plot") == 1);
  CHECK(table.insert("film") == 0);
  CHECK(table.size() == 2);
  CHECK(table[1] == "plot");
  CHECK(table.find("plot") == 1);
  CHECK(table.find("plo") == WordTable::kAbsent);
  CHECK(table.insert("") == 2);
  CHECK(table.find("") == 2);
}

TEST_CASE("A table that grows keeps the numbers of its words", "[data][text][word_table]") {
  WordTable table;
  for (std::size_t i = 0; i < 5000; ++i) REQUIRE(table.insert("word" + std::to_string(i)) == i);
  for (std::size_t i = 0; i < 5000; ++i) {
    REQUIRE(table.find("word" + std::to_string(i)) == i);
    REQUIRE(table[i] == "word" + std::to_string(i));
  }
  CHECK(table.find("word5000") == WordTable::kAbsent);
}

TEST_CASE("Tables are equal if they hold the same words in the same order", "[data][text][word_table]") {
  WordTable a;
  WordTable b;
  a.insert("ab");
  a.insert("c");
  b.insert("a");
  b.insert("bc");  // same letters, other words
  CHECK_FALSE(a == b);
  WordTable c = a;
  CHECK(a == c);
  c.insert("d");
  CHECK_FALSE(a == c);
}
