#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/csv_fields.hpp"
#include "seqnn/data/series/csv_lines.hpp"
#include "seqnn/data/series/csv_options.hpp"
#include "seqnn/data/series/table.hpp"
#include "seqnn/data/series/time_format.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seqnn::inline SEQNN_ABI {
namespace detail {

/// What stands where in a file, found from the options and its first lines.
struct CsvLayout {
  char separator = ',';
  bool header = false;
  std::vector<std::string> names;          ///< of all columns
  std::vector<std::size_t> value_columns;  ///< those to read, in the order of the table
  std::vector<std::size_t> time_columns;   ///< none, one, or date and time
  std::optional<TimeFormat> time_format;   ///< if there are time columns
};

/// `jena.csv:17: column 3 "Tpot (K)"`
SEQNN_COLD inline std::string csv_place(const std::string& path, std::size_t line, const CsvLayout& layout,
                                        std::size_t column) {
  return text(path, ":", line, ": column ", column, " \"", layout.names[column], '"');
}

/// The date of a row: one field, or two joined by a space in `joined`.
inline std::string_view date_of(const std::vector<std::string_view>& fields, const std::vector<std::size_t>& columns,
                                std::string& joined) {
  if (columns.size() == 1) return trimmed(fields[columns[0]]);
  joined.assign(trimmed(fields[columns[0]]));
  joined += ' ';
  joined += trimmed(fields[columns[1]]);
  return joined;
}

/// Finds the layout of a CSV text.
class CsvLayoutFinder {
 public:
  CsvLayoutFinder(const std::string& path, std::string_view text, const CsvOptions& options)
      : path_(path), text_(text), options_(options) {}

  /// @throws FileError  @throws OptionError
  SEQNN_COLD CsvLayout find() {
    layout_.separator = options_.separator != '\0' ? options_.separator : separator();
    CsvLines lines(path_, text_, layout_.separator);
    lines.skip(options_.skip_lines);
    std::vector<std::string_view> first;
    if (!lines.next(first)) no_rows();
    layout_.header = options_.header ? *options_.header : looks_like_header(first);
    name_columns(first, lines.line());
    if (layout_.header && !lines.next(first)) no_rows();
    if (first.size() == layout_.names.size()) find_times(first, lines);
    choose_values();
    return layout_;
  }

 private:
  [[noreturn]] void no_rows() const {
    throw FileError(text(path_, ": file must hold rows of numbers, got none; check that it is the file meant"));
  }

  // The first of tab, semicolon, | and comma that the first two lines hold equally often outside quotation marks. A
  // comma is last: it may be part of a unit or a number where another character separates.
  char separator() const {
    std::vector<std::string_view> lines;
    std::string_view rest = text_;
    for (std::size_t n = 0; !rest.empty() && lines.size() < 2; ++n) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      if (n >= options_.skip_lines && !line.empty() && line != "\r") lines.push_back(line);
    }
    const auto count = [](std::string_view line, char candidate) {
      std::size_t n = 0;
      bool quoted = false;
      for (const char c : line) {
        quoted ^= c == '"';
        n += !quoted && c == candidate;
      }
      return n;
    };
    char uneven = ',';  // where the lines differ in length, the reader will say so
    for (const char candidate : {',', '|', ';', '\t'}) {
      if (!lines.empty() && count(lines.front(), candidate) > 0 && count(lines.back(), candidate) > 0)
        uneven = candidate;
    }
    for (const char candidate : {'\t', ';', '|', ','}) {
      if (lines.empty() || count(lines.front(), candidate) == 0) continue;
      if (count(lines.front(), candidate) == count(lines.back(), candidate)) return candidate;
    }
    return uneven;
  }

  bool looks_like_header(const std::vector<std::string_view>& fields) const {
    const std::vector<TimeFormat> formats = time_formats();
    return std::none_of(fields.begin(), fields.end(),
                        [&](std::string_view field) {
                          return parse_number(field) ||
                                 std::any_of(formats.begin(), formats.end(), [&](const TimeFormat& format) {
                                   return format.parse(trimmed(field)).has_value();
                                 });
                        }) &&
           std::any_of(fields.begin(), fields.end(),
                       [&](std::string_view field) { return !is_missing(field, options_.missing_texts); });
  }

  std::vector<TimeFormat> time_formats() const {
    if (options_.time_format.empty()) return known_time_formats();
    return {TimeFormat(options_.time_format)};
  }

  void name_columns(const std::vector<std::string_view>& first, std::size_t line) {
    if (!options_.names.empty() && options_.names.size() != first.size()) {
      throw FileError(text(path_, ":", line, ": names must be those of all ", first.size(), " columns, got ",
                           options_.names.size()));
    }
    if (!options_.names.empty()) {
      layout_.names = options_.names;
    } else if (layout_.header) {
      layout_.names = utf8_names(first);
    } else {
      layout_.names.resize(first.size());
    }
    for (std::size_t c = 0; c < first.size(); ++c) {
      if (layout_.names[c].empty()) layout_.names[c] = text("column_", c);
    }
    if (const auto [a, b] = first_repeat(layout_.names); a != b) {
      throw FileError(text(path_, ":", line, ": names of columns must differ, got \"", layout_.names[a],
                           "\" for columns ", a, " and ", b, "; give others with names"));
    }
  }

  void find_times(const std::vector<std::string_view>& first, CsvLines& lines) {
    std::vector<TimeFormat> formats = time_formats();
    std::string joined;
    if (!options_.time_columns.empty()) {
      for (const CsvColumn& column : options_.time_columns) layout_.time_columns.push_back(index_of(column));
      const std::string_view date = date_of(first, layout_.time_columns, joined);
      keep_fitting(formats, date);
      if (formats.empty()) not_a_date(lines.line(), date);
    } else {
      find_time_columns(first, formats);
      if (layout_.time_columns.empty() && !options_.time_format.empty()) {
        throw FileError(text(path_, ":", lines.line(), ": a column must hold dates in the format \"",
                             options_.time_format, "\", got none in this line; correct time_format"));
      }
    }
    if (layout_.time_columns.empty()) return;
    narrow(formats, lines);
    layout_.time_format = formats[0];
  }

  // The first column that holds a date, with the next one if that holds the time of day.
  void find_time_columns(const std::vector<std::string_view>& first, std::vector<TimeFormat>& formats) {
    std::string joined;
    for (std::size_t c = 0; c < first.size(); ++c) {
      for (const std::vector<std::size_t>& columns : {std::vector{c, c + 1}, std::vector{c}}) {
        if (columns.back() == first.size()) continue;
        std::vector<TimeFormat> fitting = formats;
        keep_fitting(fitting, date_of(first, columns, joined));
        if (fitting.empty()) continue;
        layout_.time_columns = columns;
        formats = std::move(fitting);
        return;
      }
    }
  }

  // Reads on until one format is left: 03-01-00 may be a day in January or in March, 13-01-00 may not.
  void narrow(std::vector<TimeFormat>& formats, CsvLines& lines) const {
    const std::size_t first_line = lines.line();
    std::vector<std::string_view> fields;
    std::string joined;
    while (formats.size() > 1 && lines.next(fields)) {
      if (fields.size() != layout_.names.size()) continue;  // the reader will say so
      const std::string_view date = date_of(fields, layout_.time_columns, joined);
      std::vector<TimeFormat> fitting = formats;
      keep_fitting(fitting, date);
      if (fitting.empty() && !lines.cut()) not_a_date(lines.line(), date);
      if (!fitting.empty()) formats = std::move(fitting);
    }
    if (formats.size() > 1) {
      std::string possible;
      for (const TimeFormat& format : formats) {
        possible += text(possible.empty() ? "" : " and ", '"', format.format(), '"');
      }
      throw FileError(text(csv_place(path_, first_line, layout_, layout_.time_columns[0]),
                           ": dates must be clear, but those of the whole file can be read as ", possible,
                           "; give time_format"));
    }
  }

  [[noreturn]] void not_a_date(std::size_t line, std::string_view date) const {
    throw FileError(text(csv_place(path_, line, layout_, layout_.time_columns[0]), ": must be a date in ",
                         options_.time_format.empty() ? std::string("one format that is known")
                                                      : text("the format \"", options_.time_format, '"'),
                         ", got ", shown(date), "; give time_format as it is written, such as \"%d.%m.%Y %H:%M:%S\""));
  }

  std::size_t index_of(const CsvColumn& column) const {
    const std::vector<std::string>& names = layout_.names;
    if (column.index()) {
      if (*column.index() < names.size()) return *column.index();
      throw FileError(text(path_, ": columns must be in [0, ", names.size(), "), got ", *column.index(), "; they are ",
                           listed(names)));
    }
    const auto found = std::find(names.begin(), names.end(), column.name());
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    throw FileError(text(path_, ": columns must be among ", listed(names), ", got \"", column.name(), '"'));
  }

  void choose_values() {
    std::vector<std::size_t>& chosen = layout_.value_columns;
    for (const CsvColumn& column : options_.columns) {
      const std::size_t c = index_of(column);
      if (std::find(chosen.begin(), chosen.end(), c) != chosen.end()) {
        throw FileError(text(path_, ": columns must differ, got \"", layout_.names[c], "\" twice"));
      }
      chosen.push_back(c);
    }
    for (std::size_t c = 0; options_.columns.empty() && c < layout_.names.size(); ++c) {
      const auto& times = layout_.time_columns;
      if (std::find(times.begin(), times.end(), c) == times.end()) chosen.push_back(c);
    }
    if (chosen.empty()) throw FileError(text(path_, ": file must hold a column of numbers beside the dates, got none"));
  }

  const std::string& path_;
  std::string_view text_;
  const CsvOptions& options_;
  CsvLayout layout_;
};

}  // namespace detail
}  // namespace seqnn::inline SEQNN_ABI
