#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/timestamp.hpp"
#include "seqnn/walkforward/forecast.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// The details of a forecast as JSON, one row of a table in the "split" orientation of pandas:
///
///     {"columns":["short_prob","long_prob"],"index":["2015-05-20"],"data":[[0.48,0.52]]}
///
/// The index is the forecast's time, "2015-05-20T15:30:00" if it is not midnight. Numbers read back bit by bit; NaN and
/// infinity, for which JSON has no number, are null.
SEQNN_COLD inline std::string details_json(const Forecast& forecast) {
  std::string time = time_text(forecast.time);
  if (forecast.time % kSecondsPerDay == 0) {
    time.resize(time.find(' '));
  } else {
    time.replace(time.find(' '), 1, "T");
  }
  nlohmann::ordered_json names = nlohmann::ordered_json::array();
  nlohmann::ordered_json values = nlohmann::ordered_json::array();
  for (const ForecastDetail& detail : forecast.details) {
    names.push_back(detail.name);
    values.push_back(detail.value);
  }
  nlohmann::ordered_json table;
  table["columns"] = std::move(names);
  table["index"] = nlohmann::ordered_json::array({time});
  table["data"] = nlohmann::ordered_json::array({std::move(values)});
  return table.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

/// The details that `details_json` wrote; null is NaN. So is a text, as in the tables of the published program, whose
/// "class" is "short" or "long".
///
/// @throws DataError if the JSON is not such a table of numbers and texts
SEQNN_COLD inline std::vector<ForecastDetail> parse_details(const std::string& json) {
  const nlohmann::json table = nlohmann::json::parse(json, nullptr, false);
  const auto at = [](const nlohmann::json& object, const char* key) {
    return object.is_object() ? object.value(key, nlohmann::json()) : nlohmann::json();
  };
  const nlohmann::json names = at(table, "columns");
  const nlohmann::json rows = at(table, "data");
  bool is_row =
      names.is_array() && rows.is_array() && rows.size() == 1 && rows[0].is_array() && rows[0].size() == names.size();
  std::vector<ForecastDetail> result;
  for (std::size_t i = 0; is_row && i < names.size(); ++i) {
    const nlohmann::json& value = rows[0][i];
    is_row = names[i].is_string() && (value.is_number() || value.is_null() || value.is_string());
    if (!is_row) break;
    result.push_back({names[i].get<std::string>(),
                      value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN()});
  }
  if (!is_row) {
    throw DataError(
        text("parse_details: details must be one row of numbers or texts in the \"split\" orientation of pandas, got ",
             json));
  }
  return result;
}

}  // namespace seqnn::inline SEQNN_ABI
