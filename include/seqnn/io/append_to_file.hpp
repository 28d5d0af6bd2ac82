#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/io/atomic_file.hpp"

#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {

/// Adds to the end of a file, for logs that grow while they are read; makes it if there is none. The content has
/// reached the system when this returns, but not the disk. A program that is ended inside leaves a part of it.
///
/// Throws  FileError that begins with the path and ends with the system's reason
SEQNN_COLD inline void append_to_file(const std::string& path, std::string_view content) {
  std::FILE* const file = std::fopen(path.c_str(), "ab");
  if (file == nullptr) detail::throw_file_error(path, "must be a file that can be added to", errno);
  std::setvbuf(file, nullptr, _IONBF, 0);  // one write, which readers see whole
  int reason = std::fwrite(content.data(), 1, content.size(), file) == content.size() ? 0 : errno;
  if (std::fclose(file) != 0 && reason == 0) reason = errno;
  if (reason != 0) detail::throw_file_error(path, "must be a file that can be added to", reason);
}

}  // namespace seqnn::inline SEQNN_ABI
