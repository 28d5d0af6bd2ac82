// What both databases do.

#include "seqnn/walkforward/soci_result_store.hpp"

#include "support/catch.hpp"
#include "walkforward_store/databases.hpp"

#include <cmath>
#include <csignal>
#include <limits>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace seqnn;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

constexpr std::int64_t kDay = kSecondsPerDay;

std::string message_of(auto&& call) {
  try {
    call();
  } catch (const DatabaseError& error) {
    return error.what();
  }
  return "no DatabaseError";
}

/// Runs in a process of its own; returns how that ended, 0 if well.
template <class Call>
::pid_t spawn(Call&& call) {
  const ::pid_t process = ::fork();
  if (process != 0) return process;
  try {
    call();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    ::_exit(1);
  }
  ::_exit(0);
}

int wait_for(::pid_t process) {
  int status = -1;
  ::waitpid(process, &status, 0);
  return status;
}

/// As the published program declares them, whose symbol is NULL for a single series; with the models "net" and "other".
void make_tables_of_sqlalchemy(soci::session& sql, bool is_sqlite) {
  const std::string id = is_sqlite ? "id INTEGER NOT NULL" : "id SERIAL NOT NULL";
  const std::string ts = is_sqlite ? "DATETIME" : "TIMESTAMP WITHOUT TIME ZONE";
  sql << "CREATE TABLE models (" + id + ", name VARCHAR NOT NULL, PRIMARY KEY (id), CONSTRAINT unco1 UNIQUE (name))";
  sql << "CREATE TABLE forecasts (" + id + ", model INTEGER NOT NULL, symbol VARCHAR, ts " + ts +
             ", fore FLOAT, details VARCHAR, PRIMARY KEY (id), CONSTRAINT unco2 UNIQUE (model, ts, symbol), "
             "FOREIGN KEY(model) REFERENCES models (id))";
  sql << "INSERT INTO models (name) VALUES ('net')";
  sql << "INSERT INTO models (name) VALUES ('other')";
}

}  // namespace

TEMPLATE_TEST_CASE("SociResultStore gives forecasts back by time, then symbol", "[store]", Sqlite, Postgresql) {
  const TestType database;
  if (!database.is_there()) return;
  const std::vector<Forecast> later{{2 * kDay, "b", -1.0, {{"long_prob", 0.25}, {"class", 0.0}}},
                                    {2 * kDay, "C", 1.0, {{"long_prob", 0.75}, {"class", 1.0}}},
                                    {2 * kDay + 1, "", 2.0, {}}};
  const std::vector<Forecast> earlier{{-kDay, "b", 1.0, {}}};
  {
    SociResultStore store(database.url());
    CHECK(store.forecasts("net").empty());
    CHECK(store.failures("net").empty());
    store.write("net", later);
    store.write("net", earlier);
    store.write("other", std::vector<Forecast>{{kDay, "b", 7.0, {}}});
  }
  SociResultStore store(database.url());  // another connection finds what the first has left
  CHECK(store.forecasts("net") == std::vector<Forecast>{earlier[0], later[1], later[0], later[2]});
  CHECK(store.forecasts("other") == std::vector<Forecast>{{kDay, "b", 7.0, {}}});
  CHECK(store.forecasts("nobody").empty());
}

TEMPLATE_TEST_CASE("SociResultStore replaces a row and keeps its id", "[store]", Sqlite, Postgresql) {
  const TestType database;
  if (!database.is_there()) return;
  SociResultStore store(database.url());
  store.write("net", std::vector<Forecast>{{kDay, "A", 1, {{"p", 0.5}}}, {kDay, "B", 2, {}}});
  store.write("other", std::vector<Forecast>{{kDay, "A", 3, {}}});
  store.write("net", std::vector<Forecast>{{kDay, "B", 4, {}}, {kDay, "A", 5, {}}, {kDay, "A", 6, {{"p", 0.25}}}});
  CHECK(rows(store.session()) == std::vector<std::string>{"1 net A 6", "2 net B 4", "3 other A 3"});
  CHECK(store.forecasts("net") == std::vector<Forecast>{{kDay, "A", 6, {{"p", 0.25}}}, {kDay, "B", 4, {}}});
}

TEMPLATE_TEST_CASE("SociResultStore gives numbers back bit by bit", "[store]", Sqlite, Postgresql) {
  const TestType database;
  if (!database.is_there()) return;
  using Limits = std::numeric_limits<double>;
  std::vector<Forecast> written;
  for (const double value : {0.1, 1.0 / 3, -2.0 / 3, Limits::denorm_min(), Limits::min(), Limits::max(),
                             Limits::lowest(), 5e15 + 0.5, 1e-300, Limits::infinity(), -Limits::infinity()}) {
    const double detail = std::isinf(value) ? 0 : value;  // JSON has no infinity
    written.push_back({static_cast<std::int64_t>(written.size()), "", value, {{"p", detail}}});
  }
  SociResultStore store(database.url());
  store.write("net", written);
  CHECK(store.forecasts("net") == written);

  store.write("nan", std::vector<Forecast>{{0, "", -std::numeric_limits<double>::quiet_NaN(), {{"p", NAN}}}});
  const std::vector<Forecast> nan = store.forecasts("nan");
  CHECK(std::isnan(nan.at(0).value));
  CHECK(std::isnan(nan.at(0).details.at(0).value));
  CHECK(number(store.session(), "SELECT count(*) FROM forecasts WHERE fore IS NULL") == 1);
}

TEMPLATE_TEST_CASE("SociResultStore takes names and messages as they are", "[store]", Sqlite, Postgresql) {
  const TestType database;
  if (!database.is_there()) return;
  const std::string name = "Müller's \"net\"; DROP TABLE models; -- :name \\ 模型\n";
  SociResultStore store(database.url());
  const std::vector<Forecast> written{{kDay, name, 1, {{name, 2}}}};
  store.write(name, written);
  store.write_failure(name, {2 * kDay, name});
  CHECK(store.forecasts(name) == written);
  CHECK(store.failures(name) == std::vector<FailedForecast>{{2 * kDay, name}});
}

TEMPLATE_TEST_CASE("SociResultStore keeps a failure until its time is forecast", "[store]", Sqlite, Postgresql) {
  const TestType database;
  if (!database.is_there()) return;
  SociResultStore store(database.url());
  store.write_failure("net", {2 * kDay, "loss is nan"});
  store.write_failure("net", {kDay, "first"});
  store.write_failure("net", {kDay, "second"});
  store.write_failure("other", {kDay, "of another model"});
  CHECK(store.failures("net") == std::vector<FailedForecast>{{kDay, "second"}, {2 * kDay, "loss is nan"}});
  store.write("net", std::vector<Forecast>{{kDay, "A", 1, {}}});
  CHECK(store.failures("net") == std::vector<FailedForecast>{{2 * kDay, "loss is nan"}});
  CHECK(store.failures("other") == std::vector<FailedForecast>{{kDay, "of another model"}});
}

TEMPLATE_TEST_CASE("SociResultStore records a failure whatever its message is made of", "[store]", Sqlite, Postgresql) {
  const TestType database;
  if (!database.is_there()) return;
  SociResultStore store(database.url());
  store.write_failure("net", {kDay, std::string("caf\xE9 \"a\0b\"", 10)});  // Latin-1, and a zero
  CHECK(store.failures("net") == std::vector<FailedForecast>{{kDay, "caf\uFFFD \"a\uFFFDb\""}});
}

TEMPLATE_TEST_CASE("SociResultStore writes all or nothing", "[store]", Sqlite, Postgresql) {
  const TestType database;
  if (!database.is_there()) return;
  {
    // A store's table that refuses one symbol.
    soci::session sql = database.connect();
    sql << "CREATE TABLE models (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR NOT NULL UNIQUE)";
    sql << "INSERT INTO models VALUES (1, 'net')";
    sql << "CREATE TABLE forecasts (id INTEGER PRIMARY KEY " +
               std::string(std::is_same_v<TestType, Sqlite> ? "" : "GENERATED BY DEFAULT AS IDENTITY") +
               ", model INTEGER, symbol VARCHAR CHECK (symbol <> 'bad'), ts TIMESTAMP, fore FLOAT, details VARCHAR, "
               "UNIQUE (model, ts, symbol))";
  }
  SociResultStore store(database.url());
  store.write("net", std::vector<Forecast>{{kDay, "A", 1, {}}});
  store.write_failure("net", {2 * kDay, "before"});
  const std::vector<Forecast> refused{{kDay, "A", 2, {}}, {2 * kDay, "B", 3, {}}, {kDay, "bad", 4, {}}};
  const std::string message = message_of([&] { store.write("net", refused); });
  CHECK_THAT(message, ContainsSubstring(": must be a database that can be written, got \""));
  CHECK_THAT(message, ContainsSubstring("check") || ContainsSubstring("CHECK"));
  CHECK_THAT(message, Catch::Matchers::EndsWith("\"; what was stored before stays"));
  CHECK(store.forecasts("net") == std::vector<Forecast>{{kDay, "A", 1, {}}});
  CHECK(store.failures("net") == std::vector<FailedForecast>{{2 * kDay, "before"}});

  store.write("net", std::vector<Forecast>{{kDay, "A", 5, {}}});  // and goes on
  CHECK(store.forecasts("net") == std::vector<Forecast>{{kDay, "A", 5, {}}});
}

TEMPLATE_TEST_CASE("SociResultStore refuses tables of another schema and makes none", "[store]", Sqlite, Postgresql) {
  const TestType database;
  if (!database.is_there()) return;
  soci::session sql = database.connect();
  const std::string shown = parse_database_url(database.url()).shown;

  sql << "CREATE TABLE forecasts (id INTEGER PRIMARY KEY, symbol VARCHAR, ts TIMESTAMP, temperature FLOAT)";
  CHECK(message_of([&] { SociResultStore{database.url()}; }) ==
        shown +
            ": table forecasts must have the columns of a result store, got one without model, fore, details; take "
            "another database, or rename the table");
  CHECK_THROWS_AS(number(sql, "SELECT count(*) FROM models"), soci::soci_error);

  sql << "DROP TABLE forecasts";
  sql << "CREATE TABLE models (id INTEGER PRIMARY KEY, name VARCHAR)";
  CHECK(message_of([&] { SociResultStore{database.url()}; }) ==
        shown +
            ": table models must be unique by (name), got one that is not; take another database, or rename the table");
  CHECK_THROWS_AS(number(sql, "SELECT count(*) FROM forecasts"), soci::soci_error);
}

TEMPLATE_TEST_CASE("SociResultStore reads and goes on with tables that SQLAlchemy made", "[store]", Sqlite,
                   Postgresql) {
  const TestType database;
  if (!database.is_there()) return;
  soci::session sql = database.connect();
  make_tables_of_sqlalchemy(sql, std::is_same_v<TestType, Sqlite>);
  sql << "INSERT INTO forecasts (model, symbol, ts, fore) VALUES (1, 'A', '2015-05-20 00:00:00.000000', -1)";
  sql << "INSERT INTO forecasts (model, symbol, ts, fore) VALUES (1, NULL, '2015-05-21 00:00:00.000000', 1)";
  const std::int64_t time = timestamp({.year = 2015, .month = 5, .day = 20});
  SociResultStore store(database.url());
  CHECK(store.forecasts("net") == std::vector<Forecast>{{time, "A", -1, {}}, {time + kDay, "", 1, {}}});
  store.write("net", std::vector<Forecast>{{time, "A", 1, {}}});
  CHECK(store.forecasts("net") == std::vector<Forecast>{{time, "A", 1, {}}, {time + kDay, "", 1, {}}});
}

TEMPLATE_TEST_CASE("SociResultStore goes on with a single series of the published program", "[store]", Sqlite,
                   Postgresql) {
  const TestType database;
  if (!database.is_there()) return;
  soci::session sql = database.connect();
  make_tables_of_sqlalchemy(sql, std::is_same_v<TestType, Sqlite>);
  const auto insert = [&](int model, int day, const std::string& symbol, int value) {
    const std::string details = R"({"columns":["long_prob","class"],"index":["2015-05-20T00:00:00.000Z"],)"
                                R"("data":[[0.25,"short"]]})";
    const std::string ts = text("2015-05-", day, " 00:00:00.000000");
    sql << "INSERT INTO forecasts (model, symbol, ts, fore, details) VALUES (:model, " + symbol +
               ", :ts, :value, :details)",
        soci::use(model), soci::use(ts), soci::use(value), soci::use(details);
  };
  insert(1, 20, "NULL", 1);  // id 1 …
  insert(1, 21, "NULL", 2);
  insert(2, 20, "NULL", 3);
  insert(1, 22, "NULL", 4);
  insert(1, 22, "NULL", 5);  // which the database lets pass: NULL differs from NULL
  insert(1, 23, "NULL", 6);
  insert(1, 23, "''", 7);
  const std::int64_t time = timestamp({.year = 2015, .month = 5, .day = 20});
  SociResultStore store(database.url());
  const auto values = [&](const std::string& model) {
    std::vector<double> result;
    for (const Forecast& forecast : store.forecasts(model)) {
      CHECK(forecast.symbol.empty());
      result.push_back(forecast.value);
    }
    return result;
  };
  CHECK(values("net") == std::vector<double>{1, 2, 4, 7});  // each time once
  const Forecast first = store.forecasts("net").at(0);
  CHECK(first.details.at(0) == ForecastDetail{"long_prob", 0.25});
  CHECK(std::isnan(first.details.at(1).value));

  // Rows are updated where they are, and only those of this model and these times.
  store.write("net", std::vector<Forecast>{{time, "", 10, {}}, {time, "A", 11, {}}});
  store.write("net", std::vector<Forecast>{{time + 2 * kDay, "", 12, {}}, {time + 3 * kDay, "", 13, {}}});
  CHECK(values("other") == std::vector<double>{3});
  CHECK(number(sql, "SELECT count(*) FROM forecasts") == 8);
  CHECK(number(sql, "SELECT count(*) FROM forecasts WHERE symbol IS NULL") == 4);
  CHECK(number(sql, "SELECT id FROM forecasts WHERE fore = 10 AND symbol = ''") == 1);
  CHECK(number(sql, "SELECT id FROM forecasts WHERE fore = 11") > 7);
  CHECK(number(sql, "SELECT id FROM forecasts WHERE fore = 12") == 4);
  CHECK(number(sql, "SELECT id FROM forecasts WHERE fore = 13") == 7);
  std::vector<Forecast> read = store.forecasts("net");
  REQUIRE(read.size() == 5);
  CHECK(read[0] == Forecast{time, "", 10, {}});
  CHECK(read[1] == Forecast{time, "A", 11, {}});
  CHECK(read[2].value == 2);
  CHECK(read[3] == Forecast{time + 2 * kDay, "", 12, {}});
  CHECK(read[4] == Forecast{time + 3 * kDay, "", 13, {}});
}

TEMPLATE_TEST_CASE("SociResultStore writes what several processes bring at once", "[store]", Sqlite, Postgresql) {
  const TestType database;
  if (!database.is_there()) return;
  constexpr int kProcesses = 3;
  constexpr int kPoints = 20;
  int start[2];
  REQUIRE(::pipe(start) == 0);
  std::vector<::pid_t> processes;
  for (int p = 0; p < kProcesses; ++p) {
    processes.push_back(spawn([&] {
      ::close(start[1]);
      char byte = 0;
      [[maybe_unused]] const auto end = ::read(start[0], &byte, 1);  // until the parent closes its end: all at once
      SociResultStore store(database.url());
      for (int i = 0; i < kPoints; ++i) {
        // One half of its own, one that all write, in orders that would lock one another out.
        const std::string own = "own" + std::to_string(p);
        std::vector<Forecast> point{{i * kDay, own, double(i), {{"p", 0.5}}}, {i * kDay, "all", double(i), {}}};
        if (p % 2 == 1) std::swap(point[0], point[1]);
        store.write("net", point);
      }
    }));
  }
  ::close(start[0]);
  ::close(start[1]);
  for (const ::pid_t process : processes) CHECK(wait_for(process) == 0);

  SociResultStore store(database.url());
  const std::vector<Forecast> all = store.forecasts("net");
  REQUIRE(all.size() == (kProcesses + 1) * kPoints);
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i].value == double(i / (kProcesses + 1)));
  CHECK(number(store.session(), "SELECT count(*) FROM models") == 1);
}

TEMPLATE_TEST_CASE("SociResultStore has all that was written when its process is killed", "[store]", Sqlite,
                   Postgresql) {
  const TestType database;
  if (!database.is_there()) return;
  const ::pid_t process = spawn([&] {
    SociResultStore store(database.url());
    store.write("net", std::vector<Forecast>{{kDay, "A", 1, {}}, {kDay, "B", 2, {}}});
    store.write_failure("net", {2 * kDay, "failed"});
    store.session() << "BEGIN";  // a write that does not come to its end
    store.session() << "INSERT INTO forecasts (model, symbol, ts, fore) VALUES (1, 'C', '2015-05-20 00:00:00', 3)";
    ::raise(SIGKILL);
  });
  const int status = wait_for(process);
  REQUIRE(WIFSIGNALED(status));
  SociResultStore store(database.url());
  CHECK(store.forecasts("net") == std::vector<Forecast>{{kDay, "A", 1, {}}, {kDay, "B", 2, {}}});
  CHECK(store.failures("net") == std::vector<FailedForecast>{{2 * kDay, "failed"}});
  store.write("net", std::vector<Forecast>{{kDay, "C", 3, {}}});
  CHECK(store.forecasts("net").size() == 3);
}
