#include "seqnn/walkforward/open_result_store.hpp"
#include "support/catch.hpp"
#include "walkforward_store/databases.hpp"

#include <filesystem>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

constexpr std::int64_t kDay = kSecondsPerDay;

std::string message_of(auto&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no Error";
}

}  // namespace

TEST_CASE("open_result_store keeps results in memory", "[store][sqlite]") {
  const std::unique_ptr<ResultStore> store = open_result_store("sqlite://");
  const std::vector<Forecast> written{{kDay, "A", 1, {{"p", 0.5}}}};
  store->write("net", written);
  CHECK(store->forecasts("net") == written);
  CHECK(open_result_store("sqlite://")->forecasts("net").empty());
}

TEST_CASE("open_result_store opens a SQLite file by relative and absolute path", "[store][sqlite]") {
  const TemporaryFolder folder;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path);
  open_result_store("sqlite:///a  b=%20.db")->write("net", std::vector<Forecast>{{kDay, "A", 1, {}}});
  std::filesystem::current_path(before);
  CHECK(open_result_store("sqlite:///" + (folder / "a  b=%20.db"))->forecasts("net").size() == 1);
}

TEST_CASE("SQLite results are the schema agreed, in WAL mode", "[store][sqlite]") {
  const Sqlite database;
  SociResultStore store(database.url());
  store.write("net", std::vector<Forecast>{{timestamp({.year = 2015, .month = 5, .day = 20}), "A", 1, {}}});
  std::string mode;
  store.session() << "PRAGMA journal_mode", soci::into(mode);
  CHECK(mode == "wal");
  std::string ts;
  store.session() << "SELECT ts FROM forecasts", soci::into(ts);
  CHECK(ts == "2015-05-20 00:00:00.000000");
  std::string columns;
  store.session() << "SELECT group_concat(name || ' ' || type, ', ') FROM pragma_table_info('forecasts')",
      soci::into(columns);
  CHECK(columns == "id INTEGER, model INTEGER, symbol VARCHAR, ts DATETIME, fore FLOAT, details VARCHAR");
}

TEST_CASE("SociResultStore keeps what is stored when the disk is full", "[store][sqlite]") {
  const Sqlite database;
  SociResultStore store(database.url());
  const std::vector<Forecast> first{{kDay, "A", 1, {}}};
  store.write("net", first);
  long long pages = 0;
  store.session() << "PRAGMA max_page_count = 1", soci::into(pages);  // sets it to the pages there are
  std::vector<Forecast> many;
  for (int i = 0; i < 1000; ++i) many.push_back({i * kDay, "symbol", 1, {{"p", 0.5}}});
  CHECK(message_of([&] { store.write("net", many); }) ==
        database.url() +
            ": must be a database that can be written, got \"database or disk is full\"; what was stored before stays");
  CHECK(store.forecasts("net") == first);

  store.session() << "PRAGMA max_page_count = 100000", soci::into(pages);  // there is room again
  store.write("net", many);
  CHECK(store.forecasts("net").size() == 1001);
}

TEST_CASE("SociResultStore reads while another writes, and waits to write", "[store][sqlite]") {
  const Sqlite database;
  SociResultStore writer(database.url());
  writer.write("net", std::vector<Forecast>{{kDay, "A", 1, {}}});
  SociResultStore other(database.url());
  writer.session() << "BEGIN IMMEDIATE";
  CHECK(other.forecasts("net").size() == 1);
  long long milliseconds = 0;
  other.session() << "PRAGMA busy_timeout", soci::into(milliseconds);
  CHECK(milliseconds == 60'000);
  other.session() << "PRAGMA busy_timeout = 0", soci::into(milliseconds);
  CHECK(message_of([&] {
          other.write("net", std::vector<Forecast>{{kDay, "B", 2, {}}});
        }) == database.url() +
                  ": must be a database that can be written, got \"database is locked\"; what was stored before stays");
  writer.session() << "COMMIT";
  other.write("net", std::vector<Forecast>{{kDay, "B", 2, {}}});
  CHECK(writer.forecasts("net").size() == 2);
}

TEST_CASE("open_result_store says why a SQLite file cannot be opened", "[store][sqlite]") {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& name) {
    return message_of([&] { open_result_store("sqlite:///" + (folder / name)); });
  };
  const std::string expected = ": must be a database file that can be written, got ";
  CHECK(message("missing/results.db") ==
        (folder / "missing/results.db") + expected +
            "\"No such file or directory\"; check the name and that its folder exists");
  std::filesystem::create_directory(folder / "folder");
  CHECK(message("folder") == (folder / "folder") + expected + "\"Is a directory\"");
  folder.write("text", std::string(1000, 'x'));
  CHECK(message("text/results.db") == (folder / "text/results.db") + expected + "\"Not a directory\"");
  CHECK(message("text") ==
        "sqlite:///" + (folder / "text") + ": must be a database that can be opened, got \"file is not a database\"");
}

TEST_CASE("open_result_store says that a SQLite file or its folder is read-only", "[store][sqlite]") {
  const TemporaryFolder folder;
  folder.write("old.db", "");
  namespace fs = std::filesystem;
  fs::permissions(folder / "old.db", fs::perms::owner_read | fs::perms::others_read);
  fs::permissions(folder.path,
                  fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
  for (const char* const name : {"old.db", "new.db"}) {
    // In a process of its own, which is nobody's if this one is root's: root may write everywhere.
    int messages[2];
    REQUIRE(::pipe(messages) == 0);
    const ::pid_t process = ::fork();
    if (process == 0) {
      if (::geteuid() == 0 && ::setuid(65'534) != 0) ::_exit(1);
      const std::string message = message_of([&] { open_result_store("sqlite:///" + (folder / name)); });
      ::_exit(::write(messages[1], message.data(), message.size()) == static_cast<::ssize_t>(message.size()) ? 0 : 1);
    }
    ::close(messages[1]);
    char message[1000] = {};
    CHECK(::read(messages[0], message, sizeof message - 1) > 0);
    ::close(messages[0]);
    int status = -1;
    ::waitpid(process, &status, 0);
    CHECK(status == 0);
    CHECK(std::string(message) ==
          (folder / name) + ": must be a database file that can be written, got \"Permission denied\"");
  }
  fs::permissions(folder.path, fs::perms::owner_all);
}

TEST_CASE("SociResultStore refuses rows that hold no forecast", "[store][sqlite]") {
  const Sqlite database;
  SociResultStore store(database.url());
  store.write("net", std::vector<Forecast>{{kDay, "A", 1, {}}});
  store.session() << "UPDATE forecasts SET details = 'long'";
  CHECK_THROWS_AS(store.forecasts("net"), DataError);
  store.session() << "UPDATE forecasts SET details = NULL, ts = 'yesterday'";
  CHECK_THROWS_MATCHES(store.forecasts("net"), DataError,
                       Message("SociResultStore: ts must be a time like 2015-05-20 00:00:00, got \"yesterday\""));
}
