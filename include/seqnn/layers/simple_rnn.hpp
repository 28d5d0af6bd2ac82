#pragma once

#include "seqnn/kernels/activations.hpp"
#include "seqnn/layers/recurrent.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Options of SimpleRNN, as in Keras.
struct SimpleRNNOptions {
  Activation activation = Activation::tanh;
  bool use_bias = true;
  Initializer kernel_initializer = glorot_uniform();
  Initializer recurrent_initializer = orthogonal();
  Initializer bias_initializer = zeros();
  Regularizer kernel_regularizer = {};
  Regularizer recurrent_regularizer = {};
  Regularizer bias_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint bias_constraint = {};
  double dropout = 0;            ///< share of the inputs dropped, by a mask a sequence
  double recurrent_dropout = 0;  ///< likewise of the state
  bool return_sequences = false;
  bool return_state = false;  ///< only for a layer called alone
  bool go_backwards = false;
  bool stateful = false;
  bool zero_output_for_mask = false;
  std::uint64_t seed = 0;  ///< of dropout, mixed into the model's
  RecurrentPath path = RecurrentPath::automatic;
  std::string name = {};

  bool operator==(const SimpleRNNOptions&) const = default;
};

/// The plain recurrent layer.
///
///   h' = φ(x_t·W + h·U + b)
///
/// A step whose mask is 0 changes neither state nor output.
///
/// Shapes  x [B, T, D] -> y [B, units], or [B, T, units] with return_sequences
///         W "kernel" [D, units]   U "recurrent_kernel" [units, units]   b "bias" [units]
/// State   h [B, units]
/// Throws  OptionError for 0 units, a rate outside [0, 1), or softmax; ShapeError if x is not (batch, time, features)
/// Source  Elman 1990
class SimpleRNN {
 public:
  explicit SimpleRNN(std::size_t units, SimpleRNNOptions options = {}) : units_(units), options_(std::move(options)) {
    check_recurrent("SimpleRNN", recurrent_config(units_, options_));
  }

  std::size_t units() const { return units_; }
  const SimpleRNNOptions& options() const { return options_; }

  /// The same layer in the other direction of time.
  SEQNN_COLD SimpleRNN reversed() const {
    SimpleRNN other = *this;
    other.options_.go_backwards = !options_.go_backwards;
    return other;
  }

  SEQNN_COLD std::string to_string() const {
    const SimpleRNNOptions standard;
    return describe_recurrent(
               Describe("SimpleRNN").argument(units_).option("activation", options_.activation, standard.activation),
               options_, standard)
        .str();
  }

  bool operator==(const SimpleRNN&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  std::size_t units_;
  SimpleRNNOptions options_;
};

/// Computes SimpleRNN. Its one slot holds the pre-activation, then h', then the gradient by the pre-activation.
template <class Real>
class SimpleRNNLayer final : public RecurrentLayer<Real> {
  using Base = RecurrentLayer<Real>;
  using typename Base::Memory;
  using typename Base::Steps;

 public:
  explicit SimpleRNNLayer(const SimpleRNN& rnn) : Base(recurrent_config(rnn.units(), rnn.options()), form()) {}

  std::string type() const override { return "SimpleRNN"; }

 private:
  static const CellForm& form() {
    static constexpr std::size_t kGates[] = {0};
    static constexpr CellForm kForm = {
        .slots = 1, .input_gates = kGates, .recurrent_gates = kGates, .recurrent_slot = 0, .states = 1, .adds = true};
    return kForm;
  }

  void forward_step(const Memory& m, const Steps& k, std::size_t s, bool) const override {
    this->recurrent_product(m, k, s);
    activate(this->config().activation.function(), k.rows * k.width, k.gates(s), k.gates(s));
    for (std::size_t r = 0; r < k.rows; ++r) std::copy_n(k.gates(s) + r * k.width, k.width, k.h(s + 1) + r * k.ldh);
  }

  void backward_step(const Memory& m, const Steps& k, std::size_t s) const override {
    activation_backward(this->config().activation.function(), k.rows * k.width, k.gates(s), m.dh, k.gates(s));
    this->recurrent_product_back(m, k, s, false);
  }
};

template <class Real>
std::unique_ptr<Layer<Real>> SimpleRNN::make(For<Layer<Real>>) const {
  return std::make_unique<SimpleRNNLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
