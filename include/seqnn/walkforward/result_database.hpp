#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/io/atomic_file.hpp"
#include "seqnn/walkforward/database_url.hpp"
#include "seqnn/walkforward/soci.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace seqnn::inline SEQNN_ABI {

/// A database that cannot be reached, read or written, or that holds other tables; the message begins with its URL,
/// without the password.
class DatabaseError : public Error {
 public:
  using Error::Error;
};

namespace detail {

/// The connection to a database that has the tables of a result store.
class ResultDatabase {
 public:
  SEQNN_COLD explicit ResultDatabase(std::string_view url) : url_(parse_database_url(url)) {
    if (url_.is_sqlite) check_file(url_.location);
    guarded("must be a database that can be opened", "", [&] {
      connect();
      Transaction transaction(*this);
      make_tables();
      transaction.commit();
    });
  }
  ResultDatabase(const ResultDatabase&) = delete;
  ResultDatabase& operator=(const ResultDatabase&) = delete;

  soci::session& session() { return sql_; }

  /// Calls, and gives errors of the database the form of the library's.
  template <class Call>
  void guarded(const char* expected, const char* repair, Call&& call) {
    try {
      call();
    } catch (const soci::soci_error& error) {
      std::string reason = error.get_error_message();
      std::replace_if(
          reason.begin(), reason.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
      reason.resize(reason.find_last_not_of(" ;") + 1);
      const std::size_t colon = reason.find(": ");  // behind the name of a function of SOCI's
      if (reason.find("::") < colon && colon != std::string::npos) reason.erase(0, colon + 2);
      throw DatabaseError(text(url_.shown, ": ", expected, ", got \"", reason, '"', repair));
    }
  }

  /// One writer at a time, from here to the end.
  class Transaction {
   public:
    SEQNN_COLD explicit Transaction(ResultDatabase& database) : sql_(database.sql_) {
      if (database.url_.is_sqlite) {
        sql_ << "BEGIN IMMEDIATE";  // the lock now: one that has read before it waits in vain
        return;
      }
      sql_ << "BEGIN";
      try {
        sql_ << "SELECT pg_advisory_xact_lock(7310034283826791022)";  // a number of this library's own
      } catch (...) {
        roll_back();
        throw;
      }
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    SEQNN_COLD ~Transaction() {
      if (!done_) roll_back();
    }

    SEQNN_COLD void commit() {
      sql_ << "COMMIT";
      done_ = true;
    }

   private:
    SEQNN_COLD void roll_back() {
      try {
        sql_ << "ROLLBACK";
      } catch (const soci::soci_error&) {  // it has rolled back already, or the connection is gone
      }
    }

    soci::session& sql_;
    bool done_ = false;
  };

 private:
  /// SQLite says only that it is "unable to open database file".
  SEQNN_COLD static void check_file([[maybe_unused]] const std::string& path) {
#if defined(__unix__) || defined(__APPLE__)
    if (path == ":memory:") return;
    struct ::stat status;
    int reason = 0;
    if (::stat(path.c_str(), &status) == 0) {
      reason = S_ISDIR(status.st_mode) ? EISDIR : ::access(path.c_str(), R_OK | W_OK) == 0 ? 0 : errno;
    } else if (errno == ENOENT) {
      const std::size_t slash = path.rfind('/');
      const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
      reason = ::access(folder.c_str(), W_OK | X_OK) == 0 ? 0 : errno;
    } else {
      reason = errno;
    }
    if (reason != 0) detail::throw_file_error(path, "must be a database file that can be written", reason);
#endif
  }

  SEQNN_COLD void connect() {
    if (url_.is_sqlite) {
      sql_.open(*soci::factory_sqlite3(), text("db=\"", url_.location, "\" timeout=60"));
      switch_to_wal();
      sql_ << "PRAGMA foreign_keys = ON";
    } else {
      sql_.open(*soci::factory_postgresql(), url_.location);
      sql_ << "SET client_encoding TO 'UTF8'";
      sql_ << "SET datestyle TO 'ISO'";
      sql_ << "SET client_min_messages TO warning";  // not that a table exists already
    }
  }

  /// SQLite does not wait for a lock here, as it does elsewhere: several processes that make one file would fail.
  SEQNN_COLD void switch_to_wal() {
    for (int tries_left = 600;; --tries_left) {
      try {
        std::string mode;
        sql_ << "PRAGMA journal_mode = WAL", soci::into(mode);
        return;
      } catch (const soci::soci_error& error) {
        if (tries_left == 0 || error.get_error_message().find("locked") == std::string::npos) throw;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    }
  }

  SEQNN_COLD void make_tables() {
    const char* const id = url_.is_sqlite ? "id INTEGER NOT NULL PRIMARY KEY" : "id SERIAL PRIMARY KEY";
    const char* const ts = url_.is_sqlite ? "ts DATETIME NOT NULL" : "ts TIMESTAMP NOT NULL";
    const char* const model = "model INTEGER NOT NULL REFERENCES models (id)";
    sql_ << text("CREATE TABLE IF NOT EXISTS models (", id, ", name VARCHAR NOT NULL UNIQUE)");
    check_columns("models", {"id", "name"}, "name");
    sql_ << text("CREATE TABLE IF NOT EXISTS forecasts (", id, ", ", model, ", symbol VARCHAR NOT NULL, ", ts,
                 ", fore FLOAT, details VARCHAR, UNIQUE (model, ts, symbol))");
    check_columns("forecasts", {"id", "model", "symbol", "ts", "fore", "details"}, "model, ts, symbol");
    sql_ << text("CREATE TABLE IF NOT EXISTS failures (", id, ", ", model, ", ", ts,
                 ", error VARCHAR NOT NULL, UNIQUE (model, ts))");
    check_columns("failures", {"id", "model", "ts", "error"}, "model, ts");
  }

  /// Refuses a table of this name that was made by something else.
  SEQNN_COLD void check_columns(const std::string& table, const std::vector<std::string>& columns, const char* unique) {
    std::vector<std::string> found;
    std::string column;
    soci::statement select =
        (sql_.prepare << (url_.is_sqlite ? text("SELECT name FROM pragma_table_info('", table, "')")
                                         : text("SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('",
                                                table, "') AND attnum > 0 AND NOT attisdropped")),
         soci::into(column));
    select.execute();
    while (select.fetch()) found.push_back(column);

    std::string missing;
    for (const std::string& expected : columns) {
      if (std::find(found.begin(), found.end(), expected) == found.end()) {
        missing += (missing.empty() ? "" : ", ") + expected;
      }
    }
    constexpr const char* kRepair = "; take another database, or rename the table";
    if (!missing.empty()) {
      throw DatabaseError(text(url_.shown, ": table ", table,
                               " must have the columns of a result store, got one without ", missing, kRepair));
    }
    try {  // planned, not run
      sql_ << text("EXPLAIN INSERT INTO ", table, " (", unique, ") SELECT ", unique, " FROM ", table,
                   " WHERE 1 = 0 ON CONFLICT (", unique, ") DO NOTHING");
    } catch (const soci::soci_error&) {
      throw DatabaseError(
          text(url_.shown, ": table ", table, " must be unique by (", unique, "), got one that is not", kRepair));
    }
  }

  DatabaseUrl url_;
  soci::session sql_;
};

}  // namespace detail
}  // namespace seqnn::inline SEQNN_ABI
