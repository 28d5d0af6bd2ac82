// Times forward and backward of single layers on 128 samples of (240, 64), as a training step on one thread runs them:
// tile by tile, with the weights packed once and the gradients of inputs and weights. "copy" is what the memory allows:
// two arrays of that size read and two written.
//
//   layers [--case NAME …] [--seconds S] [--processor-time]    a line a case: its name, and the median of its steps in
//                                                              milliseconds
//   benchmarks/peers/compare_layers.py      the same layers in PyTorch, in turn

#include "seqnn/seqnn.hpp"
#include "support/fma_peak.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

using namespace seqnn;

namespace {

constexpr std::size_t kBatch = 128;

struct Case {
  std::string name;
  LayerRecipe<float> layer;
  Shape input = {240, 64};
};

std::vector<Case> cases() {
  const Padding same = Padding::same;
  std::vector<Case> all = {
      {"dense", Dense(64)},
      {"dense_gelu", Dense(64, {.activation = Activation::gelu})},
      {"conv1d", Conv1D(64, 5, {.padding = same})},
      {"conv1d_dilated", Conv1D(64, 5, {.padding = same, .dilation_rate = 2})},
      {"depthwise_conv1d", DepthwiseConv1D(5, {.padding = same})},
      {"separable_conv1d", SeparableConv1D(64, 5, {.padding = same})},
      {"conv1d_transpose", Conv1DTranspose(64, 4, {.strides = 2, .padding = same})},
      {"lstm", LSTM(64, {.return_sequences = true})},
      {"gru", GRU(64, {.return_sequences = true})},
      {"simple_rnn", SimpleRNN(64, {.return_sequences = true})},
      {"projected_lstm", ProjectedLSTM(64, 32, {.return_sequences = true})},
      {"bidirectional_gru", Bidirectional(GRU(64, {.return_sequences = true}))},
      {"multi_head_attention", MultiHeadAttention(4, 16)},
      {"attention_pooling1d", AttentionPooling1D(64)},
      {"embedding", Embedding(10'000, 64), {240}},
      {"position_embedding", PositionEmbedding(240)},
      {"sine_position_encoding", SinePositionEncoding()},
      {"time_distributed_dense", TimeDistributed(Dense(64))},
      {"layer_normalization", LayerNormalization()},
      {"batch_normalization", BatchNormalization()},
      {"max_pool1d", MaxPool1D(2)},
      {"average_pool1d", AveragePool1D(2)},
      {"global_max_pool1d", GlobalMaxPool1D()},
      {"global_average_pool1d", GlobalAveragePool1D()},
      {"dropout", Dropout(0.5)},
      {"spatial_dropout1d", SpatialDropout1D(0.5)},
      {"gaussian_noise", GaussianNoise(0.1)},
      {"permute", Permute({2, 1})},
      {"up_sampling1d", UpSampling1D(2)},
      {"zero_padding1d", ZeroPadding1D(1)},
      {"cropping1d", Cropping1D(1)},
      {"repeat_vector", RepeatVector(240), {64}},
      {"masking", Masking()},
      {"leaky_relu", LeakyReLU()},
  };
  for (const auto f :
       {Activation::relu, Activation::tanh, Activation::sigmoid, Activation::hard_sigmoid, Activation::softmax,
        Activation::elu, Activation::selu, Activation::softplus, Activation::softsign, Activation::exponential,
        Activation::gelu, Activation::gelu_tanh, Activation::silu, Activation::mish, Activation::hard_silu}) {
    all.push_back({Activation(f).to_string().substr(std::string("Activation::").size()), Activation(f)});
  }
  return all;
}

/// A layer with a batch, and everything that its passes write.
class Step {
 public:
  explicit Step(const Case& c)
      : network_({c.layer}, c.input, 1),
        tile_(tile_size(network_, c.input, kBatch, true)),
        shapes_(network_.shapes(c.input)),
        gradients_(network_.layout().trainable_extent()),
        x_(kBatch * element_count(shapes_[0])),
        dx_(x_.size()),
        y_(kBatch * element_count(shapes_[1])),
        dy_(y_.size()),
        ids_(x_.size()) {
    RandomStream random({.seed = 1});
    for (float& v : x_) v = static_cast<float>(random.normal());
    for (float& v : dy_) v = static_cast<float>(random.normal());
    for (auto& id : ids_) id = static_cast<std::int32_t>(random.below(10'000));
    Pass<float> pass = new_pass();
    layer().plan(pass);
    prepared_.resize(pass.prepared.used());
    kept_.resize(pass.kept.used());
    scratch_.resize(pass.scratch.used());
    mask_.resize(kBatch * shapes_[1][0]);
  }

  void operator()() {
    call(0, tile_, &Layer<float>::prepare);
    for (std::size_t first = 0; first < kBatch; first += tile_) {
      const std::size_t count = std::min(tile_, kBatch - first);
      call(first, count, &Layer<float>::forward);
      call(first, count, &Layer<float>::backward);
    }
    call(0, tile_, &Layer<float>::finish);
  }

 private:
  const Layer<float>& layer() const { return *network_.layers().front(); }

  Pass<float> new_pass() const {
    Pass<float> pass;
    pass.batch = pass.tile = tile_;
    pass.input_shape = &shapes_[0];
    pass.output_shape = &shapes_[1];
    pass.training = true;
    pass.input_gradient = layer().input_kind() == InputKind::values;
    pass.layout = &network_.layout();
    return pass;
  }

  void call(std::size_t first, std::size_t count, void (Layer<float>::*what)(Pass<float>&) const) {
    Pass<float> pass = new_pass();
    pass.batch = count;
    pass.first_sample = first;
    pass.x = x_.data() + first * element_count(shapes_[0]);
    pass.ids = ids_.data() + first * element_count(shapes_[0]);
    pass.y = y_.data() + first * element_count(shapes_[1]);
    pass.dy = dy_.data() + first * element_count(shapes_[1]);
    if (pass.input_gradient) pass.dx = dx_.data() + first * element_count(shapes_[0]);
    if (layer().mask_use() == MaskUse::makes) pass.output_mask = mask_.data() + first * shapes_[1][0];
    pass.parameters = network_.parameters().data();
    pass.gradients = gradients_.data();
    pass.prepared = Arena(prepared_.data());
    pass.kept = Arena(kept_.data());
    pass.scratch = Arena(scratch_.data());
    (layer().*what)(pass);
  }

  Network<float> network_;
  std::size_t tile_;
  std::vector<Shape> shapes_;
  Buffer<float> gradients_;
  Buffer<float> x_, dx_, y_, dy_;
  Buffer<std::int32_t> ids_;
  Buffer<std::uint8_t> mask_;
  Buffer<std::byte> prepared_, kept_, scratch_;
};

/// Seconds of processor time that the program has taken.
double processor_time() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// The median of the steps of so many seconds, after two.
template <class Body>
double milliseconds(double seconds, double (*clock)(), Body&& step) {
  step();
  step();
  std::vector<double> times;
  for (const double end = now() + seconds; now() < end;) {
    const double start = clock();
    step();
    times.push_back(1e3 * (clock() - start));
  }
  return median(times);
}

double copy(double seconds, double (*clock)()) {
  const std::size_t n = kBatch * 240 * 64;
  Buffer<float> x(n), y(n), dy(n), dx(n);
  std::fill(x.begin(), x.end(), 1.0F);
  std::fill(dy.begin(), dy.end(), 1.0F);
  return milliseconds(seconds, clock, [&] {
    std::copy(x.begin(), x.end(), y.begin());
    std::copy(dy.begin(), dy.end(), dx.begin());
    asm volatile("" ::"r"(y.data()), "r"(dx.data()) : "memory");
  });
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> wanted;
  double seconds = 1;
  CLI::App app("Times forward and backward of single layers");
  app.add_option("--case", wanted, "names; all without");
  app.add_option("--seconds", seconds, "a case");
  bool processor = false;
  app.add_flag("--processor-time", processor, "instead of the time that passes");
  CLI11_PARSE(app, argc, argv);
  const FlushDenormals flush;
  const auto clock = processor ? processor_time : now;
  const auto selected = [&](const std::string& name) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end();
  };
  if (selected("copy")) std::printf("copy %.4f\n", copy(seconds, clock));
  for (const Case& c : cases()) {
    if (selected(c.name)) std::printf("%s %.4f\n", c.name.c_str(), milliseconds(seconds, clock, Step(c)));
    std::fflush(stdout);
  }
}
