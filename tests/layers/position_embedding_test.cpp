#include "seqnn/layers/position_embedding.hpp"

#include "seqnn/training/check_gradients.hpp"
#include "seqnn/training/layer_run.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/values.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

template <class Real>
std::vector<Real> copy_of(std::span<const Real> values) {
  return {values.begin(), values.end()};
}

}  // namespace

TEST_CASE("PositionEmbedding adds the vector of its place to every step", "[layers][position_embedding]") {
  LayerRun<float> run(PositionEmbedding(3), {2, 2}, {.batch = 2});
  CHECK(run.layout().infos()[0].name == "layer/embeddings");
  CHECK(run.layout().infos()[0].shape == Shape{3, 2});
  const std::vector<float> embeddings = {10, 20, 30, 40, 50, 60};
  std::copy(embeddings.begin(), embeddings.end(), run.parameter("embeddings").begin());
  CHECK(copy_of(run.forward(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8})) ==
        std::vector<float>{11, 22, 33, 44, 15, 26, 37, 48});
  CHECK(copy_of(run.backward(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8})) ==
        std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(copy_of<float>(run.gradient("embeddings")) == std::vector<float>{6, 8, 10, 12, 0, 0});
}

TEST_CASE("PositionEmbedding's gradients agree with central differences", "[layers][position_embedding]") {
  for (const std::size_t sequence_length : {4U, 6U}) {
    const GradientReport report = check_gradients(PositionEmbedding(sequence_length), {4, 3});
    INFO(report.to_string());
    CHECK(report.passed());
  }
}

TEST_CASE("PositionEmbedding refuses sequences it has no vectors for", "[layers][position_embedding]") {
  CHECK_THROWS_MATCHES(PositionEmbedding(0, {.name = "p"}), OptionError,
                       Message("PositionEmbedding \"p\": sequence_length must be at least 1, got 0"));
  PositionEmbeddingLayer<float> layer(PositionEmbedding(4, {.name = "p"}));
  CHECK_THROWS_MATCHES(layer.output_shape({5, 2}), ShapeError,
                       Message("PositionEmbedding \"p\": input must have at most the 4 time steps of sequence_length, "
                               "got (batch, 5, 2); cut the sequences or raise sequence_length"));
  CHECK_THROWS_MATCHES(layer.output_shape({5}), ShapeError,
                       Message("PositionEmbedding \"p\": input must be (batch, time, features), got (batch, 5)"));
  ParameterLayout parameters;
  layer.build({kAnyLength, 2}, parameters);
  CHECK_THROWS_MATCHES(layer.output_shape({4, 3}), ShapeError,
                       Message("PositionEmbedding \"p\": input must be (batch, time, 2), got (batch, 4, 3); the last "
                               "axis is the number of features and must be fixed"));
}

TEST_CASE("PositionEmbedding keeps masks and leaves the time axis open", "[layers][position_embedding]") {
  const PositionEmbeddingLayer<float> layer(PositionEmbedding(4));
  CHECK(layer.mask_use() == MaskUse::keeps);
  CHECK(layer.output_shape({kAnyLength, 4}) == Shape{kAnyLength, 4});
  CHECK_FALSE(layer.steps_alone());
}

TEST_CASE("PositionEmbedding is a value that prints as written", "[layers][position_embedding]") {
  CHECK(PositionEmbedding(4).to_string() == "PositionEmbedding(4)");
  CHECK(PositionEmbedding(4, {.initializer = zeros(), .name = "p"}).to_string() ==
        "PositionEmbedding(4, {.initializer = zeros, .name = \"p\"})");
  const PositionEmbedding both(4, {.embeddings_regularizer = L2(0.1), .embeddings_constraint = MaxNorm(3, {1})});
  CHECK(both.to_string() ==
        "PositionEmbedding(4, {.embeddings_regularizer = L2(0.1), .embeddings_constraint = "
        "MaxNorm(3, {1})})");
  const LayerRun<float> run(both, {4, 2});
  CHECK(run.layout().infos()[0].regularizer == L2(0.1));
  CHECK(run.layout().infos()[0].constraint == MaxNorm(3, {1}));
  CHECK(PositionEmbedding(4) == PositionEmbedding(4));
  CHECK_FALSE(PositionEmbedding(4) == PositionEmbedding(5));
}

TEST_CASE("PositionEmbedding allocates nothing in steady state", "[layers][position_embedding]") {
  LayerRun<float> run(PositionEmbedding(11), {11, 9}, {.batch = 3});
  const std::vector<float> x = normal_values<float>(3 * 11 * 9, 1);
  run.forward(x);
  run.backward(x);
  const AllocationCount allocations;
  run.forward(x);
  run.backward(x);
  CHECK(allocations.so_far() == 0);
}
