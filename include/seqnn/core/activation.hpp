#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/recipe.hpp"

#include <string>

namespace seqnn::inline SEQNN_ABI {

template <class Real>
class Layer;

/// An activation function: an option of many layers (`{.activation = Activation::relu}`) and, listed in a model, a
/// layer of its own (`Activation(Activation::softmax)`).
///
///   linear x    relu max(x, 0)    tanh    sigmoid 1/(1 + e^-x)    hard_sigmoid min(max(x/6 + 1/2, 0), 1)
///   softmax e^x_i / Σ_j e^x_j over the last axis
///   leaky_relu x if x > 0, else 0.2·x    elu x if x > 0, else e^x - 1
///   selu 1.0507·(x if x > 0, else 1.6733·(e^x - 1))
///   softplus log(1 + e^x)    softsign x/(1 + |x|)    exponential e^x
///   gelu x·Φ(x), with Φ the distribution function of the normal distribution (Keras' gelu(approximate=False))
///   gelu_tanh x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))) (its approximate=True)
///   silu x·sigmoid(x), also called swish    mish x·tanh(softplus(x))    hard_silu x·hard_sigmoid(x), or hard_swish
class Activation {
 public:
  enum Function {
    linear,
    relu,
    tanh,
    sigmoid,
    hard_sigmoid,
    softmax,
    leaky_relu,
    elu,
    selu,
    softplus,
    softsign,
    exponential,
    gelu,
    gelu_tanh,
    silu,
    mish,
    hard_silu,
    swish = silu,
    hard_swish = hard_silu
  };

  Activation(Function function = linear) : function_(function) {}  // NOLINT: implicit, see above

  Function function() const { return function_; }

  /// "relu"
  SEQNN_COLD std::string to_string() const {
    static constexpr const char* kNames[] = {
        "linear",   "relu",     "tanh",        "sigmoid", "hard_sigmoid", "softmax", "leaky_relu", "elu",      "selu",
        "softplus", "softsign", "exponential", "gelu",    "gelu_tanh",    "silu",    "mish",       "hard_silu"};
    return text("Activation::", kNames[function_]);
  }

  friend bool operator==(Activation a, Activation b) { return a.function_ == b.function_; }

  /// Whether the slope depends on x, because two x with different slopes have the same y; else it follows from y.
  static constexpr bool slope_from_input(Function f) {
    return f == gelu || f == gelu_tanh || f == silu || f == mish || f == hard_silu;
  }

  /// The layer that applies it; defined in layers/activation.hpp.
  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  Function function_;
};

}  // namespace seqnn::inline SEQNN_ABI
