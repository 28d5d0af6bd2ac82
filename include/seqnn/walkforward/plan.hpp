#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/timestamp.hpp"
#include "seqnn/walkforward/plan_bound.hpp"
#include "seqnn/walkforward/point.hpp"
#include "seqnn/walkforward/time_groups.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Options of a WalkForwardPlan. All are counted in different times, which are rows in a single series.
struct WalkForwardPlanOptions {
  std::size_t ahead = 1;           ///< times forecast at a point
  std::size_t min_history = 1000;  ///< times there must be to learn from before the first forecast
  std::size_t max_history = 0;     ///< 0: all ("expanding", "anchored"); else the newest so many ("rolling")
  std::size_t delay = 0;           ///< times right before a forecast that nothing is learned from: a purge
  PlanBound start = {};            ///< the first time to forecast; earlier ones than min_history allows are left out
  PlanBound end = {};              ///< the last, itself included
  std::size_t stride = 1;          ///< every so many-th point, from the first
  std::size_t max_points = 0;      ///< 0: all; else the first so many
};

/// The points of a walk-forward run: where models are trained and what each forecasts. A point learns from times before
/// those it forecasts, never from the `delay` times between, and points forecast the times one after another without
/// overlap; a last block of fewer than `ahead` times is left out.
///
///     WalkForwardPlan plan(table.times(), {.min_history = 1000, .start = "2015-05-20"});
///     for (const WalkForwardPoint& point : plan) …
///
/// Source  ForecastLocations of github.com/ivannp/wfl_cntk, with these corrections: a panel's blocks begin at the first
///         row of a time, a delay purges, a rolling history has exactly max_history times, a plan may have one point,
///         and a start date needs no longer history than none.
class WalkForwardPlan {
 public:
  /// A single series.
  /// @param times  of the rows, seconds since 1970 as a Table's, each later than the one before
  /// @throws DataError for times out of order or repeated, OptionError for options out of range and for no points
  SEQNN_COLD explicit WalkForwardPlan(std::vector<std::int64_t> times, WalkForwardPlanOptions options = {})
      : times_(std::move(times)) {
    plan(options);
  }

  /// A panel: rows sorted by time, at each time one for every symbol that there is.
  /// @param symbols  of the rows
  /// @throws as above, DataError for a symbol twice at a time, ShapeError for not as many symbols as times
  template <std::same_as<std::vector<std::string>> Symbols>  // so that {.ahead = 2} can only mean options
  SEQNN_COLD WalkForwardPlan(std::vector<std::int64_t> times, Symbols symbols, WalkForwardPlanOptions options = {})
      : times_(std::move(times)), symbols_(std::move(symbols)), panel_(true) {
    if (symbols_.size() != times_.size()) {
      throw ShapeError(text("WalkForwardPlan: there must be a symbol for each of the ", times_.size(), " times, got ",
                            symbols_.size()));
    }
    plan(options);
  }

  /// How many points there are, at least one.
  std::size_t size() const { return points_.size(); }
  const WalkForwardPoint& operator[](std::size_t index) const { return points_[index]; }
  auto begin() const { return points_.begin(); }
  auto end() const { return points_.end(); }

  std::size_t rows() const { return times_.size(); }
  std::int64_t time(std::size_t row) const { return times_[row]; }
  const std::vector<std::int64_t>& times() const { return times_; }
  /// "" for a single series
  const std::string& symbol(std::size_t row) const { return panel_ ? symbols_[row] : no_symbol_; }

  /// "7 points from 2015-05-20 to 2015-05-29, learning from 8120 to 8126 rows": what a run does, in a line.
  SEQNN_COLD std::string describe() const {
    const WalkForwardPoint &first = points_.front(), &last = points_.back();
    const auto [least, most] = std::minmax({first.train.size(), last.train.size()});
    const std::string learned = least == most ? text(least) : text(least, " to ", most);
    return text(size(), size() == 1 ? " point from " : " points from ", date_text(time(first.forecast.begin)), " to ",
                date_text(time(last.forecast.end - 1)), ", learning from ", learned, " rows");
  }

 private:
  void plan(const WalkForwardPlanOptions& options);
  void check(const WalkForwardPlanOptions& options) const;
  void check_rows(RowRange rows) const;
  [[noreturn]] void fail_without_points(const std::string& why) const;

  std::vector<std::int64_t> times_;
  std::vector<std::string> symbols_;
  bool panel_ = false;
  std::string no_symbol_;
  std::vector<WalkForwardPoint> points_;
};

SEQNN_COLD inline void WalkForwardPlan::plan(const WalkForwardPlanOptions& options) {
  check(options);
  const std::vector<std::size_t> first_rows = time_groups("WalkForwardPlan", times_);  // of the different times
  const std::size_t n = first_rows.size() - 1;
  for (std::size_t t = 0; t < n; ++t) check_rows({first_rows[t], first_rows[t + 1]});

  // Neither sum overflows: more than n of anything is too many already.
  const auto at_most = [n](std::size_t count) { return std::min(count, n + 1); };
  const std::size_t earliest = at_most(options.min_history) + at_most(options.delay);
  const std::size_t ahead = at_most(options.ahead);
  if (earliest + ahead > n) {
    fail_without_points(text(n, " times, where min_history ", options.min_history, " + delay ", options.delay,
                             " + ahead ", options.ahead, " are needed; take a smaller min_history, or more data"));
  }
  const auto index_of = [&](std::int64_t time) {  // of the first time that is not before
    const auto found = std::lower_bound(first_rows.begin(), first_rows.end() - 1, time,
                                        [&](std::size_t row, std::int64_t value) { return times_[row] < value; });
    return static_cast<std::size_t>(found - first_rows.begin());
  };
  std::size_t start = options.start.index().value_or(0);
  if (const auto date = options.start.first_second()) start = index_of(*date);
  std::size_t stop = options.end.index() ? std::min(n, at_most(*options.end.index()) + 1) : n;  // behind the last time
  if (const auto date = options.end.last_second()) stop = index_of(*date + 1);

  start = std::max(start, earliest);
  if (start >= stop || stop - start < ahead) {
    const std::size_t left = stop > start ? stop - start : 0;
    fail_without_points(text(left, left == 1 ? " time" : " times", " between start and end where ahead is ",
                             options.ahead, " (of ", n, " times, ", date_text(time(0)), " to ",
                             date_text(time(rows() - 1)), ", the first that can be forecast is ",
                             date_text(time(first_rows[earliest])), "); move start or end"));
  }
  const std::size_t blocks = (stop - start) / ahead;
  for (std::size_t block = 0; block < blocks; block += std::min(options.stride, blocks)) {
    if (options.max_points > 0 && size() == options.max_points) break;
    const std::size_t at = start + block * ahead, learned = at - options.delay;
    const std::size_t oldest =
        options.max_history > 0 && options.max_history < learned ? learned - options.max_history : 0;
    points_.push_back({.index = size(),
                       .train = {first_rows[oldest], first_rows[learned]},
                       .forecast = {first_rows[at], first_rows[at + ahead]}});
  }
}

SEQNN_COLD inline void WalkForwardPlan::check(const WalkForwardPlanOptions& options) const {
  const auto positive = [](const char* name, std::size_t value) {
    if (value == 0) throw OptionError(text("WalkForwardPlan: ", name, " must be at least 1, got 0"));
  };
  positive("ahead", options.ahead);
  positive("min_history", options.min_history);
  positive("stride", options.stride);
}

/// That there is one row a time in a single series, and one for each symbol in a panel.
SEQNN_COLD inline void WalkForwardPlan::check_rows(RowRange rows) const {
  if (rows.size() == 1) return;
  if (!panel_) {
    throw DataError(text("WalkForwardPlan: times of a single series must differ, got ", date_text(times_[rows.begin]),
                         " in rows ", rows.begin, " and ", rows.begin + 1,
                         "; keep one of them, or give the symbol of each row if these are several series"));
  }
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), rows.begin);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return symbols_[a] < symbols_[b]; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    const std::size_t a = order[i - 1], b = order[i];
    if (symbols_[a] != symbols_[b]) continue;
    throw DataError(text("WalkForwardPlan: a symbol must have one row a time, got \"", symbols_[a], "\" in rows ", a,
                         " and ", b, ", both of ", date_text(times_[a]), "; keep one of them"));
  }
}

SEQNN_COLD inline void WalkForwardPlan::fail_without_points(const std::string& why) const {
  throw OptionError(text("WalkForwardPlan: there must be a point to forecast, got ", why));
}

}  // namespace seqnn::inline SEQNN_ABI
