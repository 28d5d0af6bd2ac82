#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/io/atomic_file.hpp"
#include "seqnn/io/csv_cell.hpp"
#include "seqnn/io/exact_number.hpp"
#include "seqnn/training/callback.hpp"

#include <cstddef>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct CSVLoggerOptions {
  char separator = ',';
  bool append = false;  ///< goes on with a file that is there, whose first line must be the same

  bool operator==(const CSVLoggerOptions&) const = default;
};

/// Writes the numbers of each epoch to a file, a line an epoch, while the training runs.
///
///     model.fit(x, y, {.callbacks = {CSVLogger("training.csv")}});     epoch,loss,val_loss,learning_rate
///
/// The file is replaced at once (`write_file`): a reader sees whole lines, and a program that ends leaves all epochs
/// before. Unlike Keras' the epoch counts from 1, as in `History`, names stand in the order of the logs, and
/// learning_rate, that at the epoch's end, is always there. Numbers read back as the same doubles; what is missing is
/// `nan`.
///
/// Throws  before the first step: FileError if the file cannot be written, DataError if it has another first line
/// Source  Keras 3, keras/src/callbacks/csv_logger.py
class CSVLogger : public Callback {
 public:
  explicit CSVLogger(std::string filename, CSVLoggerOptions options = {})
      : filename_(std::move(filename)), options_(options) {}

  const std::string& filename() const { return filename_; }
  const CSVLoggerOptions& options() const { return options_; }

  SEQNN_COLD void on_train_begin(Training& training) override {
    std::string header = "epoch";
    for (const auto& [name, value] : training.logs()) {
      header += options_.separator + csv_cell(name, options_.separator);
    }
    header += text(options_.separator, "learning_rate\n");
    content_ = options_.append ? read_file_if_there(filename_) : "";
    if (content_.empty()) content_ = header;
    if (content_.back() != '\n') content_ += '\n';
    if (!content_.starts_with(header)) {
      throw DataError(text(filename_, ": the first line must be \"", header.substr(0, header.size() - 1), "\", got \"",
                           content_.substr(0, content_.find('\n')),
                           "\"; give another file, or leave out append to overwrite this one"));
    }
    write_file(filename_, content_);
  }

  SEQNN_COLD void on_epoch_end(Training& training, std::size_t epoch, const Logs& logs) override {
    content_ += std::to_string(epoch + 1);
    for (const auto& [name, value] : logs) content_ += options_.separator + exact_number(value);
    content_ += options_.separator + exact_number(training.learning_rate()) + '\n';
    write_file(filename_, content_);
  }

 private:
  std::string filename_;
  CSVLoggerOptions options_;
  std::string content_;  // of the whole file
};

}  // namespace seqnn::inline SEQNN_ABI
