#pragma once

#include "seqnn/core/config.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Marks of an axis.
struct Ticks {
  std::vector<double> at;           ///< ascending multiples of one step
  std::vector<std::string> labels;  ///< all with the same number of decimals
};

/// Marks between two values at a step of 1, 2 or 5 times a power of ten, such that there are about `wanted` of them,
/// each at a multiple of the step. `integers` allows no step below 1.
///
/// Requires  finite low < high
/// Source    Heckbert, Nice numbers for graph labels, Graphics Gems 1990
SEQNN_COLD inline Ticks nice_ticks(double low, double high, std::size_t wanted, bool integers = false) {
  const double count = static_cast<double>(wanted);
  const double raw = std::max(high / count - low / count, std::numeric_limits<double>::min());  // no overflow
  int exponent = static_cast<int>(std::floor(std::log10(raw)));
  const double fraction = raw / std::pow(10.0, exponent);
  int digit = fraction < 1.5 ? 1 : fraction < 3.5 ? 2 : fraction < 7.5 ? 5 : 10;
  if (digit == 10) {
    digit = 1;
    ++exponent;
  }
  if (integers && exponent < 0) {
    digit = 1;
    exponent = 0;
  }
  // Tick k is k·digit·10^exponent; powers of ten up to 10^22 are exact, so a division gives 0.3 and not 0.1 · 3.
  const double power = std::pow(10.0, std::abs(exponent));
  const auto tick = [&](double k) { return exponent < 0 ? k * digit / power : k * digit * power; };
  const double step = tick(1);

  const double largest = std::max(std::fabs(low), std::fabs(high));
  const int magnitude = largest > 0 ? static_cast<int>(std::floor(std::log10(largest))) : 0;
  const bool scientific = magnitude >= 6 || exponent < -5;
  const int decimals = scientific ? std::clamp(magnitude - exponent, 0, 16) : std::max(0, -exponent);

  Ticks ticks;
  const double slack = 1e-9;  // of a step: an end that rounding has moved past its tick keeps the tick
  const double first = std::ceil(low / step - slack);
  const double n = std::min(std::floor(high / step + slack) - first + 1, 100.0);
  for (int i = 0; i < n; ++i) {
    const double k = first + i;
    const double value = k == 0 ? 0.0 : tick(k);  // not -0
    char buffer[64];
    const auto format = scientific && value != 0 ? std::chars_format::scientific : std::chars_format::fixed;
    const int places = scientific && value == 0 ? 0 : decimals;
    std::string label(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, format, places).ptr);
    if (const std::size_t plus = label.find("e+"); plus != std::string::npos) label.erase(plus + 1, 1);
    if (const std::size_t e = label.find_first_of('e'); e != std::string::npos) {
      const std::size_t digits = label[e + 1] == '-' ? e + 2 : e + 1;
      while (label[digits] == '0' && digits + 1 < label.size()) label.erase(digits, 1);
    }
    ticks.at.push_back(value);
    ticks.labels.push_back(std::move(label));
  }
  return ticks;
}

}  // namespace seqnn::inline SEQNN_ABI
