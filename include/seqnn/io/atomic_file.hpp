#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#if defined(__unix__) || defined(__APPLE__)
#define SEQNN_POSIX_FILES 1
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#else
#define SEQNN_POSIX_FILES 0
#include <filesystem>
#endif

namespace seqnn::inline SEQNN_ABI {

namespace detail {

[[noreturn]] SEQNN_COLD inline void throw_file_error(const std::string& path, const char* what, int reason) {
  const char* const repair = reason == ENOENT ? "; check the name and that its folder exists" : "";
  throw FileError(text(path, ": ", what, ", got \"", std::generic_category().message(reason), "\"", repair));
}

#if SEQNN_POSIX_FILES

/// An open file descriptor, and a file to be removed unless it has been renamed. Functions return errno, 0 for success.
class NewFile {
 public:
  NewFile() = default;
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  SEQNN_COLD ~NewFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }

  /// Opens what is there already: a device or a pipe.
  int open_existing(const std::string& path) {
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    return descriptor_ < 0 ? errno : 0;
  }

  /// Makes a file beside `path`, under a name that no other process or thread uses.
  SEQNN_COLD int create_beside(const std::string& path) {
    static std::atomic<unsigned> serial{0};
    do {
      temporary_ = path + ".tmp-" + std::to_string(::getpid()) + '-' + std::to_string(serial++);
      descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor_ < 0 && errno == EEXIST);
    if (descriptor_ >= 0) return 0;
    temporary_.clear();
    return errno;
  }

  int write(std::string_view content) {
    while (!content.empty()) {
      const ::ssize_t n = ::write(descriptor_, content.data(), content.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return errno;
      content.remove_prefix(static_cast<std::size_t>(n));
    }
    return 0;
  }

  int set_permissions(::mode_t mode) { return ::fchmod(descriptor_, mode) == 0 ? 0 : errno; }

  int flush() { return ::fsync(descriptor_) == 0 ? 0 : errno; }

  int close() {
    const int result = ::close(descriptor_);
    descriptor_ = -1;
    return result == 0 ? 0 : errno;
  }

  int rename_to(const std::string& path) {
    if (::rename(temporary_.c_str(), path.c_str()) != 0) return errno;
    temporary_.clear();
    return 0;
  }

 private:
  int descriptor_ = -1;
  std::string temporary_;
};

/// Writes the folder's table of names to the disk; file systems that cannot do so for folders are left alone.
SEQNN_COLD inline int flush_folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return 0;
  const int reason = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  return reason == EIO ? EIO : 0;
}

/// Returns errno, 0 for success.
SEQNN_COLD inline int replace_file(const std::string& path, std::string_view content) {
  struct ::stat old;
  const bool exists = ::stat(path.c_str(), &old) == 0;
  if (exists && S_ISDIR(old.st_mode)) return EISDIR;

  NewFile file;
  int reason = 0;
  if (exists && !S_ISREG(old.st_mode)) {  // renaming a file to /dev/stdout or /dev/null would replace the device
    if ((reason = file.open_existing(path)) != 0) return reason;
    if ((reason = file.write(content)) != 0) return reason;
    return file.close();
  }

  std::string target = path;  // behind symbolic links, so that they stay
  if (exists) {
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), &std::free);
    if (real == nullptr) return errno;
    target = real.get();
  }
  if ((reason = file.create_beside(target)) != 0) return reason;
  if ((reason = file.write(content)) != 0) return reason;
  if (exists && (reason = file.set_permissions(old.st_mode & 07777)) != 0) return reason;
  if ((reason = file.flush()) != 0) return reason;
  if ((reason = file.close()) != 0) return reason;
  if ((reason = file.rename_to(target)) != 0) return reason;
  return flush_folder_of(target);
}

/// Whether replace_file could begin: errno, 0 for yes.
SEQNN_COLD inline int try_place(const std::string& path) {
  struct ::stat old;
  const bool exists = ::stat(path.c_str(), &old) == 0;
  if (exists && S_ISDIR(old.st_mode)) return EISDIR;
  NewFile file;  // gone again at the end
  return exists && !S_ISREG(old.st_mode) ? file.open_existing(path) : file.create_beside(path);
}

#else

/// Whether replace_file could begin: errno, 0 for yes.
SEQNN_COLD inline int try_place(const std::string& path) {
  const std::string temporary = path + ".tmp";
  std::FILE* const file = std::fopen(temporary.c_str(), "wb");
  if (file == nullptr) return errno;
  std::fclose(file);
  std::remove(temporary.c_str());
  return 0;
}

/// Returns errno, 0 for success. Without fsync: safe against a program that ends, not against a power cut.
SEQNN_COLD inline int replace_file(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".tmp";
  std::FILE* const file = std::fopen(temporary.c_str(), "wb");
  if (file == nullptr) return errno;
  int reason = std::fwrite(content.data(), 1, content.size(), file) == content.size() ? 0 : errno;
  if (std::fclose(file) != 0 && reason == 0) reason = errno;
  if (reason == 0) {
    std::error_code failure;
    std::filesystem::rename(temporary, path, failure);  // replaces an old file, where std::rename may refuse to
    reason = failure.default_error_condition().value();
  }
  if (reason != 0) std::remove(temporary.c_str());
  return reason;
}

#endif

}  // namespace detail

/// Writes a whole file, all or nothing: the content goes to a temporary name in the same folder, reaches the disk, and
/// takes the place of an old file at once, keeping its permissions. A reader sees the old content or the new, never
/// a part; when anything fails the old file is untouched and the temporary is gone. Devices and pipes (/dev/stdout) are
/// written in place.
///
/// Throws  FileError that begins with the path and ends with the system's reason
SEQNN_COLD inline void write_file(const std::string& path, std::string_view content) {
  const int reason = detail::replace_file(path, content);
  if (reason != 0) detail::throw_file_error(path, "must be a file that can be written", reason);
}

/// Throws what write_file would throw before it writes, for programs that compute for long before they have something
/// to write. Leaves nothing behind.
SEQNN_COLD inline void check_writable(const std::string& path) {
  const int reason = detail::try_place(path);
  if (reason != 0) detail::throw_file_error(path, "must be a file that can be written", reason);
}

/// The whole content of a file, byte by byte.
///
/// Throws  FileError that begins with the path and ends with the system's reason
SEQNN_COLD inline std::string read_file(const std::string& path) {
  constexpr const char* kWhat = "must be a file that can be read";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (file == nullptr) detail::throw_file_error(path, kWhat, errno);

  std::string content;
  char chunk[1 << 16];
  std::size_t n = 0;
  while ((n = std::fread(chunk, 1, sizeof chunk, file.get())) > 0) content.append(chunk, n);
  if (std::ferror(file.get()) != 0) detail::throw_file_error(path, kWhat, errno);
  return content;
}

/// `read_file`, or nothing if there is no file that can be opened.
SEQNN_COLD inline std::string read_file_if_there(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return "";
  std::fclose(file);
  return read_file(path);
}

}  // namespace seqnn::inline SEQNN_ABI
