#pragma once

#include "seqnn/core/activation.hpp"
#include "seqnn/core/error.hpp"

#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {

// Checks that many layers make, so that their messages read alike.

/// The shape of one sample as users write it for a batch: "(batch, 500, 14)".
SEQNN_COLD inline std::string with_batch(const Shape& sample) {
  std::string result = "(batch";
  for (const std::size_t extent : sample) result += extent == kAnyLength ? ", any" : ", " + std::to_string(extent);
  return result + ')';
}

/// A shape as it stands in a program: "{500, kAnyLength}".
SEQNN_COLD inline std::string braced(const Shape& shape) {
  std::string result;
  for (const std::size_t extent : shape) {
    result += (result.empty() ? "{" : ", ") + (extent == kAnyLength ? "kAnyLength" : std::to_string(extent));
  }
  return result.empty() ? "{}" : result + '}';
}

/// Keras' name for a layer without one: "max_pool1d" for MaxPool1D.
SEQNN_COLD inline std::string default_name(std::string_view type) {
  const auto is = [](int (*kind)(int), char c) { return kind(static_cast<unsigned char>(c)) != 0; };
  std::string name;
  for (std::size_t i = 0; i < type.size(); ++i) {
    if (i > 0 && is(std::isupper, type[i]) && is(std::islower, type[i - 1])) name += '_';
    name += static_cast<char>(std::tolower(static_cast<unsigned char>(type[i])));
  }
  return name;
}

/// Beginning of a message about an option, where the layer may not have its name yet: `Dropout "drop"` or `Dropout`.
SEQNN_COLD inline std::string option_title(std::string_view type, const std::string& name) {
  return name.empty() ? std::string(type) : text(type, " \"", name, '"');
}

/// Checks an option that counts something.  @throws OptionError `Conv1D "c": filters must be at least 1, got 0`
SEQNN_COLD inline void check_positive(std::string_view type, const std::string& name, const char* option,
                                      std::size_t value) {
  if (value == 0) throw OptionError(text(option_title(type, name), ": ", option, " must be at least 1, got 0"));
}

/// Checks a share of values to drop.  @throws OptionError `Dropout "d": rate must be in [0, 1), got 1`
SEQNN_COLD inline void check_rate(const std::string& title, const char* option, double rate) {
  if (!(rate >= 0 && rate < 1)) throw OptionError(text(title, ": ", option, " must be in [0, 1), got ", rate));
}

/// Checks an activation inside a recurrent cell, which keeps the value only.
/// @throws OptionError `LSTM: activation must be elementwise, got softmax`
SEQNN_COLD inline void check_cell_activation(const std::string& title, const char* option, Activation activation) {
  if (activation == Activation::softmax) {
    throw OptionError(text(title, ": ", option, " must be elementwise, got softmax"));
  }
  if (Activation::slope_from_input(activation.function())) {
    throw OptionError(text(title, ": ", option, " must be a function whose slope follows from its value, got ",
                           activation.to_string(), "; use one that rises everywhere, like tanh or softplus"));
  }
}

/// Checks that no axis of a sample is empty.
/// @throws ShapeError `<title>: no axis of the input may be empty, got (batch, 0, 64)`
SEQNN_COLD inline void check_not_empty(const std::string& title, const Shape& sample) {
  for (const std::size_t extent : sample) {
    if (extent == 0) throw ShapeError(text(title, ": no axis of the input may be empty, got ", with_batch(sample)));
  }
}

/// Checks the number of axes of a sample, and that none is empty.
/// @param axes    what the input must be, "(batch, time, features)"
/// @param repair  the likeliest repair of a wrong number of axes; may be empty
/// @throws ShapeError `<title>: input must be <axes>, got (batch, 10); <repair>`
SEQNN_COLD inline void check_rank(const std::string& title, const Shape& sample, std::size_t rank, const char* axes,
                                  const char* repair = "") {
  if (sample.size() != rank) {
    throw ShapeError(
        text(title, ": input must be ", axes, ", got ", with_batch(sample), *repair == '\0' ? "" : "; ", repair));
  }
  check_not_empty(title, sample);
}

/// Checks that a sample is a sequence of a fixed number of features.
/// @param features  how many there must be; 0: any number
/// @param repair    as in check_rank
/// @throws ShapeError
SEQNN_COLD inline void check_sequence(const std::string& title, const Shape& sample, std::size_t features,
                                      const char* repair = "") {
  check_rank(title, sample, 2, "(batch, time, features)", repair);
  if (sample[1] == kAnyLength || (features != 0 && sample[1] != features)) {
    throw ShapeError(text(title, ": input must be (batch, time, ",
                          features == 0 ? std::string("features") : std::to_string(features), "), got ",
                          with_batch(sample), "; the last axis is the number of features and must be fixed"));
  }
}

}  // namespace seqnn::inline SEQNN_ABI
