#pragma once

#include "seqnn/core/config.hpp"

#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <string_view>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/ioctl.h>
#include <unistd.h>
#endif

namespace seqnn::inline SEQNN_ABI {

/// How progress is printed: not at all, as a line that is redrawn, or as lines one after another, for a training one at
/// the end of each epoch. `automatic` is `bar` on a terminal and `line` elsewhere.
enum class Verbose { automatic, silent, bar, line };

inline const char* to_string(Verbose verbose) {
  switch (verbose) {
    case Verbose::silent:
      return "silent";
    case Verbose::bar:
      return "bar";
    case Verbose::line:
      return "line";
    default:
      return "automatic";
  }
}

/// What the far end of a stream can show.
struct Terminal {
  bool redraws = false;     ///< a carriage return goes back to the start of the line
  bool colors = false;      ///< ANSI colours; not if the environment has NO_COLOR
  std::size_t columns = 0;  ///< 0: unknown

  /// Only std::cout and std::cerr are ever terminals; TERM=dumb is none.
  SEQNN_COLD static Terminal behind(const std::ostream& out) {
    Terminal terminal;
#if defined(__unix__) || defined(__APPLE__)
    const int descriptor = &out == &std::cout ? STDOUT_FILENO : &out == &std::cerr ? STDERR_FILENO : -1;
    const char* const term = std::getenv("TERM");
    if (descriptor < 0 || ::isatty(descriptor) == 0 || term == nullptr || std::string_view(term) == "dumb") {
      return terminal;
    }
    const char* const no_color = std::getenv("NO_COLOR");
    ::winsize size{};
    terminal.redraws = true;
    terminal.colors = no_color == nullptr || *no_color == '\0';
    if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0) terminal.columns = size.ws_col;
#else
    static_cast<void>(out);
#endif
    return terminal;
  }
};

}  // namespace seqnn::inline SEQNN_ABI
