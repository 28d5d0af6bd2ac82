#include "seqnn/data/text/utf8.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace seqnn;

namespace {

constexpr std::size_t kNone = std::string_view::npos;

}  // namespace

TEST_CASE("Code points of one to four bytes are read and written", "[data][text][utf8]") {
  // U+20AC is 0010 000010 101100: E2 82 AC.
  const detail::CodePoint euro = detail::decode_utf8("\xE2\x82\xAC", 0);
  CHECK(euro.value == 0x20AC);
  CHECK(euro.bytes == 3);
  for (const char32_t c : {0x0U, 0x41U, 0x7FU, 0x80U, 0x7FFU, 0x800U, 0xD7FFU, 0xE000U, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
    std::string bytes;
    detail::append_utf8(bytes, c);
    const detail::CodePoint back = detail::decode_utf8(bytes, 0);
    CHECK(back.value == c);
    CHECK(back.bytes == bytes.size());
    CHECK(find_invalid_utf8(bytes) == kNone);
    if (bytes.size() > 1) CHECK(find_invalid_utf8(bytes.substr(0, bytes.size() - 1)) == 0);
  }
}

TEST_CASE("The first byte that is not UTF-8 is found", "[data][text][utf8]") {
  CHECK(find_invalid_utf8("") == kNone);
  CHECK(find_invalid_utf8("Zo\xC3\xAB") == kNone);
  CHECK(find_invalid_utf8("abc\x80") == 3);           // a byte that only continues
  CHECK(find_invalid_utf8("\xC3\xAB\xC3") == 2);      // cut short
  CHECK(find_invalid_utf8("a\xC0\xAF") == 1);         // overlong in two bytes
  CHECK(find_invalid_utf8("a\xC1\xBF") == 1);         // likewise
  CHECK(find_invalid_utf8("\xE0\x9F\xBF") == 0);      // overlong in three
  CHECK(find_invalid_utf8("\xF0\x8F\xBF\xBF") == 0);  // overlong in four
  CHECK(find_invalid_utf8("\xED\xA0\x80") == 0);      // a surrogate
  CHECK(find_invalid_utf8("\xF4\x90\x80\x80") == 0);  // above U+10FFFF
  CHECK(find_invalid_utf8("\xF5\x80\x80\x80") == 0);  // likewise
  CHECK(find_invalid_utf8("\xE2\x82"
                          "A") == 0);  // the third byte does not continue
  CHECK(find_invalid_utf8("text \xFE") == 5);
}
