#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/io/chart_style.hpp"
#include "seqnn/io/date_ticks.hpp"
#include "seqnn/io/nice_ticks.hpp"
#include "seqnn/io/svg.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// One line of a chart. Points that are not finite are gaps.
struct Series {
  std::string label = {};
  std::vector<double> x = {};
  std::vector<double> y = {};  ///< as many as x
  bool dashed = false;
  std::vector<double> low = {};   ///< with `high` a shaded area around the line, such as a confidence interval: as many
  std::vector<double> high = {};  ///< as x, or none. Where either is not finite there is no area
};

struct LineChartOptions {
  std::string title = {};
  std::string x_label = {};
  std::string x_unit = {};  ///< shown in parentheses behind the label
  std::string y_label = {};
  std::string y_unit = {};
  bool x_integers = false;  ///< x counts something: no marks between whole numbers
  bool x_times = false;     ///< x is seconds since 1970-01-01, as a Table's times: marks are dates
  double width = 520;       ///< pixels
  double height = 340;
};

/// A chart of lines over common axes, written as SVG. The picture has a background of its own and follows the reader's
/// preference for light or dark pages; the same input gives the same bytes.
///
///     LineChart chart({.title = "Temperature", .x_label = "time", .x_unit = "h", .y_unit = "°C"});
///     chart.add({.label = "measured", .x = hours, .y = degrees});
///     write_file("temperature.svg", svg_of({chart}));
class LineChart {
 public:
  explicit LineChart(LineChartOptions options = {}) : options_(std::move(options)) {}

  /// @throws ShapeError if x and y differ in length, or an area has another one
  SEQNN_COLD LineChart& add(Series series) {
    if (series.x.size() != series.y.size()) {
      throw ShapeError(text("LineChart \"", options_.title, "\": series \"", series.label,
                            "\" must have as many x as y values, got ", series.x.size(), " and ", series.y.size()));
    }
    if (series.low.size() != series.high.size() || (!series.low.empty() && series.low.size() != series.x.size())) {
      throw ShapeError(text("LineChart \"", options_.title, "\": series \"", series.label,
                            "\" must have as many low and high values as x, or none, got ", series.low.size(), " and ",
                            series.high.size(), " for ", series.x.size()));
    }
    series_.push_back(std::move(series));
    return *this;
  }

  /// Marks one point with a ring, a vertical line and a text. Only the last one counts; a point that is not finite has
  /// no mark.
  LineChart& highlight(double x, double y, std::string label) {
    mark_.reset();
    if (std::isfinite(x) && std::isfinite(y)) mark_ = Mark{x, y, std::move(label)};
    return *this;
  }

  const LineChartOptions& options() const { return options_; }

  /// Draws into a picture, for `svg_of`; the upper left corner is at (0, 0).
  void draw(detail::SvgText& svg) const;

 private:
  struct Mark {
    double x, y;
    std::string label;
  };

  /// An interval of data and the pixels it is drawn at; y pixels grow downwards, so `from` may be above `to`.
  struct Axis {
    double low, high, from, to;
    double operator()(double value) const {  // halves, because high - low may overflow
      return from + (to - from) * ((value / 2 - low / 2) / (high / 2 - low / 2));
    }
  };

  struct Range {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();
    void include(double value) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
    bool empty() const { return low > high; }  // no point at all
    void widen(double by) {
      constexpr double kLargest = std::numeric_limits<double>::max();
      low = std::max(low - by, -kLargest);
      high = std::min(high + by, kLargest);
    }
  };

  static bool drawn(const Series& series, std::size_t i) {
    return std::isfinite(series.x[i]) && std::isfinite(series.y[i]);
  }

  /// Whether the area around the line has a point here.
  static bool shaded(const Series& series, std::size_t i) {
    return !series.low.empty() && std::isfinite(series.x[i]) && std::isfinite(series.low[i]) &&
           std::isfinite(series.high[i]);
  }

  /// What the axes must show: all points, and some room if they are all the same.
  std::pair<Range, Range> ranges() const {
    Range x, y;
    for (const auto& series : series_) {
      for (std::size_t i = 0; i < series.x.size(); ++i) {
        if (shaded(series, i)) {
          x.include(series.x[i]);
          y.include(series.low[i]);
          y.include(series.high[i]);
        }
        if (!drawn(series, i)) continue;
        x.include(series.x[i]);
        y.include(series.y[i]);
      }
    }
    if (mark_) {
      x.include(mark_->x);
      y.include(mark_->y);
    }
    for (Range* const range : {&x, &y}) {
      if (range->empty()) continue;
      const double largest = std::max(std::fabs(range->low), std::fabs(range->high));
      if (range->high / 2 - range->low / 2 > std::max(1e-9 * largest, 1e-300)) continue;
      range->widen(range == &x && options_.x_integers ? 0.5 : largest == 0 ? 1 : std::max(0.1 * largest, 1e-300));
    }
    y.widen(y.high / 20 - y.low / 20);
    return {x, y};
  }

  /// The class of the elements of a series: "line c0 dashed".
  SEQNN_COLD static std::string style(const char* kind, std::size_t s, bool dashed = false) {
    constexpr std::size_t kColors = 6;
    std::string result = kind;
    result += static_cast<char>('0' + s % kColors);
    return dashed ? result + " dashed" : result;
  }

  double legend(detail::SvgText& svg, double left) const;
  void axes(detail::SvgText& svg, const Axis& x, const Axis& y, const Ticks& y_ticks) const;
  void areas(detail::SvgText& svg, const Axis& x, const Axis& y) const;
  void lines(detail::SvgText& svg, const Axis& x, const Axis& y) const;
  void mark(detail::SvgText& svg, const Axis& x, const Axis& y) const;

  LineChartOptions options_;
  std::vector<Series> series_;
  std::optional<Mark> mark_;
};

namespace detail {

SEQNN_COLD inline std::string with_unit(const std::string& label, const std::string& unit) {
  return unit.empty() ? label : label.empty() ? unit : label + " (" + unit + ')';
}

}  // namespace detail

SEQNN_COLD inline void LineChart::draw(detail::SvgText& svg) const {
  auto [x_range, y_range] = ranges();
  const bool empty = x_range.empty();
  if (empty) x_range = y_range = {0, 1};
  Ticks y_ticks;
  if (!empty)
    y_ticks = nice_ticks(y_range.low, y_range.high, static_cast<std::size_t>(std::max(2.0, options_.height / 55)));
  double label_width = 0;
  for (const auto& label : y_ticks.labels) label_width = std::max(label_width, detail::text_width(label));

  const double left = (options_.y_label.empty() && options_.y_unit.empty() ? 16 : 36) + label_width;
  svg.label("title", left, 24, "start", options_.title);
  const double top = legend(svg, left);
  const Axis x{x_range.low, x_range.high, left, options_.width - 20};
  const Axis y{y_range.low, y_range.high, options_.height - 48, top};
  if (empty) svg.label("", (x.from + x.to) / 2, (y.from + y.to) / 2, "middle", "no data");
  axes(svg, x, y, y_ticks);
  areas(svg, x, y);
  lines(svg, x, y);
  mark(svg, x, y);
}

/// Labelled strokes below the title, in rows. Returns where the space below them begins.
SEQNN_COLD inline double LineChart::legend(detail::SvgText& svg, double left) const {
  double x = left, y = 46;
  for (std::size_t s = 0; s < series_.size(); ++s) {
    const double width = 28 + detail::text_width(series_[s].label) + 16;
    if (x > left && x + width > options_.width) {
      x = left;
      y += 18;
    }
    svg.line(style("line c", s, series_[s].dashed), x, y - 4, x + 22, y - 4);
    svg.label("", x + 28, y, "start", series_[s].label);
    x += width;
  }
  return series_.empty() ? 34 : y + 14;
}

/// Grid, numbers and labels; no marks on x without marks on y.
SEQNN_COLD inline void LineChart::axes(detail::SvgText& svg, const Axis& x, const Axis& y, const Ticks& y_ticks) const {
  for (std::size_t i = 0; i < y_ticks.at.size(); ++i) {
    const double at = y(y_ticks.at[i]);
    svg.line("grid", x.from, at, x.to, at);
    svg.label("", x.from - 8, at + 4, "end", y_ticks.labels[i]);
  }
  Ticks x_ticks;
  const auto wanted = static_cast<std::size_t>(std::max(2.0, (x.to - x.from) / 60));
  if (!y_ticks.at.empty()) {
    x_ticks =
        options_.x_times ? date_ticks(x.low, x.high, wanted) : nice_ticks(x.low, x.high, wanted, options_.x_integers);
  }
  for (std::size_t i = 0; i < x_ticks.at.size(); ++i) {
    const double at = x(x_ticks.at[i]);
    svg.line("grid", at, y.to, at, y.from);
    svg.label("", at, y.from + 18, "middle", x_ticks.labels[i]);
  }
  svg.line("axis", x.from, y.from, x.to, y.from);
  svg.line("axis", x.from, y.to, x.from, y.from);
  svg.label("", (x.from + x.to) / 2, y.from + 38, "middle", detail::with_unit(options_.x_label, options_.x_unit));
  svg << "<g transform=\"translate(18 " << (y.from + y.to) / 2 << ") rotate(-90)\">\n";
  svg.label("", 0, 0, "middle", detail::with_unit(options_.y_label, options_.y_unit));
  svg << "</g>\n";
}

/// The area between low and high of each series: there along the low values, and back along the high ones.
SEQNN_COLD inline void LineChart::areas(detail::SvgText& svg, const Axis& x, const Axis& y) const {
  for (std::size_t s = 0; s < series_.size(); ++s) {
    const auto& series = series_[s];
    detail::SvgText path;
    for (std::size_t begin = 0, end = 0; begin < series.x.size(); begin = end + 1) {
      for (end = begin; end < series.x.size() && shaded(series, end);) ++end;
      for (std::size_t i = begin; i < end; ++i)
        path << (i == begin ? "M" : "L") << x(series.x[i]) << " " << y(series.low[i]);
      for (std::size_t i = end; i-- > begin;) path << "L" << x(series.x[i]) << " " << y(series.high[i]);
      if (begin < end) path << "Z";
    }
    if (!path.str().empty()) svg << "<path class=\"" << style("area f", s) << "\" d=\"" << path.str() << "\"/>\n";
  }
}

/// A path for each series, broken at gaps. Points get dots where a line alone would hide them: single ones between
/// gaps, and all if there are few.
SEQNN_COLD inline void LineChart::lines(detail::SvgText& svg, const Axis& x, const Axis& y) const {
  constexpr std::size_t kFew = 30;
  for (std::size_t s = 0; s < series_.size(); ++s) {
    const auto& series = series_[s];
    const std::size_t n = series.x.size();
    detail::SvgText path, dots;
    for (std::size_t i = 0; i < n; ++i) {
      if (!drawn(series, i)) continue;
      const bool starts = i == 0 || !drawn(series, i - 1);
      const bool single = starts && (i + 1 == n || !drawn(series, i + 1));
      const double px = x(series.x[i]), py = y(series.y[i]);
      if (!single) path << (starts ? "M" : "L") << px << " " << py;
      if (single || n <= kFew) dots.circle(style("f", s), px, py, 2.5);
    }
    if (!path.str().empty()) {
      svg << "<path class=\"" << style("line c", s, series.dashed) << "\" d=\"" << path.str() << "\"/>\n";
    }
    svg << dots.str();
  }
}

/// The highlighted point, with its text where it covers the fewest lines.
SEQNN_COLD inline void LineChart::mark(detail::SvgText& svg, const Axis& x, const Axis& y) const {
  if (!mark_) return;
  const double px = x(mark_->x), py = y(mark_->y);
  const double width = detail::text_width(mark_->label), height = 16, gap = 10;

  struct Box {
    double left, top;
  };
  const auto badness = [&](const Box& box) {
    const double right = box.left + width, bottom = box.top + height;
    std::size_t bad = box.left < x.from || right > x.to || box.top < y.to || bottom > y.from ? 1'000'000 : 0;
    for (const auto& series : series_) {
      for (std::size_t i = 1; i < series.x.size(); ++i) {
        if (!drawn(series, i - 1) || !drawn(series, i)) continue;
        const double x1 = x(series.x[i - 1]), x2 = x(series.x[i]), y1 = y(series.y[i - 1]), y2 = y(series.y[i]);
        const double from = std::max(std::min(x1, x2), box.left), to = std::min(std::max(x1, x2), right);
        if (from > to) continue;
        const auto at = [&](double p) { return x1 == x2 ? y1 : y1 + (y2 - y1) * (p - x1) / (x2 - x1); };
        bad += std::min(at(from), at(to)) < bottom && std::max(at(from), at(to)) > box.top;
      }
    }
    return bad;
  };
  Box best{px + gap, py - gap - height};
  std::size_t least = badness(best);
  for (const double up :
       {-gap - height, gap, -3 * gap - height, 3 * gap, -6 * gap - height, 6 * gap, -10 * gap - height}) {
    for (const double side : {gap, -gap - width}) {
      const Box box{px + side, py + up};
      if (const std::size_t bad = badness(box); bad < least) {
        least = bad;
        best = box;
      }
    }
  }
  svg.line("guide", px, y.to, px, y.from);
  svg.circle("ring", px, py, 4.5);
  svg.label("note", best.left, best.top + 12, "start", mark_->label);
}

/// A whole SVG file of charts beside each other.
SEQNN_COLD inline std::string svg_of(const std::vector<LineChart>& charts) {
  double width = 0, height = 0;
  std::string title;
  detail::SvgText body;
  for (const auto& chart : charts) {
    body << "<g transform=\"translate(" << width << " 0)\">\n";
    chart.draw(body);
    body << "</g>\n";
    width += chart.options().width;
    height = std::max(height, chart.options().height);
    if (!title.empty()) title += ", ";
    title += chart.options().title;
  }
  detail::SvgText svg;
  svg << "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"seqnn-chart\" role=\"img\"";
  svg.attribute("width", width).attribute("height", height) << " viewBox=\"0 0 " << width << " " << height << "\">\n";
  svg << "<title>" << detail::xml_text(title) << "</title>\n" << detail::kChartStyle << "<rect class=\"page\"";
  svg.attribute("width", width).attribute("height", height) << "/>\n" << body.str() << "</svg>\n";
  return svg.str();
}

}  // namespace seqnn::inline SEQNN_ABI
