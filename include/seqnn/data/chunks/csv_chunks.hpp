#pragma once

#include "seqnn/core/error.hpp"
#include "seqnn/data/chunks/chunk_files.hpp"
#include "seqnn/data/chunks/chunked_dataset.hpp"
#include "seqnn/data/series/csv.hpp"
#include "seqnn/data/series/csv_options.hpp"
#include "seqnn/data/series/table.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

struct CsvChunkOptions {
  std::vector<std::string> targets = {};  ///< columns of y; all other columns are x, in the order of the file
  Shape x_shape = {};                     ///< of one sample; empty: (columns of x,)
  CsvOptions csv = {};                    ///< how files are read, and which columns
  std::size_t ahead = 1;                  ///< chunks loaded before they are needed; memory holds two more
};

/// Reads files of separated values: each row a sample.
template <class X, class Y>
class CsvFiles final : public ChunkFiles<X, Y> {
 public:
  /// Reads all files once, to check them and count their rows.
  SEQNN_COLD CsvFiles(std::vector<std::string> paths, CsvChunkOptions options)
      : paths_(std::move(paths)), options_(std::move(options)) {
    if (options_.targets.empty()) throw OptionError("CsvChunks: targets must name at least one column, got none");
    for (const std::string& path : paths_) {
      const Table table = read_csv(path, options_.csv);
      if (rows_.empty()) find_columns(table);
      if (table.names() != names_) {
        throw DataError(text(path, ": columns must be those of ", paths_.front(), ", ", detail::listed(names_),
                             ", got ", detail::listed(table.names())));
      }
      rows_.push_back(table.rows());
    }
  }

  std::size_t chunks() const override { return paths_.size(); }
  std::size_t samples(std::size_t chunk) const override { return rows_[chunk]; }
  Shape x_shape() const override { return options_.x_shape; }
  Shape y_shape() const override { return {y_columns_.size()}; }

  SEQNN_COLD void read(std::size_t chunk, std::span<X> x, std::span<Y> y) const override {
    const std::string& path = paths_[chunk];
    const Table table = read_csv(path, options_.csv);
    if (table.rows() != rows_[chunk] || table.names() != names_) {
      throw FileError(text(path, ": must have ", rows_[chunk], " rows of ", names_.size(),
                           " columns as when the data set was made, got ", table.rows(), " of ", table.columns(),
                           "; do not write files that are being read"));
    }
    copy(path, table, x_columns_, x);
    copy(path, table, y_columns_, y);
  }

 private:
  SEQNN_COLD void find_columns(const Table& table) {
    names_ = table.names();
    for (const std::string& target : options_.targets) y_columns_.push_back(table.column(target));
    for (std::size_t c = 0; c < names_.size(); ++c) {
      if (std::find(y_columns_.begin(), y_columns_.end(), c) == y_columns_.end()) x_columns_.push_back(c);
    }
    if (options_.x_shape.empty()) options_.x_shape = {x_columns_.size()};
    if (element_count(options_.x_shape) != x_columns_.size() || x_columns_.empty()) {
      throw ShapeError(text("CsvChunks: x_shape must hold the ", x_columns_.size(), " columns of ", paths_.front(),
                            " that are no targets, got ", options_.x_shape));
    }
  }

  template <class T>
  void copy(const std::string& path, const Table& table, const std::vector<std::size_t>& columns,
            std::span<T> to) const {
    for (std::size_t row = 0, i = 0; row < table.rows(); ++row) {
      for (const std::size_t c : columns) {
        const double value = table.values()(row, c);
        if constexpr (std::integral<T>) check_integer(path, row, c, value);
        to[i++] = static_cast<T>(value);
      }
    }
  }

  void check_integer(const std::string& path, std::size_t row, std::size_t column, double value) const {
    if (std::fabs(value) <= 2147483647.0 && value == std::floor(value)) return;
    throw FileError(text(path, ": column \"", names_[column], "\" must hold 32-bit integers, got ", value, " in row ",
                         row, " counted from 0; token ids and class indices are integers"));
  }

  std::vector<std::string> paths_;
  CsvChunkOptions options_;
  std::vector<std::string> names_;
  std::vector<std::size_t> x_columns_;
  std::vector<std::size_t> y_columns_;
  std::vector<std::size_t> rows_;
};

/// A data set in CSV files, read ahead of the training: each row a sample, some columns its inputs and some its
/// targets.
///
///     CsvChunks<float> data({"2021.csv", "2022.csv"}, {.targets = {"demand"}});
///     CsvChunks<float> series(files, {.targets = {"next"}, .x_shape = {24, 3}});   // 72 columns: 24 steps of 3
///
/// `CsvChunks<float, std::int32_t>` has classes, `CsvChunks<std::int32_t, float>` token ids. All files are read once
/// when the data set is made, to count rows and to find errors before the training.
///
/// Throws  OptionError, ShapeError, DataError, and FileError from read_csv with file, line and column
template <class X, class Y = X>
class CsvChunks : public ChunkedDataset<X, Y> {
 public:
  explicit CsvChunks(std::vector<std::string> paths, const CsvChunkOptions& options = {})
      : ChunkedDataset<X, Y>(std::make_unique<CsvFiles<X, Y>>(std::move(paths), options), {.ahead = options.ahead}) {}
};

}  // namespace seqnn::inline SEQNN_ABI
