#include "seqnn/data/series/simulated_weather.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

using namespace seqnn;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

enum Column : std::size_t { p, T, Tpot, Tdew, rh, VPmax, VPact, VPdef, sh, H2OC, rho, wv, max_wv, wd };

/// A year without sensor failures.
const Table& year() {
  static const Table table = simulated_weather({.sentinels = false});
  return table;
}

double value(const Table& table, std::size_t row, Column column) { return table.values()(row, column); }

/// FNV-1a over the bits of all values.
std::uint64_t fingerprint(const Table& table) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const double number : table.values()) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &number, sizeof bits);
    for (int shift = 0; shift < 64; shift += 8) hash = (hash ^ ((bits >> shift) & 0xFF)) * 0x100000001B3U;
  }
  return hash;
}

/// Mean of a function of the row over the rows for which `take` is true.
template <class Value, class Take>
double mean(const Value& value_of, const Take& take) {
  double sum = 0;
  double count = 0;
  for (std::size_t row = 0; row < year().rows(); ++row) {
    if (!take(row)) continue;
    sum += value_of(row);
    ++count;
  }
  return sum / count;
}

template <class X, class Y>
double correlation(const X& x, const Y& y, std::size_t first, std::size_t last) {
  double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
  for (std::size_t row = first; row < last; ++row) {
    sx += x(row);
    sy += y(row);
    sxx += x(row) * x(row);
    syy += y(row) * y(row);
    sxy += x(row) * y(row);
  }
  const double n = static_cast<double>(last - first);
  return (sxy / n - sx / n * sy / n) / std::sqrt((sxx / n - sx / n * sx / n) * (syy / n - sy / n * sy / n));
}

/// Least squares of y on the columns of x, by the normal equations.
std::vector<double> regression(const std::vector<std::vector<double>>& x, const std::vector<double>& y) {
  const std::size_t n = x[0].size();
  std::vector<std::vector<double>> a(n, std::vector<double>(n + 1));
  for (std::size_t row = 0; row < x.size(); ++row) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) a[i][j] += x[row][i] * x[row][j];
      a[i][n] += x[row][i] * y[row];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < n; ++k) {
      if (k == i) continue;
      const double factor = a[k][i] / a[i][i];
      for (std::size_t j = i; j <= n; ++j) a[k][j] -= factor * a[i][j];
    }
  }
  std::vector<double> weights(n);
  for (std::size_t i = 0; i < n; ++i) weights[i] = a[i][n] / a[i][i];
  return weights;
}

}  // namespace

TEST_CASE("Simulated weather is a year of ten minutes in the columns of Jena", "[data][series][simulated_weather]") {
  const Table table = simulated_weather();
  CHECK(table.rows() == 52'560);
  CHECK(table.names() == std::vector<std::string>{"p (mbar)", "T (degC)", "Tpot (K)", "Tdew (degC)", "rh (%)",
                                                  "VPmax (mbar)", "VPact (mbar)", "VPdef (mbar)", "sh (g/kg)",
                                                  "H2OC (mmol/mol)", "rho (g/m**3)", "wv (m/s)", "max. wv (m/s)",
                                                  "wd (deg)"});
  CHECK(table.times().front() == timestamp({.year = 2021, .minute = 10}));
  CHECK(table.times().back() == timestamp({.year = 2022}));
  std::size_t steps = 0;
  for (std::size_t row = 1; row < table.rows(); ++row) {
    steps += table.times()[row] - table.times()[row - 1] == 600 ? 1U : 0U;
  }
  CHECK(steps == 52'559);
  CHECK(simulated_weather({.rows = 0}).rows() == 0);
  CHECK(simulated_weather({.rows = 1, .start = 7}).times() == std::vector<std::int64_t>{7});
}

TEST_CASE("The same seed gives the same weather everywhere", "[data][series][simulated_weather]") {
  CHECK(fingerprint(simulated_weather({.rows = 5'000, .seed = 1})) == 0x87C61CAE5E79D69BU);
  CHECK(fingerprint(simulated_weather({.rows = 5'000, .seed = 2})) == 0x2E8F50B01009D5C1U);
}

TEST_CASE("Fewer rows of weather are the beginning of more", "[data][series][simulated_weather]") {
  const Table few = simulated_weather({.rows = 20'000, .seed = 5});
  const Table more = simulated_weather({.rows = 30'000, .seed = 5});
  CHECK(std::equal(few.values().begin(), few.values().end(), more.values().begin()));
}

TEST_CASE("Humidity, vapour pressures and density agree with temperature, dew point and pressure",
          "[data][series][simulated_weather]") {
  // By hand, for T = 20 °C: 6.1078 · exp(17.08085 · 20 / 254.175) = 6.1078 · exp(1.344023) = 23.42 mbar
  CHECK_THAT(detail::saturation_pressure(20), WithinAbs(23.42, 0.005));
  CHECK(detail::saturation_pressure(0) == 6.1078);
  const Table& t = year();
  for (std::size_t row = 0; row < t.rows(); row += 7) {
    const auto at = [&](Column column) { return value(t, row, column); };
    REQUIRE(at(Tdew) <= at(T));
    REQUIRE_THAT(at(VPmax), WithinAbs(detail::saturation_pressure(at(T)), 0.0051));
    REQUIRE_THAT(at(VPact), WithinAbs(detail::saturation_pressure(at(Tdew)), 0.0051));
    REQUIRE_THAT(at(VPdef), WithinAbs(at(VPmax) - at(VPact), 0.0151));
    REQUIRE_THAT(at(rh), WithinAbs(100 * at(VPact) / at(VPmax), 0.5));  // vapour pressures are rounded
    REQUIRE(at(rh) > 10);
    REQUIRE(at(rh) <= 100);
    REQUIRE_THAT(at(H2OC), WithinAbs(1000 * at(VPact) / at(p), 0.02));
    REQUIRE_THAT(at(sh), WithinAbs(622 * at(VPact) / (at(p) - 0.378 * at(VPact)), 0.02));
    REQUIRE_THAT(at(Tpot), WithinAbs((at(T) + 273.15) * std::pow(1000 / at(p), 0.286), 0.0051));
    // The gas law: dry air and vapour at the same temperature.
    const double dry = (at(p) - at(VPact)) / (287.05 * (at(T) + 273.15));
    const double wet = at(VPact) / (461.5 * (at(T) + 273.15));
    REQUIRE_THAT(at(rho), WithinRel(1e5 * (dry + wet), 1e-5));
    REQUIRE(at(max_wv) >= at(wv));
    REQUIRE(at(wv) >= 0);
    REQUIRE(at(wd) >= 0);
    REQUIRE(at(wd) < 360);
  }
}

TEST_CASE("Weather has the cycles of day and year", "[data][series][simulated_weather]") {
  const auto celsius = [](std::size_t row) { return value(year(), row, T); };
  const auto time = [](std::size_t row) { return civil_time(year().times()[row]); };
  const auto in_month = [&](std::int64_t month) {
    return mean(celsius, [&](std::size_t row) { return time(row).month == month; });
  };
  const auto at_hour = [&](std::int64_t hour) {
    return mean(celsius, [&](std::size_t row) { return time(row).hour == hour; });
  };
  const double january = in_month(1), april = in_month(4), july = in_month(7), october = in_month(10);
  CHECK(july > january + 12);
  CHECK(january < april);
  CHECK(april < july);
  CHECK(october < july);
  CHECK(october > january);
  const double afternoon = at_hour(14), night = at_hour(2);
  CHECK(afternoon > night + 3);
  CHECK(afternoon < night + 12);
  CHECK(at_hour(8) > night);
  CHECK(at_hour(20) < afternoon);
}

TEST_CASE("Falling pressure brings wind from the south, and that brings warmer air",
          "[data][series][simulated_weather]") {
  constexpr std::size_t kDay = 144;
  const Table& t = year();
  const auto change = [&](std::size_t row) { return value(t, row + kDay, T) - value(t, row, T); };
  const auto fall = [&](std::size_t row) { return value(t, row - 36, p) - value(t, row, p); };
  const auto south = [&](std::size_t row) { return -std::cos(value(t, row, wd) / 57.29578) * value(t, row, wv); };
  CHECK(correlation(south, change, kDay, t.rows() - kDay) > 0.2);
  CHECK(correlation(fall, south, kDay, t.rows() - kDay) > 0.2);
}

TEST_CASE("Temperature is like yesterday's, and a line through today's weather says more",
          "[data][series][simulated_weather]") {
  constexpr std::size_t kDay = 144;
  const Table& t = year();
  const std::size_t first = 2 * kDay, train = t.rows() * 6 / 10, last = t.rows() - kDay;
  std::vector<std::vector<double>> x;
  std::vector<double> y;
  double naive = 0, learnt = 0, far = 0;
  const auto features = [&](std::size_t row) {
    const double angle = value(t, row, wd) / 57.29578;
    const double speed = value(t, row, wv);
    return std::vector<double>{1,
                               value(t, row, T),
                               value(t, row - kDay / 2, T),
                               value(t, row - kDay, T),
                               value(t, row, p),
                               value(t, row - kDay / 4, p),
                               value(t, row, Tdew),
                               value(t, row, rh),
                               speed * std::cos(angle),
                               speed * std::sin(angle)};
  };
  for (std::size_t row = first; row < train - kDay; row += 3) {
    x.push_back(features(row));
    y.push_back(value(t, row + kDay, T));
  }
  const std::vector<double> weights = regression(x, y);
  double count = 0;
  for (std::size_t row = train; row < last; row += 3, ++count) {
    const std::vector<double> f = features(row);
    double forecast = 0;
    for (std::size_t i = 0; i < f.size(); ++i) forecast += weights[i] * f[i];
    const double truth = value(t, row + kDay, T);
    naive += std::fabs(truth - value(t, row, T));
    learnt += std::fabs(truth - forecast);
    far += std::fabs(truth - value(t, row - first, T));
  }
  INFO("naive " << naive / count << ", learnt " << learnt / count << ", three days ago " << far / count);
  CHECK(naive / count > 2);
  CHECK(naive / count < 3.5);
  CHECK(far > 1.2 * naive);
  CHECK(learnt < 0.85 * naive);
}

TEST_CASE("The wind sensor fails in few rows, and nothing else does", "[data][series][simulated_weather]") {
  const Table with = simulated_weather();
  std::size_t failures = 0, differences = 0;
  for (std::size_t row = 0; row < with.rows(); ++row) {
    const bool fails = value(with, row, wv) == -9999;
    failures += fails ? 1U : 0U;
    differences += (value(with, row, max_wv) == -9999) == fails ? 0U : 1U;
    for (std::size_t c = 0; c < with.columns(); ++c) {
      if (fails && (c == wv || c == max_wv)) continue;
      differences += with.values()(row, c) == year().values()(row, c) ? 0U : 1U;
    }
  }
  CHECK(differences == 0);
  CHECK(failures >= 10);
  CHECK(failures <= 60);
}
