#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace seqnn::inline SEQNN_ABI {
namespace detail {

/// A field as messages show it: quoted, cut, and without bytes that a terminal would take for commands.
SEQNN_COLD inline std::string shown(std::string_view field) {
  constexpr std::size_t kMost = 40;
  std::string result = "\"";
  for (const char c : field.substr(0, kMost)) result += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  return result + (field.size() > kMost ? "…\"" : "\"");
}

inline std::string_view trimmed(std::string_view field) {
  while (!field.empty() && (field.front() == ' ' || field.front() == '\t')) field.remove_prefix(1);
  while (!field.empty() && (field.back() == ' ' || field.back() == '\t')) field.remove_suffix(1);
  return field;
}

/// Walks through the rows of a CSV text: fields end at separators, rows at line ends (\n or \r\n). A field that begins
/// with a quotation mark ends at the next one and may hold separators, line ends and, doubled, quotation marks. Lines
/// without anything are passed over.
///
/// Fields refer to the text; only those with doubled quotation marks are copied.
/// Source  RFC 4180
class CsvLines {
 public:
  CsvLines(const std::string& path, std::string_view text, char separator)
      : path_(path), text_(text), separator_(separator) {}

  /// Reads the next row; false at the end of the text.
  /// @throws FileError for quotation marks that are not closed, or closed inside a field
  bool next(std::vector<std::string_view>& fields) {
    fields.clear();
    if (!unescaped_.empty()) unescaped_.clear();
    while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) end_line();
    if (at_ == text_.size()) return false;

    line_ = next_line_;
    last_complete_ = complete_;
    complete_ = line_;
    cut_ = false;
    const char* const text = text_.data();
    const std::size_t size = text_.size();
    while (true) {
      if (at_ < size && text[at_] == '"') {
        fields.push_back(quoted());
        if (cut_) return true;
      } else {
        const std::size_t begin = at_;
        while (at_ < size && text[at_] != separator_ && text[at_] != '\n') ++at_;
        std::size_t end = at_;
        if (end > begin && text[end - 1] == '\r' && (at_ == size || text[at_] == '\n')) --end;
        fields.push_back(text_.substr(begin, end - begin));
      }
      if (at_ == size) {
        cut_ = true;
        return true;
      }
      if (text[at_] == separator_) {
        ++at_;
        continue;
      }
      end_line();
      return true;
    }
  }

  /// What has not been read yet.
  std::string_view rest() const { return text_.substr(at_); }

  /// The line that the row began at, from 1.
  std::size_t line() const { return line_; }

  /// The line that the row before began at; 0 for the first row.
  std::size_t last_complete_line() const { return last_complete_; }

  /// Whether the text ended before the row's line did.
  bool cut() const { return cut_; }

  /// Whether it did so inside quotation marks.
  bool cut_in_quotes() const { return cut_in_quotes_; }

  /// Passes over whole lines, whatever they hold.
  SEQNN_COLD void skip(std::size_t lines) {
    for (; lines > 0 && at_ < text_.size(); --lines) {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      if (at_ < text_.size()) end_line();
    }
  }

 private:
  // Leaves a line end, \n or \r\n or a lone \r.
  void end_line() {
    if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
    ++at_;
    ++next_line_;
  }

  SEQNN_COLD std::string_view quoted() {
    const std::size_t begin = ++at_;
    std::size_t doubled = 0, lines = 0;
    for (; at_ < text_.size(); ++at_) {
      lines += text_[at_] == '\n';
      if (text_[at_] != '"') continue;
      if (at_ + 1 == text_.size() || text_[at_ + 1] != '"') break;
      ++doubled;
      ++at_;
    }
    if (at_ >= text_.size()) {
      if (lines > 0) {
        throw FileError(text(path_, ":", next_line_,
                             ": a field in quotation marks must end in them, got the end of the file; close them, or "
                             "double those that belong to the text"));
      }
      cut_ = cut_in_quotes_ = true;
      at_ = text_.size();
    }
    std::string_view field = text_.substr(begin, at_ - begin);
    if (doubled > 0) {
      std::string& plain = unescaped_.emplace_back();
      for (std::size_t i = 0; i < field.size(); ++i) {
        plain += field[i];
        i += field[i] == '"';
      }
      field = plain;
    }
    if (cut_) return field;
    next_line_ += lines;
    ++at_;
    if (at_ < text_.size() && text_[at_] == '\r' && (at_ + 1 == text_.size() || text_[at_ + 1] == '\n')) ++at_;
    if (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\n') {
      throw FileError(text(path_, ":", next_line_, ": a field in quotation marks must end behind them, got ",
                           shown(text_.substr(at_, 10)), " behind ", shown(field),
                           "; double quotation marks that belong to the text"));
    }
    return field;
  }

  const std::string& path_;
  std::string_view text_;
  char separator_;
  std::size_t at_ = 0;
  std::size_t next_line_ = 1;
  std::size_t line_ = 0;
  std::size_t complete_ = 0;
  std::size_t last_complete_ = 0;
  bool cut_ = false;
  bool cut_in_quotes_ = false;
  std::deque<std::string> unescaped_;  // of this row
};

}  // namespace detail
}  // namespace seqnn::inline SEQNN_ABI
