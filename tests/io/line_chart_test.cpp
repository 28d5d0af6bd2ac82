#include "seqnn/io/line_chart.hpp"

#include "support/catch.hpp"
#include "support/xml.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string draw(const Series& series, LineChartOptions options = {}) {
  LineChart chart(std::move(options));
  chart.add(series);
  const std::string svg = svg_of({chart});
  CHECK(xml_fault(svg) == "");
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
  return svg;
}

}  // namespace

TEST_CASE("The check for XML finds what is no XML", "[io][line_chart]") {
  CHECK(xml_fault("<a><b x=\"1\"/>text &#38; more</a>\n") == "");
  CHECK(xml_fault("<a><b></a>") != "");
  CHECK(xml_fault("<a>1 < 2</a>") != "");
  CHECK(xml_fault("<a>this & that</a>") != "");
  CHECK(xml_fault("<a x=\"1\" x=\"2\"/>") != "");
  CHECK(xml_fault("<a x=1/>") != "");
  CHECK(xml_fault("<a/><a/>") != "");
  CHECK(xml_fault("<a>") != "");
}

TEST_CASE("A chart draws its points where the axes say", "[io][line_chart]") {
  // Width 520, height 340. y: 0 … 1 and a twentieth more on both ends: -0.05 … 1.05; its labels have 3 glyphs of 7.2
  // pixels, so the left end is 16 + 21.6 = 37.6; right end 520 - 20 = 500. With one row of legend y runs from 292 up to
  // 60, so that y = 0 is at 292 - 232 · 0.05 / 1.1 = 281.45 and y = 1 at 60 + 10.55 = 70.55.
  const std::string svg = draw({.label = "s", .x = {0, 1, 2}, .y = {0, 1, 0}});
  CHECK_THAT(svg, ContainsSubstring("<path class=\"line c0\" d=\"M37.6 281.45L268.8 70.55L500 281.45\"/>"));
  CHECK_THAT(svg, ContainsSubstring("<circle class=\"f0\" cx=\"268.8\" cy=\"70.55\" r=\"2.5\"/>"));
  CHECK_THAT(svg, ContainsSubstring("<text x=\"268.8\" y=\"310\" text-anchor=\"middle\">1.0</text>"));
  CHECK_THAT(svg, ContainsSubstring("<text x=\"29.6\" y=\"74.55\" text-anchor=\"end\">1.0</text>"));
}

TEST_CASE("A line can have an area around it, which the axes make room for", "[io][line_chart]") {
  // The area reaches from 0 to 1, so the axes are those of the chart above: y = 0.5 is at 176.
  const std::string svg =
      draw({.label = "s", .x = {0, 1, 2}, .y = {0.5, 0.5, 0.5}, .low = {0.5, 0, 0}, .high = {0.5, 1, 1}});
  CHECK_THAT(svg, ContainsSubstring("<path class=\"area f0\" d=\"M37.6 176L268.8 281.45L500 281.45L500 70.55L268.8 "
                                    "70.55L37.6 176Z\"/>"));
  const std::string gap = draw({.x = {0, 1, 2, 3}, .y = {0, 1, 0, 1}, .low = {0, 0, kNaN, 0}, .high = {1, 1, 1, 1}});
  CHECK(occurrences(gap, "Z\"/>") == 1);
  CHECK(occurrences(gap, "class=\"area") == 1);
  CHECK(occurrences(draw({.x = {0, 1}, .y = {0, 1}}), "class=\"area") == 0);
  CHECK_THROWS_MATCHES(
      LineChart({.title = "T"}).add({.label = "s", .x = {0, 1}, .y = {0, 1}, .low = {0, 1}}), ShapeError,
      Catch::Matchers::Message("LineChart \"T\": series \"s\" must have as many low and high values as "
                               "x, or none, got 2 and 0 for 2"));
}

TEST_CASE("A chart of times has dates below it", "[io][line_chart]") {
  LineChart chart({.x_label = "time", .x_times = true});
  chart.add({.label = "a", .x = {0, 86'400 * 3}, .y = {1, 2}});
  const std::string svg = svg_of({chart});
  CHECK_THAT(svg, ContainsSubstring(">1 Jan 1970</text>"));
  CHECK_THAT(svg, ContainsSubstring(">4 Jan</text>"));
}

TEST_CASE("A chart carries title, axis labels with units, and a legend", "[io][line_chart]") {
  const std::string svg = draw({.label = "measured", .x = {0, 1}, .y = {1, 2}, .dashed = true},
                               {.title = "Weather", .x_label = "time", .x_unit = "h", .y_unit = "°C"});
  CHECK_THAT(svg, ContainsSubstring("<text class=\"title\" x=\"57.6\" y=\"24\" text-anchor=\"start\">Weather</text>"));
  CHECK_THAT(svg, ContainsSubstring("<title>Weather</title>"));
  CHECK_THAT(svg, ContainsSubstring(">time (h)</text>"));
  CHECK_THAT(svg, ContainsSubstring(">°C</text>"));
  CHECK_THAT(svg, ContainsSubstring(">measured</text>"));
  CHECK(occurrences(svg, "class=\"line c0 dashed\"") == 2);  // in the legend and in the chart
}

TEST_CASE("A chart has colours for light and for dark pages", "[io][line_chart]") {
  const std::string svg = draw({.label = "s", .x = {0, 1}, .y = {1, 2}});
  CHECK(occurrences(svg, "@media (prefers-color-scheme:dark)") == 1);
  CHECK(occurrences(svg, ".seqnn-chart .page{fill:") == 2);
  CHECK(occurrences(svg, "<rect class=\"page\"") == 1);
  for (const char* const color : {"c0", "c1", "c2", "c3", "c4", "c5", "f0", "f5"}) {
    CHECK(occurrences(svg, std::string(".seqnn-chart .") + color + '{') == 2);
  }
}

TEST_CASE("A chart leaves a gap at NaN and shows single points as dots", "[io][line_chart]") {
  Series series{.label = "s"};
  for (int i = 0; i < 40; ++i) {
    series.x.push_back(i);
    series.y.push_back(i == 10 || i == 12 || i == 20 ? kNaN : i);
  }
  const std::string svg = draw(series);
  CHECK(occurrences(svg, "M") == 3);        // 0-9, 13-19, 21-39
  CHECK(occurrences(svg, "<circle") == 1);  // 11; no dots on lines of more than 30 points
  CHECK(occurrences(svg, "L") == 9 + 6 + 18);
}

TEST_CASE("A chart treats infinity as a gap", "[io][line_chart]") {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::string svg = draw({.label = "s", .x = {0, 1, 2, 3}, .y = {1, infinity, 2, 3}});
  CHECK(occurrences(svg, "<path") == 1);
  CHECK(occurrences(svg, "<circle") == 3);
}

TEST_CASE("A chart of nothing says so", "[io][line_chart]") {
  CHECK_THAT(draw({}), ContainsSubstring(">no data</text>"));
  CHECK_THAT(draw({.label = "s", .x = {1, 2}, .y = {kNaN, kNaN}}), ContainsSubstring(">no data</text>"));
  CHECK(xml_fault(svg_of({})) == "");
}

TEST_CASE("A chart of one point or of a constant has room around it", "[io][line_chart]") {
  // One count: 0.5 … 1.5; 0.4 ± a tenth of it: 0.36 … 0.44, so the point is in the middle of both axes.
  const std::string one = draw({.label = "s", .x = {1}, .y = {0.4}}, {.x_integers = true});
  CHECK(occurrences(one, "<circle class=\"f0\"") == 1);
  CHECK_THAT(one, ContainsSubstring("cy=\"176\""));
  CHECK_THAT(one, ContainsSubstring("text-anchor=\"middle\">1</text>"));
  CHECK_THAT(draw({.label = "s", .x = {1, 2}, .y = {0, 0}}), ContainsSubstring("176"));
  CHECK_THAT(draw({.label = "s", .x = {1, 2}, .y = {-7, -7}}), ContainsSubstring("176"));
}

TEST_CASE("A chart holds the largest and the smallest numbers", "[io][line_chart]") {
  constexpr double kLargest = std::numeric_limits<double>::max();
  constexpr double kSmallest = std::numeric_limits<double>::denorm_min();
  for (const auto& y : std::vector<std::vector<double>>{{-kLargest, kLargest},
                                                        {kLargest, kLargest},
                                                        {kSmallest, kSmallest},
                                                        {0, kSmallest},
                                                        {0, 1e-305},
                                                        {1e16, 1e16 + 2},
                                                        {-1e300, 5}}) {
    const std::string svg = draw({.label = "s", .x = {-1e308, 1e308}, .y = y});
    CHECK(occurrences(svg, "<path") == 1);
    CHECK(occurrences(svg, "<line class=\"grid\"") >= 4);
  }
}

TEST_CASE("A chart marks a point with a ring, a guide and a text", "[io][line_chart]") {
  LineChart chart({.title = "Loss"});
  chart.add({.label = "s", .x = {1, 2, 3}, .y = {3, 1, 2}}).highlight(2, 1, "best");
  const std::string svg = svg_of({chart});
  CHECK(xml_fault(svg) == "");
  CHECK(occurrences(svg, "<circle class=\"ring\"") == 1);
  CHECK(occurrences(svg, "<line class=\"guide\"") == 1);
  CHECK_THAT(svg, ContainsSubstring(">best</text>"));

  chart.highlight(2, kNaN, "none");
  CHECK(occurrences(svg_of({chart}), "class=\"ring\"") == 0);
}

TEST_CASE("The text of a mark stays inside the chart", "[io][line_chart]") {
  LineChart chart;
  chart.add({.label = "s", .x = {1, 2, 3}, .y = {3, 2, 1}})
      .highlight(3, 1, "a rather long text");  // lower right corner
  const std::string svg = svg_of({chart});
  const std::string before = "<text class=\"note\" x=\"";
  const std::size_t note = svg.find(before);
  REQUIRE(note != std::string::npos);
  const double x = std::stod(svg.substr(note + before.size()));
  CHECK(x + 18 * 7.2 <= 500);  // 18 glyphs of 7.2 pixels
  CHECK(x >= 37.6);
}

TEST_CASE("A chart escapes text", "[io][line_chart]") {
  const std::string svg = draw({.label = "a<b & \"c\"", .x = {1}, .y = {1}}, {.title = "naïve\x01\xff\ttitle"});
  CHECK_THAT(svg, ContainsSubstring(">a&#60;b &#38; &#34;c&#34;</text>"));
  CHECK_THAT(svg, ContainsSubstring(">naïve\xEF\xBF\xBD\xEF\xBF\xBD title</text>"));
}

TEST_CASE("A long legend takes several rows", "[io][line_chart]") {
  LineChart chart;
  for (int i = 0; i < 8; ++i) chart.add({.label = "a series with a name", .x = {0, 1}, .y = {0.0, 1.0 * i}});
  const std::string svg = svg_of({chart});
  CHECK(occurrences(svg, " y=\"46\" text-anchor=\"start\">a series") == 2);
  CHECK(occurrences(svg, " y=\"64\" text-anchor=\"start\">a series") == 2);
  CHECK(occurrences(svg, "class=\"line c1\" d=") == 2);  // colours come round after six
}

TEST_CASE("Charts stand beside each other in one picture", "[io][line_chart]") {
  LineChart left({.title = "Left", .width = 300, .height = 200});
  LineChart right({.title = "Right", .width = 400, .height = 250});
  const std::string svg = svg_of({left, right});
  CHECK(xml_fault(svg) == "");
  CHECK_THAT(svg, ContainsSubstring("viewBox=\"0 0 700 250\""));
  CHECK_THAT(svg, ContainsSubstring("translate(300 0)"));
  CHECK_THAT(svg, ContainsSubstring("<title>Left, Right</title>"));
  CHECK(svg == svg_of({left, right}));
}

TEST_CASE("A series of unequal lengths is refused", "[io][line_chart]") {
  LineChart chart({.title = "Loss"});
  CHECK_THROWS_AS(chart.add({.label = "training", .x = {1, 2, 3}, .y = {1}}), ShapeError);
  CHECK_THROWS_WITH(chart.add({.label = "training", .x = {1, 2, 3}, .y = {1}}),
                    "LineChart \"Loss\": series \"training\" must have as many x as y values, got 3 and 1");
  CHECK_THAT(svg_of({chart}), ContainsSubstring("no data"));
}
