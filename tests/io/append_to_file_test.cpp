#include "seqnn/io/append_to_file.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <string>

using namespace seqnn;

TEST_CASE("append_to_file makes a file and adds to it", "[io][append_to_file]") {
  const TemporaryFolder folder;
  const std::string path = folder / "log";
  append_to_file(path, "first\n");
  CHECK(read_file(path) == "first\n");
  append_to_file(path, "");
  append_to_file(path, std::string("a\0b", 3) + std::string(100'000, 'x'));
  CHECK(read_file(path) == "first\n" + std::string("a\0b", 3) + std::string(100'000, 'x'));
}

TEST_CASE("append_to_file says why it cannot", "[io][append_to_file]") {
  const TemporaryFolder folder;
  const std::string path = folder / "no such folder/log";
  CHECK_THROWS_AS(append_to_file(path, "x"), FileError);
  CHECK_THROWS_WITH(append_to_file(path, "x"),
                    path +
                        ": must be a file that can be added to, got \"No such file or directory\"; check the name and "
                        "that its folder exists");
}

TEST_CASE("read_file_if_there is empty without a file", "[io][append_to_file]") {
  const TemporaryFolder folder;
  CHECK(read_file_if_there(folder / "none") == "");
  CHECK(read_file_if_there(folder.write("one", "content")) == "content");
}
