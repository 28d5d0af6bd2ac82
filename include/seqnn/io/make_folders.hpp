#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/io/atomic_file.hpp"

#include <cerrno>
#include <cstddef>
#include <string>

namespace seqnn::inline SEQNN_ABI {

/// Makes a folder, and those on the way to it, unless they are there.
///
/// Throws  FileError that begins with the path and ends with the system's reason
SEQNN_COLD inline void make_folders(const std::string& path) {
#if SEQNN_POSIX_FILES
  for (std::size_t end = 0; end != std::string::npos && end < path.size();) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    struct ::stat there;
    if (::mkdir(part.c_str(), 0777) == 0) continue;
    const int reason = errno;  // another one than EEXIST too where there is a folder that may not be changed
    if (::stat(part.c_str(), &there) != 0 || !S_ISDIR(there.st_mode)) {
      detail::throw_file_error(part, "must be a folder that can be made", reason);
    }
  }
#else
  std::error_code failure;
  std::filesystem::create_directories(path, failure);
  if (failure)
    detail::throw_file_error(path, "must be a folder that can be made", failure.default_error_condition().value());
#endif
}

}  // namespace seqnn::inline SEQNN_ABI
