#include "seqnn/layers/attention_pooling1d.hpp"
#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/dropout.hpp"
#include "seqnn/layers/embedding.hpp"
#include "seqnn/layers/global_average_pool1d.hpp"
#include "seqnn/layers/layer_normalization.hpp"
#include "seqnn/layers/multi_head_attention.hpp"
#include "seqnn/layers/position_embedding.hpp"
#include "seqnn/layers/residual.hpp"
#include "seqnn/layers/sine_position_encoding.hpp"
#include "seqnn/losses/binary_crossentropy.hpp"
#include "seqnn/metrics/binary_accuracy.hpp"
#include "seqnn/models/sequential.hpp"
#include "seqnn/optimizers/adam.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;

namespace {

/// Texts of 5 to 8 words, padded with 0, in which word 1 comes before word 2 (y = 1) or behind it.
struct Texts {
  Tensor<std::int32_t, 2> x = Tensor<std::int32_t, 2>::from_shape({240, 8});
  Tensor<float, 1> y = Tensor<float, 1>::from_shape({240});

  Texts() {
    RandomStream random({.seed = 5});
    for (std::size_t n = 0; n < 240; ++n) {
      const std::size_t length = 5 + random.below(4);
      for (std::size_t t = 0; t < 8; ++t) x(n, t) = t < length ? static_cast<std::int32_t>(3 + random.below(4)) : 0;
      const std::size_t first = random.below(length);
      const std::size_t second = (first + 1 + random.below(length - 1)) % length;
      x(n, first) = 1;
      x(n, second) = 2;
      y(n) = first < second ? 1.0F : 0.0F;
    }
  }
};

Sequential<float> encoder(const LayerRecipe<float>& position, const LayerRecipe<float>& pooling, double dropout) {
  const Residual<float> attend({LayerNormalization(), MultiHeadAttention(2, 8, {.dropout = dropout})});
  const Residual<float> think(
      {LayerNormalization(), Dense(32, {.activation = Activation::gelu}), Dropout(dropout), Dense(16)});
  return {Embedding(7, 16, {.mask_zero = true}), position, attend, think, LayerNormalization(), pooling, Dense(1)};
}

}  // namespace

TEST_CASE("A transformer encoder learns the order of words, the same on any number of threads",
          "[models][transformer]") {
  const Texts texts;
  std::vector<double> losses[2];
  for (const std::size_t threads : {1U, 2U}) {
    auto model = encoder(PositionEmbedding(8), GlobalAveragePool1D(), 0.05);
    model.compile(Adam({.learning_rate = 0.005}), BinaryCrossentropy({.from_logits = true}), {BinaryAccuracy()});
    const History history =
        model.fit(texts.x, texts.y, {.epochs = 20, .batch_size = 24, .verbose = Verbose::silent, .threads = threads});
    losses[threads - 1] = history["loss"];
    CHECK(history["binary_accuracy"].front() < 0.7);
    CHECK(history["binary_accuracy"].back() > 0.95);
  }
  CHECK(losses[0] == losses[1]);
  CHECK(losses[0].back() < 0.3 * losses[0].front());
}

TEST_CASE("Padding changes nothing in a transformer encoder", "[models][transformer]") {
  for (const LayerRecipe<float>& pooling :
       {LayerRecipe<float>(GlobalAveragePool1D()), LayerRecipe<float>(AttentionPooling1D(5))}) {
    auto model = encoder(SinePositionEncoding(), pooling, 0.1);
    model.build({kAnyLength}, 3);
    const Tensor<std::int32_t, 2> x = {{3, 1, 6, 2}};
    const Tensor<std::int32_t, 2> padded = {{3, 1, 6, 2, 0, 0, 0}};
    const Tensor<std::int32_t, 2> other = {{3, 2, 6, 1}};
    const xt::xtensor<float, 2> y = model.predict(x);
    const xt::xtensor<float, 2> z = model.predict(padded);
    const xt::xtensor<float, 2> w = model.predict(other);
    CHECK_THAT(double{z(0, 0)}, WithinAbs(double{y(0, 0)}, 1e-5));
    CHECK(w(0, 0) != y(0, 0));
  }
}
