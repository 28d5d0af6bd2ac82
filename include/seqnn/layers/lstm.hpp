#pragma once

#include "seqnn/kernels/lstm_cell.hpp"
#include "seqnn/layers/recurrent.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Options of LSTM, as in Keras.
struct LSTMOptions {
  Activation activation = Activation::tanh;
  Activation recurrent_activation = Activation::sigmoid;
  bool use_bias = true;
  Initializer kernel_initializer = glorot_uniform();
  Initializer recurrent_initializer = orthogonal();
  Initializer bias_initializer = zeros();
  bool unit_forget_bias = true;  ///< the forget gate's bias starts at 1
  Regularizer kernel_regularizer = {};
  Regularizer recurrent_regularizer = {};
  Regularizer bias_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint bias_constraint = {};
  double dropout = 0;            ///< share of the inputs dropped, by a mask a sequence and gate
  double recurrent_dropout = 0;  ///< likewise of the state
  bool return_sequences = false;
  bool return_state = false;  ///< only for a layer called alone
  bool go_backwards = false;
  bool stateful = false;
  bool zero_output_for_mask = false;
  std::uint64_t seed = 0;  ///< of dropout, mixed into the model's
  RecurrentPath path = RecurrentPath::automatic;
  std::string name = {};

  bool operator==(const LSTMOptions&) const = default;
};

/// Long short-term memory.
///
///   i = σ(x_t·W_i + h·U_i + b_i)   f = σ(x_t·W_f + h·U_f + b_f)   o = σ(x_t·W_o + h·U_o + b_o)
///   g = φ(x_t·W_c + h·U_c + b_c)   c' = f ⊙ c + i ⊙ g             h' = o ⊙ φ(c')
///
/// σ is recurrent_activation, φ activation. A step whose mask is 0 changes neither state nor output.
///
/// Shapes  x [B, T, D] -> y [B, units], or [B, T, units] with return_sequences
///         W "kernel" [D, 4·units]   U "recurrent_kernel" [units, 4·units]   b "bias" [4·units]; gates i f c o
/// State   h [B, units], c [B, units]
/// Throws  OptionError for 0 units, a rate outside [0, 1), or softmax; ShapeError if x is not (batch, time, features)
/// Source  Hochreiter & Schmidhuber 1997; dropout: Gal & Ghahramani 2016
class LSTM {
 public:
  explicit LSTM(std::size_t units, LSTMOptions options = {}) : units_(units), options_(std::move(options)) {
    check_recurrent("LSTM", recurrent_config(units_, options_));
  }

  std::size_t units() const { return units_; }
  const LSTMOptions& options() const { return options_; }

  /// The same layer in the other direction of time.
  SEQNN_COLD LSTM reversed() const {
    LSTM other = *this;
    other.options_.go_backwards = !options_.go_backwards;
    return other;
  }

  SEQNN_COLD std::string to_string() const {
    const LSTMOptions standard;
    return describe_recurrent(
               Describe("LSTM")
                   .argument(units_)
                   .option("activation", options_.activation, standard.activation)
                   .option("recurrent_activation", options_.recurrent_activation, standard.recurrent_activation)
                   .option("unit_forget_bias", options_.unit_forget_bias, standard.unit_forget_bias),
               options_, standard)
        .str();
  }

  bool operator==(const LSTM&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  std::size_t units_;
  LSTMOptions options_;
};

/// Computes LSTM.
template <class Real>
class LSTMLayer final : public RecurrentLayer<Real> {
  using Base = RecurrentLayer<Real>;
  using typename Base::Memory;
  using typename Base::Steps;

 public:
  explicit LSTMLayer(const LSTM& lstm) : Base(config_of(lstm), form()) {}

  std::string type() const override { return "LSTM"; }

 private:
  static RecurrentConfig config_of(const LSTM& lstm) {
    RecurrentConfig config = recurrent_config(lstm.units(), lstm.options());
    if (lstm.options().unit_forget_bias) {
      config.bias_initializer = config.bias_initializer.with_ones(lstm.units(), 2 * lstm.units());
    }
    return config;
  }

  static const CellForm& form() {
    static constexpr std::size_t kGates[] = {0, 1, 2, 3};
    static constexpr CellForm kForm = {
        .slots = 4, .input_gates = kGates, .recurrent_gates = kGates, .recurrent_slot = 0, .states = 2, .adds = true};
    return kForm;
  }

  void forward_step(const Memory& m, const Steps& k, std::size_t s, bool training) const override {
    if (k.rows > 3 && m.stack.data != nullptr && this->finishes_in_registers()) {
      return lstm_rows<Real>({.rows = k.rows,
                              .width = k.width,
                              .K = k.width + this->inputs(),
                              .a = k.h(s),
                              .lda = k.ldh,
                              .weights = m.stack.data,
                              .bias = m.bias,
                              .gates = training ? k.gates(s) : nullptr,
                              .c = k.c(s),
                              .c_next = k.c(s + 1),
                              .squashed = k.squashed(s),
                              .h_next = k.h(s + 1),
                              .ldh = k.ldh});
    }
    this->recurrent_product(m, k, s);
    lstm_cell(this->config().recurrent_activation.function(), this->config().activation.function(), k.rows, k.width,
              k.gates(s), k.c(s), k.c(s + 1), k.squashed(s), k.h(s + 1), k.ldh);
  }

  bool knows_step() const override { return true; }
  void step_cell(const RecurrentStep<Real>& step) const override {
    lstm_step(this->config().recurrent_activation.function(), this->config().activation.function(), step);
  }

  void backward_step(const Memory& m, const Steps& k, std::size_t s) const override {
    lstm_cell_backward(this->config().recurrent_activation.function(), this->config().activation.function(), k.rows,
                       k.width, k.gates(s), k.c(s), k.squashed(s), m.dh, m.dc);
    this->recurrent_product_back(m, k, s, false);
  }
};

template <class Real>
std::unique_ptr<Layer<Real>> LSTM::make(For<Layer<Real>>) const {
  return std::make_unique<LSTMLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
