#include "seqnn/io/atomic_file.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <filesystem>
#include <string>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

using namespace seqnn;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_in(const TemporaryFolder& folder) {
  std::vector<std::string> result;
  for (const auto& entry : fs::directory_iterator(folder.path)) result.push_back(entry.path().filename().string());
  return result;
}

template <class Call>
std::string message_of(Call&& call) {
  try {
    call();
  } catch (const FileError& error) {
    return error.what();
  }
  return "no FileError";
}

}  // namespace

TEST_CASE("write_file writes what read_file reads, byte by byte", "[io][atomic_file]") {
  const TemporaryFolder folder;
  std::string content = "loss,0.5\r\n";
  content += '\0';
  content += "\xff end";
  write_file(folder / "a", content);
  CHECK(read_file(folder / "a") == content);
  CHECK(fs::file_size(folder / "a") == 16);  // 10 + 1 + 5
}

TEST_CASE("write_file writes an empty file and one of a megabyte", "[io][atomic_file]") {
  const TemporaryFolder folder;
  write_file(folder / "empty", "");
  CHECK(read_file(folder / "empty").empty());
  std::string megabyte(1'000'003, 'x');
  megabyte.back() = 'y';
  write_file(folder / "large", megabyte);
  CHECK(read_file(folder / "large") == megabyte);
}

TEST_CASE("write_file replaces an old file and leaves nothing else in the folder", "[io][atomic_file]") {
  const TemporaryFolder folder;
  write_file(folder / "history.csv", "old and longer");
  write_file(folder / "history.csv", "new");
  CHECK(read_file(folder / "history.csv") == "new");
  CHECK(names_in(folder) == std::vector<std::string>{"history.csv"});
}

TEST_CASE("write_file takes a bare name in the current folder", "[io][atomic_file]") {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path);
  write_file("bare", "here");
  fs::current_path(before);
  CHECK(read_file(folder / "bare") == "here");
}

TEST_CASE("write_file reports a missing folder by path and reason", "[io][atomic_file]") {
  const TemporaryFolder folder;
  const std::string path = folder / "missing/history.csv";
  CHECK(message_of([&] { write_file(path, "new"); }) ==
        path +
            ": must be a file that can be written, got \"No such file or directory\"; "
            "check the name and that its folder exists");
  CHECK(names_in(folder).empty());
}

TEST_CASE("write_file reports a folder in the place of the file", "[io][atomic_file]") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "target");
  CHECK_THAT(message_of([&] { write_file(folder / "target", "new"); }),
             StartsWith((folder / "target") + ": must be a file that can be written, got "));
  CHECK(names_in(folder) == std::vector<std::string>{"target"});
  CHECK(fs::is_directory(folder / "target"));
}

TEST_CASE("check_writable throws before anything is written, and leaves nothing", "[io][atomic_file]") {
  const TemporaryFolder folder;
  const std::string old = folder.write("old.txt", "old");
  check_writable(old);
  check_writable(folder / "new.txt");
  CHECK(read_file(old) == "old");
  CHECK(read_file_if_there(folder / "new.txt").empty());
  CHECK_THROWS_AS(check_writable(folder / "missing/new.txt"), FileError);
  CHECK_THROWS_AS(check_writable(folder.path.string()), FileError);  // a folder
  CHECK(names_in(folder) == std::vector<std::string>{"old.txt"});
}

TEST_CASE("write_file reports a path that leads through a file", "[io][atomic_file]") {
  const TemporaryFolder folder;
  write_file(folder / "file", "old");
  CHECK_THAT(message_of([&] { write_file(folder / "file/below", "new"); }),
             ContainsSubstring("got \"Not a directory\""));
  CHECK(read_file(folder / "file") == "old");
}

TEST_CASE("read_file reports missing files and folders", "[io][atomic_file]") {
  const TemporaryFolder folder;
  const std::string path = folder / "missing";
  CHECK(message_of([&] { read_file(path); }) ==
        path +
            ": must be a file that can be read, got \"No such file or directory\"; "
            "check the name and that its folder exists");
  CHECK_THAT(message_of([&] { read_file(folder.path.string()); }),
             StartsWith(folder.path.string() + ": must be a file that can be read, got \""));
}

#if defined(__unix__) || defined(__APPLE__)

TEST_CASE("write_file keeps the old content when the disk takes only a part", "[io][atomic_file]") {
  const TemporaryFolder folder;
  write_file(folder / "weights", "old");

  // A limit on the size of files stands in for a full disk: the write goes through in part, then fails.
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit small = before;
  small.rlim_cur = 4096;
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const std::string message = message_of([&] { write_file(folder / "weights", std::string(10'000, 'n')); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);

  CHECK(message == (folder / "weights") + ": must be a file that can be written, got \"File too large\"");
  CHECK(read_file(folder / "weights") == "old");
  CHECK(names_in(folder) == std::vector<std::string>{"weights"});
}

TEST_CASE("write_file keeps the permissions of the file it replaces", "[io][atomic_file]") {
  const TemporaryFolder folder;
  write_file(folder / "private", "old");
  fs::permissions(folder / "private", fs::perms::owner_read | fs::perms::owner_write);
  write_file(folder / "private", "new");
  CHECK(fs::status(folder / "private").permissions() == (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("write_file writes behind a symbolic link and leaves the link", "[io][atomic_file]") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "runs");
  write_file(folder / "runs/7.csv", "old");
  fs::create_symlink("runs/7.csv", folder / "latest.csv");
  write_file(folder / "latest.csv", "new");
  CHECK(fs::is_symlink(folder / "latest.csv"));
  CHECK(read_file(folder / "runs/7.csv") == "new");
}

TEST_CASE("write_file writes into a device instead of replacing it", "[io][atomic_file]") {
  const TemporaryFolder folder;
  fs::create_symlink("/dev/null", folder / "nowhere");  // a link, so that a failing test cannot harm the device
  write_file(folder / "nowhere", "gone");
  CHECK(fs::is_symlink(folder / "nowhere"));
  CHECK(fs::is_character_file(folder / "nowhere"));
  CHECK(names_in(folder) == std::vector<std::string>{"nowhere"});
}

#endif

TEST_CASE("read_file_if_there is empty without a file", "[io][atomic_file]") {
  const TemporaryFolder folder;
  CHECK(read_file_if_there(folder / "none") == "");
  CHECK(read_file_if_there(folder.write("one", "content")) == "content");
}
