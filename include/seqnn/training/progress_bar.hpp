#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/io/progress_text.hpp"
#include "seqnn/io/terminal.hpp"
#include "seqnn/training/callback.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {

struct ProgressBarOptions {
  Verbose verbose = Verbose::automatic;
  std::optional<Terminal> terminal = {};        ///< found out from the stream if not given
  double (*clock)() = &detail::steady_seconds;  ///< seconds since any fixed moment
};

/// Prints how training goes, as Keras does. On a terminal:
///
///     Epoch 3/10
///     157/157 ━━━━━━━━━━━━━━━━━━━━ 5s 32ms/step - loss: 0.4100 - binary_accuracy: 0.8200 - val_loss: 0.4302
///
/// The second line is redrawn at most ten times a second, cut to the width of the terminal; the seconds are those left
/// while the epoch runs, and those taken once it is over, validation included (the time of a step leaves it out). While
/// it runs and other epochs follow, `fit: 0:40 left` behind them is the time to the end of the last one, if epochs take
/// as long as so far and nothing stops the training. Elsewhere one line an epoch and no control characters:
///
///     Epoch 3/10 - 5s 32ms/step - fit: 35s left - loss: 0.4100 - binary_accuracy: 0.8200 - val_loss: 0.4302
///
/// Keeps a reference to the stream.
class ProgressBar : public Callback {
 public:
  explicit ProgressBar(std::ostream& out, ProgressBarOptions options = {})
      : out_(&out),
        clock_(options.clock),
        terminal_(options.terminal ? *options.terminal : Terminal::behind(out)),
        verbose_(options.verbose != Verbose::automatic ? options.verbose
                 : terminal_.redraws                   ? Verbose::bar
                                                       : Verbose::line) {
    line_.reserve(512);
  }

  void on_train_begin(Training&) override {
    epochs_run_ = 0;
    spent_ = 0;
  }

  SEQNN_COLD void on_epoch_begin(Training& training, std::size_t epoch) override {
    if (verbose_ == Verbose::silent) return;
    line_.clear();
    if (verbose_ == Verbose::bar) {
      append_epoch(training, epoch);
      line_ += '\n';
      write();
    }
    epochs_left_ = training.epochs() - epoch;
    steps_ = 0;
    width_ = 0;
    start_ = trained_until_ = clock_();
    next_draw_ = start_;
  }

  void on_batch_end(Training& training, std::size_t batch, const Logs& logs) override {
    if (verbose_ == Verbose::silent) return;
    steps_ = batch + 1;
    trained_until_ = clock_();
    if (verbose_ != Verbose::bar) return;
    const std::size_t total = training.steps_per_epoch();
    if (trained_until_ < next_draw_ && steps_ != total) return;
    next_draw_ = trained_until_ + kSecondsBetweenDraws;
    const double left = seconds_per_step() * static_cast<double>(std::max(total, steps_) - steps_);
    draw(logs, total, total == 0 ? trained_until_ - start_ : left, fit_seconds_left(total), terminal_.columns);
    write();
  }

  SEQNN_COLD void on_epoch_end(Training& training, std::size_t epoch, const Logs& logs) override {
    if (verbose_ == Verbose::silent) return;
    const double elapsed = clock_() - start_;
    spent_ += elapsed;
    ++epochs_run_;
    if (verbose_ == Verbose::bar) {
      draw(logs, std::max(training.steps_per_epoch(), steps_), elapsed, 0, 0);
    } else {
      line_.clear();
      append_epoch(training, epoch);
      line_ += " - ";
      append_times(elapsed);
      append_fit_left(spent_ / static_cast<double>(epochs_run_) * static_cast<double>(epochs_left_ - 1));
      append_logs(logs, 0, 0);
    }
    line_ += '\n';
    write();
    width_ = 0;
  }

  /// Prints a sentence on a line of its own; a bar that is being drawn goes on below it.
  SEQNN_COLD void note(std::string_view sentence) {
    if (verbose_ == Verbose::silent) return;
    line_ = width_ > 0 ? "\n" : "";
    width_ = 0;
    line_ += sentence;
    line_ += '\n';
    write();
  }

  SEQNN_COLD void on_train_end(Training& training) override {
    if (verbose_ == Verbose::silent || training.stop_reason().empty()) return;
    line_ = training.stop_reason();
    line_ += '\n';
    write();
  }

 private:
  static constexpr double kSecondsBetweenDraws = 0.1;

  double seconds_per_step() const {
    return steps_ == 0 ? 0.0 : (trained_until_ - start_) / static_cast<double>(steps_);
  }

  /// To the end of the last epoch, by the mean of those before, or in the first one by its steps. 0 if the steps of an
  /// epoch are not known, and in the last epoch, which says so itself.
  double fit_seconds_left(std::size_t total) const {
    if (total == 0 || epochs_left_ < 2) return 0;
    const double done = static_cast<double>(std::min(steps_, total)) / static_cast<double>(total);
    const double epoch =
        epochs_run_ > 0 ? spent_ / static_cast<double>(epochs_run_) : seconds_per_step() * static_cast<double>(total);
    return epoch * (static_cast<double>(epochs_left_) - done);
  }

  /// " - fit: 4:10 left", nothing for 0
  SEQNN_COLD void append_fit_left(double seconds) {
    if (!(seconds > 0)) return;
    line_ += " - fit: ";
    detail::append_duration(line_, seconds);
    line_ += " left";
  }

  /// One state of the bar, over the last one. Numbers that would not fit into `columns` (0: unknown) are left out.
  SEQNN_COLD void draw(const Logs& logs, std::size_t total, double seconds, double fit_left, std::size_t columns) {
    const std::size_t old_width = width_;
    char buffer[64];
    line_ = "\r";
    width_ = 0;

    style("\x1b[1m");  // bold
    if (total == 0) {
      std::snprintf(buffer, sizeof buffer, "%zu/unknown", steps_);
      line_ += buffer;
      width_ += std::string_view(buffer).size();
      style("\x1b[0m");
    } else {
      const int digits = std::snprintf(buffer, sizeof buffer, "%zu", total);
      std::snprintf(buffer, sizeof buffer, "%*zu/%zu ", digits, steps_, total);
      line_ += buffer;
      width_ += std::string_view(buffer).size() + detail::kBarColumns;
      detail::append_bar(line_, steps_, total, terminal_);
    }
    const std::size_t before = line_.size();
    line_ += ' ';
    append_times(seconds);
    append_fit_left(fit_left);
    width_ += line_.size() - before;
    width_ += append_logs(logs, columns, width_);
    line_.append(old_width > width_ ? old_width - width_ : 0, ' ');
  }

  void style(const char* code) {
    if (terminal_.colors) line_ += code;
  }

  SEQNN_COLD void append_epoch(const Training& training, std::size_t epoch) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "Epoch %zu/%zu", epoch + 1, training.epochs());
    line_ += buffer;
  }

  /// "5s 32ms/step"
  SEQNN_COLD void append_times(double seconds) {
    char buffer[96];
    detail::append_duration(line_, seconds);
    line_ += ' ';
    const double step = seconds_per_step();
    if (step >= 1) {
      std::snprintf(buffer, sizeof buffer, "%.0fs/step", step);
    } else if (step >= 1e-3) {
      std::snprintf(buffer, sizeof buffer, "%.0fms/step", step * 1e3);
    } else {
      std::snprintf(buffer, sizeof buffer, "%.0fus/step", step * 1e6);
    }
    line_ += buffer;
  }

  /// " - loss: 0.4100 - …", as many as fit into `columns` of which some are used (0: all). Returns the columns it
  /// added.
  SEQNN_COLD std::size_t append_logs(const Logs& logs, std::size_t columns, std::size_t used) {
    const std::size_t start = line_.size();
    for (const auto& [name, value] : logs) {
      const std::size_t before = line_.size();
      line_ += " - ";
      line_ += name;
      line_ += ": ";
      detail::append_metric(line_, value);
      if (columns != 0 && used + line_.size() - start >= columns) {  // some terminals wrap when the last one is filled
        line_.resize(before);
        break;
      }
    }
    return line_.size() - start;
  }

  SEQNN_COLD void write() {
    out_->write(line_.data(), static_cast<std::streamsize>(line_.size()));
    out_->flush();
  }

  std::ostream* out_;
  double (*clock_)();
  Terminal terminal_;
  Verbose verbose_;
  std::string line_;
  std::size_t epochs_run_ = 0;   // that are over
  std::size_t epochs_left_ = 0;  // with the one that runs
  double spent_ = 0;             // seconds in the epochs that are over
  std::size_t steps_ = 0;        // of this epoch
  std::size_t width_ = 0;        // columns of the bar that is on the screen
  double start_ = 0;             // of this epoch, by clock_
  double trained_until_ = 0;     // end of the last batch
  double next_draw_ = 0;
};

}  // namespace seqnn::inline SEQNN_ABI
