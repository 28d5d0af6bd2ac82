#include "seqnn/io/date_ticks.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace seqnn;
using Labels = std::vector<std::string>;

namespace {

double at(const CivilTime& time) { return static_cast<double>(timestamp(time)); }

}  // namespace

TEST_CASE("Two weeks are marked at midnights", "[io][date_ticks]") {
  const double low = at({.year = 2020, .month = 11, .day = 15, .hour = 3});
  const Ticks ticks = date_ticks(low, low + 14 * 86'400, 7);
  CHECK(ticks.labels == Labels{"16 Nov 2020", "18 Nov", "20 Nov", "22 Nov", "24 Nov", "26 Nov", "28 Nov"});
  CHECK(ticks.at.front() == at({.year = 2020, .month = 11, .day = 16}));
  CHECK(ticks.at.back() == at({.year = 2020, .month = 11, .day = 28}));
}

TEST_CASE("The first mark of a new year names it", "[io][date_ticks]") {
  const double low = at({.year = 2020, .month = 12, .day = 30});
  CHECK(date_ticks(low, low + 3 * 86'400, 3).labels == Labels{"30 Dec 2020", "31 Dec", "1 Jan 2021", "2 Jan"});
}

TEST_CASE("Less than a day is marked at round times", "[io][date_ticks]") {
  const double low = at({.year = 2020, .month = 2, .day = 28, .hour = 16, .minute = 7});
  CHECK(date_ticks(low, low + 16 * 3'600, 6).labels == Labels{"18:00", "21:00", "29 Feb 2020", "03:00", "06:00"});
  CHECK(date_ticks(low, low + 600, 2).labels == Labels{"16:10", "16:15"});
  CHECK(date_ticks(low, low + 120, 50).labels == Labels{"16:07", "16:08", "16:09"});  // no step below a minute
}

TEST_CASE("Weeks, months and years follow as time grows", "[io][date_ticks]") {
  const double low = at({.year = 2019, .month = 12, .day = 31});
  CHECK(date_ticks(low, low + 21 * 86'400, 4).labels == Labels{"31 Dec 2019", "7 Jan 2020", "14 Jan", "21 Jan"});
  CHECK(date_ticks(low, at({.year = 2020, .month = 4, .day = 1}), 4).labels ==
        Labels{"2020-01", "2020-02", "2020-03", "2020-04"});
  CHECK(date_ticks(low, at({.year = 2021, .month = 1, .day = 2}), 5).labels ==
        Labels{"2020-01", "2020-04", "2020-07", "2020-10", "2021-01"});
  CHECK(date_ticks(low, at({.year = 2023, .month = 5, .day = 1}), 4).labels == Labels{"2020", "2021", "2022", "2023"});
  CHECK(date_ticks(low, at({.year = 2095}), 4).labels == Labels{"2020", "2040", "2060", "2080"});
}

TEST_CASE("Marks lie on the axis and there are not more than wanted and one", "[io][date_ticks]") {
  const double low = at({.year = 1969, .month = 12, .day = 29, .hour = 23, .minute = 59, .second = 1});
  for (double span = 200; span < 1e11; span *= 1.37) {
    for (const std::size_t wanted : {1U, 4U, 9U}) {
      const Ticks ticks = date_ticks(low, low + span, wanted);
      INFO(span << ' ' << wanted);
      REQUIRE(ticks.at.size() == ticks.labels.size());
      CHECK(ticks.at.size() <= wanted + 1);
      for (std::size_t i = 0; i < ticks.at.size(); ++i) {
        CHECK(ticks.at[i] >= low);
        CHECK(ticks.at[i] <= low + span);
        if (i > 0) CHECK(ticks.at[i] > ticks.at[i - 1]);
      }
    }
  }
}

TEST_CASE("Times beyond the calendar are plain numbers", "[io][date_ticks]") {
  CHECK(date_ticks(0, 1e300, 4).labels == nice_ticks(0, 1e300, 4).labels);
  CHECK(date_ticks(-1e12, 0, 4).at == nice_ticks(-1e12, 0, 4).at);
}
