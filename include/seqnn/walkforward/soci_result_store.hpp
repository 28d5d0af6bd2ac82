#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/time_format.hpp"
#include "seqnn/data/series/timestamp.hpp"
#include "seqnn/walkforward/forecast_details.hpp"
#include "seqnn/walkforward/result_database.hpp"
#include "seqnn/walkforward/result_store.hpp"
#include "seqnn/walkforward/soci.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Results in a SQLite or PostgreSQL database, in three tables, made if they are not there:
///
///     models     id, name                               name unique
///     forecasts  id, model, symbol, ts, fore, details   (model, ts, symbol) unique
///     failures   id, model, ts, error                   (model, ts) unique
///
/// `model` is an id of models; `ts` the time as DATETIME or TIMESTAMP; `fore` the value, NULL for NaN; `details` as
/// `details_json` writes them, NULL if there are none. A write is one transaction, all or nothing, which survives the
/// end of the process and of the machine; an existing row keeps its id. Several processes may use one database: they
/// write one after another. SQLite's files are in WAL mode, so that others can read while a run writes.
///
/// Tables that the published program has filled are gone on with: its `symbol` is NULL for a single series, which is
/// read as the empty symbol, and becomes it when the row is written again.
class SociResultStore final : public ResultStore {
 public:
  /// @param url  of the database, as in DatabaseUrl
  /// @throws OptionError for a URL that cannot be read; FileError for a file that cannot be made or written;
  ///         DatabaseError if the database cannot be reached or has tables of these names with other columns
  SEQNN_COLD explicit SociResultStore(std::string_view url) : database_(url), sql_(database_.session()) {}

  SEQNN_COLD void write(const std::string& model, std::span<const Forecast> forecasts) override {
    database_.guarded(kCanBeWritten, kWhatWasStoredStays, [&] {
      detail::ResultDatabase::Transaction transaction(database_);
      Row row;
      row.model = model_id(model);
      soci::statement upsert =
          (sql_.prepare
               << "INSERT INTO forecasts (model, symbol, ts, fore, details) "
                  "VALUES (:model, :symbol, :ts, :fore, :details) "
                  "ON CONFLICT (model, ts, symbol) DO UPDATE SET fore = excluded.fore, details = excluded.details",
           soci::use(row.model), soci::use(row.symbol), soci::use(row.ts), soci::use(row.fore, row.has_fore),
           soci::use(row.details, row.has_details));
      // NULL, unlike any symbol even to itself, is no conflict: such a row gets its symbol first.
      soci::statement name =
          (sql_.prepare << "UPDATE forecasts SET symbol = '' WHERE model = :model AND ts = :ts AND symbol IS NULL AND "
                           "NOT EXISTS (SELECT 1 FROM forecasts o WHERE o.model = forecasts.model AND o.ts = "
                           "forecasts.ts AND (o.symbol = '' OR (o.symbol IS NULL AND o.id < forecasts.id)))",
           soci::use(row.model), soci::use(row.ts));
      soci::statement forget = (sql_.prepare << "DELETE FROM failures WHERE model = :model AND ts = :ts",
                                soci::use(row.model), soci::use(row.ts));
      for (const Forecast& forecast : forecasts) {
        row.set(forecast);
        if (row.symbol.empty()) name.execute(true);
        upsert.execute(true);
        forget.execute(true);
      }
      transaction.commit();
    });
  }

  SEQNN_COLD void write_failure(const std::string& model, const FailedForecast& failure) override {
    database_.guarded(kCanBeWritten, kWhatWasStoredStays, [&] {
      detail::ResultDatabase::Transaction transaction(database_);
      const long long id = model_id(model);
      const std::string ts = ts_text(failure.time);
      const std::string error = storable(failure.error);
      sql_ << "INSERT INTO failures (model, ts, error) VALUES (:model, :ts, :error) "
              "ON CONFLICT (model, ts) DO UPDATE SET error = excluded.error",
          soci::use(id), soci::use(ts), soci::use(error);
      transaction.commit();
    });
  }

  SEQNN_COLD std::vector<Forecast> forecasts(const std::string& model) override {
    std::vector<Forecast> result;
    database_.guarded(kCanBeRead, "", [&] {
      Row row;
      soci::statement select =
          (sql_.prepare << "SELECT f.symbol, f.ts, f.fore, f.details FROM forecasts f JOIN models m ON m.id = f.model "
                           "WHERE m.name = :name ORDER BY f.symbol IS NULL, f.id",
           soci::use(model), soci::into(row.symbol, row.has_symbol), soci::into(row.ts),
           soci::into(row.fore, row.has_fore), soci::into(row.details, row.has_details));
      select.execute();
      while (select.fetch()) result.push_back(row.get());
    });
    // Not by the database, whose order of texts depends on its language.
    const auto key = [](const Forecast& forecast) { return std::tie(forecast.time, forecast.symbol); };
    std::stable_sort(result.begin(), result.end(),
                     [&](const Forecast& a, const Forecast& b) { return key(a) < key(b); });
    // A time may have several rows whose symbol is NULL: the first is the one that `write` updates.
    const auto end = std::unique(result.begin(), result.end(),
                                 [&](const Forecast& a, const Forecast& b) { return key(a) == key(b); });
    result.erase(end, result.end());
    return result;
  }

  SEQNN_COLD std::vector<FailedForecast> failures(const std::string& model) override {
    std::vector<FailedForecast> result;
    database_.guarded(kCanBeRead, "", [&] {
      std::string ts;
      std::string error;
      soci::statement select =
          (sql_.prepare << "SELECT f.ts, f.error FROM failures f JOIN models m ON m.id = f.model WHERE m.name = :name "
                           "ORDER BY f.ts",
           soci::use(model), soci::into(ts), soci::into(error));
      select.execute();
      while (select.fetch()) result.push_back({ts_time(ts), error});
    });
    return result;
  }

  /// The connection, for statements of one's own between the writes.
  soci::session& session() { return sql_; }

 private:
  static constexpr const char* kCanBeRead = "must be a database that can be read";
  static constexpr const char* kCanBeWritten = "must be a database that can be written";
  static constexpr const char* kWhatWasStoredStays = "; what was stored before stays";

  /// What a row of forecasts is bound to.
  struct Row {
    long long model = 0;
    std::string symbol;
    std::string ts;
    double fore = 0;
    std::string details;
    soci::indicator has_symbol = soci::i_ok;
    soci::indicator has_fore = soci::i_ok;
    soci::indicator has_details = soci::i_ok;

    void set(const Forecast& forecast) {
      symbol = forecast.symbol;
      ts = ts_text(forecast.time);
      fore = forecast.value;
      has_fore = std::isnan(fore) ? soci::i_null : soci::i_ok;
      details = forecast.details.empty() ? std::string() : details_json(forecast);
      has_details = forecast.details.empty() ? soci::i_null : soci::i_ok;
    }

    Forecast get() const {
      Forecast forecast;
      forecast.time = ts_time(ts);
      if (has_symbol == soci::i_ok) forecast.symbol = symbol;
      forecast.value = has_fore == soci::i_ok ? fore : std::numeric_limits<double>::quiet_NaN();
      if (has_details == soci::i_ok) forecast.details = parse_details(details);
      return forecast;
    }
  };

  /// The id of a model, which is entered if it is new.
  SEQNN_COLD long long model_id(const std::string& name) {
    sql_ << "INSERT INTO models (name) SELECT :name WHERE NOT EXISTS (SELECT 1 FROM models WHERE name = :again)",
        soci::use(name), soci::use(name);
    long long id = 0;
    sql_ << "SELECT id FROM models WHERE name = :name", soci::use(name), soci::into(id);
    return id;
  }

  /// A message that every database takes, whatever a forecaster threw: what is not UTF-8, and zeros, become U+FFFD.
  SEQNN_COLD static std::string storable(const std::string& message) {
    const auto replace = nlohmann::json::error_handler_t::replace;
    std::string result =
        nlohmann::json::parse(nlohmann::json(message).dump(-1, ' ', false, replace)).get<std::string>();
    for (std::size_t zero = 0; (zero = result.find('\0', zero)) != std::string::npos;) {
      result.replace(zero, 1, "\xEF\xBF\xBD");
    }
    return result;
  }

  /// With microseconds: in SQLite, where a DATETIME is a text, this is the one that SQLAlchemy writes and looks for.
  SEQNN_COLD static std::string ts_text(std::int64_t time) { return time_text(time) + ".000000"; }

  SEQNN_COLD static std::int64_t ts_time(const std::string& ts) {
    const std::string whole_seconds = ts.substr(0, ts.find('.'));
    for (const char* const format : {"%Y-%m-%d %H:%M:%S", "%Y-%m-%d"}) {
      if (const auto time = TimeFormat(format).parse(whole_seconds)) return *time;
    }
    throw DataError(text("SociResultStore: ts must be a time like 2015-05-20 00:00:00, got \"", ts, '"'));
  }

  detail::ResultDatabase database_;
  soci::session& sql_;
};

}  // namespace seqnn::inline SEQNN_ABI
