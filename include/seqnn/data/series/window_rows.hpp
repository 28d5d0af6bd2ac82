#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/row_range.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// The rows of one sample, counted from the first that it reads.
///
///   inputs    j·step                             j = 0 … values - 1
///   targets   target_offset + k·horizon_step     k = 0 … horizon - 1
struct WindowPattern {
  std::size_t values = 1;         ///< rows read as inputs
  std::size_t step = 1;           ///< rows from one of them to the next
  std::size_t target_offset = 0;  ///< rows from the first input to the first target
  std::size_t horizon = 1;        ///< rows that are targets; 0: no targets
  std::size_t horizon_step = 1;   ///< rows from one of them to the next
};

/// Which rows the samples of a data set read. Knows row numbers only, no values.
///
/// Samples start at the rows begin, begin + stride, begin + 2·stride … of a range; those that would span a gap are left
/// out.
class WindowRows {
 public:
  /// @param starts  rows at which samples may start, not empty
  /// @param gaps    rows before which time is missing: no sample has its first row before and its last row at or after
  /// one
  SEQNN_COLD WindowRows(const WindowPattern& pattern, RowRange starts, std::size_t stride,
                        std::vector<std::size_t> gaps = {})
      : pattern_(pattern), stride_(std::min(stride, starts.size())) {
    std::size_t last = (pattern.values - 1) * pattern.step;
    if (pattern.horizon > 0)
      last = std::max(last, pattern.target_offset + (pattern.horizon - 1) * pattern.horizon_step);
    std::sort(gaps.begin(), gaps.end());
    const auto on_grid = [&](std::size_t row) {  // the first row from here on at which a sample may start
      return starts.begin + (std::max(row, starts.begin) - starts.begin + stride_ - 1) / stride_ * stride_;
    };
    std::size_t row = starts.begin;
    for (const std::size_t gap : gaps) {
      if (gap > row + last) add_run(row, std::min(gap - last, starts.end));
      row = std::max(row, on_grid(gap));
    }
    add_run(row, starts.end);
    left_out_ = (starts.size() + stride_ - 1) / stride_ - size_;
  }

  /// Number of samples.
  std::size_t size() const { return size_; }
  /// Samples that were left out because they would span a gap.
  std::size_t left_out() const { return left_out_; }
  const WindowPattern& pattern() const { return pattern_; }

  // Rows of sample i < size().
  std::size_t first_input(std::size_t i) const {
    const auto run = std::upper_bound(runs_.begin(), runs_.end(), i,
                                      [](std::size_t sample, const Run& r) { return sample < r.sample; }) -
                     1;
    return run->row + (i - run->sample) * stride_;
  }
  std::size_t last_input(std::size_t i) const { return first_input(i) + (pattern_.values - 1) * pattern_.step; }
  std::size_t first_target(std::size_t i) const { return first_input(i) + pattern_.target_offset; }
  std::size_t last_target(std::size_t i) const {
    return first_target(i) + (pattern_.horizon - 1) * pattern_.horizon_step;
  }

  /// "sample 0 reads rows 0, 6, …, 1434 and predicts row 1578"
  SEQNN_COLD std::string describe(std::size_t i) const {
    std::string line = text("sample ", i, " reads ", list(first_input(i), pattern_.values, pattern_.step));
    if (pattern_.horizon > 0) {
      line += " and predicts " + list(first_target(i), pattern_.horizon, pattern_.horizon_step);
    }
    return line;
  }

 private:
  /// Samples sample, sample + 1, … start at row, row + stride, …
  struct Run {
    std::size_t sample;
    std::size_t row;
  };

  SEQNN_COLD void add_run(std::size_t row, std::size_t end) {
    if (row >= end) return;
    runs_.push_back({size_, row});
    size_ += (end - row + stride_ - 1) / stride_;
  }

  SEQNN_COLD static std::string list(std::size_t first, std::size_t count, std::size_t step) {
    if (count == 1) return text("row ", first);
    std::string rows = text("rows ", first, ", ", first + step);
    if (count > 2) rows += text(count > 3 ? ", …, " : ", ", first + (count - 1) * step);
    return rows;
  }

  WindowPattern pattern_;
  std::size_t stride_;
  std::size_t size_ = 0;
  std::size_t left_out_ = 0;
  std::vector<Run> runs_;  // one, and one more for each gap
};

}  // namespace seqnn::inline SEQNN_ABI
