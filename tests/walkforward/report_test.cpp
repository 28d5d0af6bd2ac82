#include "seqnn/walkforward/report.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/xml.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Message;

namespace {

std::vector<std::int64_t> days(std::size_t n) {
  std::vector<std::int64_t> times(n);
  for (std::size_t i = 0; i < n; ++i) times[i] = static_cast<std::int64_t>(i) * kSecondsPerDay;
  return times;
}

/// The page, which must be well-formed and need nothing from elsewhere.
std::string page(const WalkForwardPlan& plan, const WalkForwardRun& run, const std::vector<double>& returns,
                 const WalkForwardReportOptions& options = {}) {
  const std::string html = walk_forward_report(plan, run, returns, options);
  const std::string doctype = "<!DOCTYPE html>\n";
  REQUIRE(html.substr(0, doctype.size()) == doctype);
  CHECK(xml_fault(html.substr(doctype.size())) == "");
  for (const char* const other : {"<script", "<link", "<img", "url(", "href", "src="})
    CHECK(occurrences(html, other) == 0);
  CHECK(occurrences(html, "http") == occurrences(html, "http://www.w3.org/2000/svg"));  // a name, nothing is fetched
  CHECK(occurrences(html, "nan") + occurrences(html, "inf ") + occurrences(html, "inf<") == 0);
  return html;
}

std::string line(const std::string& name, const std::string& value) {
  return "<tr><td>" + name + "</td><td>" + value + "</td></tr>";
}

}  // namespace

TEST_CASE("The report of a run by hand", "[walkforward][report]") {
  const std::vector<double> returns{0.5, -0.5, 0.5, -0.5, 0.25, -0.5};
  const WalkForwardPlan plan(days(6), {.min_history = 1});
  WalkForwardRun run;
  run.computed = 4;
  run.already_stored = 0;
  run.failures = {{plan.time(4), "fit: <loss> must be finite & known"}};
  for (const std::size_t row : {1U, 2U, 3U, 5U}) {
    const double said = row == 3 ? 1 : returns[row] < 0 ? -1 : 1;  // one of four is wrong
    run.forecasts.push_back({plan.time(row), "", said, {{"long_prob", 0.5 + 0.1 * said}}});
    run.seconds.push_back(static_cast<double>(row));
  }
  run.wall_seconds = 6;

  const std::string html = page(plan, run, returns, {.title = "A & B", .times_per_year = 4});
  CHECK_THAT(html, ContainsSubstring("<title>A &#38; B</title>"));
  CHECK_THAT(html, ContainsSubstring("5 points from 1970-01-02 to 1970-01-06"));
  CHECK_THAT(html, ContainsSubstring(line("points", "5")));
  CHECK_THAT(html, ContainsSubstring(line("failed points", "1")));
  CHECK_THAT(html, ContainsSubstring(line("times with a forecast", "4 of 5 from first to last")));
  CHECK_THAT(html, ContainsSubstring(line("hit rate ± standard error", "0.7500 ± 0.2165")));  // sqrt(3/16/4)
  CHECK_THAT(html, ContainsSubstring(line("hit rate of always +1", "0.2500")));
  // Rows 1, 2, 3, 5: known before are + | + - | + - + | + - + - +, so it says + + + +
  CHECK_THAT(html, ContainsSubstring(line("hit rate of majority of the training rows", "0.2500")));
  CHECK_THAT(html, ContainsSubstring(line("hit rate of last sign again", "0.0000")));  // + - + +
  CHECK_THAT(html, ContainsSubstring(line("signal: what 1 has become", "1.688")));     // 1.5 · 1.5 · 0.5 · 1.5
  CHECK_THAT(html, ContainsSubstring(line("always long: what 1 has become", "0.188")));
  // 0.5 0.5 -0.5 0.5: mean 0.25, variance 0.75 / 3, so 0.25 / 0.5 · 2
  CHECK_THAT(html, ContainsSubstring(line("signal: mean return / its standard deviation × √4", "1.000")));
  CHECK_THAT(html,
             ContainsSubstring("<tr><td>0.4000 to 0.6000</td><td>4</td><td>0.5000</td><td>0.2500 ± 0.2165</td></tr>"));
  CHECK_THAT(html, ContainsSubstring("4 points were computed in 6.0 s (median 3.000 s a point, longest 5.000 s)"));
  CHECK_THAT(html, ContainsSubstring(line("1970-01-05", "fit: &#60;loss&#62; must be finite &#38; known")));
  CHECK(occurrences(html, "<svg") == 3);  // worth, hits, time; one bin is no chart
  CHECK(occurrences(html, "prefers-color-scheme:dark") == 4);
  CHECK(html == page(plan, run, returns, {.title = "A & B", .times_per_year = 4}));
}

TEST_CASE("A long run has all charts, of a size that a page can hold", "[walkforward][report]") {
  const std::size_t n = 7'000;
  std::vector<double> returns(n);
  for (std::size_t i = 0; i < n; ++i) returns[i] = i % 3 == 0 ? -0.01 : 0.006;
  const WalkForwardPlan plan(days(n), {.min_history = 10});
  WalkForwardRun run;
  for (std::size_t row = 10; row < n; ++row) {
    const double p = 0.45 + 0.1 * static_cast<double>(row % 101) / 100;
    run.forecasts.push_back({plan.time(row), "", p < 0.5 ? -1.0 : 1.0, {{"up", p}}});
    run.seconds.push_back(1 + p);
  }
  const std::string html = page(plan, run, returns, {.probability = "up"});
  CHECK(occurrences(html, "<svg") == 4);
  CHECK(occurrences(html, "<path class=\"area f0\"") == 2);
  CHECK(occurrences(html, " to 0.") == 11);  // ten bins, and the interval
  CHECK(html.size() < 200'000);
}

TEST_CASE("A panel has an information coefficient", "[walkforward][report]") {
  const std::vector<std::string> symbols{"A", "B", "A", "B", "A", "B"};
  const WalkForwardPlan plan({0, 0, 86'400, 86'400, 172'800, 172'800}, symbols, {.min_history = 1});
  WalkForwardRun run;
  for (std::size_t row = 2; row < 6; ++row) {
    run.forecasts.push_back({plan.time(row), symbols[row], row % 2 == 0 ? 1.0 : -1.0, {}});
  }
  const std::string html = page(plan, run, {0.1, 0.1, 0.2, 0.1, 0.2, 0.1});
  CHECK_THAT(html, ContainsSubstring(line("information coefficient, ranks ± standard error", "1.0000 ± 0.0000")));
  CHECK(occurrences(html, "<h2>Probabilities") == 0);
  CHECK(occurrences(html, "<h2>Time") == 0);
  CHECK(occurrences(html, "<h2>Failed") == 0);
}

TEST_CASE("A run without any forecast has a report too", "[walkforward][report]") {
  const WalkForwardPlan plan(days(3), {.min_history = 1});
  WalkForwardRun run;
  for (std::size_t i = 0; i < 60; ++i) run.failures.push_back({plan.time(1), "no"});
  const std::string html = page(plan, run, {0.1, 0.1, 0.1});
  CHECK_THAT(html, ContainsSubstring(line("hit rate ± standard error", "–")));
  CHECK_THAT(html, ContainsSubstring("and 10 more"));
  CHECK_THROWS_MATCHES(walk_forward_report(plan, run, std::vector<double>{1}), ShapeError,
                       Message("walk_forward_report: returns must be one for each of the plan's 3 rows, got 1; NaN "
                               "stands for none"));
}

TEST_CASE("A report is written as a whole", "[walkforward][report]") {
  const TemporaryFolder folder;
  const WalkForwardPlan plan(days(3), {.min_history = 1});
  const std::vector<double> returns{0.1, 0.1, 0.1};
  write_walk_forward_report(folder / "report.html", plan, {}, returns);
  CHECK(read_file(folder / "report.html") == walk_forward_report(plan, {}, returns));
  CHECK_THROWS_AS(write_walk_forward_report(folder / "no/report.html", plan, {}, returns), FileError);
}
