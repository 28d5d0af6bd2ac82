#include "seqnn/walkforward/database_url.hpp"

#include "support/catch.hpp"

#include <string>

using namespace seqnn;

namespace {

std::string message_of(const std::string& url) {
  try {
    parse_database_url(url);
  } catch (const OptionError& error) {
    return error.what();
  }
  return "no OptionError";
}

std::string location(const std::string& url) { return parse_database_url(url).location; }

const std::string kOption = "fallback_application_name=seqnn";

}  // namespace

TEST_CASE("parse_database_url reads SQLite's URLs as SQLAlchemy does", "[walkforward][database_url]") {
  CHECK(location("sqlite:///results.db") == "results.db");
  CHECK(location("sqlite:///runs/a.db") == "runs/a.db");
  CHECK(location("sqlite:////home/me/results.db") == "/home/me/results.db");
  CHECK(location("sqlite:///a b%20c=d@e.db") == "a b%20c=d@e.db");  // a path as it is written
  CHECK(location("sqlite+pysqlite:///results.db") == "results.db");
  CHECK(location("sqlite://") == ":memory:");
  CHECK(location("sqlite:///") == ":memory:");
  CHECK(location("sqlite:///:memory:") == ":memory:");
  CHECK(parse_database_url("sqlite:///results.db").is_sqlite);
  CHECK(parse_database_url("sqlite:///results.db").shown == "sqlite:///results.db");
}

TEST_CASE("parse_database_url reads PostgreSQL's URLs for libpq", "[walkforward][database_url]") {
  CHECK(location("postgresql://") == "postgresql://?" + kOption);
  CHECK(location("postgresql://host/db") == "postgresql://host/db?" + kOption);
  CHECK(location("postgresql://me@host:5433/db") == "postgresql://me@host:5433/db?" + kOption);
  CHECK(location("postgresql://me:secret@[::1]:5433/db?sslmode=require") ==
        "postgresql://me:secret@[::1]:5433/db?sslmode=require&" + kOption);
  CHECK(location("postgresql://me@%2Fvar%2Frun/db") == "postgresql://me@%2Fvar%2Frun/db?" + kOption);
  CHECK(location("postgresql+psycopg2://host/db") == "postgresql://host/db?" + kOption);
  CHECK(location("postgres://host/db") == "postgresql://host/db?" + kOption);
  CHECK_FALSE(parse_database_url("postgresql://host/db").is_sqlite);
}

TEST_CASE("parse_database_url escapes what libpq would misread in a password", "[walkforward][database_url]") {
  // Decoded and encoded again: "/", ":" and "?" need no escape here, as in SQLAlchemy.
  CHECK(location("postgresql://me:a/b:c?d@host/db") == "postgresql://me:a%2Fb%3Ac%3Fd@host/db?" + kOption);
  CHECK(location("postgresql://me:p%40ss%25-._~@host/db") == "postgresql://me:p%40ss%25-._~@host/db?" + kOption);
  CHECK(location("postgresql://m%c3%a9:@host/db") == "postgresql://m%C3%A9:@host/db?" + kOption);
}

TEST_CASE("parse_database_url shows a URL without its password", "[walkforward][database_url]") {
  CHECK(parse_database_url("postgresql://me:s%40cret@host:5433/db").shown == "postgresql://me:***@host:5433/db");
  CHECK(parse_database_url("postgresql://me@host/db").shown == "postgresql://me@host/db");
  CHECK(parse_database_url("postgresql://host:5433/db").shown == "postgresql://host:5433/db");
  CHECK(parse_database_url("postgresql://h/db?user=me&password=secret&sslmode=allow").shown ==
        "postgresql://h/db?user=me&password=***&sslmode=allow");
  CHECK(parse_database_url("postgresql://h/db?password=secret").shown == "postgresql://h/db?password=***");
  CHECK(parse_database_url("postgresql://h/db?sslpassword=secret&sslkey=k&password=secret").shown ==
        "postgresql://h/db?sslpassword=***&sslkey=k&password=***");
  CHECK(parse_database_url("postgresql://h/db?password=a&password=b&user=me&sslpassword=c&password=d").shown ==
        "postgresql://h/db?password=***&password=***&user=me&sslpassword=***&password=***");
  CHECK(parse_database_url("postgresql://h/db?pass%77ord=secret").shown == "postgresql://h/db?pass%77ord=***");
  CHECK(parse_database_url("postgresql://h/db?passfile=f&options=-cx%3Dpassword&sslmode").shown ==
        "postgresql://h/db?passfile=f&options=-cx%3Dpassword&sslmode");
}

TEST_CASE("parse_database_url refuses other databases", "[walkforward][database_url]") {
  const std::string expected = "open_result_store: url must begin with sqlite:// or postgresql://, got \"";
  CHECK(message_of("mysql://root:secret@host/db") == expected + "mysql://root:***@host/db\"");
  CHECK(message_of("results.db") == expected + "results.db\"");
  CHECK(message_of("postgresql:/me:secret@host") == expected + "postgresql:***@host\"");
  CHECK(message_of("") == expected + "\"");
}

TEST_CASE("parse_database_url refuses a URL of SQLite that names no file", "[walkforward][database_url]") {
  CHECK(message_of("sqlite://results.db") ==
        "open_result_store: url of SQLite must have three slashes before a relative path, four before the name of an "
        "absolute one, got \"sqlite://results.db\"; write sqlite:///results.db or sqlite:////folder/results.db");
  CHECK(message_of("sqlite:///results.db?mode=ro") ==
        "open_result_store: url of SQLite must have no options, got \"sqlite:///results.db?mode=ro\"; leave out what "
        "begins with ?");
  CHECK(
      message_of("sqlite:///a\"b.db") ==
      "open_result_store: url of SQLite must have no \" in it, got \"sqlite:///a\"b.db\"; give the file another name");
}

TEST_CASE("parse_database_url refuses a URL of PostgreSQL that cannot be read, without its password",
          "[walkforward][database_url]") {
  const std::string escapes =
      "open_result_store: url of PostgreSQL must have characters escaped, each % followed by two hexadecimal digits, "
      "got "
      "\"postgresql://me:***@host/db\"; write %20 for a space and %25 for %";
  CHECK(message_of("postgresql://me:se cret@host/db") == escapes);
  CHECK(message_of("postgresql://me:100%@host/db") == escapes);
  const std::string one_at = "open_result_store: url of PostgreSQL must have one @, before the host, got \"";
  CHECK(message_of("postgresql://me:se@cret@host/db") ==
        one_at + "postgresql://me:***@host/db\"; write %40 for another");
  CHECK(message_of("postgresql://host/db?application_name=a@b") ==
        one_at + "postgresql://host/db?application_name=a@b\"; write %40 for another");
}
