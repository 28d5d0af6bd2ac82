#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/missing.hpp"
#include "seqnn/data/series/time_format.hpp"

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// A column of a file, by its name or by its place among all columns, counted from 0.
class CsvColumn {
 public:
  CsvColumn(std::string name) : name_(std::move(name)) {}  // NOLINT: implicit, as in columns = {"T (degC)", 3}
  CsvColumn(const char* name) : name_(name) {}             // NOLINT
  template <std::integral Integer>
  CsvColumn(Integer index) : index_(static_cast<std::size_t>(index)) {}  // NOLINT

  const std::string& name() const { return name_; }
  const std::optional<std::size_t>& index() const { return index_; }

 private:
  std::string name_;
  std::optional<std::size_t> index_;
};

/// What becomes of a date before that of the row above.
enum class Backwards {
  error,  ///< an exception with the line
  keep,   ///< the row stays where it is, out of order
};

/// What becomes of a date that is that of the row above.
enum class Repeats {
  keep,        ///< all its rows stay, and Table::note() counts them
  error,       ///< an exception with the line
  keep_first,  ///< the first of its rows stays
  keep_last,   ///< the last of its rows stays
};

/// What becomes of a last line that the end of the file cuts off.
enum class Truncated {
  error,  ///< an exception that says which line is the last complete one
  keep,   ///< the cut line is left out, what precedes it is kept, and Table::truncated() says so
};

struct CsvOptions {
  char separator = '\0';                     ///< '\0': found among tab, semicolon, | and comma
  std::optional<bool> header = {};           ///< unset: the first line is a header if it holds no number and no date
  std::size_t skip_lines = 0;                ///< lines above the header, or above the data, that are passed over
  std::vector<std::string> names = {};       ///< of all columns of the file, dates included, in place of the header's
  std::vector<CsvColumn> columns = {};       ///< those to read, in this order; empty: all but the dates
  std::vector<CsvColumn> time_columns = {};  ///< the date; or date and time, joined by a space. Empty: found, if any
  std::string time_format = {};              ///< as in TimeFormat; empty: found
  Backwards backwards = Backwards::error;    ///< dates that go backwards
  Repeats repeats = Repeats::keep;           ///< dates that stand still
  std::vector<std::string> missing_texts = {"", "NA", "N/A", "NaN", "null"};  ///< fields without a value; any case
  std::vector<Sentinel> sentinels = {};    ///< numbers that stand for a missing value, such as -9999
  Missing missing = Missing::error;        ///< what becomes of missing values
  Truncated truncated = Truncated::error;  ///< what becomes of a cut file
};

namespace detail {

/// @throws OptionError
SEQNN_COLD inline void check(const CsvOptions& options) {
  const char s = options.separator;
  if (s == '"' || s == '\n' || s == '\r' || s == '.' || s == '-' || s == '+' || (s >= '0' && s <= '9')) {
    throw OptionError(text("read_csv: separator must be a character that no number holds, got '",
                           s == '\n'   ? "\\n"
                           : s == '\r' ? "\\r"
                                       : std::string(1, s),
                           "'"));
  }
  if (options.time_columns.size() > 2) {
    throw OptionError(text("read_csv: time_columns must be one column with date and time, or two, got ",
                           options.time_columns.size()));
  }
  if (!options.time_format.empty()) static_cast<void>(TimeFormat(options.time_format));
}

}  // namespace detail
}  // namespace seqnn::inline SEQNN_ABI
