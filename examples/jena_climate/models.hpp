#pragma once

#include "seqnn/seqnn.hpp"

#include <string>
#include <vector>

/// The networks of the Jena experiments; what they learn from, and how, is in protocol.hpp.
namespace jena {

using Layers = std::vector<seqnn::LayerRecipe<float>>;

inline const std::vector<std::string>& model_names() {
  static const std::vector<std::string> names{"naive",         "dense",        "conv",  "gru",      "gru_reversed",
                                              "gru_dropout",   "gru_stacked",  "bigru", "conv_gru", "lstm",
                                              "lstm_reversed", "lstm_dropout", "bilstm"};
  return names;
}

/// Chollet, "Deep learning with Python", first edition (2017), chapter 6.3 and, for conv and conv_gru, 6.4. Empty if it
/// has no network of this name.
/// @param reset_after  Keras' GRU had false when the book was written, and has had true since
inline Layers book_layers(const std::string& name, bool reset_after = false) {
  using namespace seqnn;
  const Activation relu = Activation::relu;
  const auto gru = [&](GRUOptions options) {
    options.reset_after = reset_after;
    return options;
  };
  if (name == "dense") return {Flatten(), Dense(32, {.activation = relu}), Dense(1)};
  if (name == "conv") {
    return {Conv1D(32, 5, {.activation = relu}),
            MaxPool1D(3),
            Conv1D(32, 5, {.activation = relu}),
            MaxPool1D(3),
            Conv1D(32, 5, {.activation = relu}),
            GlobalMaxPool1D(),
            Dense(1)};
  }
  if (name == "conv_gru") {
    return {Conv1D(32, 5, {.activation = relu}), MaxPool1D(3), Conv1D(32, 5, {.activation = relu}),
            GRU(32, gru({.dropout = 0.1, .recurrent_dropout = 0.5})), Dense(1)};
  }
  if (name == "gru") return {GRU(32, gru({})), Dense(1)};
  if (name == "gru_reversed") return {GRU(32, gru({.go_backwards = true})), Dense(1)};
  if (name == "gru_dropout") return {GRU(32, gru({.dropout = 0.2, .recurrent_dropout = 0.2})), Dense(1)};
  if (name == "gru_stacked") {
    return {GRU(32, gru({.dropout = 0.1, .recurrent_dropout = 0.5, .return_sequences = true})),
            GRU(64, gru({.activation = relu, .dropout = 0.1, .recurrent_dropout = 0.5})), Dense(1)};
  }
  if (name == "bigru") return {Bidirectional(GRU(32, gru({}))), Dense(1)};
  return {};
}

/// The same of the second and third edition (2021, 2025), chapter "timeseries".
inline Layers later_layers(const std::string& name) {
  using namespace seqnn;
  const Activation relu = Activation::relu;
  if (name == "dense") return {Flatten(), Dense(16, {.activation = relu}), Dense(1)};
  if (name == "conv") {
    return {Conv1D(8, 24, {.activation = relu}),
            MaxPool1D(2),
            Conv1D(8, 12, {.activation = relu}),
            MaxPool1D(2),
            Conv1D(8, 6, {.activation = relu}),
            GlobalAveragePool1D(),
            Dense(1)};
  }
  if (name == "lstm") return {LSTM(16), Dense(1)};
  if (name == "lstm_reversed") return {LSTM(16, {.go_backwards = true}), Dense(1)};
  if (name == "lstm_dropout") return {LSTM(32, {.recurrent_dropout = 0.25}), Dropout(0.5), Dense(1)};
  if (name == "bilstm") return {Bidirectional(LSTM(16)), Dense(1)};
  if (name == "gru_stacked") {
    return {GRU(32, {.recurrent_dropout = 0.5, .return_sequences = true}), GRU(32, {.recurrent_dropout = 0.5}),
            Dropout(0.5), Dense(1)};
  }
  return {};
}

/// The network of this name under a protocol; where its source has none, the other's, so that each can be tried under
/// both.
inline Layers layers(const std::string& protocol, const std::string& name, bool reset_after = false) {
  const bool later = protocol == "later";
  Layers own = later ? later_layers(name) : book_layers(name, reset_after);
  if (!own.empty()) return own;
  return later ? book_layers(name, true) : later_layers(name);
}

}  // namespace jena
