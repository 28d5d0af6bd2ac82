#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/data/series/timestamp.hpp"
#include "seqnn/io/atomic_file.hpp"
#include "seqnn/io/svg.hpp"
#include "seqnn/walkforward/baseline.hpp"
#include "seqnn/walkforward/by_row.hpp"
#include "seqnn/walkforward/calibration.hpp"
#include "seqnn/walkforward/hit_rate.hpp"
#include "seqnn/walkforward/information_coefficient.hpp"
#include "seqnn/walkforward/plan.hpp"
#include "seqnn/walkforward/report_charts.hpp"
#include "seqnn/walkforward/run_options.hpp"
#include "seqnn/walkforward/signal_returns.hpp"
#include "seqnn/walkforward/time_groups.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

struct WalkForwardReportOptions {
  std::string title = "Walk-forward run";
  std::string probability =
      "long_prob";              ///< the detail that says how probable a return of 0 or more is; for calibration
  double times_per_year = 252;  ///< for the mean return over its deviation
};

namespace detail {

/// Rows of a table of HTML, and text around it. Everything is escaped.
class HtmlText {
 public:
  SEQNN_COLD HtmlText& raw(std::string_view html) {
    html_ += html;
    return *this;
  }
  /// `<name>content</name>`
  SEQNN_COLD HtmlText& element(const char* name, std::string_view content) {
    html_ += text('<', name, '>', xml_text(content), "</", name, ">\n");
    return *this;
  }
  SEQNN_COLD HtmlText& row(const char* cell, const std::vector<std::string>& cells) {
    html_ += "<tr>";
    for (const std::string& content : cells) html_ += text('<', cell, '>', xml_text(content), "</", cell, '>');
    html_ += "</tr>\n";
    return *this;
  }
  const std::string& str() const { return html_; }

 private:
  std::string html_;
};

/// "0.5123"; "–" for what is not known.
SEQNN_COLD inline std::string decimal(double value, int places) {
  if (!std::isfinite(value)) return "–";
  char buffer[400];
  return std::string(buffer,
                     std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, places).ptr);
}

/// "0.5123 ± 0.0059"
SEQNN_COLD inline std::string with_error(double value, double error) {
  return std::isfinite(error) ? text(decimal(value, 4), " ± ", decimal(error, 4)) : decimal(value, 4);
}

inline constexpr const char* kReportStyle = R"(<style>
:root{color-scheme:light dark}
body{max-width:720px;margin:2rem auto;padding:0 1rem;font:15px/1.5 sans-serif;color:#14171c;background:#fff}
h1{font-size:1.5rem;margin-bottom:0}
h2{font-size:1.1rem;margin-top:2rem}
p{color:#3d4451}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.25rem .5rem;border-bottom:1px solid #e3e6eb}
th:first-child,td:first-child,.texts th,.texts td{text-align:left}
th{color:#3d4451;font-weight:600}
svg{display:block;max-width:100%;height:auto;margin:1rem 0}
@media (prefers-color-scheme:dark){
body{color:#f0f2f5;background:#14171c}
p,th{color:#b8bfca}
th,td{border-color:#2b3038}
}
</style>
)";

/// The numbers and pictures of a run; made once, written in parts.
class ReportPage {
 public:
  SEQNN_COLD ReportPage(const WalkForwardPlan& plan, const WalkForwardRun& run, std::span<const double> returns,
                        const WalkForwardReportOptions& options)
      : plan_(plan), run_(run), returns_(returns), options_(options) {
    check_by_row("walk_forward_report", "returns", plan, returns.size());
    said_ = forecasts_by_row(plan, run.forecasts);
    gained_ = signal_returns(plan, said_, returns);
  }

  SEQNN_COLD std::string html() {
    page_.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
    page_.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    page_.element("title", options_.title).raw(kReportStyle).raw("</head>\n<body>\n");
    page_.element("h1", options_.title).element("p", plan_.describe());
    numbers();
    page_.element("h2", "Worth");
    page_.element(
        "p",
        "Each time the signal holds what is forecast to rise and owes what is forecast to fall, in equal parts; "
        "always long holds everything. Times without a forecast are left out. Without costs, interest and taxes.");
    page_.raw(svg_of({equity_chart(gained_)}));
    page_.element("h2", "Hits");
    page_.element("p",
                  "Share of forecasts with the right sign. The interval is that of independent forecasts (Wilson).");
    page_.raw(svg_of({hit_rate_chart(plan_, said_, returns_)}));
    probabilities();
    time();
    failures();
    return page_.raw("</body>\n</html>\n").str();
  }

 private:
  SEQNN_COLD void numbers() {
    const HitRate hits = hit_rate(said_, returns_);
    const auto [low, high] = hits.interval();
    page_.raw("<table>\n");
    const auto number = [&](const std::string& name, const std::string& value) { page_.row("td", {name, value}); };
    number("points", text(plan_.size()));
    number("forecasts", text(run_.forecasts.size()));
    number("failed points", text(run_.failures.size()));
    if (!gained_.times.empty()) {
      number("times with a forecast", text(gained_.times.size(), " of ", times_between(), " from first to last"));
    }
    number("hit rate ± standard error", with_error(hits.rate(), hits.standard_error()));
    if (hits.count > 0) number("its 95 % interval", text(decimal(low, 4), " to ", decimal(high, 4)));
    baseline("always +1", Baseline::always_up);
    baseline("majority of the training rows", Baseline::majority);
    baseline("last sign again", Baseline::last_sign);
    if (is_panel()) {
      const InformationCoefficient ic = information_coefficient(plan_, said_, returns_);
      number("information coefficient, ranks ± standard error",
             with_error(ic.mean_spearman.mean, ic.mean_spearman.standard_error));
    }
    returns("signal", gained_.signal);
    returns("always long", gained_.always_long);
    page_.raw("</table>\n");
  }

  /// How many times the plan's rows have from the first forecast to the last, those passed over by a stride included.
  SEQNN_COLD std::size_t times_between() const {
    const auto first = std::lower_bound(plan_.times().begin(), plan_.times().end(), gained_.times.front());
    const auto last = std::upper_bound(first, plan_.times().end(), gained_.times.back());
    return time_groups("walk_forward_report", {first, last}).size() - 1;
  }

  SEQNN_COLD void baseline(const char* name, Baseline baseline) {
    std::vector<double> signs = baseline_forecasts(plan_, returns_, baseline);
    for (std::size_t row = 0; row < signs.size(); ++row) {
      if (std::isnan(said_[row])) signs[row] = said_[row];  // compared where the model has forecast
    }
    page_.row("td", {text("hit rate of ", name), decimal(hit_rate(signs, returns_).rate(), 4)});
  }

  SEQNN_COLD void returns(const std::string& name, const std::vector<double>& returns) {
    const std::vector<double> worth = growth(returns);
    page_.row("td", {name + ": what 1 has become", worth.empty() ? "–" : decimal(worth.back(), 3)});
    page_.row("td", {text(name, ": mean return / its standard deviation × √", options_.times_per_year),
                     decimal(mean_over_deviation(returns, options_.times_per_year), 3)});
  }

  /// Whether some time has several forecasts that differ, and so do their outcomes.
  SEQNN_COLD bool is_panel() const {
    const std::vector<ScoredRows> scored = scored_rows("walk_forward_report", plan_, said_, returns_);
    return std::any_of(scored.begin(), scored.end(),
                       [](const ScoredRows& at) { return !std::isnan(pearson(at.scores, at.outcomes)); });
  }

  SEQNN_COLD void probabilities() {
    const std::vector<double> probabilities = details_by_row(plan_, run_.forecasts, options_.probability);
    const std::size_t n = hit_rate(probabilities, returns_).count;
    const std::vector<CalibrationBin> bins =
        calibration(probabilities, returns_, std::clamp<std::size_t>(n / 30, 1, 10));
    if (bins.empty()) return;
    page_.element("h2", "Probabilities");
    page_.element("p",
                  "Forecasts in the order of their probability of +1, in bins of about as many each, and how often the "
                  "return was not negative.");
    if (bins.size() > 1) page_.raw(svg_of({calibration_chart(bins)}));
    page_.raw("<table>\n").row("th", {"probability", "forecasts", "mean", "share of +1 ± standard error"});
    for (const CalibrationBin& bin : bins) {
      page_.row("td", {text(decimal(bin.lowest, 4), " to ", decimal(bin.highest, 4)), text(bin.happened.count),
                       decimal(bin.predicted, 4), with_error(bin.happened.rate(), bin.happened.standard_error())});
    }
    page_.raw("</table>\n");
  }

  SEQNN_COLD void time() {
    std::vector<double> sorted = run_.seconds;
    if (sorted.empty()) return;
    std::sort(sorted.begin(), sorted.end());
    page_.element("h2", "Time");
    page_.element("p", text(run_.computed, run_.computed == 1 ? " point was" : " points were", " computed in ",
                            decimal(run_.wall_seconds, 1), " s (median ", decimal(sorted[sorted.size() / 2], 3),
                            " s a point, longest ", decimal(sorted.back(), 3), " s); ", run_.already_stored,
                            " had been stored before."));
    page_.raw(svg_of({seconds_chart(run_.seconds)}));
  }

  SEQNN_COLD void failures() {
    constexpr std::size_t kMost = 50;
    if (run_.failures.empty()) return;
    page_.element("h2", "Failed points").raw("<table class=\"texts\">\n").row("th", {"time", "error"});
    for (std::size_t i = 0; i < std::min(run_.failures.size(), kMost); ++i) {
      page_.row("td", {date_text(run_.failures[i].time), run_.failures[i].error});
    }
    page_.raw("</table>\n");
    if (run_.failures.size() > kMost) page_.element("p", text("and ", run_.failures.size() - kMost, " more"));
  }

  const WalkForwardPlan& plan_;
  const WalkForwardRun& run_;
  std::span<const double> returns_;
  const WalkForwardReportOptions& options_;
  std::vector<double> said_;
  SignalReturns gained_;
  HtmlText page_;
};

}  // namespace detail

/// A page about a run, to be opened in a browser: the numbers, what following the forecasts would have gained, hit rate
/// with its confidence interval, calibration where forecasts have probabilities, time a point, and what failed. One
/// file with everything inside, without scripts, light or dark as the reader's other pages.
/// @param returns  by row of the plan: 0.01 is one per cent. Their signs are the outcomes, 0 counting as +1
/// @throws ShapeError for another number of returns
SEQNN_COLD inline std::string walk_forward_report(const WalkForwardPlan& plan, const WalkForwardRun& run,
                                                  std::span<const double> returns,
                                                  const WalkForwardReportOptions& options = {}) {
  return detail::ReportPage(plan, run, returns, options).html();
}

/// Writes it, all or nothing: `write_walk_forward_report("report.html", plan, run, rows.returns)`.
/// @throws as above, FileError
SEQNN_COLD inline void write_walk_forward_report(const std::string& path, const WalkForwardPlan& plan,
                                                 const WalkForwardRun& run, std::span<const double> returns,
                                                 const WalkForwardReportOptions& options = {}) {
  write_file(path, walk_forward_report(plan, run, returns, options));
}

}  // namespace seqnn::inline SEQNN_ABI
