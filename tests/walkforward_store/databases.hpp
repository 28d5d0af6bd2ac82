#pragma once

#include "seqnn/walkforward/soci_result_store.hpp"
#include "support/needed_variable.hpp"
#include "support/temporary_folder.hpp"

#include <random>
#include <string>
#include <vector>

/// An empty SQLite database of a test's own.
struct Sqlite {
  bool is_there() const { return true; }
  std::string url() const { return "sqlite:///" + (folder / "results.db"); }
  soci::session connect() const { return {*soci::factory_sqlite3(), "db=" + (folder / "results.db")}; }

  TemporaryFolder folder;
};

/// An empty schema of a test's own in the PostgreSQL database that tools/with_postgresql starts; if it is not there the
/// test prints that it is skipped, and returns.
class Postgresql {
 public:
  Postgresql() {
    const char* const url = needed_variable("SEQNN_TEST_POSTGRESQL", "tools/with_postgresql sets it");
    if (url == nullptr) return;
    server_ = url;
    schema_ = "seqnn_test_" + std::to_string(std::random_device{}());
    soci::session(*soci::factory_postgresql(), server_ + "?application_name=test") << "CREATE SCHEMA " + schema_;
  }
  Postgresql(const Postgresql&) = delete;
  Postgresql& operator=(const Postgresql&) = delete;
  ~Postgresql() {
    if (is_there()) {
      soci::session sql(*soci::factory_postgresql(), server_ + "?application_name=test");
      sql << "SET client_min_messages TO warning";
      sql << "DROP SCHEMA " + schema_ + " CASCADE";
    }
  }

  bool is_there() const { return !server_.empty(); }
  std::string url() const { return server_ + "?options=-csearch_path%3D" + schema_; }
  soci::session connect() const { return {*soci::factory_postgresql(), url()}; }

 private:
  std::string server_;
  std::string schema_;
};

/// One number of a table.
inline long long number(soci::session& sql, const std::string& query) {
  long long result = -1;
  sql << query, soci::into(result);
  return result;
}

/// The forecasts in the order of their ids, each as "id model symbol value".
inline std::vector<std::string> rows(soci::session& sql) {
  std::vector<std::string> result;
  long long id = 0;
  std::string model;
  std::string symbol;
  double fore = 0;
  soci::statement select = (sql.prepare << "SELECT f.id, m.name, f.symbol, f.fore FROM forecasts f JOIN models m "
                                           "ON m.id = f.model ORDER BY f.id",
                            soci::into(id), soci::into(model), soci::into(symbol), soci::into(fore));
  select.execute();
  while (select.fetch()) result.push_back(seqnn::text(id, ' ', model, ' ', symbol, ' ', fore));
  return result;
}
