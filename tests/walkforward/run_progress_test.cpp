#include "seqnn/walkforward/run_progress.hpp"

#include "seqnn/data/series/timestamp.hpp"
#include "support/catch.hpp"

#include <sstream>
#include <string>

using namespace seqnn;

namespace {

double now = 0;
double clock_of_test() { return now; }

std::string bars(std::size_t n) {
  std::string result;
  for (std::size_t i = 0; i < n; ++i) result += "━";
  return result;
}

}  // namespace

TEST_CASE("The bar of a run is redrawn with rate and time left", "[walkforward][run]") {
  std::ostringstream out;
  const auto printed = [&] {
    const std::string text = out.str();
    out.str("");
    return text;
  };
  now = 100;
  RunProgress progress(out, 10, 0,
                       {.verbose = Verbose::bar, .terminal = Terminal{.redraws = true}, .clock = &clock_of_test});
  CHECK(printed().empty());
  now = 110;
  progress.add();
  CHECK(printed() == "\r 1/10 " + bars(2) + std::string(18, ' ') + " 1:30 10 s/point");
  now = 110.05;  // too soon
  progress.add();
  CHECK(printed().empty());
  now = 111.5;
  progress.add({timestamp({.year = 2020}), "no memory"});
  CHECK(printed() == "\r" + std::string(42, ' ') + "\r2020-01-01 failed: no memory\n\r 3/10 " + bars(6) +
                         std::string(14, ' ') + " 27s 3.83 s/point - failed: 1");
  now = 101;
  for (int i = 0; i < 6; ++i) progress.add();
  now = 102;
  progress.add();
  CHECK(printed() == "\r10/10 " + bars(20) + " 2s 5 points/s - failed: 1   \n");
}

TEST_CASE("The bar of a run is cut to the width of the terminal", "[walkforward][run]") {
  std::ostringstream out;
  now = 0;
  const Terminal narrow{.redraws = true, .columns = 36};
  RunProgress progress(out, 4, 0, {.verbose = Verbose::bar, .terminal = narrow, .clock = &clock_of_test});
  now = 1;
  progress.add();
  CHECK(out.str() == "\r1/4 " + bars(5) + std::string(15, ' ') + " 3s 1 point");
}

TEST_CASE("Elsewhere a run prints a line at every tenth", "[walkforward][run]") {
  std::ostringstream out;
  now = 0;
  RunProgress progress(out, 25, 3, {.verbose = Verbose::line, .terminal = Terminal{}, .clock = &clock_of_test});
  for (int i = 1; i <= 25; ++i) {
    now = i;
    i == 24 ? progress.add({timestamp({.year = 2020}), "no"}) : progress.add();
  }
  CHECK(out.str() ==
        "3 points already stored, 25 to compute\n"
        "3/25 points - 3s - 1 points/s - left: 22s\n"
        "5/25 points - 5s - 1 points/s - left: 20s\n"
        "8/25 points - 8s - 1 points/s - left: 17s\n"
        "10/25 points - 10s - 1 points/s - left: 15s\n"
        "13/25 points - 13s - 1 points/s - left: 12s\n"
        "15/25 points - 15s - 1 points/s - left: 10s\n"
        "18/25 points - 18s - 1 points/s - left: 7s\n"
        "20/25 points - 20s - 1 points/s - left: 5s\n"
        "23/25 points - 23s - 1 points/s - left: 2s\n"
        "2020-01-01 failed: no\n"
        "25/25 points - 25s - 1 points/s - failed: 1\n");
}

TEST_CASE("A silent run prints nothing", "[walkforward][run]") {
  std::ostringstream out;
  RunProgress progress(out, 1, 1, {.verbose = Verbose::silent});
  progress.add({0, "no"});
  CHECK(out.str().empty());
}
