#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/timestamp.hpp"
#include "seqnn/io/progress_text.hpp"
#include "seqnn/io/terminal.hpp"
#include "seqnn/walkforward/forecast.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {

struct RunProgressOptions {
  Verbose verbose = Verbose::automatic;
  std::optional<Terminal> terminal = {};        ///< found out from the stream if not given
  double (*clock)() = &detail::steady_seconds;  ///< seconds since any fixed moment
};

/// Prints how a walk-forward run goes. On a terminal a line that is redrawn at most ten times a second, cut to its
/// width, with the time left and at the end the time taken:
///
///     2104/7127 ━━━━━               1:12:40 1.15 points/s - failed: 1
///
/// Elsewhere a line at every tenth of the points:
///
///     2104/7127 points - 30:29 - 1.15 points/s - left: 1:12:40 - failed: 1
///
/// Each failure has a line of its own. Keeps a reference to the stream.
class RunProgress {
 public:
  /// @param points  to be computed, without those `already_stored`
  SEQNN_COLD RunProgress(std::ostream& out, std::size_t points, std::size_t already_stored,
                         const RunProgressOptions& options = {})
      : out_(&out),
        clock_(options.clock),
        terminal_(options.terminal ? *options.terminal : Terminal::behind(out)),
        verbose_(options.verbose != Verbose::automatic ? options.verbose
                 : terminal_.redraws                   ? Verbose::bar
                                                       : Verbose::line),
        points_(points),
        start_(clock_()),
        next_draw_(start_) {
    if (already_stored > 0) write(text(already_stored, " points already stored, ", points, " to compute\n"));
  }

  /// Another point is forecast.
  SEQNN_COLD void add() {
    ++done_;
    show();
  }

  /// Another point has failed.
  SEQNN_COLD void add(const FailedForecast& failure) {
    ++done_;
    ++failed_;
    const bool draws = verbose_ == Verbose::bar && width_ > 0;
    write(text(draws ? "\r" + std::string(width_, ' ') + "\r" : "", date_text(failure.time), " failed: ", failure.error,
               '\n'));
    width_ = 0;
    show();
  }

 private:
  static constexpr double kSecondsBetweenDraws = 0.1;

  SEQNN_COLD void show() {
    const double now = clock_(), elapsed = now - start_;
    const bool last = done_ == points_;
    const double left = elapsed / static_cast<double>(done_) * static_cast<double>(points_ - done_);
    std::string line;
    if (verbose_ == Verbose::bar) {
      if (now < next_draw_ && !last) return;
      next_draw_ = now + kSecondsBetweenDraws;
      const std::string digits = std::to_string(points_), count = std::to_string(done_);
      line = "\r" + std::string(digits.size() - count.size(), ' ') + text(count, '/', digits, ' ');
      std::size_t width = line.size() - 1 + detail::kBarColumns;
      detail::append_bar(line, done_, points_, terminal_);
      std::string rest = " ";
      detail::append_duration(rest, last ? elapsed : left);
      rest += ' ' + rate(elapsed) + failures();
      if (!last && terminal_.columns > width) rest.resize(std::min(rest.size(), terminal_.columns - width - 1));
      line += rest;
      width += rest.size();
      line.append(width_ > width ? width_ - width : 0, ' ');
      width_ = width;
      if (last) line += '\n';
    } else {
      if (done_ * 10 / points_ == (done_ - 1) * 10 / points_) return;
      line = text(done_, '/', points_, " points - ");
      detail::append_duration(line, elapsed);
      line += " - " + rate(elapsed);
      if (!last) {
        line += " - left: ";
        detail::append_duration(line, left);
      }
      line += failures() + '\n';
    }
    write(line);
  }

  /// "1.15 points/s", or "2.3 s/point"
  std::string rate(double elapsed) const {
    const double rate = elapsed > 0 ? static_cast<double>(done_) / elapsed : 0;
    char buffer[64];
    const double number = rate < 1 ? elapsed / static_cast<double>(done_) : rate;
    std::snprintf(buffer, sizeof buffer, number < 100 ? "%.3g" : "%.0f", number);
    return std::string(buffer) + (rate < 1 ? " s/point" : " points/s");
  }

  std::string failures() const { return failed_ == 0 ? "" : text(" - failed: ", failed_); }

  SEQNN_COLD void write(std::string_view what) {
    if (verbose_ == Verbose::silent) return;
    out_->write(what.data(), static_cast<std::streamsize>(what.size()));
    out_->flush();
  }

  std::ostream* out_;
  double (*clock_)();
  Terminal terminal_;
  Verbose verbose_;
  std::size_t points_;
  std::size_t done_ = 0;  // failed ones too
  std::size_t failed_ = 0;
  std::size_t width_ = 0;  // columns of the bar that is on the screen
  double start_;
  double next_draw_;
};

}  // namespace seqnn::inline SEQNN_ABI
