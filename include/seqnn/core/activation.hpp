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
    exponential
  };

  Activation(Function function = linear) : function_(function) {}  // NOLINT: implicit, see above

  Function function() const { return function_; }

  /// "relu"
  SEQNN_COLD std::string to_string() const {
    static constexpr const char* kNames[] = {"linear",     "relu", "tanh", "sigmoid",  "hard_sigmoid", "softmax",
                                             "leaky_relu", "elu",  "selu", "softplus", "softsign",     "exponential"};
    return text("Activation::", kNames[function_]);
  }

  friend bool operator==(Activation a, Activation b) { return a.function_ == b.function_; }

  /// The layer that applies it; defined in layers/activation.hpp.
  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  Function function_;
};

}  // namespace seqnn::inline SEQNN_ABI
