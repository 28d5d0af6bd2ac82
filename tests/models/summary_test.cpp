#include "seqnn/models/summary.hpp"

#include "seqnn/layers/conv1d.hpp"
#include "seqnn/layers/dense.hpp"
#include "seqnn/layers/embedding.hpp"
#include "seqnn/layers/global_max_pool1d.hpp"
#include "seqnn/layers/max_pool1d.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace seqnn;

namespace {

/// What the last lines say depends on how the test was compiled.
std::string build_lines() {
  std::string lines = std::string("Instruction set: ") + instruction_set() + '\n';
  if (*slow_build_warning() != '\0') lines += std::string("Warning: ") + slow_build_warning() + '\n';
  return lines;
}

}  // namespace

TEST_CASE("The summary of the IMDB convnet has the parameters of the book", "[models][summary]") {
  const Network<float> network(
      std::vector<LayerRecipe<float>>{Embedding(10'000, 128), Conv1D(32, 7, {.activation = Activation::relu}),
                                      MaxPool1D(5), Conv1D(32, 7, {.activation = Activation::relu}), GlobalMaxPool1D(),
                                      Dense(1)},
      {500}, 0);
  // 10,000·128; 7·128·32 + 32; 7·32·32 + 32; 32 + 1. In MB: 1,315,937·4 / 2²⁰ = 5.02
  CHECK(summarize(network) ==
        "Model: Sequential, input (batch, 500)\n"
        "-------------------------------------------------------------------\n"
        "Layer (type)                          Output Shape          Param #\n"
        "===================================================================\n"
        "embedding (Embedding)                 (batch, 500, 128)   1,280,000\n"
        "conv1d (Conv1D)                       (batch, 494, 32)       28,704\n"
        "max_pool1d (MaxPool1D)                (batch, 98, 32)             0\n"
        "conv1d_1 (Conv1D)                     (batch, 92, 32)         7,200\n"
        "global_max_pool1d (GlobalMaxPool1D)   (batch, 32)                 0\n"
        "dense (Dense)                         (batch, 1)                 33\n"
        "-------------------------------------------------------------------\n"
        "Total params: 1,315,937 (5.02 MB)\n"
        "Trainable params: 1,315,937 (5.02 MB)\n"
        "Non-trainable params: 0 (0 B)\n" +
            build_lines());
}

TEST_CASE("The summary shows axes of any length", "[models][summary]") {
  const Network<double> network(
      std::vector<LayerRecipe<double>>{Conv1D(4, 3, {.name = "c"}), GlobalMaxPool1D(), Dense(20, {.use_bias = false})},
      {kAnyLength, 14}, 0);
  // 3·14·4 + 4 = 172; 4·20 = 80; 252·8 / 1024 = 1.97
  CHECK(summarize(network) ==
        "Model: Sequential, input (batch, any, 14)\n"
        "---------------------------------------------------------------\n"
        "Layer (type)                          Output Shape      Param #\n"
        "===============================================================\n"
        "c (Conv1D)                            (batch, any, 4)       172\n"
        "global_max_pool1d (GlobalMaxPool1D)   (batch, 4)              0\n"
        "dense (Dense)                         (batch, 20)            80\n"
        "---------------------------------------------------------------\n"
        "Total params: 252 (1.97 KB)\n"
        "Trainable params: 252 (1.97 KB)\n"
        "Non-trainable params: 0 (0 B)\n" +
            build_lines());
}

TEST_CASE("Sizes are written with thousands and the unit that fits", "[models][summary]") {
  CHECK(detail::with_thousands(0) == "0");
  CHECK(detail::with_thousands(999) == "999");
  CHECK(detail::with_thousands(1000) == "1,000");
  CHECK(detail::with_thousands(1315937) == "1,315,937");
  CHECK(detail::with_bytes(255, 4) == "255 (1020 B)");
  CHECK(detail::with_bytes(256, 4) == "256 (1.00 KB)");
  CHECK(detail::with_bytes(1 << 18, 4) == "262,144 (1.00 MB)");
}
