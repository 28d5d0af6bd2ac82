#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/data/series/row_range.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

/// "p (mbar)", "T (degC)", … for messages; long lists are cut.
SEQNN_COLD inline std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 30;
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i) {
    list += text(i == 0 ? "" : ", ", '"', names[i], '"');
  }
  return names.size() > kMost ? text(list, " and ", names.size() - kMost, " more") : list;
}

/// The first name that stands there twice, as two indices; equal ones if none does.
SEQNN_COLD inline std::pair<std::size_t, std::size_t> first_repeat(const std::vector<std::string>& names) {
  for (std::size_t b = 1; b < names.size(); ++b) {
    for (std::size_t a = 0; a < b; ++a) {
      if (names[a] == names[b]) return {a, b};
    }
  }
  return {0, 0};
}

}  // namespace detail

/// Named columns of numbers, one row for each point in time, in the order of time. Missing values are NaN.
class Table {
 public:
  Table() = default;

  /// @param values  (rows, columns)
  /// @param times   seconds since 1970-01-01 of every row, see timestamp.hpp; empty if the rows have none
  /// @throws ShapeError if there are not as many names as columns, or not as many times as rows
  /// @throws DataError for two columns of one name
  SEQNN_COLD Table(std::vector<std::string> names, Tensor<double, 2> values, std::vector<std::int64_t> times = {})
      : names_(std::move(names)), values_(std::move(values)), times_(std::move(times)) {
    if (names_.size() != columns()) {
      throw ShapeError(
          text("Table: there must be a name for each of the ", columns(), " columns, got ", names_.size()));
    }
    if (!times_.empty() && times_.size() != rows()) {
      throw ShapeError(
          text("Table: there must be a time for each of the ", rows(), " rows, or none, got ", times_.size()));
    }
    if (const auto [a, b] = detail::first_repeat(names_); a != b) {
      throw DataError(text("Table: names of columns must differ, got \"", names_[a], "\" for columns ", a, " and ", b));
    }
  }

  std::size_t rows() const { return values_.shape()[0]; }
  std::size_t columns() const { return values_.shape()[1]; }

  /// UTF-8.
  const std::vector<std::string>& names() const { return names_; }

  /// Index of a column.  @throws DataError that lists the names
  SEQNN_COLD std::size_t column(std::string_view name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) {
      throw DataError(text("Table: column must be one of ", detail::listed(names_), ", got \"", name, '"'));
    }
    return static_cast<std::size_t>(found - names_.begin());
  }

  /// (rows, columns)
  const Tensor<double, 2>& values() const { return values_; }

  bool has_times() const { return !times_.empty(); }

  /// Seconds since 1970-01-01 on the local clock of the data, one for each row, or none.
  const std::vector<std::int64_t>& times() const { return times_; }

  /// The values of some columns in the order given, of all where none is: (rows, columns), as a network takes them.
  template <class Real>
  Tensor<Real, 2> matrix(const std::vector<std::string>& columns = {}) const {
    const std::vector<std::size_t> from = indices(columns);
    auto result = Tensor<Real, 2>::from_shape({rows(), from.size()});
    Real* to = result.data();
    for (std::size_t row = 0; row < rows(); ++row) {
      const double* const values = values_.data() + row * this->columns();
      for (const std::size_t c : from) *to++ = static_cast<Real>(values[c]);
    }
    return result;
  }

  /// The values of one column, from the first row to the last.
  SEQNN_COLD std::vector<double> column_values(std::string_view name) const {
    const std::size_t c = column(name);
    std::vector<double> result(rows());
    for (std::size_t row = 0; row < rows(); ++row) result[row] = values_.data()[row * columns() + c];
    return result;
  }

  /// Some columns, in the order given.
  SEQNN_COLD Table select(const std::vector<std::string>& columns) const {
    Table result = *this;
    result.values_ = matrix<double>(columns);
    result.names_ = columns.empty() ? names_ : columns;
    return result;
  }

  /// Some rows.  @throws ShapeError for a range that ends behind the table or before it begins
  SEQNN_COLD Table rows(RowRange range) const {
    if (range.begin > range.end || range.end > rows()) {
      throw ShapeError(
          text("Table: rows must be a range within [0, ", rows(), "), got [", range.begin, ", ", range.end, ")"));
    }
    Table result = *this;
    result.values_ = Tensor<double, 2>::from_shape({range.size(), columns()});
    std::copy_n(values_.data() + range.begin * columns(), range.size() * columns(), result.values_.data());
    if (has_times()) {
      const auto first = times_.begin() + static_cast<std::ptrdiff_t>(range.begin);
      result.times_.assign(first, first + static_cast<std::ptrdiff_t>(range.size()));
    }
    return result;
  }

  /// Adds columns behind the last.
  /// @param values  (rows, names)
  /// @throws ShapeError for another shape, DataError for a name that is there already
  SEQNN_COLD Table& add_columns(const std::vector<std::string>& names, const Tensor<double, 2>& values) {
    if (values.shape()[0] != rows() || values.shape()[1] != names.size()) {
      throw ShapeError(
          text("Table: new columns must have shape ", Shape{rows(), names.size()}, ", got ", shape_of(values)));
    }
    const std::size_t old = columns(), added = names.size();
    auto all = Tensor<double, 2>::from_shape({rows(), old + added});
    for (std::size_t row = 0; row < rows(); ++row) {
      double* const to = all.data() + row * (old + added);
      std::copy_n(values_.data() + row * old, old, to);
      std::copy_n(values.data() + row * added, added, to + old);
    }
    std::vector<std::string> all_names = names_;
    all_names.insert(all_names.end(), names.begin(), names.end());
    Table result(std::move(all_names), std::move(all), times_);
    result.truncated_ = truncated_;
    result.note_ = note_;
    return *this = std::move(result);
  }

  /// Adds one column behind the last.
  SEQNN_COLD Table& add_column(const std::string& name, std::span<const double> values) {
    auto column = Tensor<double, 2>::from_shape({values.size(), 1});
    std::copy(values.begin(), values.end(), column.data());
    return add_columns({name}, column);
  }

  /// Whether the file that the table was read from was cut off, and its last line left out.
  bool truncated() const { return truncated_; }

  /// What was noticed while the table was read, in sentences for people; empty if nothing was.
  const std::string& note() const { return note_; }

  SEQNN_COLD void set_note(std::string note, bool truncated = false) {
    note_ = std::move(note);
    truncated_ = truncated;
  }

 private:
  SEQNN_COLD std::vector<std::size_t> indices(const std::vector<std::string>& columns) const {
    std::vector<std::size_t> result;
    for (const std::string& name : columns) result.push_back(column(name));
    for (std::size_t c = 0; columns.empty() && c < this->columns(); ++c) result.push_back(c);
    return result;
  }

  std::vector<std::string> names_;
  Tensor<double, 2> values_ = Tensor<double, 2>::from_shape({0, 0});
  std::vector<std::int64_t> times_;
  std::string note_;
  bool truncated_ = false;
};

}  // namespace seqnn::inline SEQNN_ABI
