#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/series/time_format.hpp"
#include "seqnn/data/series/timestamp.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace seqnn::inline SEQNN_ABI {

/// Where a plan starts or ends: nothing, an index of the different times counted from 0, or a date. A text of digits
/// alone is an index, so that both can come from a command line.
class PlanBound {
 public:
  PlanBound() = default;

  /// @throws OptionError for a negative index
  template <std::integral Integer>
  PlanBound(Integer index) : value_(static_cast<std::size_t>(index)) {
    if (std::cmp_less(index, 0)) {
      throw OptionError(text("PlanBound: index must be 0 or more, got ", index, "; count from the first time"));
    }
  }

  /// @throws OptionError for what is no date, or a date in more than one way
  SEQNN_COLD PlanBound(std::string_view bound) { read(bound); }
  SEQNN_COLD PlanBound(const std::string& bound) { read(bound); }
  SEQNN_COLD PlanBound(const char* bound) { read(bound); }

  std::optional<std::size_t> index() const {
    const auto* const index = std::get_if<std::size_t>(&value_);
    return index == nullptr ? std::nullopt : std::optional(*index);
  }

  /// The first second that the date means, for a start, and the last one, for an end: those of a whole day unless the
  /// date has a time of day.
  std::optional<std::int64_t> first_second() const {
    const auto* const date = std::get_if<Date>(&value_);
    return date == nullptr ? std::nullopt : std::optional(date->first);
  }
  std::optional<std::int64_t> last_second() const {
    const auto* const date = std::get_if<Date>(&value_);
    return date == nullptr ? std::nullopt : std::optional(date->last);
  }

 private:
  struct Date {
    std::int64_t first, last;
  };

  SEQNN_COLD void read(std::string_view bound) {
    if (!bound.empty() && bound.size() < 8 && bound.find_first_not_of("0123456789") == std::string_view::npos) {
      value_ = static_cast<std::size_t>(std::stoul(std::string(bound)));
      return;
    }
    std::optional<std::int64_t> date;
    for (const TimeFormat& format : detail::known_time_formats()) {
      const std::optional<std::int64_t> read = format.parse(bound);
      if (read && date && *read != *date) {
        throw OptionError(text("PlanBound: date must be one date, got \"", bound, "\", which may be ", date_text(*date),
                               " or ", date_text(*read), "; write it the first way"));
      }
      if (read) date = read;
    }
    if (!date) {
      throw OptionError(
          text("PlanBound: date must be one such as \"2015-05-20\" or \"2015-05-20 16:00\", or an index, "
               "got \"",
               bound, '"'));
    }
    const bool whole_day = bound.find(':') == std::string_view::npos;
    value_ = Date{*date, whole_day ? *date + kSecondsPerDay - 1 : *date};
  }

  std::variant<std::monostate, std::size_t, Date> value_;
};

}  // namespace seqnn::inline SEQNN_ABI
