#include "seqnn/layers/embedding.hpp"

#include "fixtures/embedding.hpp"
#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinRel;

TEST_CASE("Embedding gives every id its row and gathers gradients by row", "[layers][embedding]") {
  LayerRun<double> run(Embedding(3, 2), {3});
  const std::vector<double> table = {1, 2, 3, 4, 5, 6};
  std::copy(table.begin(), table.end(), run.parameter("embeddings").begin());
  const std::vector<std::int32_t> ids = {2, 0, 2};
  const auto y = run.forward(ids);
  CHECK(std::vector<double>(y.begin(), y.end()) == std::vector<double>{5, 6, 1, 2, 5, 6});
  // Row 2 is read at steps 0 and 2: 10 + 50 and 20 + 60. Row 1 never.
  const std::vector<double> dy = {10, 20, 30, 40, 50, 60};
  CHECK(run.backward(dy).empty());
  const auto gradient = run.gradient("embeddings");
  CHECK(std::vector<double>(gradient.begin(), gradient.end()) == std::vector<double>{30, 40, 0, 0, 60, 80});
}

TEST_CASE("Embedding agrees with PyTorch where ids repeat", "[layers][embedding]") {
  namespace expected = fixtures::embedding;
  LayerRun<double> run(Embedding(6, 3), {4}, {.batch = 2});
  std::copy(std::begin(expected::table), std::end(expected::table), run.parameter("embeddings").begin());
  const auto y = run.forward(std::vector<std::int32_t>(std::begin(expected::ids), std::end(expected::ids)));
  CHECK(std::equal(y.begin(), y.end(), std::begin(expected::y), std::end(expected::y)));
  run.backward(expected::dy);
  const auto gradient = run.gradient("embeddings");
  REQUIRE(gradient.size() == std::size(expected::gradient));
  for (std::size_t i = 0; i < gradient.size(); ++i) CHECK_THAT(gradient[i], WithinRel(expected::gradient[i], 1e-14));
}

TEST_CASE("Embedding's gradients agree with central differences", "[layers][embedding]") {
  const GradientReport report = check_gradients(Embedding(7, 5), {6}, {.ids_below = 7});
  INFO(report.to_string());
  CHECK(report.passed());
}

TEST_CASE("Embedding starts uniform in ±0.05 and takes samples of any shape", "[layers][embedding]") {
  LayerRun<float> run(Embedding(50, 8), {2, 3});
  CHECK(run.output_shape() == Shape{2, 3, 8});
  const auto values = run.parameter("layer/embeddings");
  CHECK(*std::min_element(values.begin(), values.end()) < -0.045F);
  CHECK(*std::max_element(values.begin(), values.end()) < 0.05F);
  CHECK(EmbeddingLayer<float>(Embedding(50, 8)).output_shape({kAnyLength}) == Shape{kAnyLength, 8});
}

TEST_CASE("Embedding names the id that is outside its vocabulary", "[layers][embedding]") {
  const EmbeddingLayer<float> layer(Embedding(20'000, 4, {.name = "tokens"}));
  std::vector<std::int32_t> ids(4 * 50, 19'999);
  CHECK_NOTHROW(layer.check_ids(ids.data(), ids.size(), 50));
  ids[3 * 50 + 41] = 20'007;
  CHECK_THROWS_MATCHES(layer.check_ids(ids.data(), ids.size(), 50), DataError,
                       Message("Embedding \"tokens\": id 20007 at (3, 41) is outside the vocabulary of 20000; clip ids "
                               "or raise input_dim"));
  ids[7] = -1;
  CHECK_THROWS_MATCHES(layer.check_ids(ids.data(), ids.size(), 50), DataError,
                       Message("Embedding \"tokens\": id -1 at (0, 7) is outside the vocabulary of 20000; clip ids or "
                               "raise input_dim"));
}

TEST_CASE("Embedding refuses empty dimensions", "[layers][embedding]") {
  CHECK_THROWS_MATCHES(Embedding(0, 4), OptionError, Message("Embedding: input_dim must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(Embedding(4, 0, {.name = "tokens"}), OptionError,
                       Message("Embedding \"tokens\": output_dim must be at least 1, got 0"));
  CHECK_THROWS_MATCHES(Embedding(std::size_t{1} << 31, 4), OptionError,
                       Message("Embedding: input_dim must be at most 2147483647 (ids are 32-bit integers), got "
                               "2147483648"));
}

TEST_CASE("Embedding is a value that prints as written", "[layers][embedding]") {
  CHECK(Embedding(10'000, 128).to_string() == "Embedding(10000, 128)");
  CHECK(Embedding(5, 2, {.embeddings_initializer = ones(), .name = "e"}).to_string() ==
        "Embedding(5, 2, {.embeddings_initializer = ones, .name = \"e\"})");
  CHECK(Embedding(5, 2) == Embedding(5, 2));
  CHECK_FALSE(Embedding(5, 2) == Embedding(5, 2, {.embeddings_initializer = ones()}));
}

TEST_CASE("Embedding allocates nothing in steady state", "[layers][embedding]") {
  LayerRun<float> run(Embedding(11, 9), {7}, {.batch = 3});
  const std::vector<std::int32_t> ids(21, 4);
  const std::vector<float> dy(21 * 9, 1.0F);
  run.forward(ids);
  run.backward(dy);
  const AllocationCount allocations;
  run.forward(ids);
  run.backward(dy);
  CHECK(allocations.so_far() == 0);
}
