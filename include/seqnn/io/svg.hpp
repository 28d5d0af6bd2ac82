#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/data/text/utf8.hpp"
#include "seqnn/io/exact_number.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

/// Text as XML wants it; what XML cannot hold (control characters, U+FFFE, bytes that are not UTF-8) becomes U+FFFD.
SEQNN_COLD inline std::string xml_text(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto [value, bytes] = decode_utf8(text, at);
    if (value == U'\t' || value == U'\n' || value == U'\r') {
      result += ' ';
    } else if (bytes == 0 || value < 0x20 || value == 0xFFFE || value == 0xFFFF) {
      result += "\xEF\xBF\xBD";
    } else if (bytes == 1 && std::string_view("&<>\"'").find(text[at]) != std::string_view::npos) {
      result += "&#" + std::to_string(static_cast<int>(text[at])) + ';';
    } else {
      result += text.substr(at, bytes);
    }
    at += std::max<std::size_t>(bytes, 1);
  }
  return result;
}

/// Pixels that a text of this size will take, roughly: fonts differ.
inline double text_width(std::string_view text, double font_size = 12) {
  const auto glyphs = std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
  return 0.6 * font_size * static_cast<double>(glyphs);
}

/// Text of a picture, written piece by piece. Plain functions, neither templates nor long sums of strings: a program
/// that saves a chart compiles all of this.
class SvgText {
 public:
  SEQNN_COLD SvgText& operator<<(std::string_view piece) {
    text_ += piece;
    return *this;
  }

  /// At most two decimals.
  SEQNN_COLD SvgText& operator<<(double coordinate) {
    const double hundredths = std::round(std::clamp(coordinate, -1e6, 1e6) * 100) / 100;
    text_ += exact_number(hundredths == 0 ? 0.0 : hundredths);  // not -0
    return *this;
  }

  /// ` name="number"`
  SEQNN_COLD SvgText& attribute(const char* name, double value) {
    return *this << " " << name << "=\"" << value << "\"";
  }

  SEQNN_COLD void line(std::string_view style, double x1, double y1, double x2, double y2) {
    *this << "<line class=\"" << style << "\"";
    attribute("x1", x1).attribute("y1", y1).attribute("x2", x2).attribute("y2", y2) << "/>\n";
  }

  SEQNN_COLD void circle(std::string_view style, double x, double y, double radius) {
    *this << "<circle class=\"" << style << "\"";
    attribute("cx", x).attribute("cy", y).attribute("r", radius) << "/>\n";
  }

  /// `anchor` is start, middle or end; `style` may be empty.
  SEQNN_COLD void label(std::string_view style, double x, double y, const char* anchor, std::string_view content) {
    *this << "<text";
    if (!style.empty()) *this << " class=\"" << style << "\"";
    attribute("x", x).attribute("y", y) << " text-anchor=\"" << anchor << "\">" << xml_text(content) << "</text>\n";
  }

  const std::string& str() const { return text_; }

 private:
  std::string text_;
};

}  // namespace detail

}  // namespace seqnn::inline SEQNN_ABI
