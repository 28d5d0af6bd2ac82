#include "seqnn/core/padding.hpp"

#include "support/catch.hpp"

TEST_CASE("Padding prints as written", "[core][padding]") {
  using seqnn::Padding;
  CHECK(to_string(Padding::valid) == "Padding::valid");
  CHECK(to_string(Padding::same) == "Padding::same");
  CHECK(to_string(Padding::causal) == "Padding::causal");
}
