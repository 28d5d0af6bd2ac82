#pragma once

#include "seqnn/seqnn.hpp"

#include <cstddef>
#include <string>
#include <vector>

/// The series: 14 columns, a row every ten minutes.
namespace jena {

constexpr std::size_t kTemperature = 1;  ///< the column that is forecast

/// Reads the first 14 columns behind the date of a file of the station: `jena_climate_2009_2016.csv`, or one of its
/// later files, which have more columns, other dates and a header in Latin-1. Without a path the weather is made.
///
/// A sensor that fails writes -9999; the two lines around it are joined by a straight one. Rows stay where they are
/// even if the clock was set back, because the published splits count them.
/// @throws FileError, DataError naming file, place and what was expected
inline seqnn::Table read_climate(const std::string& path) {
  using namespace seqnn;
  const std::vector<Sentinel> failures{{.value = -9999}};
  if (path.empty()) return fill_missing(mark_missing(simulated_weather(), failures), Missing::interpolate);
  const Table table = read_csv(
      path, {.time_columns = {0}, .backwards = Backwards::keep, .sentinels = failures, .missing = Missing::keep});
  const std::vector<std::string> expected = simulated_weather({.rows = 0}).names();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::string got = i < table.columns() ? '"' + table.names()[i] + '"' : "none";
    if (got == '"' + expected[i] + '"') continue;
    throw DataError(text(path, ": column ", i + 1, " must be \"", expected[i], "\", got ", got,
                         "; give a file of the weather station in Jena, whose column 0 is the date"));
  }
  return fill_missing(table.select(expected), Missing::interpolate);
}

}  // namespace jena
