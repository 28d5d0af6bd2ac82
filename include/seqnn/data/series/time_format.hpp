#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/timestamp.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// How a date is written, in the words of strptime:
///
///   %Y  year, four digits      %m  month, %d  day          one or two digits each
///   %y  year, two digits:      %H  hour, %M  minute, %S  second, likewise; 0 where the format has none
///       69 is 1969, 68 is 2068
///   %%  a percent sign         any other character         itself
///
///     TimeFormat("%d.%m.%Y %H:%M:%S").parse("31.12.2009 23:50:00");
class TimeFormat {
 public:
  /// @throws OptionError if the format has another letter behind %, or not each of year, month and day once
  SEQNN_COLD explicit TimeFormat(std::string format) : format_(std::move(format)) {
    std::string letters;
    for (std::size_t i = 0; i < format_.size(); ++i) {
      if (format_[i] != '%') continue;
      const char letter = ++i < format_.size() ? format_[i] : '%';
      if (i == format_.size() || std::string_view("YymdHMS%").find(letter) == std::string_view::npos) {
        fail(text("got \"%", i == format_.size() ? "" : std::string(1, letter), '"'));
      }
      const char part = letter == 'y' ? 'Y' : letter;
      if (part != '%' && letters.find(part) != std::string::npos) fail(text("got %", letter, " twice"));
      letters += part;
    }
    for (const char part : {'Y', 'm', 'd'}) {
      if (letters.find(part) == std::string::npos) fail(text("got none for %", part));
    }
  }

  const std::string& format() const { return format_; }

  /// Seconds since 1970-01-01; nothing if the text is not a date in this format, as a whole.
  std::optional<std::int64_t> parse(std::string_view text) const {
    CivilTime t;
    std::size_t at = 0;
    const auto number = [&](std::int64_t& value, std::size_t least, std::size_t most) {
      std::size_t n = 0;
      value = 0;
      for (; n < most && at < text.size() && text[at] >= '0' && text[at] <= '9'; ++n) {
        value = value * 10 + (text[at++] - '0');
      }
      return n >= least;
    };
    for (std::size_t i = 0; i < format_.size(); ++i) {
      bool fits = false;
      if (format_[i] != '%' || format_[i + 1] == '%') {
        fits = at < text.size() && text[at] == format_[i];
        ++at;
        i += format_[i] == '%';
      } else {
        switch (format_[++i]) {
          case 'Y':
            fits = number(t.year, 4, 4);
            break;
          case 'y':
            fits = number(t.year, 2, 2);
            t.year += t.year < 69 ? 2000 : 1900;
            break;
          case 'm':
            fits = number(t.month, 1, 2);
            break;
          case 'd':
            fits = number(t.day, 1, 2);
            break;
          case 'H':
            fits = number(t.hour, 1, 2);
            break;
          case 'M':
            fits = number(t.minute, 1, 2);
            break;
          default:
            fits = number(t.second, 1, 2);
        }
      }
      if (!fits) return std::nullopt;
    }
    const bool exists = at == text.size() && t.month >= 1 && t.month <= 12 && t.day >= 1 &&
                        t.day <= days_in_month(t.year, t.month) && t.hour < 24 && t.minute < 60 && t.second < 60;
    return exists ? std::optional(timestamp(t)) : std::nullopt;
  }

 private:
  [[noreturn]] SEQNN_COLD void fail(const std::string& what) const {
    throw OptionError(text("TimeFormat: format must hold %Y or %y, %m and %d, and may hold %H, %M and %S, each once, ",
                           what, " in \"", format_, '"'));
  }

  std::string format_;
};

namespace detail {

/// The formats that are looked for where none is given. Numbers between points are a day and a month everywhere;
/// between strokes and slashes both orders are in use, and only the data can tell.
SEQNN_COLD inline std::vector<TimeFormat> known_time_formats() {
  std::vector<TimeFormat> formats;
  for (const char* const date : {"%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d", "%d.%m.%Y", "%d.%m.%y", "%d-%m-%Y", "%m-%d-%Y",
                                 "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%d/%m/%y", "%m/%d/%y"}) {
    for (const char* const time : {"", " %H:%M:%S", " %H:%M", "T%H:%M:%S", "T%H:%M", "T%H:%M:%SZ"}) {
      formats.emplace_back(std::string(date) + time);
    }
  }
  return formats;
}

/// Leaves the formats that the date is written in.
SEQNN_COLD inline void keep_fitting(std::vector<TimeFormat>& formats, std::string_view date) {
  std::vector<TimeFormat> kept;
  for (TimeFormat& format : formats) {
    if (format.parse(date)) kept.push_back(std::move(format));
  }
  formats = std::move(kept);
}

}  // namespace detail
}  // namespace seqnn::inline SEQNN_ABI
