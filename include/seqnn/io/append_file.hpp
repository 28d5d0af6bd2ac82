#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/io/atomic_file.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// A file that grows at its end while a program runs, such as a log. A record goes to the system as a whole, so a
/// program that is killed leaves whole records, and those of several programs do not mix.
class AppendFile {
 public:
  /// Opens the file, or makes an empty one.  @throws FileError that begins with the path
  SEQNN_COLD explicit AppendFile(std::string path) : path_(std::move(path)) {
#if SEQNN_POSIX_FILES
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail();
#else
    file_ = std::fopen(path_.c_str(), "ab");
    if (file_ == nullptr) fail();
    std::setvbuf(file_, nullptr, _IONBF, 0);
#endif
  }
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  SEQNN_COLD ~AppendFile() {
#if SEQNN_POSIX_FILES
    ::close(descriptor_);
#else
    std::fclose(file_);
#endif
  }

  /// @throws FileError, for instance if the disk is full; a part of the record may then be there
  SEQNN_COLD void append(std::string_view record) {
#if SEQNN_POSIX_FILES
    while (!record.empty()) {  // once, unless the disk is full or a signal comes
      const ::ssize_t n = ::write(descriptor_, record.data(), record.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail();
      record.remove_prefix(static_cast<std::size_t>(n));
    }
#else
    if (std::fwrite(record.data(), 1, record.size(), file_) != record.size()) fail();
#endif
  }

 private:
  [[noreturn]] void fail() const { detail::throw_file_error(path_, "must be a file that can be appended to", errno); }

  std::string path_;
#if SEQNN_POSIX_FILES
  int descriptor_ = -1;
#else
  std::FILE* file_ = nullptr;
#endif
};

}  // namespace seqnn::inline SEQNN_ABI
