#pragma once

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>

/// An empty folder of this test's own, also beside other runs of the same test, that goes away with it.
struct TemporaryFolder {
  TemporaryFolder() {
    std::random_device random;
    do {
      path = std::filesystem::temp_directory_path() / ("seqnn-test-" + std::to_string(random()));
    } while (!std::filesystem::create_directories(path));
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }

  /// Path of a file or folder inside.
  std::string operator/(std::string_view name) const { return (path / name).string(); }

  /// Writes a file inside, making the folders on its way, and returns its path.
  std::string write(std::string_view name, std::string_view content) const {
    const std::filesystem::path file = path / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file.string();
  }

  std::filesystem::path path;
};
