#pragma once

#include "seqnn/core/activation.hpp"
#include "seqnn/core/constraint.hpp"
#include "seqnn/core/initializer.hpp"
#include "seqnn/core/regularizer.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// In how many products a recurrent layer multiplies. All give the same results to rounding.
enum class RecurrentPath {
  automatic,  ///< hoisted or stacked, by size; `summary` says which
  unfused,    ///< one product a gate, source (input, state) and step, forward and backward
  fused,      ///< all gates in one product a source and step
  hoisted,    ///< the input's products of all steps in one, before the steps; gradients in one product each
  stacked     ///< input and state side by side: one product a step; gradients as hoisted
};

SEQNN_COLD inline std::string to_string(RecurrentPath path) {
  static constexpr const char* kNames[] = {"automatic", "unfused", "fused", "hoisted", "stacked"};
  return text("RecurrentPath::", kNames[static_cast<int>(path)]);
}

/// What all recurrent layers are told, whatever their cell.
struct RecurrentConfig {
  std::size_t units;
  Activation activation;
  Activation recurrent_activation;
  bool use_bias;
  Initializer kernel_initializer;
  Initializer recurrent_initializer;
  Initializer bias_initializer;
  Regularizer kernel_regularizer;
  Regularizer recurrent_regularizer;
  Regularizer bias_regularizer;
  Constraint kernel_constraint;
  Constraint recurrent_constraint;
  Constraint bias_constraint;
  double dropout;
  double recurrent_dropout;
  bool return_sequences;
  bool return_state;
  bool go_backwards;
  bool stateful;
  bool zero_output_for_mask;
  std::uint64_t seed;
  RecurrentPath path;
  std::string name;
};

/// The configuration that a recurrent layer's own options give.
template <class Options>
SEQNN_COLD RecurrentConfig recurrent_config(std::size_t units, const Options& o) {
  Activation recurrent_activation = Activation::sigmoid;
  if constexpr (requires { o.recurrent_activation; }) recurrent_activation = o.recurrent_activation;
  return {units,
          o.activation,
          recurrent_activation,
          o.use_bias,
          o.kernel_initializer,
          o.recurrent_initializer,
          o.bias_initializer,
          o.kernel_regularizer,
          o.recurrent_regularizer,
          o.bias_regularizer,
          o.kernel_constraint,
          o.recurrent_constraint,
          o.bias_constraint,
          o.dropout,
          o.recurrent_dropout,
          o.return_sequences,
          o.return_state,
          o.go_backwards,
          o.stateful,
          o.zero_output_for_mask,
          o.seed,
          o.path,
          o.name};
}

/// Checks it.  @throws OptionError
SEQNN_COLD inline void check_recurrent(std::string_view type, const RecurrentConfig& config) {
  check_positive(type, config.name, "units", config.units);
  const std::string title = option_title(type, config.name);
  for (const auto& [option, rate] :
       {std::pair{"dropout", config.dropout}, std::pair{"recurrent_dropout", config.recurrent_dropout}}) {
    check_rate(title, option, rate);
  }
  for (const auto& [option, f] :
       {std::pair{"activation", config.activation}, std::pair{"recurrent_activation", config.recurrent_activation}}) {
    check_cell_activation(title, option, f);
  }
}

/// Writes the options that all recurrent layers share.
template <class Options>
SEQNN_COLD Describe&& describe_recurrent(Describe&& describe, const Options& o, const Options& standard) {
  return std::move(describe)
      .option("use_bias", o.use_bias, standard.use_bias)
      .option("kernel_initializer", o.kernel_initializer, standard.kernel_initializer)
      .option("recurrent_initializer", o.recurrent_initializer, standard.recurrent_initializer)
      .option("bias_initializer", o.bias_initializer, standard.bias_initializer)
      .option("kernel_regularizer", o.kernel_regularizer, standard.kernel_regularizer)
      .option("recurrent_regularizer", o.recurrent_regularizer, standard.recurrent_regularizer)
      .option("bias_regularizer", o.bias_regularizer, standard.bias_regularizer)
      .option("kernel_constraint", o.kernel_constraint, standard.kernel_constraint)
      .option("recurrent_constraint", o.recurrent_constraint, standard.recurrent_constraint)
      .option("bias_constraint", o.bias_constraint, standard.bias_constraint)
      .option("dropout", o.dropout, standard.dropout)
      .option("recurrent_dropout", o.recurrent_dropout, standard.recurrent_dropout)
      .option("return_sequences", o.return_sequences, standard.return_sequences)
      .option("return_state", o.return_state, standard.return_state)
      .option("go_backwards", o.go_backwards, standard.go_backwards)
      .option("stateful", o.stateful, standard.stateful)
      .option("zero_output_for_mask", o.zero_output_for_mask, standard.zero_output_for_mask)
      .option("seed", o.seed, standard.seed)
      .option("path", o.path, standard.path)
      .option("name", o.name, standard.name);
}

}  // namespace seqnn::inline SEQNN_ABI
