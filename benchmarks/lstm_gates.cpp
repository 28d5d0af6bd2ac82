// Times an LSTM layer by the ways to multiply, forward alone and with the pass back, on one thread; beside it oneDNN's
// LSTM primitive where CMake found it.
//
//   lstm_gates --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true --benchmark_min_time=0.1
//              --benchmark_out=lstm.json --benchmark_out_format=json
//   tools/recurrent_paths lstm.json                    prints the ratios
//
// Names are lstm/PATH/PASS/sizes. "hoisted" is the path that the library takes by itself, which the label names.
// Ours packs the weights in every iteration and reads (batch, time, features); oneDNN gets its weights in its own
// layouts beforehand and (time, batch, features), which it prefers. "onednn_step" adds what a training step with it
// must pay too: changed weights brought into both layouts, their gradients zeroed before and brought back after.

#include "seqnn/layers/lstm.hpp"
#include "support/recurrent_gates.hpp"

#if defined(SEQNN_BENCH_ONEDNN)
#include <omp.h>
#include <oneapi/dnnl/dnnl.hpp>
#endif

#if defined(SEQNN_BENCH_ONEDNN)

#include <cstring>
#include <unordered_map>

namespace {

using namespace recurrent_gates;
using dnnl::memory;

/// [B, T, N] -> [T, B, N]
std::vector<float> time_major(const std::vector<float>& from, std::size_t B, std::size_t T) {
  const std::size_t N = from.size() / (B * T);
  std::vector<float> to(from.size());
  for (std::size_t b = 0; b < B; ++b) {
    for (std::size_t t = 0; t < T; ++t) std::copy_n(&from[(b * T + t) * N], N, &to[(t * B + b) * N]);
  }
  return to;
}

memory::dim dim(std::size_t n) { return static_cast<memory::dim>(n); }

memory::desc plain(memory::dims dims, memory::format_tag tag) { return {dims, memory::data_type::f32, tag}; }

/// oneDNN's LSTM with the data of ours: gates lie alike, i f c o.
class OnednnLstm {
  using Arguments = std::unordered_map<int, memory>;
  using tag = memory::format_tag;

 public:
  OnednnLstm(const Sizes& s, Data& data)
      : x_(time_major(data.x, s.B, s.T)),
        dy_(time_major(data.dy, s.B, s.T)),
        y_(s.B * s.T * s.H),
        x_desc_(plain({dim(s.T), dim(s.B), dim(s.D)}, tag::tnc)),
        y_desc_(plain({dim(s.T), dim(s.B), dim(s.H)}, tag::tnc)),
        bias_desc_(plain({1, 1, 4, dim(s.H)}, tag::ldgo)),
        kernel_any_(plain({1, 1, dim(s.D), 4, dim(s.H)}, tag::any)),
        recurrent_any_(plain({1, 1, dim(s.H), 4, dim(s.H)}, tag::any)),
        kernel_(plain({1, 1, dim(s.D), 4, dim(s.H)}, tag::ldigo), engine_, data.kernel.data()),
        recurrent_(plain({1, 1, dim(s.H), 4, dim(s.H)}, tag::ldigo), engine_, data.recurrent.data()),
        bias_(bias_desc_, engine_, data.bias.data()) {}

  void plan_inference() {
    const auto description = forward_description(dnnl::prop_kind::forward_inference);
    forward_ = dnnl::lstm_forward(description);
    forward_arguments_ = arguments(in_layout(kernel_, description.weights_layer_desc()),
                                   in_layout(recurrent_, description.weights_iter_desc()));
  }

  void plan_training() {
    const auto forward = forward_description(dnnl::prop_kind::forward_training);
    const memory::desc none;
    const dnnl::lstm_backward::primitive_desc backward(
        dnnl::lstm_backward::desc(dnnl::prop_kind::backward, kDirection, x_desc_, none, none, kernel_any_,
                                  recurrent_any_, bias_desc_, y_desc_, none, none, x_desc_, none, none, kernel_any_,
                                  recurrent_any_, bias_desc_, y_desc_, none, none),
        engine_, forward);
    forward_ = dnnl::lstm_forward(forward);
    backward_ = dnnl::lstm_backward(backward);
    const memory workspace(forward.workspace_desc(), engine_);
    forward_arguments_ =
        arguments(in_layout(kernel_, forward.weights_layer_desc()), in_layout(recurrent_, forward.weights_iter_desc()));
    forward_arguments_.emplace(DNNL_ARG_WORKSPACE, workspace);
    backward_arguments_ = arguments(in_layout(kernel_, backward.weights_layer_desc()),
                                    in_layout(recurrent_, backward.weights_iter_desc()));
    backward_arguments_.emplace(DNNL_ARG_WORKSPACE, workspace);
    backward_arguments_.emplace(DNNL_ARG_DIFF_DST_LAYER, memory(y_desc_, engine_, dy_.data()));
    backward_arguments_.emplace(DNNL_ARG_DIFF_SRC_LAYER, memory(x_desc_, engine_));
    backward_arguments_.emplace(DNNL_ARG_DIFF_WEIGHTS_LAYER, memory(backward.diff_weights_layer_desc(), engine_));
    backward_arguments_.emplace(DNNL_ARG_DIFF_WEIGHTS_ITER, memory(backward.diff_weights_iter_desc(), engine_));
    backward_arguments_.emplace(DNNL_ARG_DIFF_BIAS, memory(backward.diff_bias_desc(), engine_));
    kernel_gradient_ = memory(kernel_.get_desc(), engine_);
    recurrent_gradient_ = memory(recurrent_.get_desc(), engine_);
    zero_gradients();
  }

  void forward() { forward_.execute(stream_, forward_arguments_); }
  void backward() { backward_.execute(stream_, backward_arguments_); }
  void wait() { stream_.wait(); }

  /// Brings the weights into the layouts of both passes, and zeroes the gradients, to which the pass back adds.
  void begin_step() {
    for (auto* to : {&forward_arguments_, &backward_arguments_}) {
      reorder(kernel_, to->at(DNNL_ARG_WEIGHTS_LAYER));
      reorder(recurrent_, to->at(DNNL_ARG_WEIGHTS_ITER));
    }
    zero_gradients();
  }

  /// Brings the gradients into the layout of the weights.
  void end_step() {
    reorder(backward_arguments_.at(DNNL_ARG_DIFF_WEIGHTS_LAYER), kernel_gradient_);
    reorder(backward_arguments_.at(DNNL_ARG_DIFF_WEIGHTS_ITER), recurrent_gradient_);
  }

  /// The largest distance of the first sequence's outputs from those of our layer.
  double error(const Sizes& s, const Data& data) const {
    LayerRun<float> run = layer_run<LSTM, LSTMOptions>(s, 1, data, RecurrentPath::automatic, false);
    const auto expected = run.forward(std::span(data.x).first(s.T * s.D));
    double worst = 0;
    for (std::size_t t = 0; t < s.T; ++t) {
      for (std::size_t h = 0; h < s.H; ++h) {
        worst = std::max(worst, std::abs(double{y_[t * s.B * s.H + h]} - double{expected[t * s.H + h]}));
      }
    }
    return worst;
  }

 private:
  static constexpr auto kDirection = dnnl::rnn_direction::unidirectional_left2right;

  dnnl::lstm_forward::primitive_desc forward_description(dnnl::prop_kind kind) const {
    const memory::desc none;
    return {dnnl::lstm_forward::desc(kind, kDirection, x_desc_, none, none, kernel_any_, recurrent_any_, bias_desc_,
                                     y_desc_, none, none),
            engine_};
  }

  Arguments arguments(const memory& kernel, const memory& recurrent) {
    return {{DNNL_ARG_SRC_LAYER, memory(x_desc_, engine_, x_.data())},
            {DNNL_ARG_WEIGHTS_LAYER, kernel},
            {DNNL_ARG_WEIGHTS_ITER, recurrent},
            {DNNL_ARG_BIAS, bias_},
            {DNNL_ARG_DST_LAYER, memory(y_desc_, engine_, y_.data())}};
  }

  void reorder(memory& from, memory& to) { dnnl::reorder(from, to).execute(stream_, from, to); }

  memory in_layout(memory& weights, const memory::desc& layout) {
    memory result(layout, engine_);
    reorder(weights, result);
    stream_.wait();
    return result;
  }

  void zero_gradients() {
    for (const int which : {DNNL_ARG_DIFF_WEIGHTS_LAYER, DNNL_ARG_DIFF_WEIGHTS_ITER, DNNL_ARG_DIFF_BIAS}) {
      const memory& gradient = backward_arguments_.at(which);
      std::memset(gradient.get_data_handle(), 0, gradient.get_desc().get_size());
    }
  }

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::vector<float> x_, dy_, y_;
  memory::desc x_desc_, y_desc_, bias_desc_, kernel_any_, recurrent_any_;
  memory kernel_, recurrent_, bias_, kernel_gradient_, recurrent_gradient_;
  dnnl::lstm_forward forward_;
  dnnl::lstm_backward backward_;
  Arguments forward_arguments_, backward_arguments_;
};

void time_onednn(benchmark::State& state, bool training, bool whole_step) {
  const FlushDenormals flush;  // with one thread, oneDNN computes on this one
  omp_set_num_threads(1);
  const Sizes s(state);
  Data data(s, 4, 1);
  OnednnLstm lstm(s, data);
  training ? lstm.plan_training() : lstm.plan_inference();
  for (auto _ : state) {
    if (whole_step) lstm.begin_step();
    lstm.forward();
    if (training) lstm.backward();
    if (whole_step) lstm.end_step();
    lstm.wait();
    benchmark::ClobberMemory();
  }
  count(state, s, 4, training);
  if (const double error = lstm.error(s, data); !(error < 1e-4)) {
    state.SkipWithError(("outputs differ from ours by " + std::to_string(error)).c_str());
  }
}

void add_onednn() {
  const auto add = [](const char* name, bool training, bool whole_step) {
    benchmark::RegisterBenchmark(name, [=](benchmark::State& state) {
      time_onednn(state, training, whole_step);
    })->Apply(shapes);
  };
  add("lstm/onednn/forward", false, false);
  add("lstm/onednn/training", true, false);
  add("lstm/onednn_step/training", true, true);
}

}  // namespace

#else

static void add_onednn() {}

#endif

int main(int argc, char** argv) {
  recurrent_gates::add<seqnn::LSTM, seqnn::LSTMOptions>("lstm", 4);
  add_onednn();
  return recurrent_gates::run_all(argc, argv);
}
