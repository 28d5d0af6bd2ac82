#include "seqnn/training/compare_histories.hpp"

#include "support/catch.hpp"
#include "support/xml.hpp"

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

History of(const std::vector<double>& losses, const std::string& name = "val_loss", std::size_t first = 0) {
  History history;
  for (const double loss : losses) history.append(first + history.epochs(), {{name, loss}});
  return history;
}

std::string draw(const LineChart& chart) {
  const std::string svg = svg_of({chart});
  CHECK(xml_fault(svg) == "");
  return svg;
}

}  // namespace

TEST_CASE("Trainings are compared in one chart", "[training][history]") {
  const std::string svg = draw(compare_histories({{"gru", of({3, 2, 2.5})}, {"lstm", of({4, 1.5})}}));
  CHECK_THAT(svg, ContainsSubstring("<title>Validation loss</title>"));
  CHECK_THAT(svg, ContainsSubstring(">gru</text>"));
  CHECK_THAT(svg, ContainsSubstring(">lstm</text>"));
  CHECK(occurrences(svg, "<path") == 2);
  CHECK(occurrences(svg, "class=\"ring\"") == 1);
  CHECK_THAT(svg, ContainsSubstring(">lstm, epoch 2: 1.5000</text>"));
}

TEST_CASE("Trainings are compared by a metric that is better when high, with its unit", "[training][history]") {
  const std::vector<NamedHistory> runs = {{"a", of({50, 80}, "accuracy", 4)}, {"b", of({70, 60}, "accuracy")}};
  const std::string svg = draw(compare_histories(
      runs, {.metric = "accuracy", .unit = "%", .title = "Who is right", .width = 600, .height = 300}));
  CHECK_THAT(svg, ContainsSubstring(">a, epoch 6: 80.0000</text>"));
  CHECK_THAT(svg, ContainsSubstring(">accuracy (%)</text>"));
  CHECK_THAT(svg, ContainsSubstring("<title>Who is right</title>"));
  CHECK_THAT(svg, ContainsSubstring("viewBox=\"0 0 600 300\""));
}

TEST_CASE("Trainings without numbers are not the best", "[training][history]") {
  CHECK_THAT(draw(compare_histories({{"broken", of({kNaN})}, {"b", of({7, kNaN, 8})}})),
             ContainsSubstring(">b, epoch 1: 7.0000</text>"));
  CHECK(occurrences(draw(compare_histories({{"broken", of({kNaN})}})), "class=\"ring\"") == 0);
}

TEST_CASE("Comparing needs histories that have the metric", "[training][history]") {
  CHECK_THROWS_AS(compare_histories({}), OptionError);
  CHECK_THROWS_WITH(compare_histories({}), "compare_histories: must have at least one history, got none");
  CHECK_THROWS_WITH(compare_histories({{"a", of({1}, "loss")}}),
                    "History: name must be one of \"loss\", got \"val_loss\"");
}

TEST_CASE("A chart of one metric marks its own best epoch", "[training][history]") {
  History history;
  history.append(0, {{"loss", 3}, {"mae", 5}, {"val_loss", 1}, {"val_mae", 2}});
  history.append(1, {{"loss", 2}, {"mae", 4}, {"val_loss", 2}, {"val_mae", 1}});
  const std::string svg = draw(history_chart(history, {.metric = "mae", .unit = "°C"}));
  CHECK_THAT(svg, ContainsSubstring("<title>Mae</title>"));
  CHECK_THAT(svg, ContainsSubstring(">mae (°C)</text>"));
  CHECK_THAT(svg, ContainsSubstring(">training</text>"));
  CHECK_THAT(svg, ContainsSubstring(">validation</text>"));
  CHECK_THAT(svg, ContainsSubstring(">epoch 2: 1.0000</text>"));
  CHECK_THAT(draw(history_chart(history, {.metric = "mae", .best_by = "val_loss"})),
             ContainsSubstring(">epoch 1: 2.0000</text>"));
  const std::string twin = draw(history_chart(history, {.metric = "val_mae"}));  // alone
  CHECK(occurrences(twin, "<path") == 1);
  CHECK_THAT(twin, ContainsSubstring(">validation</text>"));
  CHECK_THROWS_WITH(history_chart(history, {.metric = "mse"}),
                    "History: name must be one of \"loss\", \"mae\", \"val_loss\", \"val_mae\", got \"mse\"");
  CHECK_THAT(draw(history_chart(History())), ContainsSubstring(">no data</text>"));
}
