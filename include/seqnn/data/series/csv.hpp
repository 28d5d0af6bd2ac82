#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/series/csv_fields.hpp"
#include "seqnn/data/series/csv_layout.hpp"
#include "seqnn/data/series/csv_lines.hpp"
#include "seqnn/data/series/csv_options.hpp"
#include "seqnn/data/series/missing.hpp"
#include "seqnn/data/series/table.hpp"
#include "seqnn/data/series/timestamp.hpp"
#include "seqnn/io/atomic_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {
namespace detail {

/// Reads the rows of a CSV text into a table; every error names path, line and column.
class CsvReader {
 public:
  CsvReader(const std::string& path, std::string_view text, const CsvOptions& options)
      : path_(path),
        text_(text),
        options_(options),
        layout_(CsvLayoutFinder(path, text, options).find()),
        lines_(path_, text_, layout_.separator) {
    for (const std::size_t c : layout_.value_columns) names_.push_back(layout_.names[c]);
    find_sentinels();
  }

  Table read() {
    std::vector<std::string_view> fields;
    lines_.skip(options_.skip_lines);
    if (layout_.header) lines_.next(fields);

    // Not more rows than lines: the table is allocated once, and seldom too large.
    const std::string_view rest = lines_.rest();
    const std::size_t most =
        static_cast<std::size_t>(std::count(rest.begin(), rest.end(), '\n')) + (rest.empty() || rest.back() != '\n');
    const std::size_t columns = names_.size();
    values_ = Tensor<double, 2>::from_shape({most, columns});
    if (!layout_.time_columns.empty()) times_.reserve(most);

    while (lines_.next(fields)) {
      if (lines_.cut() && incomplete(fields)) {
        cut_off(fields.size());
        break;
      }
      if (fields.size() != layout_.names.size()) wrong_count(fields.size());
      add_row(fields);
    }
    return finish();
  }

 private:
  void add_row(const std::vector<std::string_view>& fields) {
    bool again = false;
    std::int64_t time = 0;
    if (!layout_.time_columns.empty()) {
      time = time_of(fields);
      if (rows_ > 0 && time <= times_.back()) again = check_order(time);
    }

    const std::size_t columns = names_.size();
    double* const row = values_.data() + rows_ * columns;
    bool complete = true;
    for (std::size_t i = 0; i < columns; ++i) {
      const std::string_view field = fields[layout_.value_columns[i]];
      const std::optional<double> value = parse_number(field);
      if (value && (sentinels_[i].empty() || !is_sentinel(i, *value))) {
        row[i] = *value;
      } else {
        add_missing(i, field, value);
        row[i] = std::numeric_limits<double>::quiet_NaN();
        complete = false;
      }
    }
    if (!complete && options_.missing == Missing::drop_row) {
      ++incomplete_rows_;
      return;
    }
    repeats_ += again;
    if (again && options_.repeats != Repeats::keep) {
      if (options_.repeats == Repeats::keep_last) std::copy_n(row, columns, row - columns);
      return;
    }
    if (!layout_.time_columns.empty()) times_.push_back(time);
    ++rows_;
  }

  std::int64_t time_of(const std::vector<std::string_view>& fields) {
    const std::string_view date = date_of(fields, layout_.time_columns, joined_);
    const std::optional<std::int64_t> time = layout_.time_format->parse(date);
    if (!time) {
      throw FileError(text(place(layout_.time_columns[0]), ": must be a date in the format \"",
                           layout_.time_format->format(), "\", got ", shown(date),
                           "; correct the line, or give time_format"));
    }
    return *time;
  }

  // Whether the date is that of the row before.
  SEQNN_COLD bool check_order(std::int64_t time) const {
    const bool again = time == times_.back();
    if (!again && options_.backwards == Backwards::error) {
      throw FileError(text(place(layout_.time_columns[0]), ": dates must not go backwards, got ", time_text(time),
                           " after ", time_text(times_.back()), "; sort the file, or set backwards = Backwards::keep"));
    }
    if (again && options_.repeats == Repeats::error) {
      throw FileError(text(place(layout_.time_columns[0]), ": dates must differ from row to row, got ", time_text(time),
                           " again; set repeats to Repeats::keep, keep_first or keep_last"));
    }
    return again;
  }

  bool is_sentinel(std::size_t i, double value) const {
    return std::find(sentinels_[i].begin(), sentinels_[i].end(), value) != sentinels_[i].end();
  }

  // A field that holds no value: counted, or an error.
  SEQNN_COLD void add_missing(std::size_t i, std::string_view field, std::optional<double> sentinel) {
    const std::size_t c = layout_.value_columns[i];
    if (!sentinel && !is_missing(field, options_.missing_texts)) {
      throw FileError(text(place(c), ": must be a number, got ", shown(field),
                           "; correct it, add it to missing_texts if it stands for no value, or leave the column out "
                           "with columns"));
    }
    if (options_.missing == Missing::error) {
      throw FileError(text(place(c), ": must be a number, got ", shown(field),
                           sentinel ? ", a sentinel" : ", a missing value", "; ", kMissingRepair));
    }
    ++missing_;
  }

  // A last line without its end may stop anywhere: known by fields that are absent, or by a last one that is no value.
  SEQNN_COLD bool incomplete(const std::vector<std::string_view>& fields) {
    if (fields.size() != layout_.names.size()) return fields.size() < layout_.names.size();
    const std::string_view last = trimmed(fields.back());
    const std::size_t c = fields.size() - 1;
    const auto among = [&](const std::vector<std::size_t>& columns) {
      return std::find(columns.begin(), columns.end(), c) != columns.end();
    };
    if (last.empty() || lines_.cut_in_quotes()) return true;
    if (among(layout_.time_columns)) {
      return !layout_.time_format->parse(date_of(fields, layout_.time_columns, joined_));
    }
    return among(layout_.value_columns) && !parse_number(last) && !is_missing(last, options_.missing_texts);
  }

  SEQNN_COLD void cut_off(std::size_t fields) {
    const std::size_t last = lines_.last_complete_line();
    const std::string end = text(path_, ":", lines_.line(), ": the file ends inside this line, in field ", fields,
                                 " of ", layout_.names.size(), "; the last complete line is ", last,
                                 times_.empty() ? "" : text(" (", time_text(times_.back()), ')'));
    if (options_.truncated == Truncated::error) {
      throw FileError(end + "; get the whole file, or set truncated = Truncated::keep to keep what precedes the cut");
    }
    note_ = end + ". ";
    truncated_ = true;
  }

  [[noreturn]] SEQNN_COLD void wrong_count(std::size_t fields) const {
    throw FileError(text(path_, ":", lines_.line(), ": must have ", layout_.names.size(), " fields as the ",
                         layout_.header ? "header" : "first line", " has, got ", fields,
                         "; correct the line, or give the separator of the file, here '",
                         layout_.separator == '\t' ? std::string("\\t") : std::string(1, layout_.separator), "'"));
  }

  SEQNN_COLD void find_sentinels() {
    sentinels_.resize(names_.size());
    for (const Sentinel& sentinel : options_.sentinels) {
      for (const std::string& name : sentinel.columns) {
        if (std::find(names_.begin(), names_.end(), name) == names_.end()) {
          throw FileError(text(path_, ": columns of sentinels must be among ", listed(names_), ", got \"", name, '"'));
        }
      }
      for (std::size_t i = 0; i < names_.size(); ++i) {
        const auto& columns = sentinel.columns;
        if (columns.empty() || std::find(columns.begin(), columns.end(), names_[i]) != columns.end()) {
          sentinels_[i].push_back(sentinel.value);
        }
      }
    }
  }

  SEQNN_COLD Table finish() {
    if (rows_ == 0) {
      throw FileError(text(path_, ": file must hold complete rows, got ", incomplete_rows_,
                           " with missing values and none without; set missing to something else than drop_row, or "
                           "check that it is the file meant"));
    }
    if (lines_.cut() && !truncated_) {
      note_ += text(path_, ":", lines_.line(),
                    ": the last line does not end; if the file was cut off, its last number "
                    "may have lost digits. ");
    }
    const auto count = [&](std::size_t n, const char* of) {
      if (n > 0) note_ += text(path_, ": ", of, ": ", n, ". ");
    };
    count(missing_, "missing values");
    count(incomplete_rows_, "rows left out for them");
    count(repeats_, options_.repeats == Repeats::keep ? "rows with the date of the row above"
                                                      : "rows left out because another has their date");
    if (!note_.empty()) note_.pop_back();

    if (rows_ < values_.shape()[0]) {  // there were lines without a row
      auto rows = Tensor<double, 2>::from_shape({rows_, names_.size()});
      std::copy_n(values_.data(), rows.size(), rows.data());
      values_ = std::move(rows);
    }
    Table table(std::move(names_), std::move(values_), std::move(times_));
    if (options_.missing == Missing::previous || options_.missing == Missing::interpolate) {
      table = without_missing(path_, table, options_.missing);
    }
    table.set_note(std::move(note_), truncated_);
    return table;
  }

  std::string place(std::size_t column) const { return csv_place(path_, lines_.line(), layout_, column); }

  const std::string& path_;
  std::string_view text_;
  const CsvOptions& options_;
  CsvLayout layout_;
  CsvLines lines_;
  std::vector<std::string> names_;              // of the table
  std::vector<std::vector<double>> sentinels_;  // of each of its columns
  Tensor<double, 2> values_ = Tensor<double, 2>::from_shape({0, 0});
  std::vector<std::int64_t> times_;
  std::size_t rows_ = 0;
  std::size_t missing_ = 0, incomplete_rows_ = 0, repeats_ = 0;
  bool truncated_ = false;
  std::string note_;
  std::string joined_;
};

/// The text behind a byte order mark.  @throws FileError for what is no text
SEQNN_COLD inline std::string_view csv_text(const std::string& path, std::string_view content) {
  constexpr const char* kWhat = ": file must be text in UTF-8 or Latin-1, got ";
  if (content.substr(0, 2) == "\xFF\xFE" || content.substr(0, 2) == "\xFE\xFF") {
    throw FileError(text(path, kWhat, "UTF-16; convert it to UTF-8"));
  }
  if (const std::size_t zero = content.find('\0'); zero != std::string_view::npos) {
    const auto line = std::count(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(zero), '\n') + 1;
    throw FileError(text(path, ":", line, kWhat, "a byte 0; unpack it if it is an archive, or export it as CSV"));
  }
  return content.substr(content.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0);
}

}  // namespace detail

/// Reads a file of separated values into a table. What the options leave open is found: the separator, whether there is
/// a header, the column of dates and their format; a format that the whole file leaves open is an error.
///
///     Table table = read_csv("jena_climate_2009_2016.csv");
///     Table prices = read_csv("prices.csv", {.columns = {"Close", "Volume"}, .missing = Missing::previous});
///
/// Time    one pass over the file in memory; the 420,551 rows of the Jena weather take well under a second
/// @throws FileError that names path, line and column: for what is no table, rows of another length, fields that are no
///         numbers, dates out of order, values that are missing, a file that is cut off, columns that are not there
/// @throws OptionError for an impossible separator or time_format
inline Table read_csv(const std::string& path, const CsvOptions& options = {}) {
  detail::check(options);
  const std::string content = read_file(path);
  return detail::CsvReader(path, detail::csv_text(path, content), options).read();
}

}  // namespace seqnn::inline SEQNN_ABI
