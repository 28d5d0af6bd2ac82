#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/io/append_file.hpp"
#include "seqnn/io/atomic_file.hpp"
#include "seqnn/io/exact_number.hpp"
#include "seqnn/training/callback.hpp"

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

struct JSONLinesLoggerOptions {
  bool append = false;  ///< goes on with a file that is there; else it is overwritten

  bool operator==(const JSONLinesLoggerOptions&) const = default;
};

namespace detail {

/// A text in quotes, as JSON wants it. Bytes above 127 stay as they are: UTF-8.
SEQNN_COLD inline std::string json_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      result += buffer;
    } else {
      result += c;
    }
  }
  return result + '"';
}

/// A number that reads back as the same double; JSON has no NaN and no infinity: null.
SEQNN_COLD inline std::string json_number(double value) { return std::isfinite(value) ? exact_number(value) : "null"; }

}  // namespace detail

/// Writes each epoch as one JSON object on a line of its own, as programs that watch trainings read them:
///
///     model.fit(x, y, {.callbacks = {JSONLinesLogger("training.jsonl")}});
///     {"epoch":1,"loss":0.41,"val_loss":null,"learning_rate":0.001}
///
/// Lines are appended and reach the system at once, so that a reader sees whole epochs and a program that ends leaves
/// all before. The epoch counts from 1; names stand in the order of the logs; `learning_rate` is that at the epoch's
/// end. NaN and infinite numbers are `null`. With `append`, a last line that a program left unfinished is dropped;
/// epochs that are trained again are written again, and the later line counts.
///
/// Not in Keras, whose documentation writes one with `LambdaCallback`.
///
/// Throws  FileError if the file cannot be read or written, before the first step and at any epoch
class JSONLinesLogger : public Callback {
 public:
  explicit JSONLinesLogger(std::string filename, JSONLinesLoggerOptions options = {})
      : filename_(std::move(filename)), options_(options) {}

  const std::string& filename() const { return filename_; }
  const JSONLinesLoggerOptions& options() const { return options_; }

  SEQNN_COLD void on_train_begin(Training&) override {
    std::string content = options_.append ? read_file_if_there(filename_) : "";
    content.resize(content.rfind('\n') + 1);  // npos + 1 is 0
    write_file(filename_, content);
  }

  SEQNN_COLD void on_epoch_end(Training& training, std::size_t epoch, const Logs& logs) override {
    std::string line = "{\"epoch\":" + std::to_string(epoch + 1);
    for (const auto& [name, value] : logs)
      line += text(',', detail::json_string(name), ':', detail::json_number(value));
    line += ",\"learning_rate\":" + detail::json_number(training.learning_rate()) + "}\n";
    AppendFile(filename_).append(line);
  }

 private:
  std::string filename_;
  JSONLinesLoggerOptions options_;
};

}  // namespace seqnn::inline SEQNN_ABI
