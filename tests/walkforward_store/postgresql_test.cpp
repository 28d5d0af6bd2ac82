#include "seqnn/walkforward/open_result_store.hpp"
#include "support/catch.hpp"
#include "walkforward_store/databases.hpp"

#include <string>
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

}  // namespace

TEST_CASE("open_result_store says that PostgreSQL cannot be reached, without the password", "[store][postgresql]") {
  const std::string message = message_of([&] { open_result_store("postgresql://me:secret@127.0.0.1:1/results"); });
  CHECK_THAT(message,
             StartsWith("postgresql://me:***@127.0.0.1:1/results: must be a database that can be opened, got "));
  CHECK_THAT(message, ContainsSubstring("port 1 failed: Connection refused"));
  CHECK_THAT(message, !ContainsSubstring("secret"));
}

TEST_CASE("open_result_store says that PostgreSQL refuses a password or database", "[store][postgresql]") {
  const Postgresql database;
  if (!database.is_there()) return;
  const std::string url = database.url();
  const std::string password = url.substr(url.rfind(':', url.find('@')) + 1, 10);
  std::string wrong = url;
  wrong.insert(wrong.find('@'), "wrong");
  const std::string refused = message_of([&] { open_result_store(wrong); });
  CHECK_THAT(refused, ContainsSubstring("password authentication failed for user \"seqnn\""));
  CHECK_THAT(refused, !ContainsSubstring(password));
  std::string missing = url;
  missing.insert(missing.find('?'), "_missing");
  CHECK_THAT(message_of([&] { open_result_store(missing); }), ContainsSubstring("_missing\" does not exist"));
  CHECK_THAT(message_of([&] { open_result_store(url + "&speed=high"); }),
             ContainsSubstring("invalid URI query parameter: \"speed\""));
}

TEST_CASE("open_result_store takes the URL of a Python program", "[store][postgresql]") {
  const Postgresql database;
  if (!database.is_there()) return;
  std::string url = database.url();
  url.replace(0, url.find(':'), "postgresql+psycopg2");
  const std::vector<Forecast> written{{kDay, "A", 1, {{"p", 0.5}}}};
  open_result_store(url)->write("net", written);
  CHECK(open_result_store(database.url())->forecasts("net") == written);
}

TEST_CASE("PostgreSQL results are the schema agreed", "[store][postgresql]") {
  const Postgresql database;
  if (!database.is_there()) return;
  SociResultStore store(database.url());
  std::string columns;
  store.session() << "SELECT string_agg(attname || ' ' || format_type(atttypid, NULL), ', ' ORDER BY attnum) FROM "
                     "pg_attribute WHERE attrelid = to_regclass('forecasts') AND attnum > 0",
      soci::into(columns);
  CHECK(columns ==
        "id integer, model integer, symbol character varying, ts timestamp without time zone, fore double precision, "
        "details character varying");
}

TEST_CASE("SociResultStore keeps what is stored when PostgreSQL goes away", "[store][postgresql]") {
  const Postgresql database;
  if (!database.is_there()) return;
  const std::vector<Forecast> written{{kDay, "A", 1, {}}};
  SociResultStore store(database.url());
  store.write("net", written);
  const long long process = number(store.session(), "SELECT pg_backend_pid()");
  soci::session other = database.connect();
  // Waits until it has ended, at most a minute.
  CHECK(number(other, text("SELECT CAST(pg_terminate_backend(", process, ", 60000) AS INTEGER)")) == 1);
  CHECK_THAT(message_of([&] { store.write("net", written); }),
             ContainsSubstring(": must be a database that can be written, got \""));
  CHECK(SociResultStore(database.url()).forecasts("net") == written);
}
