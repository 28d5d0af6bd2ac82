#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/text/utf8.hpp"
#include "seqnn/io/atomic_file.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {

/// The whole content of a UTF-8 file.
/// @throws FileError if it cannot be read, or with the offset of the first byte that is not UTF-8
inline std::string read_text_file(const std::string& path) {
  std::string content = read_file(path);
  if (const std::size_t bad = find_invalid_utf8(content); bad != std::string_view::npos) {
    throw FileError(text(path, ": text ", detail::not_utf8(content, bad), "; convert the file to UTF-8"));
  }
  return content;
}

}  // namespace seqnn::inline SEQNN_ABI
