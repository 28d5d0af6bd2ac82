#include "seqnn/io/append_file.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <string>

using namespace seqnn;
using Catch::Matchers::Message;

TEST_CASE("AppendFile makes a file, or goes on with it", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder / "log";
  {
    AppendFile file(path);
    CHECK(read_file(path).empty());
    file.append("one\n");
    AppendFile other(path);
    other.append("two\n");
    file.append("");
    file.append("three\n");
    CHECK(read_file(path) == "one\ntwo\nthree\n");
  }
  AppendFile(path).append("four\n");
  CHECK(read_file(path) == "one\ntwo\nthree\nfour\n");
}

TEST_CASE("AppendFile says what it cannot append to", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder / "none/log";
  CHECK_THROWS_MATCHES(
      AppendFile(path), FileError,
      Message(path + ": must be a file that can be appended to, got \"No such file or directory\"; check the "
                     "name and that its folder exists"));
}

#if defined(__linux__)
TEST_CASE("AppendFile says when the disk is full", "[io]") {
  AppendFile file("/dev/full");
  CHECK_THROWS_MATCHES(file.append("x"), FileError,
                       Message("/dev/full: must be a file that can be appended to, got \"No space left on device\""));
}
#endif
