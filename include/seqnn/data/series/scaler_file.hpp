#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/csv_fields.hpp"
#include "seqnn/data/series/csv_lines.hpp"
#include "seqnn/io/atomic_file.hpp"
#include "seqnn/io/exact_number.hpp"
#include "seqnn/io/percent_escape.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The file of a scaler: text, every line ends with a newline. The first line names format, version and options, every
// further one holds center, scale and name of a column; "-" stands for the name of columns that have none. Numbers read
// back as the same double; spaces, control characters and % in names are % and two hexadecimal digits.
//
//   seqnn-scaler 1 standard columns=2 low=0 high=1 constant=error named=true
//   988.6712 8.354112 p%20(mbar)
//   10.23101 7.501299 T%20(degC)

namespace seqnn::inline SEQNN_ABI {

/// What becomes of a column that cannot be scaled because its values do not differ.
enum class ConstantColumn {
  error,  ///< an exception that names it
  keep,   ///< it is moved to 0 (or to `low`), and divided by 1
};

namespace detail {

/// All that a scaler knows.
struct ScalerState {
  std::string kind;  ///< standard, min_max or robust
  double low = 0, high = 1;
  ConstantColumn constant = ConstantColumn::error;
  std::vector<double> centers, scales;
  std::vector<std::string> names;  ///< of the columns, or none

  bool operator==(const ScalerState&) const = default;
};

inline constexpr std::string_view kScalerFormat = "seqnn-scaler 1";

SEQNN_COLD inline std::string scaler_file_content(const ScalerState& s) {
  std::string content =
      text(kScalerFormat, ' ', s.kind, " columns=", s.centers.size(), " low=", exact_number(s.low),
           " high=", exact_number(s.high), " constant=", s.constant == ConstantColumn::keep ? "keep" : "error",
           " named=", !s.names.empty(), '\n');
  for (std::size_t c = 0; c < s.centers.size(); ++c) {
    content += text(exact_number(s.centers[c]), ' ', exact_number(s.scales[c]), ' ',
                    s.names.empty() ? std::string("-") : escaped(s.names[c]), '\n');
  }
  return content;
}

/// Reads such a file; every error names path and line.
class ScalerReader {
 public:
  explicit ScalerReader(const std::string& path) : path_(path), content_(read_file(path)) {}

  SEQNN_COLD ScalerState read() {
    const std::size_t columns = read_header();
    for (std::size_t c = 0; c < columns; ++c) read_column();
    ++line_;
    if (at_ != content_.size()) {
      fail(text("file must end behind ", columns, " columns, got ", shown(std::string_view(content_).substr(at_))));
    }
    return std::move(state_);
  }

 private:
  [[noreturn]] SEQNN_COLD void fail(const std::string& message) const {
    throw FileError(text(path_, ":", line_, ": ", message, "; save the scaler again"));
  }

  // The words of the next line.
  SEQNN_COLD std::vector<std::string_view> words() {
    ++line_;
    const std::size_t end = content_.find('\n', at_);
    if (end == std::string::npos) fail("line must end with a newline, got the end of the file: it was cut short");
    std::string_view line = std::string_view(content_).substr(at_, end - at_);
    at_ = end + 1;
    std::vector<std::string_view> result;
    for (std::size_t space = 0; space != std::string_view::npos; line.remove_prefix(space + 1)) {
      space = line.find(' ');
      result.push_back(line.substr(0, space));
      if (space == std::string_view::npos) break;
    }
    return result;
  }

  // What stands behind `key=`.
  SEQNN_COLD std::string_view value_of(std::string_view key, std::string_view word) const {
    if (word.substr(0, key.size()) != key) fail(text("header must give ", key, ", got ", shown(word)));
    return word.substr(key.size());
  }

  SEQNN_COLD double number(std::string_view what, std::string_view word) const {
    const std::optional<double> value = parse_number(word);
    if (!value) fail(text(what, " must be a number, got ", shown(word)));
    return *value;
  }

  SEQNN_COLD bool choice(std::string_view key, std::string_view word, const char* yes, const char* no) const {
    const std::string_view value = value_of(key, word);
    if (value != yes && value != no) fail(text(key, " must be ", yes, " or ", no, ", got ", shown(value)));
    return value == yes;
  }

  // Returns the number of columns that follow.
  SEQNN_COLD std::size_t read_header() {
    const std::vector<std::string_view> w = words();
    if (w.size() != 8 || text(w[0], ' ', w[1]) != kScalerFormat) {
      fail(text("file must begin with \"", kScalerFormat, "\" and six options, got ",
                shown(std::string_view(content_).substr(0, at_ - 1))));
    }
    state_.kind = w[2];
    if (state_.kind != "standard" && state_.kind != "min_max" && state_.kind != "robust") {
      fail(text("kind must be standard, min_max or robust, got ", shown(w[2])));
    }
    const auto columns = parse_integer<std::size_t>(value_of("columns=", w[3]));
    if (!columns || *columns == 0) fail(text("header must give columns as a number, got ", shown(w[3])));
    state_.low = number("low", value_of("low=", w[4]));
    state_.high = number("high", value_of("high=", w[5]));
    if (!(state_.low < state_.high)) fail(text("low must be less than high, got ", w[4], " and ", w[5]));
    state_.constant = choice("constant=", w[6], "keep", "error") ? ConstantColumn::keep : ConstantColumn::error;
    named_ = choice("named=", w[7], "true", "false");
    return *columns;
  }

  SEQNN_COLD void read_column() {
    const std::vector<std::string_view> w = words();
    if (w.size() != 3) fail(text("line must be center, scale and name of a column, got ", w.size(), " words"));
    state_.centers.push_back(number("center", w[0]));
    state_.scales.push_back(number("scale", w[1]));
    if (!(state_.scales.back() > 0)) fail(text("scale must be above 0, got ", w[1]));
    const std::optional<std::string> name = unescaped(w[2]);
    if (!name) fail(text("name must have two hexadecimal digits behind %, got ", shown(w[2])));
    if (named_) state_.names.push_back(*name);
  }

  const std::string& path_;
  std::string content_;
  std::size_t at_ = 0;
  std::size_t line_ = 0;
  bool named_ = false;
  ScalerState state_;
};

}  // namespace detail
}  // namespace seqnn::inline SEQNN_ABI
