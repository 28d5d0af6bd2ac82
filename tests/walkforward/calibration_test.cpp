#include "seqnn/walkforward/calibration.hpp"

#include "support/catch.hpp"

#include <cstddef>
#include <limits>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;

TEST_CASE("Bins go from the lowest probabilities to the highest", "[walkforward][calibration]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> probabilities{0.9, 0.1, nan, 0.6, 0.3, 0.2, 0.5, 0.99};
  const std::vector<double> outcomes{2, -1, 1, -1, 0, -3, 1, nan};
  const std::vector<CalibrationBin> bins = calibration(probabilities, outcomes, 2);
  REQUIRE(bins.size() == 2);
  CHECK(bins[0].lowest == 0.1);
  CHECK(bins[0].highest == 0.3);
  CHECK_THAT(bins[0].predicted, WithinAbs(0.2, 1e-15));
  CHECK(bins[0].happened.hits == 1);  // 0 is positive
  CHECK(bins[0].happened.count == 3);
  CHECK(bins[1].lowest == 0.5);
  CHECK_THAT(bins[1].predicted, WithinAbs(2.0 / 3, 1e-15));
  CHECK(bins[1].happened.hits == 2);
  CHECK(bins[1].happened.count == 3);
}

TEST_CASE("Equal probabilities share a bin, and no forecast is lost", "[walkforward][calibration]") {
  std::vector<double> probabilities, outcomes;
  for (std::size_t i = 0; i < 40; ++i) {
    probabilities.push_back(static_cast<double>(i % 7) / 10);
    outcomes.push_back(i % 3 == 0 ? 1 : -1);
  }
  for (std::size_t wanted = 1; wanted < 50; ++wanted) {
    std::size_t count = 0, hits = 0;
    double before = -1;
    for (const CalibrationBin& bin : calibration(probabilities, outcomes, wanted)) {
      count += bin.happened.count;
      hits += bin.happened.hits;
      CHECK(bin.lowest > before);
      before = bin.highest;
    }
    CHECK(count == 40);
    CHECK(hits == 14);
    CHECK(calibration(probabilities, outcomes, wanted).size() <= wanted);
  }
  CHECK(calibration(std::vector<double>(5, 0.5), std::vector<double>(5, 1.0)).size() == 1);
  CHECK(calibration({}, {}).empty());
}

TEST_CASE("Wrong lengths, and no bins, say so", "[walkforward][calibration]") {
  CHECK_THROWS_MATCHES(calibration(std::vector<double>{0.5}, {}), ShapeError,
                       Message("calibration: there must be as many outcomes as probabilities, 1, got 0"));
  CHECK_THROWS_MATCHES(calibration({}, {}, 0), OptionError, Message("calibration: bins must be at least 1, got 0"));
}
